// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Finds one block of a log by the footers of its closed segments, of which it reads as many as the
// logarithm of their number. What they say is a guess like any other: the block's own entry and
// lines decide.
#pragma once

#include "app/evidence/folder.h"
#include "app/evidence/segment_read.h"

#include <stdbool.h>
#include <stdint.h>

// Reads block number `block` of the log that lies in dir_fd in the segments of l. *r: a reader,
// which the caller frees, that read it last into *b; *fd is the caller's to close. False: the
// footers do not lead to it (it may be in a segment without one); nothing is to be freed.
bool block_find(int dir_fd, const struct segment_list *l, uint64_t block, int *fd,
	struct segment_reader **r, struct segment_block *b);
