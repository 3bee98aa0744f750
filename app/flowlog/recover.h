// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What an earlier run left in the log's directory, brought into order before a new one begins.
//
// A segment that was left open keeps its whole blocks; what follows them goes to a ".torn" file,
// and it is closed. Blocks that the entries do not tell of yet get their entries. Entries that no
// checkpoint covers and whose blocks are not there any more are taken back; those that one covers
// stay, for they cannot be denied, and their records are told as lost.
#pragma once

#include "app/flowlog/chain.h"
#include "app/flowlog/store.h"

// The caller holds the lock. *number becomes the highest number of a segment, 0 for none. 0 or
// -errno, with one line in err.
int recover(int dir_fd, const char *dir, struct chain *c, uint64_t *number,
	struct store_found *found, char *err, size_t err_size);

// What was left of a log in the midst of its removal and cannot be gone on from, as a checkpoint of
// entries that went: it goes into a folder "left-…" in the directory, for whoever looks into it. 0
// or -errno.
int recover_put_aside(const char *dir);
