// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What one of those who read and unpack blocks (blocks.c) has to itself.
#pragma once

#include "app/rows/blocks.h"

struct worker {
	struct segment_reader *reader; // of blocks whose place is known
	struct unpacker *unpacker;
	struct blocks_lines lines; // where the result of a block is all that is asked for
	off_t next;                // where the last block ended; -1: none of this file was read
	unsigned run;              // blocks that began where the one before them ended
};

bool worker_init(struct worker *w); // false: no memory; worker_fini() all the same
void worker_fini(struct worker *w);

// The reader stands at a block of `size` bytes. Blocks that stand one behind the other are read
// together with those behind them: a call of the kernel for a line costs more than the line.
void worker_go_to(struct worker *w, int fd, off_t offset, size_t size);
// Before the first block of another file.
void worker_forget(struct worker *w);
