// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// MaxMind DB files made by tests/geo/make_mmdb.py, against the prefixes that went in and, where it
// is installed, against mmdblookup; and what damaged ones get.

#include "drivers/geo/geo.h"
#include "tests/unit/drivers/scratch.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_PREFIXES 32

struct prefix {
	uint8_t version, addr[16];
	unsigned len;
	char answer[16];
};

struct made {
	struct scratch scratch;
	char path[256];
	struct prefix v[MAX_PREFIXES]; // shortest first
	size_t n;
	bool asn;
};

static void make(struct made *m, const char *kind, const char *options)
{
	char command[1024], prefix[64];
	FILE *out;

	m->n = 0;
	m->asn = strcmp(kind, "asn") == 0;
	snprintf(m->path, sizeof(m->path), "%s", scratch_path(&m->scratch, "db.mmdb"));
	snprintf(command, sizeof(command), "%s %s/make_mmdb.py %s %s --list %s", TEST_PYTHON,
		TEST_GEO_DIR, kind, m->path, options);
	out = popen(command, "r");
	assert_non_null(out);
	for (;;) {
		struct prefix *p = &m->v[m->n];
		char *slash;

		if (fscanf(out, "%63s %15s", prefix, p->answer) != 2)
			break;
		slash = strchr(prefix, '/');
		assert_non_null(slash);
		*slash = '\0';
		p->len = (unsigned)atoi(slash + 1);
		p->version = strchr(prefix, ':') != NULL ? 6 : 4;
		memset(p->addr, 0, sizeof(p->addr));
		assert_int_equal(
			inet_pton(p->version == 6 ? AF_INET6 : AF_INET, prefix, p->addr), 1);
		assert_true(++m->n < MAX_PREFIXES);
	}
	assert_int_equal(pclose(out), 0);
	assert_true(m->n >= 4);
}

static struct geo *load(const struct made *m)
{
	const char *path = m->path;
	char err[512] = "";
	struct geo *g = geo_load(&path, m->asn ? 0 : 1, &path, m->asn ? 1 : 0, err, sizeof(err));

	if (g == NULL)
		print_error("%s\n", err);
	assert_non_null(g);
	return g;
}

static bool covers(const struct prefix *p, uint8_t version, const uint8_t *a)
{
	for (unsigned i = 0; i < p->len; i++) {
		if ((p->addr[i / 8] ^ a[i / 8]) & (0x80 >> i % 8))
			return false;
	}
	return p->version == version;
}

static uint32_t expected(const struct made *m, uint8_t version, const uint8_t *a)
{
	const char *answer = "-";
	uint32_t asn;

	for (size_t i = 0; i < m->n; i++) {
		if (covers(&m->v[i], version, a))
			answer = m->v[i].answer;
	}
	if (m->asn) {
		asn = (uint32_t)strtoul(answer, NULL, 10);
		return asn != UINT32_MAX ? asn : 0;
	}
	return answer[0] == '-' || answer[1] < 'A' ? 0 : (uint32_t)(answer[0] << 8 | answer[1]);
}

static uint32_t ask(const char *file, const char *address, const char *path, bool asn)
{
	char command[1024], text[64] = "";
	uint32_t answer = 0;
	FILE *out;

	snprintf(command, sizeof(command), "%s --file %s --ip %s %s 2>/dev/null", TEST_MMDBLOOKUP,
		file, address, path);
	out = popen(command, "r");
	assert_non_null(out);
	if (asn && fscanf(out, " %63s", text) == 1)
		answer = (uint32_t)strtoul(text, NULL, 10);
	else if (!asn && fscanf(out, " \"%63[^\"]\"", text) == 1)
		answer = text[1] < 'A' ? 0 : (uint32_t)(text[0] << 8 | text[1]);
	pclose(out);
	return answer != UINT32_MAX ? answer : 0;
}

// What MaxMind's own tool says, by the same choice of fields.
static uint32_t looked_up(const struct made *m, uint8_t version, const uint8_t *a)
{
	char text[INET6_ADDRSTRLEN];
	uint32_t cc;

	inet_ntop(version == 6 ? AF_INET6 : AF_INET, a, text, sizeof(text));
	if (m->asn)
		return ask(m->path, text, "autonomous_system_number", true);
	cc = ask(m->path, text, "country iso_code", false);
	return cc != 0 ? cc : ask(m->path, text, "registered_country iso_code", false);
}

static void check(
	const struct made *m, const struct geo *g, uint8_t version, const uint8_t *a, bool tool)
{
	uint32_t want = expected(m, version, a);
	uint32_t got = m->asn ? geo_asn(g, version, a) : geo_country(g, version, a);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(version == 6 ? AF_INET6 : AF_INET, a, text, sizeof(text));
	if (got != want)
		fail_msg("%s: %u, expected %u", text, got, want);
	// A1 and the like are no country here; the prefix around them is not asked instead.
	if (tool && strlen(TEST_MMDBLOOKUP) > 0 && looked_up(m, version, a) != want)
		fail_msg("%s: mmdblookup says otherwise than %u", text, want);
}

static void step(uint8_t *a, unsigned bytes, int by)
{
	for (unsigned i = bytes; i-- > 0;) {
		a[i] = (uint8_t)(a[i] + by);
		if (a[i] != (by > 0 ? 0x00 : 0xff))
			break;
	}
}

// Both edges of each prefix and their neighbours outside.
static void check_all(const struct made *m, bool tool)
{
	struct geo *g = load(m);
	uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};

	for (size_t i = 0; i < m->n; i++) {
		const struct prefix *p = &m->v[i];
		unsigned bytes = p->version == 6 ? 16 : 4;
		uint8_t a[16];

		memcpy(a, p->addr, 16);
		check(m, g, p->version, a, tool);
		step(a, bytes, -1);
		check(m, g, p->version, a, tool);
		memcpy(a, p->addr, 16);
		for (unsigned b = p->len; b < bytes * 8; b++)
			a[b / 8] |= (uint8_t)(0x80 >> b % 8);
		check(m, g, p->version, a, tool);
		if (p->version == 4) {
			memcpy(mapped + 12, a, 4);
			assert_int_equal(m->asn ? geo_asn(g, 6, mapped) : geo_country(g, 6, mapped),
				expected(m, 4, a));
		}
		step(a, bytes, 1);
		check(m, g, p->version, a, tool);
	}
	geo_free(g);
}

static void country(void **state)
{
	struct made *m = *state;
	const struct geo_file *f;
	struct geo *g;

	make(m, "country", "");
	check_all(m, true);
	g = load(m);
	assert_int_equal(geo_files(g, &f), 1);
	assert_int_equal(f[0].kind, GEO_MMDB_COUNTRY);
	assert_int_equal(f[0].built, 1767225600);
	// Not twice under the other names of the IPv4 tree: 7 prefixes of IPv6, two of them cut in
	// two by one inside.
	assert_in_range(f[0].ranges6, 7, 9);
	assert_in_range(f[0].ranges4, 9, 11);
	geo_free(g);
}

static void other_layouts(void **state)
{
	static const char *const options[] = {"--record-size 24", "--record-size 32",
		"--ip-version 4", "--ip-version 4 --record-size 24"};
	struct made *m = *state;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		make(m, "country", options[i]);
		check_all(m, false);
		make(m, "asn", options[i]);
		check_all(m, false);
	}
}

static void city_has_countries(void **state)
{
	struct made *m = *state;

	make(m, "city", "");
	check_all(m, false);
}

static void asn(void **state)
{
	struct made *m = *state;
	const struct geo_file *f;
	struct geo *g;

	make(m, "asn", "");
	check_all(m, true);
	g = load(m);
	assert_int_equal(geo_files(g, &f), 1);
	assert_int_equal(f[0].kind, GEO_MMDB_ASN);
	assert_int_equal(geo_country(g, 4, (const uint8_t *)"\xc0\x00\x02\x01"), 0);
	geo_free(g);
}

static void mixed_with_text(void **state)
{
	struct made *m = *state;
	const char *paths[2] = {TEST_GEO_DIR "/countries6.txt", m->path};
	char err[256] = "";
	uint8_t a[16];
	struct geo *g;

	make(m, "country", "--ip-version 4");
	g = geo_load(paths, 2, NULL, 0, err, sizeof(err));
	assert_non_null(g);
	inet_pton(AF_INET6, "2001:db8:200::1", a);
	assert_int_equal(geo_country(g, 6, a), 'D' << 8 | 'E');
	assert_int_equal(geo_country(g, 4, (const uint8_t *)"\xc0\x00\x02\x01"), 'C' << 8 | 'N');
	geo_free(g);
}

static void refuse(const char *path, bool as_asn, const char *words)
{
	char err[512] = "";

	assert_null(geo_load(&path, as_asn ? 0 : 1, &path, as_asn ? 1 : 0, err, sizeof(err)));
	if (strstr(err, words) == NULL)
		print_error("\"%s\" lacks \"%s\"\n", err, words);
	assert_non_null(strstr(err, words));
	assert_int_equal(strncmp(err, path, strlen(path)), 0);
	assert_null(strchr(err, '\n'));
}

static void wrong_kind(void **state)
{
	struct made *m = *state;

	make(m, "asn", "");
	refuse(m->path, false, "is an ASN database");
	make(m, "country", "");
	refuse(m->path, true, "has no autonomous_system_number");
}

static void loop(void **state)
{
	struct made *m = *state;

	make(m, "loop", "");
	refuse(m->path, false, "loops");
}

// Every cut of the file is refused or, where only the end of the metadata's free text is gone,
// reads; never a crash. With each byte of the front part changed it is the same.
static void damaged(void **state)
{
	struct made *m = *state;
	struct scratch cut = m->scratch;
	size_t len, refused = 0;
	char *data, err[512];

	make(m, "country", "");
	data = scratch_read(m->path, &len);
	for (size_t i = 1; i < len; i += 7) {
		const char *path = scratch_write(&cut, "cut", data, i);
		struct geo *g = geo_load(&path, 1, NULL, 0, err, sizeof(err));

		refused += g == NULL;
		geo_free(g);
	}
	assert_true(refused > len / 7 - 40);
	for (size_t i = 0; i < len; i += 5) {
		const char *path;
		struct geo *g;

		data[i] = (char)(data[i] ^ 0x5a);
		path = scratch_write(&cut, "cut", data, len);
		g = geo_load(&path, 1, NULL, 0, err, sizeof(err));
		if (g == NULL)
			assert_int_equal(strncmp(err, path, strlen(path)), 0);
		geo_free(g);
		data[i] = (char)(data[i] ^ 0x5a);
	}
	refuse(scratch_write(&cut, "cut", data, len / 2), false, "cut short");
	free(data);
}

static int set_up(void **state)
{
	static struct made m;

	scratch_make(&m.scratch);
	*state = &m;
	return 0;
}

static int tear_down(void **state)
{
	struct made *m = *state;

	scratch_remove(&m->scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(country),
		cmocka_unit_test(other_layouts),
		cmocka_unit_test(city_has_countries),
		cmocka_unit_test(asn),
		cmocka_unit_test(mixed_with_text),
		cmocka_unit_test(wrong_kind),
		cmocka_unit_test(loop),
		cmocka_unit_test(damaged),
	};

	if (strlen(TEST_MMDBLOOKUP) == 0)
		puts("mmdblookup is not installed: answers are compared with the prefixes only");
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
