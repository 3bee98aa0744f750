// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The log tree of a directory as its one writer keeps it: the entries, and the checkpoints over
// them.
//
// An entry is taken when its block is in the segment, and goes to the file of entries when the
// segment is on disk: chain_put(), fdatasync() of the segment, chain_write(), chain_checkpoint().
#pragma once

#include "app/evidence/entry.h"
#include "app/evidence/note.h"

struct chain;

// Reads what is there. What the newest checkpoint covers is taken from the tree's notes where they
// fit it; all behind it is verified. A torn last line is cut off. NULL on error, with one line in
// err: the entries are not those that the checkpoint is of.
struct chain *chain_open(int dir_fd, const char *dir, char *err, size_t err_size);
void chain_free(struct chain *c);

// Blocks in the tree and waiting together, and the last of them; NULL: none.
uint64_t chain_size(const struct chain *c);
const struct entry *chain_last(const struct chain *c);
// Blocks that the newest checkpoint covers.
uint64_t chain_checkpointed(const struct chain *c);
// Of a checkpoint that was made since, the first block that the log keeps as the last entry states
// that it covers; 0: none was, or it states nothing.
uint64_t chain_kept(const struct chain *c);

// Whether the file of entries was removed.
bool chain_removed(const struct chain *c);

// Gives the entry its number and chain hash, and its line (what stands in line; its length is
// returned). It is not taken yet.
size_t chain_next(const struct chain *c, struct entry *e, char line[ENTRY_LINE_MAX]);
// Makes room for one more, and takes it. 0 or -ENOMEM.
int chain_reserve(struct chain *c);
void chain_put(struct chain *c, const struct entry *e, const char *line, size_t len);

// Entries that wait go to the file, to the disk too where sync is set. 0 or -errno: nothing is
// lost, it may be tried again.
int chain_write(struct chain *c, bool sync);

// A checkpoint over all that chain_write() has written. 0 or -errno.
int chain_checkpoint(
	struct chain *c, const char *origin, int64_t t, const struct key_private *key, bool sync);

// Takes back entries from block n on, in the file too; none may be checkpointed or wait. 0 or
// -errno.
int chain_cut(struct chain *c, uint64_t n);
