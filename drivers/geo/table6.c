// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/geo/table_part.h"

#include <stdlib.h>

#define DEEP_NARROW UINT16_MAX // no country is 0xffff
#define DEEP_WIDE   UINT32_MAX // no AS is 4294967295 (RFC 7300)
#define SLOT_BITS   5u         // of a slot's word, for the number of bits that its index takes
#define INDEX_BITS  16u        // at most: an index over the top 32 bits, the size of an allocation

static uint32_t deep_mark(const struct table6 *t)
{
	return t->value.wide != NULL ? DEEP_WIDE : DEEP_NARROW;
}

static void add_prefix(struct table6 *t, uint64_t prefix, uint32_t value)
{
	t->prefix[t->n] = prefix;
	table_values_set(&t->value, t->n, value);
	t->n++;
}

static void add_deep(struct table6 *t, uint64_t prefix, uint64_t host, uint32_t value)
{
	t->deep[t->n_deep++] = (struct table6_deep){prefix, host, value};
}

// Boundaries on a /64 go to prefix, those inside one to deep. The arrays are large enough: a
// divided /64 takes at most two prefixes, and as many deep entries as it has boundaries and one.
static void split(struct table6 *t, const struct table_boundary *b, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0, j; i < n; i = j) {
		uint64_t prefix = (uint64_t)(b[i].start >> 64);

		for (j = i + 1; j < n && (uint64_t)(b[j].start >> 64) == prefix; j++)
			;
		if (j == i + 1 && (uint64_t)b[i].start == 0) {
			value = b[i].value;
			add_prefix(t, prefix, value);
			continue;
		}
		add_prefix(t, prefix, deep_mark(t));
		if ((uint64_t)b[i].start != 0)
			add_deep(t, prefix, 0, value);
		for (size_t k = i; k < j; k++)
			add_deep(t, prefix, (uint64_t)b[k].start, b[k].value);
		value = b[j - 1].value;
		if (prefix != UINT64_MAX && (j == n || (uint64_t)(b[j].start >> 64) != prefix + 1))
			add_prefix(t, prefix + 1, value);
	}
}

// As many bits as make one part a boundary.
static unsigned bits_for(size_t boundaries)
{
	unsigned bits = 0;

	while (bits < INDEX_BITS && ((size_t)1 << bits) < boundaries)
		bits++;
	return bits;
}

static bool index_build(struct table6 *t)
{
	size_t at = 0, n = 0;

	for (uint32_t s = 0; s < TABLE_SLOTS; s++) {
		size_t end = at;

		while (end < t->n && t->prefix[end] >> 48 == s)
			end++;
		t->slot[s] = (uint32_t)(n << SLOT_BITS | bits_for(end - at));
		n += (size_t)1 << bits_for(end - at);
		at = end;
	}
	t->n_index = n + 1;
	t->index = calloc(t->n_index, sizeof(*t->index));
	if (t->index == NULL)
		return false;
	at = n = 0;
	for (uint32_t s = 0; s < TABLE_SLOTS; s++) {
		unsigned bits = t->slot[s] & ((1u << SLOT_BITS) - 1);

		for (uint64_t part = 0; part < (uint64_t)1 << bits; part++) {
			uint64_t start = (uint64_t)s << 48 | part << (48 - bits);

			while (at < t->n && t->prefix[at] < start)
				at++;
			t->index[n++] = (uint32_t)at;
		}
	}
	t->index[n] = (uint32_t)t->n;
	return true;
}

static void *shrink(void *v, size_t size)
{
	void *small = realloc(v, size != 0 ? size : 1);

	return small != NULL ? small : v;
}

static bool fill(struct table6 *t, const struct table_boundary *b, size_t n, bool wide)
{
	size_t inside = 0;

	for (size_t i = 0; i < n; i++)
		inside += (uint64_t)b[i].start != 0;
	// A divided /64 has one boundary inside at least, so that n + inside prefixes and as many
	// deep entries suffice.
	t->prefix = calloc(n + inside, sizeof(*t->prefix));
	t->deep = calloc(n + inside, sizeof(*t->deep));
	if (t->prefix == NULL || t->deep == NULL ||
		!table_values_alloc(&t->value, n + inside, wide))
		return false;
	split(t, b, n);
	t->prefix = shrink(t->prefix, t->n * sizeof(*t->prefix));
	t->deep = shrink(t->deep, t->n_deep * sizeof(*t->deep));
	if (wide)
		t->value.wide = shrink(t->value.wide, t->n * sizeof(*t->value.wide));
	else
		t->value.narrow = shrink(t->value.narrow, t->n * sizeof(*t->value.narrow));
	return index_build(t);
}

struct table6 *table6_build(const struct ranges *r, bool wide)
{
	struct table6 *t = calloc(1, sizeof(*t));
	size_t n;
	struct table_boundary *b = table_boundaries(r, ~(ranges_addr)0, &n);

	if (t == NULL || b == NULL || !fill(t, b, n, wide)) {
		table6_free(t);
		t = NULL;
	}
	free(b);
	return t;
}

void table6_free(struct table6 *t)
{
	if (t == NULL)
		return;
	free(t->index);
	free(t->prefix);
	free(t->deep);
	table_values_free(&t->value);
	free(t);
}

size_t table6_memory(const struct table6 *t)
{
	return sizeof(*t) + t->n_index * sizeof(*t->index) + t->n_deep * sizeof(*t->deep) +
	       t->n * (sizeof(*t->prefix) + table_values_size(&t->value));
}

// The last boundary in this /64 that is not past the host part. The list has one at host 0.
static uint32_t find_deep(const struct table6 *t, uint64_t prefix, uint64_t host)
{
	ranges_addr addr = (ranges_addr)prefix << 64 | host;
	size_t i = 0, n = t->n_deep;

	while (n > 0) {
		const struct table6_deep *d = &t->deep[i + n / 2];

		if (((ranges_addr)d->prefix << 64 | d->host) <= addr) {
			i += n / 2 + 1;
			n -= n / 2 + 1;
		} else {
			n /= 2;
		}
	}
	return t->deep[i - 1].value;
}

uint32_t table6_find(const struct table6 *t, uint64_t prefix, uint64_t host)
{
	uint32_t slot = t->slot[prefix >> 48];
	unsigned bits = slot & ((1u << SLOT_BITS) - 1);
	uint64_t part = (prefix >> (48 - bits)) & (((uint64_t)1 << bits) - 1);
	const uint32_t *index = &t->index[(slot >> SLOT_BITS) + part];
	uint32_t i = index[0], n = index[1] - index[0], value;

	while (n > 0) { // boundaries that are not past the prefix; none: the one before holds
		uint32_t half = n - n / 2;

		i = t->prefix[i + half - 1] <= prefix ? i + half : i;
		n /= 2;
	}
	value = table_values_get(&t->value, i - 1);
	return value == deep_mark(t) ? find_deep(t, prefix, host) : value;
}

void table6_prefetch(const struct table6 *t, uint64_t prefix, unsigned step)
{
	uint32_t slot = t->slot[prefix >> 48];
	unsigned bits = slot & ((1u << SLOT_BITS) - 1);
	uint64_t part = (prefix >> (48 - bits)) & (((uint64_t)1 << bits) - 1);
	const uint32_t *index = &t->index[(slot >> SLOT_BITS) + part];
	uint32_t middle;

	// The slots are few that are in use: they are in the cache.
	if (step == 0) {
		__builtin_prefetch(index);
		return;
	}
	middle = index[0] + (index[1] - index[0]) / 2;
	__builtin_prefetch(&t->prefix[middle]);
	table_values_prefetch(&t->value, middle);
}

void table6_ranges(const struct table6 *t,
	void (*take)(void *ctx, uint64_t first, uint64_t last, uint16_t value), void *ctx)
{
	size_t deep = 0;

	for (size_t i = 0; i < t->n; i++) {
		const uint64_t first = t->prefix[i],
			       last = i + 1 < t->n ? t->prefix[i + 1] - 1 : UINT64_MAX;

		if (t->value.narrow[i] != DEEP_NARROW)
			take(ctx, first, last, t->value.narrow[i]);
		for (; deep < t->n_deep && t->deep[deep].prefix == first; deep++)
			take(ctx, first, first, (uint16_t)t->deep[deep].value);
	}
}
