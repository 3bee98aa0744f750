// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/geo/table_part.h"

#include <stdlib.h>

// A narrow table's.
static uint16_t whole_value(const struct table4 *t, size_t slot)
{
	uint32_t i = t->index[slot], end = t->index[slot + 1];

	if (i == end) // what is in force before it
		return t->value.narrow[i - 1];
	return end - i == 1 && t->low[i] == 0 ? t->value.narrow[i] : TABLE_MIXED;
}

struct table4 *table4_build(const struct ranges *r, bool wide)
{
	struct table4 *t = calloc(1, sizeof(*t));
	size_t n, slot = 0;
	struct table_boundary *b = table_boundaries(r, UINT32_MAX, &n);

	if (t == NULL || b == NULL)
		goto fail;
	t->n = n;
	t->low = calloc(n, sizeof(*t->low));
	if (t->low == NULL || !table_values_alloc(&t->value, n, wide))
		goto fail;
	for (size_t i = 0; i < n; i++) {
		uint32_t start = (uint32_t)b[i].start;

		while (slot <= start >> 16)
			t->index[slot++] = (uint32_t)i;
		t->low[i] = (uint16_t)start;
		table_values_set(&t->value, i, b[i].value);
	}
	while (slot <= TABLE_SLOTS)
		t->index[slot++] = (uint32_t)n;
	free(b);
	for (slot = 0; slot < TABLE_SLOTS; slot++)
		t->whole[slot] = wide ? TABLE_MIXED : whole_value(t, slot);
	return t;
fail:
	free(b);
	table4_free(t);
	return NULL;
}

void table4_free(struct table4 *t)
{
	if (t == NULL)
		return;
	free(t->low);
	table_values_free(&t->value);
	free(t);
}

size_t table4_memory(const struct table4 *t)
{
	return sizeof(*t) + t->n * (sizeof(*t->low) + table_values_size(&t->value));
}

uint32_t table4_find(const struct table4 *t, uint32_t addr)
{
	uint16_t whole = t->whole[addr >> 16], low = (uint16_t)addr;
	uint32_t i, n;

	if (whole != TABLE_MIXED)
		return whole;
	i = t->index[addr >> 16];
	n = t->index[(addr >> 16) + 1] - i;
	// Boundaries of the slot that are not past the address; none: the one before the slot
	// holds.
	while (n > 0) {
		uint32_t half = n - n / 2;

		i = t->low[i + half - 1] <= low ? i + half : i;
		n /= 2;
	}
	return table_values_get(&t->value, i - 1);
}

void table4_prefetch(const struct table4 *t, uint32_t addr, unsigned step)
{
	const uint32_t *index = &t->index[addr >> 16];
	uint32_t middle;

	if (step == 0) {
		__builtin_prefetch(&t->whole[addr >> 16]);
		__builtin_prefetch(index);
		return;
	}
	if (t->whole[addr >> 16] != TABLE_MIXED)
		return;
	middle = index[0] + (index[1] - index[0]) / 2;
	__builtin_prefetch(&t->low[middle]);
	table_values_prefetch(&t->value, middle);
}

void table4_ranges(const struct table4 *t,
	void (*take)(void *ctx, uint32_t first, uint32_t last, uint16_t value), void *ctx)
{
	uint32_t first = 0;
	size_t slot = 0;

	for (size_t i = 1; i <= t->n; i++) {
		uint32_t next;

		while (i < t->n && i >= t->index[slot + 1])
			slot++;
		next = i < t->n ? (uint32_t)slot << 16 | t->low[i] : 0;
		take(ctx, first, next - 1, t->value.narrow[i - 1]);
		first = next;
	}
}
