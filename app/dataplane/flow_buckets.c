// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The buckets of a flow table: chains, and how many of them are in use.
//
// Ten thousand flows in a table made for a million would lie in ten thousand lines of memory all
// over it: beyond the caches, beyond what the processor remembers of its page tables. So only as
// many buckets are used as there are flows for, a few more or less before each burst (linear
// hashing: Litwin, VLDB 1980; here the bucket is the hash's upper end, so that neighbours come from
// one). A bucket is split into two, from the last to the first; when all are split they are one
// level of twice as many. The places of the halves, 2 i and 2 i + 1, are always free or the
// bucket's own, thus all is done in place:
//
//   0 ... split - 1        not yet split
//   split ... 2 split - 1  not in use, empty
//   2 split ... 2 level-1  halves
//
// What is in use at the end is what the table was made for, and nothing more is ever mapped. Which
// half is an entry's is a bit of its bucket when all are in use, of which a bucket's entries have
// the lowest four: only in the first levels, where there are few, must its flow be looked at.

#include "app/dataplane/flow_table.h"

#define FEW       256 // buckets with which a table begins, at most: they lie in the first cache
#define GROW_AT   3   // flows a bucket in use: of those not yet split six at most
#define SHRINK_AT 1

#define LEAF_BITS  4
#define LEAF_SHIFT (32 - LEAF_BITS)

static_assert(FLOW_MAX == 1u << LEAF_SHIFT, "the bits above an entry's number");

static const struct flow_bucket empty = {.next = FLOW_NONE};

static void set_bounds(struct flow_table *t)
{
	const uint32_t used = flow_buckets_used(t);

	t->fine = t->level * 2;
	t->halves = t->split * 2;
	t->grow_at = used < t->n_buckets ? used * GROW_AT : UINT32_MAX;
	t->shrink_at = used > t->least_buckets ? used * SHRINK_AT : 0;
}

uint32_t flow_buckets_plan(struct flow_table *t, uint32_t want)
{
	unsigned doublings = 0;

	while (want > FEW) {
		want = (want + 1) / 2;
		doublings++;
	}
	t->least_buckets = t->level = t->split = want;
	t->n_buckets = want << doublings;
	t->levels_left = doublings - 1; // where there are none, no bucket is ever split
	return t->n_buckets;
}

void flow_buckets_begin(struct flow_table *t)
{
	for (uint32_t i = 0; i < t->n_buckets + t->n_overflow; i++)
		t->buckets[i].next = FLOW_NONE;
	t->free_bucket = FLOW_NONE;
	set_bounds(t);
}

static bool may_take_bucket(const struct flow_table *t)
{
	return t->free_bucket != FLOW_NONE || t->fresh_bucket < t->n_overflow;
}

static uint32_t take_bucket(struct flow_table *t)
{
	uint32_t b = t->free_bucket;

	if (b != FLOW_NONE) {
		t->free_bucket = t->buckets[b].next;
		t->buckets[b].next = FLOW_NONE;
		return b;
	}
	if (t->fresh_bucket == t->n_overflow)
		return FLOW_NONE;
	return t->n_buckets + t->fresh_bucket++;
}

static void give_bucket(struct flow_table *t, uint32_t b)
{
	t->buckets[b].next = t->free_bucket;
	t->free_bucket = b;
}

// The slots of a bucket in use, as flow_sig_mask() has them.
static unsigned used_mask(const struct flow_bucket *b)
{
	return flow_sig_mask(b, 0) ^ ((1u << FLOW_PER_BUCKET) - 1);
}

// Where a chain that is made anew ends.
struct end {
	uint32_t bucket;
	unsigned n; // slots of it in use
};

static struct end begin_chain(struct flow_table *t, uint32_t head)
{
	t->buckets[head] = empty;
	return (struct end){.bucket = head};
}

static void append(struct flow_table *t, struct end *e, uint16_t sig, uint32_t entry)
{
	struct flow_bucket *b = &t->buckets[e->bucket];

	if (e->n == FLOW_PER_BUCKET) {
		b->next = take_bucket(t);
		e->bucket = b->next;
		e->n = 0;
		b = &t->buckets[e->bucket];
	}
	b->sig[e->n] = sig;
	b->entry[e->n++] = entry;
}

// The next bucket of a chain that is taken apart: its copy in *b, its place given back. Behind
// those in overflow buckets there is room for as many again, since each was given back before.
static bool take_apart(struct flow_table *t, struct flow_bucket *b)
{
	const uint32_t next = b->next;

	if (next == FLOW_NONE)
		return false;
	*b = t->buckets[next];
	t->buckets[next] = empty;
	give_bucket(t, next);
	return true;
}

// An entry as a bucket has it.
static uint32_t with_leaf(const struct flow_table *t, uint64_t hash, uint32_t entry)
{
	return (uint32_t)(((hash >> 32) * t->n_buckets) >> 32) << LEAF_SHIFT | entry;
}

// Which half of the bucket that is being split is an entry's.
static unsigned half_of(const struct flow_table *t, uint32_t entry)
{
	if (t->levels_left < LEAF_BITS)
		return entry >> (LEAF_SHIFT + t->levels_left) & 1;
	return flow_bucket_of(t, flow_hash(t, entry & FLOW_ENTRY)) & 1;
}

// All of a chain, whose head's copy is b: to the one end, or each entry to the half that is its
// bucket now.
static void move_chain(struct flow_table *t, struct flow_bucket *b, struct end *to, bool halves)
{
	do
		for (unsigned m = used_mask(b); m != 0; m &= m - 1) {
			const unsigned slot = (unsigned)__builtin_ctz(m);
			const uint32_t entry = b->entry[slot];

			append(t, &to[halves ? half_of(t, entry) : 0], b->sig[slot], entry);
		}
	while (take_apart(t, b));
}

// Of those that are split next, one's entries and another one's bucket are brought into the cache:
// within a level, the lower neighbours.
static void prefetch_next(const struct flow_table *t)
{
	const struct flow_bucket *b = &t->buckets[t->split];

	if (t->split < 5)
		return;
	__builtin_prefetch(b - 5);
	if (t->levels_left < LEAF_BITS)
		return;
	b -= 3;
	for (unsigned m = used_mask(b); m != 0; m &= m - 1)
		__builtin_prefetch(&t->hot[b->entry[__builtin_ctz(m)] & FLOW_ENTRY]);
}

static void grow(struct flow_table *t)
{
	struct flow_bucket b;
	struct end half[2];
	uint32_t i;

	if (t->split == 0) { // all are
		t->level *= 2;
		t->split = t->level;
		t->levels_left--;
	}
	i = --t->split;
	set_bounds(t);
	b = t->buckets[i];
	t->buckets[i] = empty;
	half[0] = begin_chain(t, 2 * i);
	half[1] = begin_chain(t, 2 * i + 1);
	move_chain(t, &b, half, true);
	prefetch_next(t);
}

static bool shrink(struct flow_table *t)
{
	struct flow_bucket half[2];
	struct end whole;
	uint32_t i;

	if (!may_take_bucket(t)) // two that are in part full can make one that is more than full
		return false;
	if (t->split == t->level) { // none is split
		t->level /= 2;
		t->split = 0;
		t->levels_left++;
	}
	i = t->split++;
	memcpy(half, &t->buckets[2 * i], sizeof(half));
	t->buckets[2 * i] = t->buckets[2 * i + 1] = empty;
	whole = begin_chain(t, i);
	move_chain(t, &half[0], &whole, false);
	move_chain(t, &half[1], &whole, false);
	set_bounds(t);
	return true;
}

void flow_buckets_follow(struct flow_table *t, unsigned steps)
{
	for (; steps != 0 && t->live > t->grow_at; steps--)
		grow(t);
	while (steps-- != 0 && t->live < t->shrink_at && shrink(t))
		;
}

bool flow_buckets_add(struct flow_table *t, uint64_t hash, uint32_t entry)
{
	uint32_t b = flow_bucket_of(t, hash);

	for (;;) {
		struct flow_bucket *bucket = &t->buckets[b];

		unsigned free = flow_sig_mask(bucket, 0);

		if (free != 0) {
			unsigned i = (unsigned)__builtin_ctz(free);

			bucket->sig[i] = flow_sig(hash);
			bucket->entry[i] = with_leaf(t, hash, entry);
			return true;
		}
		if (bucket->next == FLOW_NONE) {
			bucket->next = take_bucket(t);
			if (bucket->next == FLOW_NONE)
				return false;
		}
		b = bucket->next;
	}
}

// The last bucket of the chain gives an entry to the slot that has become free in bucket b, so that
// a chain is never longer than its entries need; when it is empty it goes back.
static void shorten(struct flow_table *t, uint32_t first, uint32_t b, unsigned slot)
{
	uint32_t before = FLOW_NONE, last = first;
	unsigned used;

	while (t->buckets[last].next != FLOW_NONE) {
		before = last;
		last = t->buckets[last].next;
	}
	if (before == FLOW_NONE)
		return;
	used = used_mask(&t->buckets[last]);
	if (last != b && used != 0) {
		unsigned i = (unsigned)__builtin_ctz(used);

		t->buckets[b].sig[slot] = t->buckets[last].sig[i];
		t->buckets[b].entry[slot] = t->buckets[last].entry[i];
		t->buckets[last].sig[i] = 0;
		used &= used - 1;
	}
	if (used == 0) {
		t->buckets[before].next = FLOW_NONE;
		give_bucket(t, last);
	}
}

void flow_buckets_remove(struct flow_table *t, uint64_t hash, uint32_t entry)
{
	uint32_t b = flow_bucket_of(t, hash), first = b;
	uint16_t sig = flow_sig(hash);

	for (;; b = t->buckets[b].next) {
		struct flow_bucket *bucket = &t->buckets[b];

		for (unsigned m = flow_sig_mask(bucket, sig); m != 0; m &= m - 1) {
			unsigned i = (unsigned)__builtin_ctz(m);

			if ((bucket->entry[i] & FLOW_ENTRY) != entry)
				continue;
			bucket->sig[i] = 0;
			shorten(t, first, b, i);
			return;
		}
	}
}
