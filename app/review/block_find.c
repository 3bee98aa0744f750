// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/block_find.h"

#include <stdlib.h>
#include <unistd.h>

static const struct frame_item *item_of(const struct frame_item *items, uint32_t n, uint64_t block)
{
	uint32_t from = 0, to = n;

	while (from < to) {
		const uint32_t middle = from + (to - from) / 2;

		if (items[middle].block == block) {
			return &items[middle];
		}
		if (items[middle].block < block) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	return NULL;
}

static bool read_at(
	int fd, off_t offset, uint64_t block, struct segment_reader **r, struct segment_block *b)
{
	*r = segment_reader_new(fd);
	if (*r != NULL) {
		segment_reader_seek(*r, offset);
		if (segment_reader_next(*r, b) == SEGMENT_BLOCK && b->entry.block == block) {
			return true;
		}
	}
	segment_reader_free(*r);
	return false;
}

bool block_find(int dir_fd, const struct segment_list *l, uint64_t block, int *fd,
	struct segment_reader **r, struct segment_block *b)
{
	size_t from = 0, to = l->n;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		const struct frame_item *at = NULL;
		struct frame_item *items;
		bool found = false;
		uint32_t n = 0;
		off_t footer;

		*fd = segment_file_open(dir_fd, &l->v[middle]);
		items = *fd >= 0 ? segment_footer(*fd, &n, &footer) : NULL;
		if (items == NULL || block < items[0].block) {
			to = middle; // without a footer: the one being written, which is the last
		} else if (block > items[n - 1].block) {
			from = middle + 1;
		} else {
			at = item_of(items, n, block);
			found = at != NULL && read_at(*fd, (off_t)at->offset, block, r, b);
			from = found ? from : to;
		}
		free(items);
		if (found) {
			return true;
		}
		if (*fd >= 0) {
			close(*fd);
		}
	}
	return false;
}
