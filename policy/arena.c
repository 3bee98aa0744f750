// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE (64u << 10)

struct arena_chunk {
	struct arena_chunk *next;
	uint8_t unused[56]; // what follows begins at a cache line
};

static bool add_chunk(struct arena *a, size_t size)
{
	size_t whole = (sizeof(struct arena_chunk) + size + 63) & ~(size_t)63;
	struct arena_chunk *c = aligned_alloc(64, whole);

	if (c == NULL)
		return false;
	memset(c, 0, whole);
	c->next = a->chunks;
	a->chunks = c;
	a->used = sizeof(*c);
	a->size = whole;
	a->total += whole;
	return true;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes, align, at;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4) {
		a->failed = true;
		return NULL;
	}
	align = bytes % 64 == 0 ? 64 : 16;
	at = (a->used + align - 1) & ~(align - 1);
	if (a->chunks == NULL || at + bytes > a->size) {
		if (!add_chunk(a, bytes > CHUNK_SIZE / 4 ? bytes + 64 : CHUNK_SIZE)) {
			a->failed = true;
			return NULL;
		}
		at = (a->used + align - 1) & ~(align - 1);
	}
	a->used = at + bytes;
	return (char *)a->chunks + at;
}

char *arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;
	char *to = arena_alloc(a, 1, n);

	if (to != NULL)
		memcpy(to, s, n);
	return to;
}

void arena_free(struct arena *a)
{
	while (a->chunks != NULL) {
		struct arena_chunk *next = a->chunks->next;

		free(a->chunks);
		a->chunks = next;
	}
	memset(a, 0, sizeof(*a));
}
