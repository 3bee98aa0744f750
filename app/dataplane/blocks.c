// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/blocks.h"

#include "app/dataplane/pages.h"

#include <errno.h>
#include <string.h>

int blocks_init(struct blocks *b, uint32_t n, bool touch)
{
	memset(b, 0, sizeof(*b));
	b->b = pages_map(n, sizeof(*b->b), touch);
	if (b->b == NULL)
		return -ENOMEM;
	b->n = n;
	b->free = BLOCK_NONE;
	return 0;
}

void blocks_fini(struct blocks *b)
{
	pages_unmap(b->b, b->n, sizeof(*b->b));
	memset(b, 0, sizeof(*b));
}

static uint32_t take(struct blocks *b)
{
	uint32_t i = b->free;

	if (i != BLOCK_NONE)
		b->free = b->b[i].next;
	else
		i = b->fresh++;
	b->used++;
	b->b[i].next = BLOCK_NONE;
	return i;
}

uint32_t blocks_put(struct blocks *b, const uint8_t *from, uint32_t len)
{
	uint32_t first = BLOCK_NONE, *link = &first;

	do {
		uint32_t n = len < BLOCK_ROOM ? len : BLOCK_ROOM;

		*link = take(b);
		memcpy(b->b[*link].bytes, from, n);
		link = &b->b[*link].next;
		from += n;
		len -= n;
	} while (len != 0);
	return first;
}

void blocks_add(struct blocks *b, uint32_t first, uint32_t len, const uint8_t *from, uint32_t more)
{
	uint32_t last = first, used, n;

	for (used = len; used > BLOCK_ROOM; used -= BLOCK_ROOM)
		last = b->b[last].next;
	n = more < BLOCK_ROOM - used ? more : BLOCK_ROOM - used;
	memcpy(b->b[last].bytes + used, from, n);
	if (n < more) {
		uint32_t rest = blocks_put(b, from + n, more - n);

		b->b[last].next = rest;
	}
}

// The block that holds byte *off, which becomes an offset into it.
static const struct block *seek(const struct blocks *b, uint32_t first, uint32_t *off)
{
	const struct block *x = &b->b[first];

	for (; *off >= BLOCK_ROOM; *off -= BLOCK_ROOM)
		x = &b->b[x->next];
	return x;
}

void blocks_get(const struct blocks *b, uint32_t first, uint32_t off, uint8_t *to, uint32_t len)
{
	while (len != 0) {
		uint32_t at = off;
		const struct block *x = seek(b, first, &at);
		uint32_t n = len < BLOCK_ROOM - at ? len : BLOCK_ROOM - at;

		memcpy(to, x->bytes + at, n);
		to += n;
		off += n;
		len -= n;
	}
}

bool blocks_equal(
	const struct blocks *b, uint32_t first, uint32_t off, const uint8_t *with, uint32_t len)
{
	while (len != 0) {
		uint32_t at = off;
		const struct block *x = seek(b, first, &at);
		uint32_t n = len < BLOCK_ROOM - at ? len : BLOCK_ROOM - at;

		if (memcmp(x->bytes + at, with, n) != 0)
			return false;
		with += n;
		off += n;
		len -= n;
	}
	return true;
}

void blocks_give(struct blocks *b, uint32_t first)
{
	while (first != BLOCK_NONE) {
		uint32_t next = b->b[first].next;

		b->b[first].next = b->free;
		b->free = first;
		b->used--;
		first = next;
	}
}
