// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What new flows may cost the established ones.
//
// A packet of an established flow takes about 100 cycles, the first of a new one 1,000 to 20,000
// (state, country, policy, classification): without a limit, a tenth of the packets being a
// flood's takes nine tenths of the rate of everything else. So new flows get a share of the
// worker's time while packets wait (the caller says so), in cycles of the time stamp counter: time
// that goes by earns credit, work on new flows draws on it. Once the credit is used up, the
// classification of new flows is left out (as where its contexts are used up, by the exception
// dpi_full); once BUDGET_FLOOR is owed too, new flows as a whole (flow_shed()). Packets of flows in
// classification and expiry draw on the credit too, but are never left out.
//
// To turn new flows away takes time, too, as much as they are many: what the established ones lose
// is all of that. It is drawn from the same share, of which a fifth is left to those that are let
// in.
//
// Where no packets wait there is time for everything, and nothing is drawn: what a worker does
// while it has nothing else to do must not count against the burst that comes next.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Cycles that may be saved up, or owed: about a millisecond, so that a burst of new flows after a
// quiet time is no flood.
#define BUDGET_MOST  (2 << 20)
#define BUDGET_FLOOR (1 << 20)
// What work on one packet costs at most, 50 us: what takes longer was interrupted, and who was
// served meanwhile was no new flow.
#define BUDGET_ONE (1 << 17)
// What must have been earned before new flows are taken on again: one at a time, each would be
// followed by a burst or two that is served as if there were no flood.
#define BUDGET_RISE (1 << 17)
// A packet that is turned away, from its frame to the one that is sent on. Not measured: it is too
// little, and too widely spread, for the time stamp counter.
#define BUDGET_TURNED_AWAY 128

struct budget {
	int64_t credit;   // cycles; negative: owed
	uint64_t since;   // until when time has earned
	int64_t earned;   // of that, by the time before this burst
	uint32_t percent; // share of new flows; 0: no limit
	bool behind;      // packets wait: set by the caller of pipeline_burst() before each call
	bool closed;      // to new flows, until BUDGET_RISE above the floor
};

static inline void budget_init(struct budget *b, uint32_t percent)
{
	*b = (struct budget){.credit = BUDGET_MOST, .percent = percent};
}

// No time for the classification of a new flow.
static inline bool budget_low(const struct budget *b)
{
	return b->behind && b->credit < 0;
}

// No time for a new flow.
static inline bool budget_used_up(const struct budget *b)
{
	return b->behind && (b->closed || b->credit < -BUDGET_FLOOR);
}

// The time stamp counter. Not by <x86intrin.h>: that is 60,000 lines in each file that includes
// this.
static inline uint64_t budget_now(void)
{
	return __builtin_ia32_rdtsc();
}

// The time when work on new flows begins; 0 where it is not measured.
static inline uint64_t budget_start(const struct budget *b)
{
	return b->percent != 0 && b->behind ? budget_now() : 0;
}

// Work on new flows since start.
static inline void budget_draw(struct budget *b, uint64_t start)
{
	uint64_t spent;

	if (start == 0)
		return;
	spent = budget_now() - start;
	b->credit -= spent < BUDGET_ONE ? (int64_t)spent : BUDGET_ONE;
	if (b->credit < -BUDGET_MOST)
		b->credit = -BUDGET_MOST;
}

// Time has gone by: before each burst.
static inline void budget_earn(struct budget *b)
{
	uint64_t now, gone;

	if (b->percent == 0)
		return;
	now = budget_now();
	gone = now - b->since;
	b->since = now;
	// From as much as may be owed to as much as may be saved up.
	if (gone > (uint64_t)2 * BUDGET_MOST * 100 / b->percent)
		b->earned = (int64_t)2 * BUDGET_MOST;
	else
		b->earned = (int64_t)(gone * b->percent / 100);
	b->credit += b->earned;
	if (b->credit > BUDGET_MOST)
		b->credit = BUDGET_MOST;
	b->closed = b->credit < -BUDGET_FLOOR + (b->closed ? BUDGET_RISE : 0);
}

// Packets of new flows that this burst had no time for: once, at its end.
static inline void budget_turned_away(struct budget *b, uint64_t packets)
{
	const int64_t most = b->earned - b->earned / 5,
		      spent = (int64_t)packets * BUDGET_TURNED_AWAY;

	b->credit -= spent < most ? spent : most;
}
