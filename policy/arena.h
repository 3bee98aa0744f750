// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Memory that is given back all at once: what a policy consists of is made piece by piece and dies
// together. Private to the policy library.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
	struct arena_chunk *chunks;
	size_t used, size; // of the newest chunk
	uint64_t total;    // bytes taken from the system
	bool failed;       // an allocation failed: the whole must not be used
};

// Zeroed, aligned to 16 bytes (to 64 where the size is a multiple of 64). NULL sets failed. size 0
// gives a valid pointer.
void *arena_alloc(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
void arena_free(struct arena *a);
