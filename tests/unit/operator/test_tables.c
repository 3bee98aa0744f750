// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What bhctl's tables are made of.

#include "app/operator/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct grid_column columns[] = {
	{"NAME", false, 6}, {"N", true, 0}, {"REST", false, 0}};

static char *print(const struct grid *g, size_t rows, unsigned width)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	grid_print(g, rows, width, f);
	fclose(f);
	return text;
}

static void is_printed(const struct grid *g, size_t rows, unsigned width, const char *wanted)
{
	char *text = print(g, rows, width);

	assert_string_equal(text, wanted);
	free(text);
}

static void columns_fit_what_is_in_them(void **state)
{
	struct grid g;

	(void)state;
	grid_init(&g, columns, 3);
	grid_cell(&g, "a");
	grid_cell(&g, "%d", 12345);
	grid_cell(&g, "first");
	grid_cell(&g, "too long a name");
	grid_amount(&g, 7);
	grid_cell(&g, "%s", "");
	is_printed(&g, 9, 0, "NAME        N  REST\na       12345  first\ntoo l~      7  \n");
	is_printed(&g, 1, 0, "NAME        N  REST\na       12345  first\n");
	is_printed(&g, 9, 20, "NAME        N  REST\na       12345  first\ntoo l~      7  \n");
	is_printed(&g, 9, 19, "NAME        N\na       12345\n    first\ntoo l~      7\n    \n");
	grid_free(&g);
}

static void nothing_that_a_terminal_acts_upon(void **state)
{
	struct grid g;

	(void)state;
	grid_init(&g, columns, 3);
	grid_cell(&g, "\033[2J");
	grid_cell(&g, "\r\n\t");
	grid_cell(&g, "%s",
		"\xc2\x9b"
		"31m\x7f");
	is_printed(&g, 9, 0, "NAME    N  REST\n?[2J  ???  ??31m?\n");
	grid_free(&g);
}

static void amounts(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = {{0, "0"}, {999, "999"}, {1000, "1.00K"}, {9994, "9.99K"}, {9996, "10.0K"},
		{99949, "99.9K"}, {99951, "100K"}, {999499, "999K"}, {999500, "1.00M"},
		{1234567890, "1.23G"}, {UINT64_MAX, "18.4E"}};
	static const struct grid_column one[] = {{"", true, 0}};
	char wanted[32];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct grid g;

		grid_init(&g, one, 1);
		grid_amount(&g, cases[i].n);
		snprintf(wanted, sizeof(wanted), "%*s\n%s\n", (int)strlen(cases[i].text), "",
			cases[i].text);
		is_printed(&g, 9, 0, wanted);
		grid_free(&g);
	}
}

static void ages(void **state)
{
	static const struct {
		int64_t s;
		const char *text;
	} cases[] = {{-5, "<1s"}, {0, "<1s"}, {1, "1s"}, {119, "119s"}, {120, "2m"}, {7199, "119m"},
		{7200, "2h00m"}, {172799, "47h59m"}, {172800, "2d"}};
	char text[32];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		live_age(cases[i].s * 1000000, text);
		assert_string_equal(text, cases[i].text);
	}
	live_time(0, text);
	assert_string_equal(text, "never");
	live_time(1700000000999999, text);
	assert_string_equal(text, "2023-11-14T22:13:20Z");
}

static void ends(void **state)
{
	static const struct {
		const char *flow, *text;
	} cases[] = {
		{"{\"src\":\"192.0.2.1\",\"sport\":1,\"dst\":\"198.51.100.1\",\"dport\":443,"
		 "\"proto\":6}",
			"tcp 192.0.2.1:1 > 198.51.100.1:443"},
		{"{\"src\":\"2001:db8::1\",\"sport\":0,\"dst\":\"2001:db8::2\",\"dport\":53,"
		 "\"proto\":17}",
			"udp [2001:db8::1]:0 > [2001:db8::2]:53"},
		{"{\"src\":\"2001:db8::1\",\"dst\":\"2001:db8::2\",\"proto\":58}",
			"icmp6 2001:db8::1 > 2001:db8::2"},
		{"{\"src\":\"2001:db8::1\",\"dst\":\"2001:db8::2\",\"proto\":99}",
			"ip/99 2001:db8::1 > 2001:db8::2"},
	};
	char text[200];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *flow = json_loads(cases[i].flow, 0, NULL);

		live_ends(flow, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		json_decref(flow);
	}
}

static void filters(void **state)
{
	static const struct {
		struct live_filter f;
		const char *wanted; // NULL: refused
	} cases[] = {
		{{.country = "us", .proto = "ICMPv6", .port = "0"},
			"{\"country\":\"US\",\"port\":0,\"proto\":58}"},
		{{.proto = "icmp6"}, "{\"proto\":58}"},
		{{.proto = "255", .tenant = "a", .addr = "2001:db8::/32"},
			"{\"addr\":\"2001:db8::/32\",\"proto\":255,\"tenant\":\"a\"}"},
		{{0}, "{}"},
		{{.country = "U1"}, NULL},
		{{.country = "USA"}, NULL},
		{{.country = "zz"}, NULL},
		{{.country = "U"}, NULL},
		{{.country = ""}, NULL},
		{{.country = "xx"}, "{\"country\":\"XX\"}"},
		{{.proto = "256"}, NULL},
		{{.proto = "tcp "}, NULL},
		{{.proto = ""}, NULL},
		{{.port = "65536"}, NULL},
		{{.port = "-1"}, NULL},
		{{.port = "80x"}, NULL},
		{{.port = ""}, NULL},
		{{.port = "99999999999999999999"}, NULL},
		{{.host = "\xff"}, NULL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *o = json_object();
		bool good = live_filter_put(o, &cases[i].f);

		assert_int_equal(good, cases[i].wanted != NULL);
		if (good) {
			char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);

			assert_string_equal(text, cases[i].wanted);
			free(text);
		}
		json_decref(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_fit_what_is_in_them),
		cmocka_unit_test(nothing_that_a_terminal_acts_upon),
		cmocka_unit_test(amounts),
		cmocka_unit_test(ages),
		cmocka_unit_test(ends),
		cmocka_unit_test(filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
