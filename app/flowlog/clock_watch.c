// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/clock_watch.h"

// Beyond what a clock says, the sums are kept from running over.
static int64_t minus(int64_t a, int64_t b)
{
	int64_t d;

	if (__builtin_sub_overflow(a, b, &d))
		return a < b ? INT64_MIN : INT64_MAX;
	return d;
}

void clock_watch_begin(struct clock_watch *w, int64_t newest, int64_t left)
{
	const bool odd = left < 0 || left > CLOCK_WATCH_BELIEF; // nobody wrote that

	*w = (struct clock_watch){.newest = newest, .left = odd ? CLOCK_WATCH_BELIEF : left};
}

bool clock_watch_look(struct clock_watch *w, int64_t wall, int64_t steady)
{
	const int64_t offset = minus(wall, steady);
	const int64_t gone = w->begun ? minus(steady, w->steady) : 0;

	if (!w->begun) {
		w->offset = offset;
		if (w->newest != 0 && minus(wall, w->newest) > CLOCK_WATCH_AHEAD)
			w->left = CLOCK_WATCH_BELIEF;
	}
	w->begun = true;
	w->steady = steady;
	if (minus(offset, w->offset) > CLOCK_WATCH_STEP) {
		w->offset = offset;
		w->left = CLOCK_WATCH_BELIEF;
	} else {
		// Back is no danger, but from there the way forward is one again.
		w->offset = offset < w->offset ? offset : w->offset;
		w->left = gone < w->left ? w->left - gone : 0;
	}
	return w->left == 0;
}
