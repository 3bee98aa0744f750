// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A timezone from its TZif data (RFC 9636), and where hours, days and months of its local time
// begin. Pure: the caller brings the bytes, as Debian keeps them in /usr/share/zoneinfo.
#pragma once

#include "policy/arena.h"

struct zone_rule {                // when daylight saving begins or ends: POSIX TZ, "Mm.w.d/time"
	uint8_t month, week, day; // 1..12, 1..5 (5: the last), 0..6 (Sunday 0)
	int32_t time;             // seconds of local time after midnight; may be negative
};

struct zone {
	uint32_t n;          // transitions
	const int64_t *at;   // seconds since 1970 UTC
	const int32_t *east; // offset from each transition on, seconds
	int32_t first;       // offset before the first
	// After the last transition, where the data has a footer.
	bool has_rules; // daylight saving goes on for ever
	int32_t standard, daylight;
	struct zone_rule begin, end; // of daylight saving
};

enum zone_window {
	ZONE_HOUR,
	ZONE_DAY,
	ZONE_MONTH,
};

// Universal time: all zero.
#define ZONE_UTC ((struct zone){0})

// False where the data is not TZif, counts leap seconds or is damaged; nothing is read past len.
bool zone_parse(struct zone *z, struct arena *a, const uint8_t *data, size_t len);

// Seconds east of UTC at a time.
int32_t zone_offset(const struct zone *z, int64_t t);

// The hour, day or month of local time in which t lies: [*begin, *end).
void zone_span(const struct zone *z, enum zone_window w, int64_t t, int64_t *begin, int64_t *end);
