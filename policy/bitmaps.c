// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/bitmaps.h"

#include <stdlib.h>
#include <string.h>

void bitmaps_init(struct bitmaps *b, unsigned n)
{
	memset(b, 0, sizeof(*b));
	b->words = n == 0 ? 1 : (n + 63) / 64;
}

static uint64_t hash(const struct bitmaps *b, const uint64_t *bits)
{
	uint64_t h = 0x9e3779b97f4a7c15;

	for (unsigned i = 0; i < b->words; i++) {
		h = (h ^ bits[i]) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	return h;
}

static void place(struct bitmaps *b, uint32_t number)
{
	uint32_t at = (uint32_t)hash(b, bitmaps_at(b, number)) & (b->table_size - 1);

	while (b->table[at] != 0)
		at = (at + 1) & (b->table_size - 1);
	b->table[at] = number + 1;
}

static bool grow(struct bitmaps *b)
{
	uint32_t cap = b->cap == 0 ? 64 : 2 * b->cap;
	uint64_t *bits = realloc(b->bits, (size_t)cap * b->words * sizeof(*bits));
	uint32_t *table;

	if (bits == NULL)
		return false;
	b->bits = bits;
	table = calloc(4 * (size_t)cap, sizeof(*table));
	if (table == NULL)
		return false;
	free(b->table);
	b->table = table;
	b->table_size = 4 * cap;
	b->cap = cap;
	for (uint32_t i = 0; i < b->n; i++)
		place(b, i);
	return true;
}

uint32_t bitmaps_intern(struct bitmaps *b, const uint64_t *bits)
{
	uint32_t at;

	if (b->failed || (b->n == b->cap && !grow(b))) {
		b->failed = true;
		return 0;
	}
	at = (uint32_t)hash(b, bits) & (b->table_size - 1);
	while (b->table[at] != 0) {
		uint32_t i = b->table[at] - 1;

		if (memcmp(bitmaps_at(b, i), bits, b->words * sizeof(*bits)) == 0)
			return i;
		at = (at + 1) & (b->table_size - 1);
	}
	memcpy(b->bits + (size_t)b->n * b->words, bits, b->words * sizeof(*bits));
	b->table[at] = ++b->n;
	return b->n - 1;
}

void bitmaps_finish(struct bitmaps *b)
{
	uint64_t *bits;

	free(b->table);
	b->table = NULL;
	b->table_size = 0;
	bits = realloc(b->bits, ((size_t)b->n * b->words + 1) * sizeof(*bits));
	if (bits != NULL)
		b->bits = bits;
	b->cap = b->n;
}

void bitmaps_free(struct bitmaps *b)
{
	free(b->bits);
	free(b->table);
	memset(b, 0, sizeof(*b));
}
