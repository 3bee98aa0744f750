// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct groups {
	struct group *v;
	size_t n, cap;
	uint32_t *table; // index + 1 into v; 0: free. A power of two, at most half full
	size_t size;
};

struct groups *groups_new(void)
{
	return calloc(1, sizeof(struct groups));
}

void groups_clear(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->v[i].key);
	}
	g->n = 0;
	if (g->table != NULL) {
		memset(g->table, 0, g->size * sizeof(*g->table));
	}
}

void groups_free(struct groups *g)
{
	if (g == NULL) {
		return;
	}
	groups_clear(g);
	free(g->v);
	free(g->table);
	free(g);
}

static size_t slot_of(const struct groups *g, const char *key, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull; // FNV-1a
	size_t i;

	for (size_t k = 0; k < len; k++) {
		h = (h ^ (uint8_t)key[k]) * 0x100000001b3ull;
	}
	for (i = (size_t)(h ^ h >> 32) & (g->size - 1); g->table[i] != 0;
		i = (i + 1) & (g->size - 1)) {
		const struct group *at = &g->v[g->table[i] - 1];

		if (at->len == len && memcmp(at->key, key, len) == 0) {
			break;
		}
	}
	return i;
}

static bool grow(struct groups *g)
{
	const size_t cap = g->cap != 0 ? g->cap * 2 : 64;
	struct group *v = reallocarray(g->v, cap, sizeof(*v));

	if (v == NULL) {
		return false;
	}
	g->v = v;
	free(g->table);
	g->size = cap * 2;
	g->cap = 0; // until the table is there
	g->table = calloc(g->size, sizeof(*g->table));
	if (g->table == NULL) {
		return false;
	}
	g->cap = cap;
	for (size_t i = 0; i < g->n; i++) {
		g->table[slot_of(g, v[i].key, v[i].len)] = (uint32_t)i + 1;
	}
	return true;
}

static void add(uint64_t *sum, uint64_t v)
{
	if (__builtin_add_overflow(*sum, v, sum)) {
		*sum = UINT64_MAX;
	}
}

int groups_find(struct groups *g, const char *key, size_t len, uint32_t *at)
{
	struct group *to;
	size_t slot;

	if (g->n == g->cap && !grow(g)) {
		return -ENOMEM;
	}
	slot = slot_of(g, key, len);
	if (g->table[slot] == 0) {
		if (g->n == GROUPS_MAX) {
			return -E2BIG;
		}
		to = &g->v[g->n];
		*to = (struct group){.key = malloc(len + 1), .len = len};
		if (to->key == NULL) {
			return -ENOMEM;
		}
		memcpy(to->key, key, len);
		to->key[len] = '\0';
		g->table[slot] = (uint32_t)++g->n;
	}
	*at = g->table[slot] - 1;
	return 0;
}

void groups_add_at(struct groups *g, uint32_t at, uint64_t records, uint64_t out, uint64_t in)
{
	add(&g->v[at].records, records);
	add(&g->v[at].out, out);
	add(&g->v[at].in, in);
}

int groups_add(
	struct groups *g, const char *key, size_t len, uint64_t records, uint64_t out, uint64_t in)
{
	uint32_t at;
	const int rc = groups_find(g, key, len, &at);

	if (rc == 0) {
		groups_add_at(g, at, records, out, in);
	}
	return rc;
}

bool groups_take(struct groups *g, const char *key, size_t len, uint64_t out, uint64_t in)
{
	struct group *at;
	uint32_t i;

	if (groups_find(g, key, len, &i) != 0) {
		return false;
	}
	at = &g->v[i];
	if (at->records == 0 || at->out < out || at->in < in || at->out == UINT64_MAX ||
		at->in == UINT64_MAX) {
		return false;
	}
	at->records--;
	at->out -= out;
	at->in -= in;
	return true;
}

size_t groups_count(const struct groups *g)
{
	return g->n;
}

const struct group *groups_at(const struct groups *g, size_t i)
{
	return &g->v[i];
}
