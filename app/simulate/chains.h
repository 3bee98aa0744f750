// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A hash table of things that carry their own link: it grows, and keeps addresses.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chain { // the first member of what is kept
	struct chain *next;
	uint64_t hash; // its low bits tell
};

struct chains {
	struct chain **heads;
	size_t n, size; // size: a power of two, or 0
};

// The first link of the chain in which things of this hash are; NULL: there is nothing yet.
static inline struct chain **chains_at(const struct chains *c, uint64_t hash)
{
	return c->size != 0 ? &c->heads[hash & (c->size - 1)] : NULL;
}

// False without memory, with x left to the caller. A table that cannot grow takes more all the
// same.
bool chains_add(struct chains *c, struct chain *x, uint64_t hash);
// Takes out what the link leads to; the caller frees it.
struct chain *chains_take(struct chains *c, struct chain **at);
// drop() frees one.
void chains_fini(struct chains *c, void (*drop)(struct chain *x));
