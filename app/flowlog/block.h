// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The block of lines that is being filled, and the tree over them.
#pragma once

#include "app/evidence/entry.h"

struct block {
	char *buf; // lines: [0, len)
	size_t len, cap;
	struct tree tree;
	struct entry entry; // all of it but block, root and prev
	int64_t opened;     // the log's time when its first line came
	int64_t t;          // and that line's time: what a file is named after
	bool captures;      // a line names a file (capture_file.h)
};

// Room behind the lines for one of `room` bytes. 0, -ENOMEM, or -EMSGSIZE where no line may be as
// long.
int block_reserve(struct block *b, size_t room);

// Takes the size bytes behind the lines as one more. h NULL: no tree is wanted. The counters of the
// entry are the caller's.
void block_add(
	struct block *b, struct hasher *h, size_t size, uint64_t seq, int64_t t0, int64_t t1);

// Takes the first size bytes, whole lines, away again; only where no tree is wanted.
void block_drop(struct block *b, size_t size);

void block_clear(struct block *b);
