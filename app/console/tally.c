// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/tally.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS (2 * TALLY_MAX_KEYS) // a power of two, at most half full

struct tally {
	struct tally_row *rows; // rows[TALLY_OTHERS] first
	uint32_t n, cap;
	uint32_t *slots; // index of a row; 0: free
};

struct tally *tally_new(void)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (t != NULL) {
		t->cap = 64;
		t->n = 1;
		t->rows = calloc(t->cap, sizeof(*t->rows));
		t->slots = calloc(SLOTS, sizeof(*t->slots));
	}
	if (t == NULL || t->rows == NULL || t->slots == NULL) {
		tally_free(t);
		return NULL;
	}
	return t;
}

void tally_free(struct tally *t)
{
	if (t == NULL) {
		return;
	}
	for (uint32_t i = 1; t->rows != NULL && i < t->n; i++) {
		free((void *)(uintptr_t)t->rows[i].key);
	}
	free(t->rows);
	free(t->slots);
	free(t);
}

// FNV-1a.
static uint32_t hash(const char *key, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ (uint8_t)key[i]) * 0x100000001b3ull;
	}
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t add_row(struct tally *t, const char *key, size_t len)
{
	char *copy;

	if (t->n - 1 == TALLY_MAX_KEYS || len > TALLY_KEY_MAX) {
		return TALLY_OTHERS;
	}
	if (t->n == t->cap) {
		struct tally_row *rows = reallocarray(t->rows, (size_t)t->cap * 2, sizeof(*rows));

		if (rows == NULL) {
			return TALLY_OTHERS;
		}
		t->rows = rows;
		t->cap *= 2;
	}
	copy = malloc(len + 1);
	if (copy == NULL) {
		return TALLY_OTHERS;
	}
	memcpy(copy, key, len);
	copy[len] = '\0';
	memset(&t->rows[t->n], 0, sizeof(t->rows[t->n]));
	t->rows[t->n].key = copy;
	t->rows[t->n].len = len;
	return t->n++;
}

uint32_t tally_index(struct tally *t, const char *key, size_t len)
{
	uint32_t at = hash(key, len) & (SLOTS - 1);

	for (; t->slots[at] != 0; at = (at + 1) & (SLOTS - 1)) {
		const struct tally_row *r = &t->rows[t->slots[at]];

		if (r->len == len && memcmp(r->key, key, len) == 0) {
			return t->slots[at];
		}
	}
	t->slots[at] = add_row(t, key, len);
	return t->slots[at];
}

struct sums *tally_sums(struct tally *t, uint32_t index)
{
	return &t->rows[index].sums;
}

size_t tally_keys(const struct tally *t)
{
	return t->n - 1;
}

static int falling(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare(const void *pa, const void *pb)
{
	const struct tally_row *a = pa, *b = pb;
	int order = falling(sums_out(&a->sums), sums_out(&b->sums));

	if (order == 0) {
		order = falling(a->sums.stopped, b->sums.stopped);
	}
	if (order == 0) {
		order = falling(sums_flows(&a->sums), sums_flows(&b->sums));
	}
	return order != 0 ? order : strcmp(a->key, b->key);
}

// A row without a flow and a byte was only ever named outside the period.
static int is_empty(const struct sums *s)
{
	return sums_flows(s) == 0 && sums_out(s) == 0 && s->in == 0 && s->stopped == 0;
}

struct tally_row *tally_top(const struct tally *t, size_t max, size_t *n, struct sums *rest)
{
	struct tally_row *rows = calloc(t->n, sizeof(*rows));
	size_t all = 0;

	if (rows == NULL) {
		return NULL;
	}
	for (uint32_t i = 1; i < t->n; i++) {
		if (!is_empty(&t->rows[i].sums)) {
			rows[all++] = t->rows[i];
		}
	}
	qsort(rows, all, sizeof(*rows), compare);
	*n = all < max ? all : max;
	*rest = t->rows[TALLY_OTHERS].sums;
	for (size_t i = *n; i < all; i++) {
		sums_add(rest, &rows[i].sums);
	}
	return rows;
}
