// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The log's directory (app/evidence/folder.h): blocks go in, segments, entries and checkpoints
// stand there. Used by one thread at a time.
#pragma once

#include "app/evidence/folder.h"
#include "app/flowlog/block.h"
#include "app/flowlog/progress.h"
#include "app/keys/key.h"

struct store;

struct store_config {
	const char *dir;
	const char *origin;            // of checkpoints
	const struct key_private *key; // NULL: unsigned
	uint64_t segment_bytes;        // 0: 1 GiB
	int64_t segment_us;
	int64_t sync_ns;       // to the disk at most this often; 0: at each tick
	int64_t checkpoint_us; // and at the start; 0: only with each segment; then nothing is
			       // synced before
	int64_t retain_us;     // 0: for ever
	uint64_t retain_bytes; // 0: as much as there is
	// Of a live log: microseconds of a clock that nobody sets, against which the time of ticks
	// is held before ages count (clock_watch.h). NULL: CLOCK_BOOTTIME.
	int64_t (*steady)(void *ctx);
	void *steady_ctx;
};

// What an earlier run left behind.
struct store_found {
	bool any;          // there is at least one block
	struct entry last; // the newest
	bool stopped;      // and its last record is a stop record
	// First number that checkpointed entries tell of and no segment holds any more; 0: none.
	uint64_t lost_from;
	uint64_t present;    // records up to the newest block that a segment holds
	uint64_t recovered;  // blocks that were in the segment and not in the entries yet
	struct progress_last progress;
	char torn[SEGMENT_NAME_MAX + 8]; // name of a file that took a torn block, "" for none
	uint64_t torn_bytes;
};

// Makes the directory where it is missing, locks it, brings what a crash left open into order. NULL
// on error, with one line in err.
struct store *store_open(
	const struct store_config *c, struct store_found *found, char *err, size_t err_size);

// Where the writer notes the numbers it gives; NULL: the disk had no room for it.
struct progress *store_progress(struct store *s);

// A block with its tree: gets its number and its root, and goes into the open segment, of which a
// full or old one is closed first. 0 or -errno: the block is not taken.
int store_put(struct store *s, struct block *b, struct hasher *h);

// Syncs, writes a checkpoint, closes an old segment, prunes, each as it is due. 0 or -errno.
int store_tick(struct store *s, int64_t now);

// Whether the log is not where it was begun any more. That is so of a live one whose directory,
// open segment or entries were removed, or whose directory was moved away or replaced: then what it
// was writing is let go, and the log goes on in the directory of its name, now or, where that
// cannot be, at a later store_put() or store_tick(). Blocks that come from then on must begin with
// a gap record that tells of all from number *from to their first: *lost records that were there
// are not any more. t: time of what is closed. Where all are there (a copy took its place, or a
// file system gives numbers that change) the log just goes on: false, and directories are not
// compared again.
bool store_left(struct store *s, int64_t t, uint64_t *from, uint64_t *lost);

// Closes the segment, with a checkpoint. 0 or -errno. The lock is given up.
int store_close(struct store *s, int64_t now);

uint64_t store_segments(const struct store *s); // closed in this run

// How far the log is evidence.
struct store_evidence {
	uint64_t blocks, checkpointed; // in the tree; that the newest checkpoint is of
	int64_t checkpoint_t; // of it, microseconds since 1970 UTC; 0: none was made in this run
	uint64_t failed;      // checkpoints that could not be made when they were due
	// Ages are to remove segments, but the wall clock is not believed yet: for so long still,
	// microseconds; 0: it is.
	int64_t ages_wait;
};
void store_get_evidence(const struct store *s, struct store_evidence *out);

// Whether the disk has refused to confirm a block since this was asked last: it may be gone in
// spite of what a later sync says.
bool store_sync_failed(struct store *s);
