// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Country databases as text: answers on the documentation prefixes, and what bad files get.

#include "drivers/geo/geo.h"
#include "tests/unit/drivers/scratch.h"

#include <arpa/inet.h>
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct geo *load(const char *const *paths, size_t n)
{
	char err[512] = "";
	struct geo *g = geo_load(paths, n, NULL, 0, err, sizeof(err));

	if (g == NULL)
		print_error("%s\n", err);
	assert_non_null(g);
	return g;
}

static void expect(const struct geo *g, const char *text, const char *cc)
{
	uint8_t a[16];
	uint8_t version = strchr(text, ':') != NULL ? 6 : 4;
	uint16_t got;

	assert_int_equal(inet_pton(version == 6 ? AF_INET6 : AF_INET, text, a), 1);
	got = geo_country(g, version, a);
	if (got != (cc != NULL ? cc[0] << 8 | cc[1] : 0))
		print_error("%s: %c%c\n", text, got >> 8, got & 0xff);
	assert_int_equal(got, cc != NULL ? cc[0] << 8 | cc[1] : 0);
}

struct walk {
	const struct geo *g;
	uint32_t next; // address that is to come
	size_t n;
};

static void step(void *ctx, uint32_t first, uint32_t last, uint16_t cc)
{
	struct walk *w = ctx;
	const uint32_t at[3] = {first, first + (last - first) / 2, last};

	assert_int_equal(first, w->next);
	assert_true(first <= last);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t be = htonl(at[i]);

		assert_int_equal(geo_country(w->g, 4, (const uint8_t *)&be), cc);
	}
	w->next = last + 1;
	w->n++;
}

struct walk6 {
	const struct geo *g;
	uint64_t next; // /64 that is to come
	uint64_t last; // of the range before
	size_t n, parts;
	char single[128]; // countries of those that are one /64 or a part of it
};

static uint16_t country6(const struct geo *g, uint64_t prefix, uint8_t host)
{
	uint8_t a[16];
	uint64_t be = htobe64(prefix);

	memcpy(a, &be, 8);
	memset(a + 8, host, 8);
	return geo_country(g, 6, a);
}

static void step6(void *ctx, uint64_t first, uint64_t last, uint16_t cc)
{
	struct walk6 *w = ctx;

	assert_true(first <= last);
	if (first == last)
		snprintf(w->single + strlen(w->single), sizeof(w->single) - strlen(w->single),
			cc != 0 ? "%c%c " : "-- ", cc >> 8, cc & 0xff);
	if (w->n++ != 0 && first == w->last) { // one more part of it
		assert_int_equal(first, last);
		w->parts++;
		return;
	}
	assert_int_equal(first, w->next);
	w->next = last + 1;
	w->last = last;
	if (first == last) // it may be the first part
		return;
	assert_int_equal(country6(w->g, first, 0), cc);
	assert_int_equal(country6(w->g, first + (last - first) / 2, 0xff), cc);
	assert_int_equal(country6(w->g, last, 0xff), cc);
}

// The ranges say what single look-ups say, and leave nothing out. parts: of divided /64s, beyond
// the first of each.
static size_t walk_ranges(const struct geo *g, size_t parts, const char *single)
{
	struct walk w = {.g = g};
	struct walk6 w6 = {.g = g};

	geo_ranges4(g, step, &w);
	assert_int_equal(w.next, 0); // past the last address
	geo_ranges6(g, step6, &w6);
	assert_int_equal(w6.next, 0);
	assert_int_equal(w6.parts, parts);
	assert_string_equal(w6.single, single);
	return w.n + w6.n - w6.parts;
}

static void refuse(const char *path, const char *words)
{
	char err[512] = "";
	struct geo *g = geo_load(&path, 1, NULL, 0, err, sizeof(err));

	assert_null(g);
	if (strstr(err, words) == NULL || strncmp(err, path, strlen(path)) != 0)
		print_error("\"%s\" lacks \"%s\"\n", err, words);
	assert_non_null(strstr(err, words));
	assert_int_equal(strncmp(err, path, strlen(path)), 0); // names the file
	assert_null(strchr(err, '\n'));                        // one line
}

static void refuse_text(struct scratch *s, const char *text, const char *words)
{
	refuse(scratch_text(s, "db", text), words);
}

static void documentation_prefixes(void **state)
{
	const char *paths[] = {TEST_GEO_DIR "/countries.txt", TEST_GEO_DIR "/countries6.txt"};
	struct geo *g = load(paths, 2);
	const struct geo_file *f;

	expect(g, "192.0.2.0", "CN");
	expect(g, "192.0.2.127", "CN");
	expect(g, "192.0.2.128", "US");
	expect(g, "192.0.2.255", "US");
	expect(g, "192.0.3.0", NULL);
	expect(g, "192.0.1.255", NULL);
	expect(g, "198.51.100.127", "DE");
	expect(g, "198.51.100.128", "JP");
	expect(g, "203.0.113.255", "SG");
	assert_true(walk_ranges(g, 0, "") > 12);
	expect(g, "203.0.114.0", NULL);
	expect(g, "198.18.255.255", "US");
	expect(g, "198.19.0.0", "JP");
	expect(g, "198.19.191.255", "CN");
	expect(g, "198.19.192.0", NULL);
	expect(g, "0.0.0.0", NULL);
	expect(g, "255.255.255.255", NULL);
	expect(g, "2001:db8:ff:ffff:ffff:ffff:ffff:ffff", NULL);
	expect(g, "2001:db8:100::", "US");
	expect(g, "2001:db8:1ff:ffff:ffff:ffff:ffff:ffff", "US");
	expect(g, "2001:db8:200::", "DE");
	expect(g, "2001:db8:300::1", "CN");
	expect(g, "2001:db8:400::", NULL);
	expect(g, "::", NULL);
	expect(g, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL);
	expect(g, "::ffff:192.0.2.1", "CN"); // RFC 4291, 2.5.5.2
	expect(g, "::192.0.2.1", NULL);
	assert_int_equal(geo_files(g, &f), 2);
	assert_int_equal(f[0].kind, GEO_TEXT4);
	assert_int_equal(f[0].ranges4, 8);
	assert_int_equal(f[0].ranges6, 0);
	assert_int_equal(f[1].kind, GEO_TEXT6);
	assert_int_equal(f[1].ranges6, 3);
	assert_string_equal(f[1].path, paths[1]);
	assert_true(geo_memory(g) > 0);
	assert_int_equal(geo_asn(g, 4, (const uint8_t *)"\xc0\x00\x02\x01"), 0);
	geo_free(g);
}

static void no_files_know_nothing(void **state)
{
	struct geo *g = load(NULL, 0);
	const struct geo_file *f;

	expect(g, "192.0.2.1", NULL);
	expect(g, "2001:db8::1", NULL);
	assert_int_equal(geo_files(g, &f), 0);
	assert_int_equal(walk_ranges(g, 0, ""), 2);
	geo_free(g);
}

static void codes_and_comments(void **state)
{
	struct scratch *s = *state;
	const char *path = scratch_text(s, "db",
		"# Generated: Thu, 25 Jun 2026 04:33:59 GMT\r\n\r\n"
		"0,9,??\r\n10,19,DE\n20,29,DE\n# between\n30,39,EU\n40,49,A1\n50,59,ZZ\n60,69,XX\n"
		"70,79,O1\n80,89,TW\n4294967295,4294967295,AP");
	struct geo *g = load(&path, 1);
	const struct geo_file *f;

	expect(g, "0.0.0.9", NULL);
	expect(g, "0.0.0.10", "DE");
	expect(g, "0.0.0.29", "DE");
	expect(g, "0.0.0.30", "EU");
	expect(g, "0.0.0.40", NULL);
	expect(g, "0.0.0.50", NULL);
	expect(g, "0.0.0.60", NULL);
	expect(g, "0.0.0.70", NULL);
	expect(g, "0.0.0.80", "TW");
	expect(g, "0.0.0.90", NULL);
	expect(g, "255.255.255.254", NULL);
	expect(g, "255.255.255.255", "AP");
	geo_files(g, &f);
	assert_int_equal(f[0].ranges4, 4); // two of DE became one
	assert_int_equal(f[0].built, 1782362039);
	geo_free(g);
}

// Boundaries inside a /64, at its ends, in neighbouring ones, and at both ends of the family.
static void inside_a_64(void **state)
{
	struct scratch *s = *state;
	const char *path = scratch_text(s, "db",
		"::,::5,AA\n"
		"2001:db8:0:1::8,2001:db8:0:1::f,BB\n"
		"2001:db8:0:1:8000::,2001:db8:0:2::3,CC\n"
		"2001:db8:0:2::5,2001:db8:0:4::,DD\n"
		"2001:db8:0:5::,2001:db8:0:5:ffff:ffff:ffff:ffff,EE\n"
		"ffff:ffff:ffff:ffff::7,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,FF\n");
	struct geo *g = load(&path, 1);

	expect(g, "::5", "AA");
	expect(g, "::6", NULL);
	expect(g, "0:0:0:1::", NULL);
	expect(g, "2001:db8:0:1::7", NULL);
	expect(g, "2001:db8:0:1::8", "BB");
	expect(g, "2001:db8:0:1::f", "BB");
	expect(g, "2001:db8:0:1::10", NULL);
	expect(g, "2001:db8:0:1:7fff:ffff:ffff:ffff", NULL);
	expect(g, "2001:db8:0:1:8000::", "CC");
	expect(g, "2001:db8:0:2::", "CC");
	expect(g, "2001:db8:0:2::3", "CC");
	expect(g, "2001:db8:0:2::4", NULL);
	expect(g, "2001:db8:0:2::5", "DD");
	expect(g, "2001:db8:0:3::", "DD");
	expect(g, "2001:db8:0:3:ffff::", "DD");
	expect(g, "2001:db8:0:4::", "DD");
	expect(g, "2001:db8:0:4::1", NULL);
	expect(g, "2001:db8:0:5::", "EE");
	expect(g, "2001:db8:0:6::", NULL);
	expect(g, "ffff:ffff:ffff:ffff::6", NULL);
	expect(g, "ffff:ffff:ffff:ffff::7", "FF");
	expect(g, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "FF");
	assert_true(walk_ranges(g, 8, "AA -- -- BB -- CC CC -- DD DD DD -- EE -- FF ") > 8);
	geo_free(g);
}

static void later_file_wins(void **state)
{
	struct scratch *s = *state;
	struct scratch one = *s, two = *s;
	const char *paths[] = {
		scratch_text(&one, "a", "100,199,AA\n300,399,BB\n400,499,CC\n600,699,DD\n"),
		scratch_text(&two, "b",
			"0,49,EE\n120,129,FF\n140,149,??\n350,449,GG\n600,699,HH\n"
			"700,799,II\n"),
	};
	struct geo *g = load(paths, 2);

	expect(g, "0.0.0.49", "EE");
	expect(g, "0.0.0.50", NULL);
	expect(g, "0.0.0.119", "AA");
	expect(g, "0.0.0.120", "FF");
	expect(g, "0.0.0.129", "FF");
	expect(g, "0.0.0.130", "AA");
	expect(g, "0.0.0.145", "AA"); // ?? says nothing
	expect(g, "0.0.0.199", "AA");
	expect(g, "0.0.1.93", "BB");  // 349
	expect(g, "0.0.1.94", "GG");  // 350
	expect(g, "0.0.1.193", "GG"); // 449
	expect(g, "0.0.1.194", "CC"); // 450
	expect(g, "0.0.2.88", "HH");  // 600
	expect(g, "0.0.2.188", "II"); // 700
	geo_free(g);
}

static void bad_lines(void **state)
{
	struct scratch *s = *state;

	refuse_text(s, "# c\n10,19,DE\n15,29,FR\n", "db:3: the range overlaps");
	refuse_text(s, "10,19,DE\n0,5,FR\n", "db:2: the range belongs before");
	refuse_text(s, "10,19,DE\n30,20,FR\n", "db:2: the range ends before it begins");
	refuse_text(s, "10,19,DE\n20,29\n", "db:2: not a range of IPv4");
	refuse_text(s, "10,19,DE\n20,4294967296,FR\n", "db:2: not a range of IPv4");
	refuse_text(s, "10,19,DE\n2001:db8::,2001:db8::1,FR\n", "db:2: not a range of IPv4");
	refuse_text(s, "2001:db8::,2001:db8::1,FR\n10,19,DE\n", "db:2: not a range of IPv6");
	refuse_text(s, "2001:db8::,2001:db8::1::,FR\n", "db:1: not a range of IPv6");
	refuse_text(s, "10,19,de\n", "db:1: the country must be");
	refuse_text(s, "10,19,DEU\n", "db:1: the country must be");
	refuse_text(s, "10,19,D", "db:1: the country must be"); // cut short
	refuse_text(s, "10,19,DE\n20,2", "db:2: not a range");
	refuse_text(s, "10,19,\n", "db:1: the country must be");
	refuse_text(s, "-1,19,DE\n", "db:1: neither");
	refuse_text(s, ",,\n", "db:1: neither");
	refuse_text(s, "{ \"schema\": \"egress-policy/1\" }\n", "db:1: neither");
	refuse_text(s, "# only a comment\n\n", "has no ranges");
}

static void bad_files(void **state)
{
	static const char zeros[100];
	struct scratch *s = *state;
	const char *path;

	refuse_text(s, "", "is empty");
	refuse(scratch_write(s, "db", zeros, sizeof(zeros)), "binary");
	refuse(scratch_path(s, "missing"), "No such file");
	refuse(s->dir, "is a folder");
	refuse("/dev/zero", "is a device");
	path = scratch_text(s, "big", "10,19,DE\n");
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	refuse(path, "larger than");
	path = scratch_text(s, "secret", "10,19,DE\n");
	assert_int_equal(chmod(path, 0), 0);
	scratch_unprivileged();
	refuse(path, "Permission denied");
	scratch_privileged();
	remove(path);
}

static void asn_must_be_mmdb(void **state)
{
	struct scratch *s = *state;
	const char *path = scratch_text(s, "db", "10,19,DE\n");
	char err[256] = "";

	assert_null(geo_load(NULL, 0, &path, 1, err, sizeof(err)));
	assert_non_null(strstr(err, "must be a MaxMind DB"));
}

static int set_up(void **state)
{
	static struct scratch s;

	scratch_make(&s);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documentation_prefixes),
		cmocka_unit_test(no_files_know_nothing),
		cmocka_unit_test(codes_and_comments),
		cmocka_unit_test(inside_a_64),
		cmocka_unit_test(later_file_wins),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(asn_must_be_mmdb),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
