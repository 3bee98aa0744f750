// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/policy_slot.h"

#include <stdlib.h>
#include <string.h>

void policy_slot_init(struct policy_slot *s)
{
	memset(s, 0, sizeof(*s));
}

static void free_generation(struct policy_generation *g)
{
	for (unsigned i = 0; i < POLICY_MAX_READERS; i++)
		free(g->counts[i]);
	free(g->screen);
	policy_free(g->policy);
	free(g);
}

static bool make_counts(struct policy_generation *g, unsigned reader)
{
	// A cache line of its own to begin with, so that two workers never write to one.
	size_t size = g->n_counts * sizeof(struct rule_count) + sizeof(struct policy_moves);

	size = (size + 63) & ~(size_t)63;
	g->counts[reader] = aligned_alloc(64, size);
	if (g->counts[reader] == NULL)
		return false;
	memset(g->counts[reader], 0, size);
	return true;
}

void policy_slot_fini(struct policy_slot *s)
{
	for (unsigned i = 0; i < POLICY_GENERATIONS; i++) {
		if (s->generations[i] != NULL)
			free_generation(s->generations[i]);
	}
	for (unsigned i = 0; i < s->n_readers; i++)
		free(s->readers[i]);
	memset(s, 0, sizeof(*s));
}

void policy_slot_add_screens(struct policy_slot *s,
	struct screen *(*make)(const struct policy *p, const void *ctx), const void *ctx)
{
	s->make_screen = make;
	s->make_screen_ctx = ctx;
}

struct policy_reader *policy_slot_add_reader(struct policy_slot *s)
{
	struct policy_reader *r;

	if (s->n_readers == POLICY_MAX_READERS)
		return NULL;
	r = aligned_alloc(64, sizeof(*r));
	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->number = s->n_readers;
	for (unsigned i = 0; i < POLICY_GENERATIONS; i++) {
		if (s->generations[i] != NULL && !make_counts(s->generations[i], r->number)) {
			free(r);
			return NULL;
		}
	}
	s->readers[s->n_readers++] = r;
	return r;
}

bool policy_slot_full(const struct policy_slot *s)
{
	for (unsigned i = 0; i < POLICY_GENERATIONS; i++)
		if (s->generations[i] == NULL)
			return false;
	return true;
}

static bool make_parts(
	const struct policy_slot *s, struct policy_generation *g, const struct policy *p)
{
	g->n_counts = p != NULL ? policy_info(p)->n_rules + 1 : 0;
	for (unsigned i = 0; i < s->n_readers; i++)
		if (!make_counts(g, i))
			return false;
	if (p == NULL || s->make_screen == NULL)
		return true;
	g->screen = s->make_screen(p, s->make_screen_ctx);
	return g->screen != NULL;
}

struct policy_generation *policy_slot_prepare(struct policy_slot *s, struct policy *p)
{
	struct policy_generation *g;
	unsigned tries = 0;

	while (s->generations[s->next_number] != NULL) {
		if (++tries == POLICY_GENERATIONS)
			return NULL;
		s->next_number = (s->next_number + 1) % POLICY_GENERATIONS;
	}
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	if (!make_parts(s, g, p)) {
		free_generation(g); // the policy stays the caller's
		return NULL;
	}
	g->policy = p;
	g->epoch = s->epoch + 1;
	g->number = s->next_number;
	return g;
}

void policy_slot_commit(struct policy_slot *s, struct policy_generation *g)
{
	s->epoch = g->epoch;
	s->generations[g->number] = g;
	s->next_number = (g->number + 1) % POLICY_GENERATIONS;
	atomic_store_explicit(&s->now, g, memory_order_release);
}

uint32_t policy_slot_publish(struct policy_slot *s, struct policy *p)
{
	struct policy_generation *g = policy_slot_prepare(s, p);

	if (g == NULL)
		return 0;
	policy_slot_commit(s, g);
	return g->epoch;
}

// The epoch that every reader has entered at least. None evaluates an older policy any more, or
// refers a flow to it.
static uint32_t least_seen(const struct policy_slot *s, const struct policy_generation *now)
{
	uint32_t least = now->epoch;

	for (unsigned i = 0; i < s->n_readers; i++) {
		uint32_t seen = atomic_load_explicit(&s->readers[i]->seen, memory_order_acquire);

		least = seen < least ? seen : least;
	}
	return least;
}

static bool referred_to(const struct policy_slot *s, uint16_t number)
{
	for (unsigned i = 0; i < s->n_readers; i++)
		if (__atomic_load_n(&s->readers[i]->refs[number], __ATOMIC_ACQUIRE) != 0)
			return true;
	return false;
}

static void retire(struct policy_slot *s, struct policy_generation *g, uint64_t pass)
{
	if (!g->engine_freed && g->policy != NULL)
		policy_free_engine(g->policy);
	free(g->screen);
	g->screen = NULL;
	g->engine_freed = true;
	if (referred_to(s, g->number))
		return;
	if (pass != UINT64_MAX) {
		// This pass was counted before the flows were looked for; the next call's is later.
		if (!g->unused) {
			g->unused = true;
			g->since = UINT64_MAX;
			return;
		}
		if (g->since == UINT64_MAX)
			g->since = pass;
		// A pass may have been under way when the last record went into its ring.
		if (pass - g->since < 2)
			return;
	}
	if (s->retired != NULL)
		s->retired(s->retired_ctx, g);
	s->generations[g->number] = NULL;
	free_generation(g);
}

unsigned policy_slot_reclaim(struct policy_slot *s, uint64_t pass)
{
	struct policy_generation *now = atomic_load_explicit(&s->now, memory_order_relaxed);
	unsigned kept = 0;
	uint32_t least;

	if (now == NULL)
		return 0;
	least = least_seen(s, now);
	for (unsigned i = 0; i < POLICY_GENERATIONS; i++) {
		if (s->generations[i] != NULL && s->generations[i]->epoch < least)
			retire(s, s->generations[i], pass);
		kept += s->generations[i] != NULL;
	}
	return kept;
}
