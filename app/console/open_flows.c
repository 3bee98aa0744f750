// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/open_flows.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

// Open addressing with linear probing; at most half full.
struct open_flows {
	struct open_flow *slots; // id 0: free
	size_t n_slots, n;
};

struct open_flows *open_flows_new(void)
{
	struct open_flows *o = calloc(1, sizeof(*o));

	if (o != NULL) {
		o->n_slots = FIRST_SLOTS;
		o->slots = calloc(o->n_slots, sizeof(*o->slots));
	}
	if (o == NULL || o->slots == NULL) {
		free(o);
		return NULL;
	}
	return o;
}

void open_flows_free(struct open_flows *o)
{
	if (o != NULL) {
		for (size_t i = 0; i < o->n_slots; i++) {
			if (o->slots[i].id != 0) {
				free(o->slots[i].line);
			}
		}
		free(o->slots);
		free(o);
	}
}

// The finalizer of splitmix64: ids of one gateway differ in few bits.
static size_t home(const struct open_flows *o, uint64_t id)
{
	id = (id ^ id >> 30) * 0xbf58476d1ce4e5b9ull;
	id = (id ^ id >> 27) * 0x94d049bb133111ebull;
	return (size_t)(id ^ id >> 31) & (o->n_slots - 1);
}

// The flow's slot, or the free one where it would go.
static struct open_flow *slot_of(struct open_flows *o, uint64_t id)
{
	size_t at = home(o, id);

	while (o->slots[at].id != 0 && o->slots[at].id != id) {
		at = (at + 1) & (o->n_slots - 1);
	}
	return &o->slots[at];
}

struct open_flow *open_flows_find(struct open_flows *o, uint64_t id)
{
	struct open_flow *f = slot_of(o, id);

	return f->id != 0 ? f : NULL;
}

static bool grow(struct open_flows *o)
{
	struct open_flows bigger = {.n_slots = o->n_slots * 2, .n = o->n};

	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (bigger.slots == NULL) {
		return false;
	}
	for (size_t i = 0; i < o->n_slots; i++) {
		if (o->slots[i].id != 0) {
			*slot_of(&bigger, o->slots[i].id) = o->slots[i];
		}
	}
	free(o->slots);
	*o = bigger;
	return true;
}

struct open_flow *open_flows_add(struct open_flows *o, uint64_t id)
{
	struct open_flow *f;

	if (o->n >= OPEN_FLOWS_MAX || (o->n * 2 >= o->n_slots && !grow(o))) {
		return NULL;
	}
	f = slot_of(o, id);
	memset(f, 0, sizeof(*f));
	f->id = id;
	o->n++;
	return f;
}

// Moves up what would no longer be found past the hole (Knuth, volume 3, 6.4, algorithm R).
void open_flows_remove(struct open_flows *o, struct open_flow *f)
{
	const size_t mask = o->n_slots - 1;
	size_t hole = (size_t)(f - o->slots);

	free(f->line);
	for (size_t at = (hole + 1) & mask; o->slots[at].id != 0; at = (at + 1) & mask) {
		const size_t from = home(o, o->slots[at].id);

		if (((at - from) & mask) >= ((at - hole) & mask)) {
			o->slots[hole] = o->slots[at];
			hole = at;
		}
	}
	o->slots[hole].id = 0;
	o->n--;
}

size_t open_flows_count(const struct open_flows *o)
{
	return o->n;
}

void open_flows_drain(
	struct open_flows *o, void (*done)(void *ctx, const struct open_flow *f), void *ctx)
{
	for (size_t i = 0; i < o->n_slots; i++) {
		if (o->slots[i].id != 0) {
			done(ctx, &o->slots[i]);
			free(o->slots[i].line);
			o->slots[i].id = 0;
		}
	}
	o->n = 0;
}
