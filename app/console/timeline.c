// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/timeline.h"

#include <string.h>

// Seconds; each a multiple of the one before.
static const int64_t widths[] = {
	1, 5, 15, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 604800, 2419200};

#define N_WIDTHS    (sizeof(widths) / sizeof(widths[0]))
#define TO_MONDAY_S 259200 // 1970-01-01 was a Thursday: weeks begin three days before

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void timeline_init(struct timeline *t, int64_t offset)
{
	memset(t, 0, sizeof(*t));
	t->offset = offset;
	t->width = widths[0];
}

static void widen(struct timeline *t)
{
	const int64_t before = t->width;
	struct sums merged[TIMELINE_MAX] = {0};
	int64_t first, last;

	t->width_at++;
	t->width = t->width_at < N_WIDTHS ? widths[t->width_at] : before * 2;
	first = floor_div(t->first, t->width / before);
	last = floor_div(t->first + t->n - 1, t->width / before);
	for (unsigned i = 0; i < t->n; i++) {
		sums_add(&merged[floor_div(t->first + i, t->width / before) - first], &t->steps[i]);
	}
	memcpy(t->steps, merged, sizeof(merged));
	t->first = first;
	t->n = (unsigned)(last - first + 1);
}

struct sums *timeline_at(struct timeline *t, int64_t moment)
{
	const int64_t s = floor_div(moment, 1000000) + t->offset + TO_MONDAY_S;
	int64_t at = floor_div(s, t->width), first, last;

	if (t->n == 0) {
		t->first = at;
		t->n = 1;
	}
	for (;; at = floor_div(s, t->width)) {
		first = at < t->first ? at : t->first;
		last = at > t->first + t->n - 1 ? at : t->first + t->n - 1;
		if (last - first < TIMELINE_MAX) {
			break;
		}
		widen(t);
	}
	if (first < t->first) {
		memmove(&t->steps[t->first - first], t->steps, t->n * sizeof(t->steps[0]));
		memset(t->steps, 0, (size_t)(t->first - first) * sizeof(t->steps[0]));
	}
	t->first = first;
	t->n = (unsigned)(last - first + 1);
	return &t->steps[at - first];
}

int64_t timeline_start(const struct timeline *t, unsigned i)
{
	return (t->first + i) * t->width - TO_MONDAY_S - t->offset;
}
