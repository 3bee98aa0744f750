// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/lpm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_FROM 512 // ranges; fewer are searched as they are

typedef unsigned __int128 key_t128;

static key_t128 key_of(const struct policy_addr *a)
{
	unsigned bytes = a->version == 4 ? 4 : 16;
	key_t128 k = 0;

	for (unsigned i = 0; i < bytes; i++)
		k = k << 8 | a->b[i];
	return k;
}

struct build {
	key_t128 *start;
	uint32_t *prefix;
	uint32_t n;
};

static void add(struct build *b, key_t128 start, uint32_t prefix)
{
	if (b->n != 0 && b->start[b->n - 1] == start)
		b->n--;
	if (b->n != 0 && b->prefix[b->n - 1] == prefix)
		return;
	b->start[b->n] = start;
	b->prefix[b->n++] = prefix;
}

// Leaves the prefixes that end before the key; the range behind each is its parent's.
static uint32_t leave(struct build *b, const uint32_t *parent, const key_t128 *last, uint32_t top,
	key_t128 key, bool all, key_t128 max)
{
	while (top != LPM_NONE && (all || last[top] < key)) {
		if (last[top] < max)
			add(b, last[top] + 1, parent[top]);
		top = parent[top];
	}
	return top;
}

static void flatten(struct lpm *t, struct build *b, const struct policy_prefix *p, uint32_t from,
	uint32_t to, key_t128 *last, unsigned bits)
{
	key_t128 max = bits == 32 ? UINT32_MAX : ~(key_t128)0;
	uint32_t top = LPM_NONE;

	b->n = 0;
	add(b, 0, LPM_NONE);
	for (uint32_t i = from; i < to; i++) {
		key_t128 start = key_of(&p[i].addr);

		last[i] = p[i].len == 0 ? max : start | (((key_t128)1 << (bits - p[i].len)) - 1);
		top = leave(b, t->parent, last, top, start, false, max);
		t->parent[i] = top;
		add(b, start, i);
		top = i;
	}
	leave(b, t->parent, last, top, 0, true, max);
}

static void keep4(struct lpm *t, struct arena *a, const struct build *b)
{
	uint32_t at = 0;

	t->n4 = b->n;
	t->start4 = arena_alloc(a, b->n, sizeof(*t->start4));
	t->prefix4 = arena_alloc(a, b->n, sizeof(*t->prefix4));
	if (b->n >= SLICE_FROM)
		t->slice4 = arena_alloc(a, 65537, sizeof(*t->slice4));
	if (a->failed)
		return;
	for (uint32_t i = 0; i < b->n; i++) {
		t->start4[i] = (uint32_t)b->start[i];
		t->prefix4[i] = b->prefix[i];
	}
	for (uint32_t high = 0; t->slice4 != NULL && high <= 65536; high++) {
		while (at < b->n && (high == 65536 || t->start4[at] < high << 16))
			at++;
		t->slice4[high] = at; // the first range that begins in this slice or later
	}
}

static void keep6(struct lpm *t, struct arena *a, const struct build *b)
{
	t->n6 = b->n;
	t->start6 = arena_alloc(a, b->n, sizeof(*t->start6));
	t->prefix6 = arena_alloc(a, b->n, sizeof(*t->prefix6));
	for (uint32_t i = 0; !a->failed && i < b->n; i++) {
		t->start6[i].hi = (uint64_t)(b->start[i] >> 64);
		t->start6[i].lo = (uint64_t)b->start[i];
		t->prefix6[i] = b->prefix[i];
	}
}

int lpm_build(struct lpm *t, struct arena *a, const struct policy_prefix *prefixes, uint32_t n)
{
	struct build b = {0};
	key_t128 *last;
	uint32_t n4 = 0;

	memset(t, 0, sizeof(*t));
	t->n = n;
	t->parent = arena_alloc(a, n, sizeof(*t->parent));
	last = calloc((size_t)n + 1, sizeof(*last));
	b.start = calloc(2 * (size_t)n + 2, sizeof(*b.start));
	b.prefix = calloc(2 * (size_t)n + 2, sizeof(*b.prefix));
	if (t->parent == NULL || last == NULL || b.start == NULL || b.prefix == NULL) {
		a->failed = true;
	} else {
		while (n4 < n && prefixes[n4].addr.version == 4)
			n4++;
		flatten(t, &b, prefixes, 0, n4, last, 32);
		keep4(t, a, &b);
		flatten(t, &b, prefixes, n4, n, last, 128);
		keep6(t, a, &b);
	}
	free(last);
	free(b.start);
	free(b.prefix);
	return a->failed ? -ENOMEM : 0;
}

static uint32_t find4(const struct lpm *t, uint32_t key)
{
	uint32_t
		lo = 0,
		hi = t->n4; // the answer is the last range in [lo, hi) that begins at or before key

	if (t->slice4 != NULL) {
		lo = t->slice4[key >> 16];
		hi = t->slice4[(key >> 16) + 1];
		if (lo == hi || t->start4[lo] > key)
			return t->prefix4[lo - 1]; // the first range begins at 0: lo is not 0 here
	}
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->start4[mid] <= key)
			lo = mid;
		else
			hi = mid;
	}
	return t->prefix4[lo];
}

static uint32_t find6(const struct lpm *t, uint64_t khi, uint64_t klo)
{
	uint32_t lo = 0, hi = t->n6;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct lpm6_key *s = &t->start6[mid];

		if (s->hi < khi || (s->hi == khi && s->lo <= klo))
			lo = mid;
		else
			hi = mid;
	}
	return t->prefix6[lo];
}

uint32_t lpm_find(const struct lpm *t, const struct policy_addr *addr)
{
	uint64_t hi, lo;
	uint32_t k;

	if (t->n == 0)
		return LPM_NONE;
	if (addr->version == 4) {
		memcpy(&k, addr->b, 4);
		return find4(t, __builtin_bswap32(k));
	}
	memcpy(&hi, addr->b, 8);
	memcpy(&lo, addr->b + 8, 8);
	return find6(t, __builtin_bswap64(hi), __builtin_bswap64(lo));
}
