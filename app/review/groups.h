// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Records counted by what they have in common.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUPS_MAX 1000000 // past that groups_add() refuses, so that memory stays bounded

struct groups;

struct group {
	char *key;
	size_t len;
	uint64_t records, out, in; // out, in: IP bytes, outbound and inbound; stop at UINT64_MAX
};

struct groups *groups_new(void); // NULL without memory
void groups_free(struct groups *g);
void groups_clear(struct groups *g);

// Adds to the group of this key, which is made where there is none. 0, -E2BIG, -ENOMEM.
int groups_add(
	struct groups *g, const char *key, size_t len, uint64_t records, uint64_t out, uint64_t in);

// The same in two steps: where the group is (*at, for good), and adding to it.
int groups_find(struct groups *g, const char *key, size_t len, uint32_t *at);
void groups_add_at(struct groups *g, uint32_t at, uint64_t records, uint64_t out, uint64_t in);
// Takes out again what was added. False: the group is full, or not there.
bool groups_take(struct groups *g, const char *key, size_t len, uint64_t out, uint64_t in);

// In the order in which they came, until the next change.
size_t groups_count(const struct groups *g);
const struct group *groups_at(const struct groups *g, size_t i);
