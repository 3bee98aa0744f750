// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Plain words for times and filters, at a fixed now.

#include "app/review/moment.h"
#include "app/review/plain_words.h"
#include "app/review/when.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int64_t at(const char *text)
{
	bool is_date;
	int64_t t;

	assert_true(moment_parse(text, &t, &is_date));
	return t;
}

// A Tuesday evening in UTC, which is Wednesday in Shanghai.
#define NOW "2026-11-24T18:30:00Z"

static void spans(void **state)
{
	static const struct {
		const char *word, *next;
		int64_t offset;
		const char *since, *until;
	} cases[] = {
		{"today", NULL, 0, "2026-11-24", "2026-11-25"},
		{"Today", "x", 28800, "2026-11-24T16:00:00Z", "2026-11-25T16:00:00Z"},
		{"yesterday", NULL, 0, "2026-11-23", "2026-11-24"},
		{"last", "tuesday", 0, "2026-11-17", "2026-11-18"},
		{"last", "Tuesday", 28800, "2026-11-23T16:00:00Z", "2026-11-24T16:00:00Z"},
		{"last", "monday", 0, "2026-11-23", "2026-11-24"},
		{"last", "wednesday", 0, "2026-11-18", "2026-11-19"},
		{"last", "hour", 0, "2026-11-24T17:30:00Z", NOW},
		{"this", "hour", 0, "2026-11-24T18:00:00Z", "2026-11-24T19:00:00Z"},
		{"this", "hour", 19800, "2026-11-24T18:30:00Z", "2026-11-24T19:30:00Z"},
		{"this", "week", 0, "2026-11-23", "2026-11-30"},
		{"last", "week", 0, "2026-11-16", "2026-11-23"},
		{"this", "month", 0, "2026-11-01", "2026-12-01"},
		{"last", "month", 0, "2026-10-01", "2026-11-01"},
		{"this", "year", 0, "2026-01-01", "2027-01-01"},
		{"last", "year", 0, "2025-01-01", "2026-01-01"},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t since = 0, until = 0;

		assert_int_not_equal(when_parse(cases[i].word, cases[i].next, at(NOW),
					     cases[i].offset, &since, &until),
			0);
		assert_int_equal(since, at(cases[i].since));
		assert_int_equal(until, at(cases[i].until));
	}
}

static void no_spans(void **state)
{
	int64_t since, until;

	assert_int_equal(when_parse("last", NULL, at(NOW), 0, &since, &until), 0);
	assert_int_equal(when_parse("last", "decade", at(NOW), 0, &since, &until), 0);
	assert_int_equal(when_parse("this", "tuesday", at(NOW), 0, &since, &until), 0);
	assert_int_equal(when_parse("tomorrow", "x", at(NOW), 0, &since, &until), 0);
}

static int parse(struct filter *f, struct plain_words *p, const char *text, char err[256])
{
	static char copy[512];
	char *words[32], *save = NULL;
	unsigned n = 0;

	memset(f, 0, sizeof(*f));
	memset(p, 0, sizeof(*p));
	*p = (struct plain_words){.filter = f, .now = at(NOW)};
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		words[n++] = w;
	}
	return plain_words_parse(p, words, n, err, 256);
}

static struct filter filter;

static void sentences(void **state)
{
	struct plain_words p;
	char err[256];

	assert_int_equal(
		parse(&filter, &p,
			"all flows of tenant auto-oem to country JP,US app TLS last tuesday", err),
		0);
	assert_int_equal(filter.n[FILTER_TENANT], 1);
	assert_int_equal(filter.n[FILTER_COUNTRY], 2);
	assert_string_equal(filter.values[FILTER_COUNTRY][1].text, "US");
	assert_int_equal(filter.n[FILTER_APP], 1);
	assert_int_equal(filter.when.since, at("2026-11-17"));
	assert_int_equal(filter.when.until, at("2026-11-18"));
	plain_words_fini(&p);

	assert_int_equal(
		parse(&filter, &p, "blocked flagged to 203.0.113.0/24 since yesterday", err), 0);
	assert_int_equal(filter.n[FILTER_ACT], 2);
	assert_int_equal(filter.n[FILTER_REMOTE], 1);
	assert_true(filter.when.has_since && !filter.when.has_until);
	assert_int_equal(filter.when.since, at("2026-11-23"));
	plain_words_fini(&p);

	assert_int_equal(parse(&filter, &p, "to DE on 2026-11", err), 0);
	assert_int_equal(filter.n[FILTER_COUNTRY], 1);
	assert_int_equal(filter.when.since, at("2026-11-01"));
	assert_int_equal(filter.when.until, at("2026-12-01"));
	plain_words_fini(&p);

	assert_int_equal(parse(&filter, &p, "since 2026-11-20 until 2026-11-21T10:00:00Z", err), 0);
	assert_int_equal(filter.when.since, at("2026-11-20"));
	assert_int_equal(filter.when.until, at("2026-11-21T10:00:00Z"));
	plain_words_fini(&p);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"tenat x", "did you mean \"tenant\"?"},
		{"blokced", "did you mean \"blocked\"?"},
		{"zzzzzz", "no word of a search"},
		{"country", "missing"},
		{"country germany", "two capital letters"},
		{"country DE,,US", "1 to 255"},
		{"to somewhere", "an address, a prefix or a country"},
		{"last", "expected hour"},
		{"last decade", "\"last\" \"decade\""},
		{"today yesterday", "named before"},
		{"since today since yesterday", "named before"},
		{"since 2026-11-25 until 2026-11-20", "ends before"},
		{"on 2026-11-24T10:00:00Z", "a moment"},
		{"since tomorrow", "expected a date"},
		{"address 300.1.1.1", "an address or a prefix"},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plain_words p;
		char err[256] = "";

		assert_int_equal(parse(&filter, &p, cases[i].text, err), -EINVAL);
		if (strstr(err, cases[i].says) == NULL) {
			fail_msg("%s: %s", cases[i].text, err);
		}
		plain_words_fini(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans),
		cmocka_unit_test(no_spans),
		cmocka_unit_test(sentences),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
