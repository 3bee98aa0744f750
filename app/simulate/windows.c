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
	struct window_counter *next;
	struct key key;
	struct window_use used;
	int64_t since; // passed from then on; INT64_MAX: not yet
};

void windows_init(struct windows *w, const struct policy *p)
{
	memset(w, 0, sizeof(*w));
	w->p = p;
}

void windows_fini(struct windows *w)
{
	for (size_t i = 0; i < w->size; i++) {
		for (struct window_counter *c = w->chains[i], *next; c != NULL; c = next) {
			next = c->next;
			free(c);
		}
	}
	free(w->chains);
	memset(w, 0, sizeof(*w));
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

static void grow(struct windows *w)
{
	const size_t size = w->size != 0 ? 2 * w->size : 1024;
	struct window_counter **chains = calloc(size, sizeof(*chains)), *next;

	if (chains == NULL)
		return;
	for (size_t i = 0; i < w->size; i++) {
		for (struct window_counter *c = w->chains[i]; c != NULL; c = next) {
			const size_t at = hash_of(&c->key) & (size - 1);

			next = c->next;
			c->next = chains[at];
			chains[at] = c;
		}
	}
	free(w->chains);
	w->chains = chains;
	w->size = size;
}

static struct window_counter *counter(struct windows *w, const struct key *key)
{
	struct window_counter *c;
	size_t at;

	if (w->n >= w->size)
		grow(w);
	if (w->size == 0)
		return NULL;
	at = hash_of(key) & (w->size - 1);
	for (c = w->chains[at]; c != NULL; c = c->next)
		if (same(&c->key, key))
			return c;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->key = *key;
	c->since = INT64_MAX;
	c->next = w->chains[at];
	w->chains[at] = c;
	w->n++;
	return c;
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
	c = counter(w, &key);
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
