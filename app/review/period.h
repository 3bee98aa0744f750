// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Periods of time as people name them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// One bound: an RFC 3339 time, or a date, which is a day of `offset` seconds east of UTC: its
// begin, or as the end (until) that of the day after it. Microseconds since 1970 UTC. False:
// neither.
bool period_bound(const char *text, int64_t offset, bool until, int64_t *t);

// A year ("2026"), a month ("2026-11"), a day ("2026-11-24"), or two of these or of RFC 3339 times
// with a slash between (ISO 8601, 4.4.4): "2026-10/2026-12" is a quarter, its last month included;
// "2026-11-24T09:00:00Z/2026-11-24T10:00:00Z" an hour. Years, months and days are those of `offset`
// seconds east of UTC. [*since, *until), microseconds since 1970 UTC. False: none of these, or
// empty.
bool period_parse(const char *text, int64_t offset, int64_t *since, int64_t *until);

// "+08:00", "-03:30": seconds east of UTC. False: not that.
bool offset_parse(const char *text, int64_t *east);
