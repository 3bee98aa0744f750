// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Retention: whole segments go, oldest first. The entries stay, so what remains can be verified and
// old proofs hold. The newest closed segment always stays.
//
// It is stated before it is done, so that nobody can pass off as retention what he removed himself:
// retain_decide() says which blocks stay, the next entry states it (entry.h), and retain_remove()
// is told what the entries state that a checkpoint on disk covers. A crash between leaves more than
// was stated, which goes with the next run's first checkpoint. An idle log waits for its next
// block.
#pragma once

#include "app/evidence/entry.h"

struct retain {
	int64_t us;       // closed segments are kept this long; 0: for ever
	uint64_t bytes;   // and as many as hold this much together; 0: all
	uint64_t kept;    // the first block that stays, for the next entry to state
	uint64_t removed; // what is before this block was removed
};

// Goes on from the log's last entry, NULL for none. Of one that states nothing, what is there is
// kept: nobody can tell who removed the rest.
void retain_begin(struct retain *r, int dir_fd, const struct entry *last);

// Gives up segments whose records are all older than now - us, where ages count, and as many as it
// takes for the closed ones together to hold at most `bytes`. next: the number of the next block.
// 0 or -errno.
int retain_decide(struct retain *r, int dir_fd, int64_t now, bool ages, uint64_t next);

// Removes the closed segments of blocks before `stated`. 0 or -errno: the rest is tried again.
int retain_remove(struct retain *r, int dir_fd, uint64_t stated);
