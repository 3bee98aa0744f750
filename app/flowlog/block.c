// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES (4u << 20)  // 4096 lines, and long ones too
#define MAX_BYTES   (64u << 20) // for a line with a hundred thousand legal bases

int block_reserve(struct block *b, size_t room)
{
	while (b->cap - b->len < room) {
		const size_t cap = b->cap != 0 ? b->cap * 2 : FIRST_BYTES;
		char *buf;

		if (cap > MAX_BYTES)
			return -EMSGSIZE;
		buf = realloc(b->buf, cap);
		if (buf == NULL)
			return -ENOMEM;
		b->buf = buf;
		b->cap = cap;
	}
	return 0;
}

void block_add(struct block *b, struct hasher *h, size_t size, uint64_t seq, int64_t t0, int64_t t1)
{
	struct entry *e = &b->entry;
	struct hash leaf;

	if (e->n == 0) {
		e->first = seq;
		e->t0 = t0;
		e->t1 = t1;
	}
	e->n++;
	e->attempted = seq;
	e->t0 = t0 < e->t0 ? t0 : e->t0;
	e->t1 = t1 > e->t1 ? t1 : e->t1;
	if (h != NULL) {
		hash_leaf(h, b->buf + b->len, size - 1, &leaf);
		tree_add(h, &b->tree, &leaf);
	}
	b->len += size;
}

void block_drop(struct block *b, size_t size)
{
	const char *p = b->buf, *end = b->buf + size;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		b->entry.n--;
		p++;
	}
	b->len -= size;
	memmove(b->buf, b->buf + size, b->len);
}

void block_clear(struct block *b)
{
	b->len = 0;
	b->tree.size = 0;
	b->entry.n = 0;
	b->captures = false;
}
