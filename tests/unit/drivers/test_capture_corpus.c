// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Every capture of a folder (pcap/ in that which BRIDGEHEAD_CAPTURES names) read to its end, and
// the number of packets held against capinfos where that is installed. With --make the captures are
// those that tests/golden/make_captures.py makes, which are held against captures.md by the way.

#include "drivers/pcap/capture.h"
#include "tests/unit/drivers/scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_capture(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".pcap") == 0 || strcmp(dot, ".pcapng") == 0 ||
				      strcmp(dot, ".cap") == 0);
}

// -1: capinfos gives no number.
static long counted(const char *path)
{
	char command[1536];
	long n = -1;
	FILE *out;

	if (strlen(TEST_CAPINFOS) == 0)
		return -1;
	snprintf(command, sizeof(command), "%s -T -r -m -c -M '%s' 2>/dev/null | cut -d, -f2",
		TEST_CAPINFOS, path);
	out = popen(command, "r");
	assert_non_null(out);
	if (fscanf(out, "%ld", &n) != 1)
		n = -1;
	pclose(out);
	return n;
}

static long read_all(const char *path, bool *cut)
{
	char err[512] = "";
	struct capture *c = capture_open(path, err, sizeof(err));
	struct capture_packet p;
	uint64_t read, size, sum = 0;
	long n = 0;
	int rc;

	if (c == NULL)
		fail_msg("%s", err);
	while ((rc = capture_next(c, &p, err, sizeof(err))) == 1) {
		for (uint32_t i = 0; i < p.caplen; i++) // touches every byte, for the sanitizer
			sum += p.data[i];
		assert_true(p.wirelen >= p.caplen);
		assert_true(p.ts_us >= 0);
		n++;
	}
	*cut = rc < 0;
	capture_progress(c, &read, &size);
	assert_true(read <= size);
	assert_true(*cut || read == size);
	assert_true(n == 0 || sum > 0);
	capture_close(c);
	return n;
}

static void all(void **state)
{
	const char *folder = *state;
	DIR *d = opendir(folder);
	struct dirent *e;
	long files = 0, packets = 0, compared = 0;

	if (d == NULL)
		fail_msg("%s cannot be opened", folder);
	while ((e = readdir(d)) != NULL) {
		char path[1024];
		long n, want;
		bool cut;

		if (!is_capture(e->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		n = read_all(path, &cut);
		want = counted(path);
		if (want >= 0 && n != want)
			fail_msg("%s: %ld packets, capinfos says %ld", path, n, want);
		if (cut)
			print_message("%s is cut short after %ld packets\n", path, n);
		files++;
		packets += n;
		compared += want >= 0;
	}
	closedir(d);
	print_message(
		"%ld files, %ld packets, %ld compared with capinfos\n", files, packets, compared);
	assert_true(files > 0);
}

static void synthetic(void **state)
{
	static struct scratch s;
	char command[1024];
	void *folder = s.dir;

	scratch_make(&s);
	snprintf(command, sizeof(command), "%s -B %s/make_captures.py %s --check %s/captures.md",
		TEST_PYTHON, TEST_GOLDEN_DIR, s.dir, TEST_GOLDEN_DIR);
	assert_int_equal(system(command), 0);
	all(&folder);
	scratch_remove(&s);
}

int main(int argc, char **argv)
{
	const char *captures = getenv("BRIDGEHEAD_CAPTURES");
	char folder[1024] = "";
	const struct CMUnitTest made[] = {
		cmocka_unit_test(synthetic),
	};
	const struct CMUnitTest given[] = {
		cmocka_unit_test_prestate(all, folder),
	};

	if (argc == 2 && strcmp(argv[1], "--make") == 0)
		return cmocka_run_group_tests(made, NULL, NULL);
	if (captures == NULL || *captures == '\0') {
		puts("SKIP: BRIDGEHEAD_CAPTURES names no folder of captures (with pcap/ in it)");
		return 77;
	}
	snprintf(folder, sizeof(folder), "%s/pcap", captures);
	return cmocka_run_group_tests(given, NULL, NULL);
}
