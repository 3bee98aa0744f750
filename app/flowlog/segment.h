// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The segment file that is being written (app/evidence/frame.h). It holds whole blocks only: what a
// failed write left of one is cut off again.
#pragma once

#include "app/evidence/entry.h"
#include "app/evidence/folder.h"

#define SEGMENT_UNNAMED_MAX 4

struct segment {
	int dir_fd;
	int fd; // -1: none is open
	char name[SEGMENT_NAME_MAX];
	uint64_t number; // of the newest file
	uint64_t size;   // where the last whole block ends
	int64_t t;       // of its first block
	bool torn;       // a part of a block stands at its end and could not be cut off
	struct frame_item *items;
	uint32_t n, cap;
	uint8_t *out; // the bytes of a block
	size_t out_cap;
	void *zstd;
	// Whole and on disk, but a rename failed: they have their open names still.
	char unnamed[SEGMENT_UNNAMED_MAX][SEGMENT_NAME_MAX];
	unsigned n_unnamed;
};

// 0 or -ENOMEM. dir_fd is borrowed.
int segment_init(struct segment *s, int dir_fd, uint64_t number);
void segment_free(struct segment *s);

// Makes the bytes of a block: frames with the entry's line and its compressed lines. Their number,
// 0: no memory.
size_t segment_pack(
	struct segment *s, const char *entry, size_t entry_len, const char *lines, size_t len);

// Begins a file that is named after t. 0 or -errno.
int segment_begin(struct segment *s, int64_t t);
// Adds the block that segment_pack() made of entry e. 0 or -errno.
int segment_add(struct segment *s, const struct entry *e, size_t bytes);
// Tells of a block that the file holds already: for the footer.
int segment_note(struct segment *s, const struct entry *e, uint64_t offset);
// fdatasync(). 0 or -errno.
int segment_sync(struct segment *s);
// Writes the footer and gives the file its final name, on disk where sync is set; a file without a
// block is removed. 0 or -errno; the file is let go whatever comes. What the disk did not confirm
// keeps its open name, and is read and finished by the next start.
int segment_finish(struct segment *s, bool sync);
// Where only the name could not be given: tries again. 0 or -errno: not all have it. Names past
// SEGMENT_UNNAMED_MAX are left to the next start.
int segment_name(struct segment *s, bool sync);
