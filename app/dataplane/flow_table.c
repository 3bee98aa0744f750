// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/flow_table.h"

#include "app/dataplane/pages.h"

#include <errno.h>
#include <stdlib.h>

enum map_how {
	MAP_LATER, // each page when it is first used
	MAP_TOUCHED,
	MAP_HUGE, // as the one before where there are no free pages of hugetlbfs
};

static void *map(struct flow_table *t, unsigned which, size_t n, size_t size, enum map_how how)
{
	void *p = how == MAP_HUGE ? pages_map_huge(n, size) : NULL;

	if (p == NULL)
		p = pages_map(n, size, how != MAP_LATER);
	if (p == NULL)
		return NULL;
	t->maps[which].p = p;
	t->maps[which].n = n;
	t->maps[which].size = size;
	t->memory += n * size;
	return p;
}

int flow_table_init(struct flow_table *t, uint32_t max, const struct hash_seed *seed, bool huge)
{
	const enum map_how most = huge ? MAP_HUGE : MAP_LATER;

	memset(t, 0, sizeof(*t));
	t->seed = *seed;
	t->max = max;
	// Six of ten slots used when full: one bucket in 23 has more than ten (Poisson). Twice as
	// many are in reserve, which keeps a flow below 160 bytes.
	t->n_overflow = flow_buckets_plan(t, max / 6 + 1) / 12 + 16;
	t->buckets = map(t, 0, t->n_buckets + t->n_overflow, sizeof(*t->buckets), most);
	t->hot = map(t, 1, max, sizeof(*t->hot), most);
	t->cold = map(t, 2, max, sizeof(*t->cold), most);
	t->addr6 = map(t, 3, max, sizeof(*t->addr6), huge ? MAP_TOUCHED : MAP_LATER);
	// As much as all others together, and few ever need as many.
	t->ext = map(t, 4, max, sizeof(*t->ext), MAP_LATER);
	if (t->buckets == NULL || t->hot == NULL || t->cold == NULL || t->addr6 == NULL ||
		t->ext == NULL) {
		flow_table_fini(t);
		return -ENOMEM;
	}
	flow_buckets_begin(t);
	t->free = t->free_ext = FLOW_NONE;
	return 0;
}

void flow_table_fini(struct flow_table *t)
{
	for (unsigned i = 0; i < sizeof(t->maps) / sizeof(t->maps[0]); i++)
		pages_unmap(t->maps[i].p, t->maps[i].n, t->maps[i].size);
	memset(t, 0, sizeof(*t));
}

uint32_t flow_find(const struct flow_table *t, const struct packet *p)
{
	uint16_t sig = flow_sig(p->hash);
	uint32_t b = flow_bucket_of(t, p->hash);

	do {
		const struct flow_bucket *bucket = &t->buckets[b];

		for (unsigned m = flow_sig_mask(bucket, sig); m != 0; m &= m - 1) {
			uint32_t i = bucket->entry[__builtin_ctz(m)] & FLOW_ENTRY;

			if (flow_matches(t, i, p))
				return i;
		}
		b = bucket->next;
	} while (b != FLOW_NONE);
	return FLOW_NONE;
}

static uint32_t take_entry(struct flow_table *t)
{
	uint32_t i = t->free;

	if (i != FLOW_NONE)
		t->free = t->cold[i].timer_next;
	else if (t->fresh < t->max)
		i = t->fresh++;
	// The one that is taken next: its lines come while this one is filled.
	flow_prefetch(t, t->free != FLOW_NONE ? t->free : t->fresh);
	return i;
}

static void give_entry(struct flow_table *t, uint32_t i)
{
	t->hot[i].version = 0;
	t->cold[i].timer_next = t->free;
	t->free = i;
}

uint32_t flow_insert(struct flow_table *t, const struct packet *p)
{
	const struct flow_key *k = &p->key;
	uint32_t i = take_entry(t);
	struct flow_hot *h;

	if (i == FLOW_NONE)
		return FLOW_NONE;
	if (!flow_buckets_add(t, p->hash, i)) {
		give_entry(t, i);
		return FLOW_NONE;
	}
	h = &t->hot[i];
	memset(h, 0, sizeof(*h));
	memset(&t->cold[i], 0, sizeof(t->cold[i]));
	memcpy(h, k, 12);
	if (k->version == 4) {
		memcpy(h->a4, k->a4, sizeof(h->a4));
	} else {
		memcpy(t->addr6[i], k->a6, sizeof(k->a6));
		h->check = p->hash;
	}
	t->cold[i].ext = t->cold[i].dpi = FLOW_NONE;
	t->cold[i].limit = POLICY_LIMIT_NONE;
	t->live++;
	return i;
}

// Made again from the key: once in a flow's life that is cheaper than four bytes of its hot line.
uint64_t flow_hash(const struct flow_table *t, uint32_t i)
{
	const struct flow_hot *h = &t->hot[i];
	uint32_t ports;

	if (h->version == 6)
		return h->check;
	memcpy(&ports, h->port, sizeof(ports));
	return hash_words4(&t->seed, hash_load(h), ports, hash_load(h->a4));
}

void flow_remove(struct flow_table *t, uint32_t i)
{
	uint32_t ext = t->cold[i].ext;

	flow_buckets_remove(t, flow_hash(t, i), i);
	if (ext != FLOW_NONE) {
		t->ext[ext].next = t->free_ext;
		t->free_ext = ext;
		t->live_ext--;
	}
	give_entry(t, i);
	t->live--;
}

struct flow_ext *flow_ext(struct flow_table *t, uint32_t i)
{
	uint32_t e = t->cold[i].ext;

	if (e != FLOW_NONE)
		return &t->ext[e];
	e = t->free_ext;
	if (e != FLOW_NONE)
		t->free_ext = t->ext[e].next;
	else if (t->fresh_ext < t->max)
		e = t->fresh_ext++;
	else
		return NULL;
	memset(&t->ext[e], 0, sizeof(t->ext[e]));
	t->cold[i].ext = e;
	t->live_ext++;
	return &t->ext[e];
}
