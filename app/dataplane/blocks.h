// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A pool of small blocks for copies of packets' bytes: a copy is a chain of blocks, known by the
// number of its first. Fixed size, mapped once, a page of it costs nothing until it is used. One
// owner, no locks.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_NONE UINT32_MAX
#define BLOCK_ROOM 508 // bytes of a copy in one block: a full frame takes three

struct block {
	uint32_t next; // of the chain, or of the free list
	uint8_t bytes[BLOCK_ROOM];
};

struct blocks {
	struct block *b;
	uint32_t n, used, fresh, free;
};

// n: at least 1. touch: see pages.h. 0 or -ENOMEM. blocks_fini() of a zeroed struct is fine.
int blocks_init(struct blocks *b, uint32_t n, bool touch);
void blocks_fini(struct blocks *b);

// How many blocks a copy of len bytes takes: at least one.
static inline uint32_t blocks_for(uint32_t len)
{
	return len == 0 ? 1 : (len + BLOCK_ROOM - 1) / BLOCK_ROOM;
}

static inline bool blocks_fit(const struct blocks *b, uint32_t len)
{
	return b->n - b->used >= blocks_for(len);
}

// A copy of len bytes, which must fit.
uint32_t blocks_put(struct blocks *b, const uint8_t *from, uint32_t len);
// Whether a copy of len bytes may become one of len + more, and its becoming so.
static inline bool blocks_fit_more(const struct blocks *b, uint32_t len, uint32_t more)
{
	return b->n - b->used >= blocks_for(len + more) - blocks_for(len);
}

void blocks_add(struct blocks *b, uint32_t first, uint32_t len, const uint8_t *from, uint32_t more);
// Bytes off .. off + len - 1 of a copy, which must have them.
void blocks_get(const struct blocks *b, uint32_t first, uint32_t off, uint8_t *to, uint32_t len);
// Whether the copy has the same bytes at off.
bool blocks_equal(
	const struct blocks *b, uint32_t first, uint32_t off, const uint8_t *with, uint32_t len);
void blocks_give(struct blocks *b, uint32_t first);
