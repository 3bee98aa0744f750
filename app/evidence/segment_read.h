// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Reads a segment file block by block, also one that is being written.
#pragma once

#include "app/evidence/entry.h"
#include "app/evidence/frame.h"

#include <sys/types.h>

struct segment_reader;

struct segment_block {
	off_t offset; // of its entry frame
	size_t size;  // both frames
	struct frame_block frame;
	struct entry entry;
	const uint8_t *data; // the data frame
};

enum segment_next {
	SEGMENT_BLOCK,
	SEGMENT_END,  // after a footer that is the end of the file: the file is whole
	SEGMENT_OPEN, // between two blocks, without a footer
	SEGMENT_TORN, // inside a frame: the file ends too early
	SEGMENT_BAD,  // bytes that the format does not know, or that are not what they were
	SEGMENT_ERROR,
};

// fd is borrowed. NULL without memory.
struct segment_reader *segment_reader_new(int fd);
void segment_reader_free(struct segment_reader *r);

// The next block: its entry is read and its data's CRC is checked. What b points at stays valid
// until the next call. SEGMENT_ERROR: errno tells.
enum segment_next segment_reader_next(struct segment_reader *r, struct segment_block *b);
// Goes on at a block whose offset is known.
void segment_reader_seek(struct segment_reader *r, off_t offset);
// Goes to a block whose place is known, of fd from now on, and reads nothing behind it.
void segment_reader_place(struct segment_reader *r, int fd, off_t offset, size_t size);
// Where the next frame begins.
off_t segment_reader_at(const struct segment_reader *r);

// The lines of the block that was read last; NULL: they cannot be unpacked (or no memory).
const char *segment_reader_lines(
	struct segment_reader *r, const struct segment_block *b, size_t *len);

// Unpacks the lines of blocks where a reader is not at hand: one for each thread.
struct unpacker;
struct unpacker *unpacker_new(void); // NULL without memory
void unpacker_free(struct unpacker *u);
// The lines of a block into *lines, of *cap bytes and grown where it must (the caller frees it).
// False: they cannot be unpacked (or no memory).
bool unpacker_lines(struct unpacker *u, const struct frame_block *b, const uint8_t *data,
	char **lines, size_t *cap);

// The root over lines, their number and whether each ends in a newline; false: they do not.
bool segment_root(struct hasher *h, const char *lines, size_t len, struct hash *root, uint64_t *n);

// What a whole file's footer tells of its blocks: *n items (never 0) that the caller frees, and
// where the footer stands. NULL: there is no footer that can be believed (or no memory).
struct frame_item *segment_footer(int fd, uint32_t *n, off_t *at);

// The last block that a whole file's footer tells of. False: there is no footer that can be
// believed.
bool segment_last(int fd, struct frame_item *out);
