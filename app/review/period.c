// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/period.h"

#include "app/review/moment.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SIDE_MAX 64
#define DAY_US   86400000000ll

// digits as at "2026" or "2026-11"; months of `month` begin with 1, 0: the whole year.
static bool year_or_month(const char *text, int *year, int *month)
{
	static const char form[] = "dddd-dd";
	const size_t len = strlen(text);

	if (len != 4 && len != 7) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i]) {
			return false;
		}
	}
	*year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] -
		'0';
	*month = len == 7 ? (text[5] - '0') * 10 + text[6] - '0' : 0;
	return *month <= 12 && (len == 4 || *month >= 1);
}

static int64_t first_of(int year, int month, int64_t offset)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = 1};

	return ((int64_t)timegm(&tm) - offset) * 1000000;
}

bool period_bound(const char *text, int64_t offset, bool until, int64_t *t)
{
	bool is_date;

	if (!moment_parse(text, t, &is_date)) {
		return false;
	}
	if (is_date) {
		*t += (until ? DAY_US : 0) - offset * 1000000;
	}
	return true;
}

// One side: what it covers; of a time from and to are the same.
static bool side(const char *text, int64_t offset, int64_t *from, int64_t *to)
{
	int year, month;

	if (year_or_month(text, &year, &month)) {
		*from = first_of(year, month != 0 ? month - 1 : 0, offset);
		*to = first_of(year, month != 0 ? month : 12, offset);
		return true;
	}
	return period_bound(text, offset, false, from) && period_bound(text, offset, true, to);
}

bool period_parse(const char *text, int64_t offset, int64_t *since, int64_t *until)
{
	const char *slash = strchr(text, '/');
	char first[SIDE_MAX];
	int64_t unused;

	if (slash == NULL) {
		return side(text, offset, since, until) && *since < *until;
	}
	if ((size_t)(slash - text) >= sizeof(first)) {
		return false;
	}
	snprintf(first, sizeof(first), "%.*s", (int)(slash - text), text);
	return side(first, offset, since, &unused) && side(slash + 1, offset, &unused, until) &&
	       *since < *until;
}

bool offset_parse(const char *text, int64_t *east)
{
	char time[SIDE_MAX];
	bool is_date;
	int64_t t;

	if (text[0] != '+' && text[0] != '-') {
		return false;
	}
	snprintf(time, sizeof(time), "1970-01-02T00:00:00%.30s", text);
	if (!moment_parse(time, &t, &is_date)) {
		return false;
	}
	*east = 86400 - t / 1000000;
	return true;
}
