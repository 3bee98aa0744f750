// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Points in time as people write them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// RFC 3339 ("2026-11-24T09:00:00Z", "…T17:00:00.5+08:00"), or a date ("2026-11-24": its first
// microsecond in UTC, and *is_date). Microseconds since 1970 UTC. False: neither, or no such day.
bool moment_parse(const char *text, int64_t *t, bool *is_date);

// "2026-11-24T09:00:00Z"; empty for years past 9999 or before 1970.
void moment_format(int64_t t, char out[32]);
