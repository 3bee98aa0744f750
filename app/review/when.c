// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/when.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>
#include <time.h>

#define SECOND_US 1000000ll
#define HOUR_US   (3600 * SECOND_US)

// The begin of the day, so many days and months away, in microseconds since 1970 UTC.
static int64_t begin(const struct tm *day, int days, int months, int64_t offset)
{
	struct tm tm = {.tm_year = day->tm_year,
		.tm_mon = day->tm_mon + months,
		.tm_mday = day->tm_mday + days};

	return ((int64_t)timegm(&tm) - offset) * SECOND_US;
}

static bool unit(
	const char *name, bool last, int64_t now, int64_t offset, int64_t *since, int64_t *until)
{
	const time_t local = (time_t)(now / SECOND_US + offset);
	struct tm tm;
	int back, from, days = 0, months = 0;

	gmtime_r(&local, &tm);
	if (strcasecmp(name, "hour") == 0) {
		const int64_t hour = ((int64_t)local / 3600 * 3600 - offset) * SECOND_US;

		*since = last ? now - HOUR_US : hour;
		*until = last ? now : hour + HOUR_US;
		return true;
	}
	if (strcasecmp(name, "day") == 0) {
		from = 0;
		days = 1;
	} else if (strcasecmp(name, "week") == 0) {
		from = -((tm.tm_wday + 6) % 7);
		days = 7;
	} else if (strcasecmp(name, "month") == 0) {
		from = 1 - tm.tm_mday;
		months = 1;
	} else if (strcasecmp(name, "year") == 0) {
		from = -tm.tm_yday;
		months = 12;
	} else {
		return false;
	}
	if (months != 0) { // of the first of the month or year
		tm.tm_mday = 1;
		tm.tm_mon = months == 12 ? 0 : tm.tm_mon;
		from = 0;
	}
	back = last ? -1 : 0;
	*since = begin(&tm, from + back * days, back * months, offset);
	*until = begin(&tm, from + (back + 1) * days, (back + 1) * months, offset);
	return true;
}

static bool weekday(const char *name, int64_t now, int64_t offset, int64_t *since, int64_t *until)
{
	static const char *const names[] = {
		"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
	const time_t local = (time_t)(now / SECOND_US + offset);
	struct tm tm;

	gmtime_r(&local, &tm);
	for (int i = 0; i < 7; i++) {
		if (strcasecmp(name, names[i]) == 0) {
			const int back = (tm.tm_wday - i + 6) % 7 + 1;

			*since = begin(&tm, -back, 0, offset);
			*until = begin(&tm, 1 - back, 0, offset);
			return true;
		}
	}
	return false;
}

unsigned when_parse(const char *word, const char *next, int64_t now, int64_t offset, int64_t *since,
	int64_t *until)
{
	const bool last = strcasecmp(word, "last") == 0;

	if (strcasecmp(word, "today") == 0) {
		return unit("day", false, now, offset, since, until);
	}
	if (strcasecmp(word, "yesterday") == 0) {
		return unit("day", true, now, offset, since, until);
	}
	if ((!last && strcasecmp(word, "this") != 0) || next == NULL) {
		return 0;
	}
	if (unit(next, last, now, offset, since, until) ||
		(last && weekday(next, now, offset, since, until))) {
		return 2;
	}
	return 0;
}
