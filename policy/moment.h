// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Points in time as policies write them: RFC 3339 date-time with its offset, to the second.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MOMENT_TEXT_MAX 32

// "2026-01-01T00:00:00+08:00" or "...Z" to seconds since 1970 UTC. False where the form is wrong;
// an impossible date or time of day (February 30, hour 24, second 60) is wrong too, and then
// *impossible is set.
bool moment_parse(const char *text, int64_t *out, bool *impossible);

// "2026-11-24". The same.
bool moment_parse_date(const char *text, int64_t *out, bool *impossible);

// As UTC: "2026-01-01T00:00:00Z".
void moment_format(int64_t t, char out[MOMENT_TEXT_MAX]);

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. month 1 to 12.
int64_t moment_days(int64_t year, unsigned month, unsigned day);
void moment_civil(int64_t days, int64_t *year, unsigned *month, unsigned *day);
