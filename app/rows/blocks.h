// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The blocks of a segment, unpacked and worked on by several threads at once and given back in the
// order of the file. Memory is bounded: two blocks for each thread are under way, and two more.
//
// Blocks that are not wanted cost nothing where the segment has a footer (they are not even read),
// and no unpacking where it has none. What a block may be passed over for is what the log's ledger
// (ledger.h) says of it: where the segment says something else, all its blocks are read.
#pragma once

#include "app/evidence/segment_read.h"
#include "app/rows/ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blocks;

enum blocks_want {
	BLOCKS_SKIP,
	BLOCKS_READ,
	BLOCKS_INSTEAD, // the lines were put in: the block need not be read
};

struct blocks_lines {
	char *v; // realloc()ed where it is too small
	size_t cap, len;
};

struct blocks_job {
	unsigned threads; // 0: the caller's alone, no other is made
	void *ctx;
	// Whether block i of the file is to be unpacked; called by the caller's thread only, once
	// for a block, in their order. NULL: all are.
	enum blocks_want (*wanted)(
		void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead);
	// What to do with a block's lines: called by any thread, for several blocks at once. It
	// keeps its answer in *result, which is given again for a later block (NULL at first).
	// False: out of memory. NULL: nothing.
	bool (*work)(void *ctx, const char *lines, size_t len, void **result);
	void (*free_result)(void *result);
	// The result is all that is asked for: a thread then unpacks all its blocks to one place,
	// which stays in its processor's cache. struct blocks_done has no lines.
	bool result_only;
};

struct blocks_done {
	uint32_t i; // which of the file's blocks
	struct frame_item item;
	const char *lines; // valid until the next call, as is result; NULL: see result_only
	size_t len;
	size_t size; // bytes of both frames; 0: they were not read
	void *result;
};

enum blocks_end {
	BLOCKS_WHOLE, // a footer was the end
	BLOCKS_OPEN,  // between two blocks: it is being written
	BLOCKS_TORN,  // inside a block
};

// The job is copied. NULL without memory or threads.
struct blocks *blocks_new(const struct blocks_job *job);
void blocks_free(struct blocks *b);

// A segment to go through, from its begin. What is read of fd is read of a duplicate. 0 or -ENOMEM
// (no memory, or no descriptor). The ledger is borrowed until the next segment, and not for
// threads; NULL: the footer is believed.
int blocks_begin(struct blocks *b, int fd, struct ledger *ledger);
// What its footer tells: items of *n blocks, or NULL where there is none that can be believed.
// Valid until the next.
const struct frame_item *blocks_items(const struct blocks *b, uint32_t *n);
bool blocks_doubted(const struct blocks *b); // it has a footer, but not one that can be believed

// The next wanted block: 1; 0 at the end of the file (blocks_how() tells which); -EBADMSG where a
// block is damaged (blocks_at() tells where), -ENOMEM, or -errno of reading.
int blocks_next(struct blocks *b, struct blocks_done *out);

enum blocks_end blocks_how(const struct blocks *b);
off_t blocks_at(const struct blocks *b); // of a damaged block
// So far, of this file: blocks that were not wanted.
uint32_t blocks_skipped(const struct blocks *b);

// Threads that are worth it here: the processors that this process may use, at most 8.
unsigned blocks_threads(void);
