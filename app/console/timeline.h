// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Sums over time, in at most TIMELINE_MAX steps of one width. The width is the smallest of a
// second, 5 s, 15 s, a minute, ... a day, a week, ... for which all that was added fits: what is
// there is merged as the range grows, so that memory does not.
#pragma once

#include "app/console/sums.h"

#define TIMELINE_MAX 62 // two months of days, two and a half days of hours

struct timeline {
	int64_t offset;    // seconds east of UTC: where days begin
	unsigned n;        // steps in use
	unsigned width_at; // which width
	int64_t width;     // seconds
	int64_t first;     // number of steps[0], see timeline_start()
	struct sums steps[TIMELINE_MAX];
};

void timeline_init(struct timeline *t, int64_t offset);

// The step of a moment, in microseconds since 1970 UTC; valid until the next call.
struct sums *timeline_at(struct timeline *t, int64_t moment);

// When step i begins, seconds since 1970 UTC; i = n: when the last one ends.
int64_t timeline_start(const struct timeline *t, unsigned i);
