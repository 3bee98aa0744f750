// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Hands full blocks on: to the log's directory, to a stream, or to both.
//
// By itself it does so at once, in its caller's thread. With a thread of its own it keeps a few
// blocks on their way, so that packing and the disk do not hold up whoever makes the lines; while
// the disk only takes its time the caller waits, while it fails the caller is told.
#pragma once

#include "app/flowlog/block.h"
#include "app/flowlog/store.h"

struct sealer;

struct sealer_config {
	struct store_config store; // dir NULL: no directory
	const char *records;       // NULL: no stream
	bool threaded;
};

struct sealer_state {
	int error;               // -errno while writing fails; 0
	int tick_error;          // the same, of syncs, checkpoints and file names
	bool dead;               // it will not go away: a reader that left, a torn line that stays
	int stream_error;        // of a stream beside a directory; for good
	uint64_t written, bytes; // lines and their bytes that the kernel has
	uint64_t waiting;        // lines in blocks on their way
	uint64_t segments;       // closed
	struct store_evidence evidence;
	// Of a directory that was removed, moved away or replaced: how often, and how many of this
	// run's records went with it.
	unsigned left;
	uint64_t removed;
};

// NULL on error, with one line in err.
struct sealer *sealer_open(
	const struct sealer_config *c, struct store_found *found, char *err, size_t err_size);
struct progress *sealer_progress(struct sealer *s);

// The block to fill; another one after sealer_push().
struct block *sealer_block(struct sealer *s);
// What hashes its lines; NULL: nothing need.
struct hasher *sealer_hasher(struct sealer *s);

// Hands the block on where it holds anything. force: even where the last try failed less than a
// second ago. 0, or -errno: the block stays and may take more lines. -ESTALE: the log is not there
// any more, see sealer_left().
int sealer_push(struct sealer *s, bool force);

// Waits until all that was handed on is written, or cannot be. 0 or -errno.
int sealer_drain(struct sealer *s);

// The time, microseconds since 1970 UTC: what is due by it is done. 0 or -errno.
int sealer_tick(struct sealer *s, int64_t now);

void sealer_get(struct sealer *s, struct sealer_state *out);

// Whether the disk has refused to confirm lines since this was asked last.
bool sealer_sync_failed(struct sealer *s);

// Whether the log's files were removed, or its directory moved or replaced, since this was asked
// last: then all lines that waited are dropped, and the next block must begin with a gap record
// that tells of all numbers from *from on.
bool sealer_left(struct sealer *s, uint64_t *from);

// Hands on what there is, closes and frees. *lost: lines that could not be written. 0 or -errno.
int sealer_close(struct sealer *s, int64_t now, uint64_t *lost);
