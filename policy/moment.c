// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/moment.h"

#include <stdio.h>
#include <string.h>

// Both ways by counting years from March, so that the leap day is the last: H. Hinnant,
// "chrono-Compatible Low-Level Date Algorithms", days_from_civil and civil_from_days.
int64_t moment_days(int64_t year, unsigned month, unsigned day)
{
	int64_t era;
	unsigned yoe, doy;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	yoe = (unsigned)(year - era * 400);
	doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + (int64_t)(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}

void moment_civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t era;
	unsigned doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = (unsigned)(days - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int64_t)yoe + era * 400 + (*month <= 2);
}

static bool digits(const char *s, unsigned n, unsigned *out)
{
	*out = 0;
	for (unsigned i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*out = 10 * *out + (unsigned)(s[i] - '0');
	}
	return true;
}

static bool leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool date(const char *s, int64_t *days, bool *impossible)
{
	static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned y, m, d;

	if (!digits(s, 4, &y) || s[4] != '-' || !digits(s + 5, 2, &m) || s[7] != '-' ||
		!digits(s + 8, 2, &d))
		return false;
	if (y == 0 || m < 1 || m > 12 || d < 1 ||
		d > length[m - 1] + (unsigned)(m == 2 && leap(y))) {
		*impossible = true;
		return false;
	}
	*days = moment_days(y, m, d);
	return true;
}

bool moment_parse_date(const char *text, int64_t *out, bool *impossible)
{
	*impossible = false;
	if (strlen(text) != 10 || !date(text, out, impossible))
		return false;
	*out *= 86400;
	return true;
}

// "Z", "+08:00"; seconds east of UTC.
static bool offset(const char *s, int64_t *out, bool *impossible)
{
	unsigned h, m;

	*out = 0;
	if (strcmp(s, "Z") == 0)
		return true;
	if ((s[0] != '+' && s[0] != '-') || strlen(s) != 6 || !digits(s + 1, 2, &h) ||
		s[3] != ':' || !digits(s + 4, 2, &m))
		return false;
	if (h > 23 || m > 59) {
		*impossible = true;
		return false;
	}
	*out = (int64_t)(h * 3600 + m * 60) * (s[0] == '-' ? -1 : 1);
	return true;
}

bool moment_parse(const char *text, int64_t *out, bool *impossible)
{
	unsigned h, m, s;
	int64_t days, east;

	*impossible = false;
	if (strlen(text) < 20 || text[10] != 'T' || !digits(text + 11, 2, &h) || text[13] != ':' ||
		!digits(text + 14, 2, &m) || text[16] != ':' || !digits(text + 17, 2, &s))
		return false;
	if (!date(text, &days, impossible) || !offset(text + 19, &east, impossible))
		return false;
	if (h > 23 || m > 59 || s > 59) {
		*impossible = true;
		return false;
	}
	*out = days * 86400 + (int64_t)(h * 3600 + m * 60 + s) - east;
	return true;
}

void moment_format(int64_t t, char out[MOMENT_TEXT_MAX])
{
	int64_t days = t >= 0 ? t / 86400 : (t - 86399) / 86400, year;
	unsigned s = (unsigned)(t - days * 86400), month, day;

	moment_civil(days, &year, &month, &day);
	snprintf(out, MOMENT_TEXT_MAX, "%04d-%02u-%02uT%02u:%02u:%02uZ", (int)year, month % 100,
		day % 100, s / 3600 % 100, s / 60 % 60, s % 60);
}
