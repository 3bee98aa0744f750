// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/moment.h"

#include <ctype.h>
#include <time.h>

// n digits at *p, at most max.
static bool digits(const char **p, unsigned n, int max, int *v)
{
	*v = 0;
	for (unsigned i = 0; i < n; i++, (*p)++) {
		if (!isdigit((unsigned char)**p)) {
			return false;
		}
		*v = *v * 10 + (**p - '0');
	}
	return *v <= max;
}

static bool literal(const char **p, char c)
{
	if (**p != c) {
		return false;
	}
	(*p)++;
	return true;
}

static bool date(const char **p, struct tm *tm)
{
	if (!digits(p, 4, 9999, &tm->tm_year) || !literal(p, '-') ||
		!digits(p, 2, 12, &tm->tm_mon) || !literal(p, '-') ||
		!digits(p, 2, 31, &tm->tm_mday)) {
		return false;
	}
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return true;
}

static bool offset(const char **p, int64_t *seconds)
{
	int sign, hours, minutes;

	*seconds = 0;
	if (literal(p, 'Z') || literal(p, 'z')) {
		return true;
	}
	sign = **p == '-' ? -1 : 1;
	if ((!literal(p, '+') && !literal(p, '-')) || !digits(p, 2, 23, &hours) ||
		!literal(p, ':') || !digits(p, 2, 59, &minutes)) {
		return false;
	}
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

// Of a second, in microseconds; further digits are read and dropped.
static bool fraction(const char **p, int64_t *us)
{
	int64_t unit = 100000;

	*us = 0;
	if (!literal(p, '.')) {
		return true;
	}
	if (!isdigit((unsigned char)**p)) {
		return false;
	}
	for (; isdigit((unsigned char)**p); (*p)++, unit /= 10) {
		*us += (**p - '0') * unit;
	}
	return true;
}

bool moment_parse(const char *text, int64_t *t, bool *is_date)
{
	struct tm tm = {0}, check;
	const char *p = text;
	int64_t us = 0, east = 0;
	time_t seconds;

	if (!date(&p, &tm)) {
		return false;
	}
	*is_date = *p == '\0';
	if (!*is_date) {
		if ((!literal(&p, 'T') && !literal(&p, 't') && !literal(&p, ' ')) ||
			!digits(&p, 2, 23, &tm.tm_hour) || !literal(&p, ':') ||
			!digits(&p, 2, 59, &tm.tm_min) || !literal(&p, ':') ||
			!digits(&p, 2, 60, &tm.tm_sec) || !fraction(&p, &us) ||
			!offset(&p, &east) || *p != '\0') {
			return false;
		}
	}
	check = tm;
	seconds = timegm(&check);
	if (check.tm_mday != tm.tm_mday && tm.tm_sec != 60) { // the 30th of February
		return false;
	}
	if (tm.tm_mon < 0 || tm.tm_mday == 0) {
		return false;
	}
	*t = ((int64_t)seconds - east) * 1000000 + us;
	return true;
}

void moment_format(int64_t t, char out[32])
{
	const time_t seconds = t / 1000000;
	struct tm tm;

	out[0] = '\0';
	if (t >= 0 && gmtime_r(&seconds, &tm) != NULL && tm.tm_year + 1900 <= 9999) {
		strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
}
