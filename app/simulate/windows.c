// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/simulate/windows.h"

#include <stdlib.h>
#include <string.h>

struct key {
	int64_t begin;
	uint32_t tenant;
	uint16_t limit, cc;
};

struct window_counter {
	struct chain chain;
	struct key key;
	struct window_use used;
	int64_t since; // passed from then on; INT64_MAX: not yet
};

void windows_init(struct windows *w, const struct policy *p)
{
	memset(w, 0, sizeof(*w));
	w->p = p;
}

static void drop(struct chain *c)
{
	free(c);
}

void windows_fini(struct windows *w)
{
	chains_fini(&w->counters, drop);
}

static uint64_t hash_of(const struct key *k)
{
	uint64_t h = (uint64_t)k->begin * 0x9e3779b97f4a7c15ull;

	h = (h ^ h >> 29 ^ ((uint64_t)k->tenant << 32 | (uint32_t)k->limit << 16 | k->cc)) *
	    0xbf58476d1ce4e5b9ull;
	return h ^ h >> 32;
}

static bool same(const struct key *a, const struct key *b)
{
	return a->begin == b->begin && a->tenant == b->tenant && a->limit == b->limit &&
	       a->cc == b->cc;
}

static struct window_counter *counter_of(struct windows *w, const struct key *key)
{
	const uint64_t hash = hash_of(key);
	struct chain **at = chains_at(&w->counters, hash);
	struct window_counter *c;

	for (struct chain *x = at != NULL ? *at : NULL; x != NULL; x = x->next) {
		c = (struct window_counter *)x;
		if (same(&c->key, key))
			return c;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->key = *key;
	c->since = INT64_MAX;
	if (chains_add(&w->counters, &c->chain, hash))
		return c;
	free(c);
	return NULL;
}

bool windows_count(struct windows *w, uint16_t limit, const struct policy_limit_info *l,
	uint32_t tenant, uint16_t cc, int64_t t, const struct window_use *use)
{
	const bool by_tenant = l->per != POLICY_PER_COUNTRY,
		   by_country = l->per != POLICY_PER_TENANT;
	struct key key = {
		.tenant = by_tenant ? tenant : 0, .limit = limit, .cc = by_country ? cc : 0};
	struct window_counter *c;

	if (t < w->begin[l->window] || t >= w->end[l->window])
		policy_window(w->p, l->window, t, &w->begin[l->window], &w->end[l->window]);
	key.begin = w->begin[l->window];
	c = counter_of(w, &key);
	if (c == NULL) {
		w->no_memory = true;
		return false;
	}
	c->used.bytes += use->bytes;
	c->used.flows += use->flows;
	c->used.seconds += use->seconds;
	if ((l->bytes_out != 0 && c->used.bytes > l->bytes_out) ||
		(l->flows != 0 && c->used.flows > l->flows) ||
		(l->seconds != 0 && c->used.seconds > l->seconds))
		c->since = c->since != INT64_MAX ? c->since : t;
	return t >= c->since;
}
