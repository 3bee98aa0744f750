// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Bitmaps over rules, each different one kept once: most tenants, countries or ports select the
// same few sets of rules. Private to the policy library.
#pragma once

#include "policy/arena.h"

struct bitmaps {
	unsigned words; // of 64 bits, of one bitmap
	uint32_t n, cap;
	uint64_t *bits;  // cap times words
	uint32_t *table; // of look-ups: number + 1, 0 free; only while the policy is compiled
	uint32_t table_size;
	bool failed; // no memory
};

// For bitmaps of n bits; at least one word.
void bitmaps_init(struct bitmaps *b, unsigned n);
// The number of an equal bitmap, made where there is none. 0 where there is no memory (then
// failed).
uint32_t bitmaps_intern(struct bitmaps *b, const uint64_t *bits);
// Gives back what only interning needs.
void bitmaps_finish(struct bitmaps *b);
void bitmaps_free(struct bitmaps *b);

static inline const uint64_t *bitmaps_at(const struct bitmaps *b, uint32_t i)
{
	return b->bits + (size_t)i * b->words;
}

static inline void bit_set(uint64_t *bits, unsigned i)
{
	bits[i / 64] |= 1ull << i % 64;
}

static inline bool bit_get(const uint64_t *bits, unsigned i)
{
	return bits[i / 64] >> i % 64 & 1;
}
