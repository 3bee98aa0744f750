// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A segment's index, its footer: searches find blocks by it and pass over those whose times it says
// are others. Only a CRC guards it, so it is held against the blocks themselves.

#include "app/evidence/verify_part.h"

#include <stdlib.h>
#include <string.h>

bool verify_index_add(struct verifier *v, const struct segment_block *b)
{
	struct index *x = &v->index;
	const struct entry *e = &b->entry;

	if (x->n == x->cap) {
		const uint32_t cap = x->cap != 0 ? x->cap * 2 : 256;
		struct frame_item *items = reallocarray(x->v, cap, sizeof(*items));

		if (items == NULL)
			return false;
		x->v = items;
		x->cap = cap;
	}
	x->v[x->n++] = (struct frame_item){
		(uint64_t)b->offset, e->block, e->first, e->attempted, e->t0, e->t1};
	return true;
}

bool verify_index_lists(int fd, uint64_t block)
{
	uint32_t n;
	off_t at;
	struct frame_item *items = segment_footer(fd, &n, &at);
	bool found = false;

	for (uint32_t i = 0; items != NULL && i < n; i++)
		found = found || items[i].block == block;
	free(items);
	return found;
}

static bool same(const struct frame_item *a, const struct frame_item *b)
{
	return a->offset == b->offset && a->block == b->block && a->first == b->first &&
	       a->last == b->last && a->t0 == b->t0 && a->t1 == b->t1;
}

// The first block of which it tells another thing, or nothing; where it only tells of more than
// there are, the last.
static void compare(struct verifier *v, const struct frame_item *items, uint32_t n)
{
	const struct index *x = &v->index;
	uint32_t i = 0;

	// Of the first segment that is there, blocks may have been cut out that it tells of.
	if (n != 0 && v->r->blocks == x->n && items[0].block < x->v[0].block) {
		for (size_t k = 0; k < v->list.n; k++)
			if (v->first[k] == x->v[0].block)
				v->first[k] = items[0].block;
		verify_bad(v, &v->r->integrity, true, items[0].block,
			"it is not there, but the segment's index tells of it");
	}
	while (i < x->n && i < n && same(&x->v[i], &items[i]))
		i++;
	if (i < x->n || i < n)
		verify_bad(v, &v->r->integrity, true,
			v->tree.size - x->n + (i < x->n ? i : x->n - 1),
			"the segment's index, which searches go by, tells another thing of it");
}

void verify_index_check(struct verifier *v, int fd, enum segment_next end, bool closed)
{
	uint32_t n;
	off_t at;
	struct frame_item *items;

	if (end != SEGMENT_END && !closed)
		return;        // being written
	if (v->index.n == 0) { // the writer gives no such file its name
		verify_bad(v, &v->r->integrity, v->tree.size < v->r->checkpoint, v->tree.size,
			"%s holds no block", v->segment);
		return;
	}
	if (end != SEGMENT_END) {
		v->r->no_index++;
		return;
	}
	items = segment_footer(fd, &n, &at);
	compare(v, items, items != NULL ? n : 0);
	free(items);
}
