// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A timer wheel over the flows of one table: when to look at a flow again.
//
// One look is pending per flow at any time. Packets do not move it: when it comes and the flow has
// been seen meanwhile, it is put off (lazy ageing), so a packet never touches the wheel. Linked
// through the flows' cold parts; insertion, removal and one look are O(1). Varghese and Lauck,
// Hashed and Hierarchical Timing Wheels, SOSP 1987, scheme 6.
#pragma once

#include "app/dataplane/flow_table.h"

#define TIMER_TICK_US 262144 // 2^18: about a quarter of a second
#define TIMER_SLOTS   4096   // 18 minutes; what is due later is looked at in between

struct timer_wheel {
	struct flow_table *table;
	uint64_t tick; // the next one to run
	uint32_t head[TIMER_SLOTS];
} __attribute__((aligned(64))); // its worker's alone

void timer_init(struct timer_wheel *w, struct flow_table *t, int64_t now);
// The time is an earlier one: looks that were due after it may come early, and are made again.
void timer_set_back(struct timer_wheel *w, int64_t now);
// The time and what is due have moved: every flow is looked at once, early or not, and set again.
void timer_look_at_all(struct timer_wheel *w, int64_t now);
// Looks at flow i at or after the time due.
void timer_set(struct timer_wheel *w, uint32_t i, int64_t due);
void timer_clear(struct timer_wheel *w, uint32_t i);
// The next flow whose look is due by now, taken off the wheel; FLOW_NONE where there is none.
// Empty ticks are skipped, at most a turn of the wheel at a call.
uint32_t timer_next(struct timer_wheel *w, int64_t now);
