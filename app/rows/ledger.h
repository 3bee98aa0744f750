// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the log's file `entries` (app/evidence/folder.h) tells of its blocks. It is what the
// checkpoints sign; the footers of segments say the same, and nobody signs them.
//
// By one thread. Blocks that are asked for in their order cost one line each, others a search in
// the file.
#pragma once

#include "app/evidence/segment_read.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger;

struct ledger_facts {
	uint64_t block, first, n, attempted;
	int64_t t0, t1;
};

struct ledger *ledger_new(void); // NULL without memory
void ledger_free(struct ledger *l);

// The file in the folder of this segment; where that is the folder of the one before, goes on in
// it.
void ledger_beside(struct ledger *l, const char *segment);
bool ledger_is_there(const struct ledger *l);

// False: it does not tell of this block.
bool ledger_find(struct ledger *l, uint64_t block, struct ledger_facts *out);

// The same of a block, by the entry that stands before its lines.
struct ledger_facts ledger_facts_of(const struct entry *e);
// Whether an item of a footer says just that.
bool ledger_agrees(const struct ledger_facts *f, const struct frame_item *item);

// A closed segment's footer, where what it says is what the ledger says of each of its blocks (or,
// where that does not tell, what stands before the block in the file). *n items that the caller
// frees, and where the footer stands. NULL: there is none; *doubted: there is one, but it is not to
// be believed.
struct frame_item *ledger_footer(struct ledger *l, int fd, uint32_t *n, off_t *at, bool *doubted);
