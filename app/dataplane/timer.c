// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/timer.h"

// timer_prev of the first flow of a slot names the slot.
#define SLOT_BIT 0x80000000u

static uint64_t tick_of(int64_t t)
{
	return t < 0 ? 0 : (uint64_t)t / TIMER_TICK_US;
}

void timer_init(struct timer_wheel *w, struct flow_table *t, int64_t now)
{
	w->table = t;
	w->tick = tick_of(now);
	for (unsigned i = 0; i < TIMER_SLOTS; i++)
		w->head[i] = FLOW_NONE;
}

void timer_set_back(struct timer_wheel *w, int64_t now)
{
	w->tick = tick_of(now);
}

void timer_look_at_all(struct timer_wheel *w, int64_t now)
{
	uint64_t tick = tick_of(now);

	w->tick = tick > TIMER_SLOTS ? tick - TIMER_SLOTS : 0;
}

void timer_set(struct timer_wheel *w, uint32_t i, int64_t due)
{
	uint64_t tick = tick_of(due) + 1; // never early
	struct flow_cold *c = &w->table->cold[i];
	uint32_t slot, first;

	if (tick < w->tick)
		tick = w->tick;
	if (tick > w->tick + TIMER_SLOTS - 1)
		tick = w->tick + TIMER_SLOTS - 1;
	slot = (uint32_t)(tick % TIMER_SLOTS);
	first = w->head[slot];
	c->timer_next = first;
	c->timer_prev = SLOT_BIT | slot;
	if (first != FLOW_NONE)
		w->table->cold[first].timer_prev = i;
	w->head[slot] = i;
}

void timer_clear(struct timer_wheel *w, uint32_t i)
{
	struct flow_cold *c = &w->table->cold[i];

	if (c->timer_prev == FLOW_NONE) // timer_next() took it off
		return;
	if (c->timer_next != FLOW_NONE)
		w->table->cold[c->timer_next].timer_prev = c->timer_prev;
	if (c->timer_prev & SLOT_BIT)
		w->head[c->timer_prev & ~SLOT_BIT] = c->timer_next;
	else
		w->table->cold[c->timer_prev].timer_next = c->timer_next;
	c->timer_prev = FLOW_NONE;
}

uint32_t timer_next(struct timer_wheel *w, int64_t now)
{
	uint64_t end = tick_of(now);

	if (end > w->tick + TIMER_SLOTS)
		w->tick = end - TIMER_SLOTS; // every slot is looked at once
	for (; w->tick <= end; w->tick++) {
		uint32_t i = w->head[w->tick % TIMER_SLOTS];

		if (i != FLOW_NONE) {
			timer_clear(w, i);
			return i;
		}
	}
	return FLOW_NONE;
}
