// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The flow log: lines of JSON, numbered without holes, into a directory that can be verified or one
// stream.
//
// In a directory the lines stand in blocks of up to 4096 or of one second, packed one by one into
// segment files (app/evidence/frame.h; zstdcat gives the plain lines). An entry for each block
// (app/evidence/entry.h) is the leaf of a Merkle tree whose root is signed at the start, with the
// start record and all that an earlier run left unsigned, then every 10 seconds, also when nothing
// happens, and when a segment is closed (app/evidence/note.h). All files are listed in
// app/evidence/folder.h. Order: a block is written, synced, then its entry, then the checkpoint,
// then the segment gets its final name; so what is signed is on disk.
//
// One log has one writer. It owns the sequence: every record that was attempted takes a number, so
// a record that was lost shows as a hole, and a `gap` record says how many and why. In a live
// gateway the writer is a thread that drains the workers' rings (see writer.h); in replay the one
// thread calls flowlog_write() itself.
#pragma once

#include "app/flowlog/notice.h"
#include "app/flowlog/record.h"

#include <stdint.h>

struct flowlog;
struct key_public; // app/keys/key.h

struct flowlog_config {
	const char *gateway; // gw; origin of the checkpoints
	const char *dir;     // the log; NULL: none
	const char *records; // one file of lines, "-": standard output; NULL: none
	const char *key;     // file of the private key that signs checkpoints; NULL: unsigned. The
			     // key's name is that of KEY.pub beside it, or else the gateway's
	uint64_t segment_bytes; // a file is closed before it grows past this; 0: 1 GiB
	uint32_t segment_s;     // or when it is this old, by the records' time; 0: 3600
	uint32_t block_ms;      // a block is handed on when it is this old; 0: 1000
	uint32_t sync_ms;       // fdatasync() of dir at most this often; 0: at each flush
	uint32_t retain_days;   // closed segments are kept this long; 0: for ever
	uint64_t retain_bytes;  // and as many as hold this much together; 0: all
	// Of a live log: a clock that nobody sets, microseconds, against which the wall clock is
	// held before ages count (clock_watch.h). Called by the log's thread. NULL: CLOCK_BOOTTIME.
	int64_t (*steady)(void *ctx);
	void *steady_ctx;
	// A thread packs and writes, checkpoints come by time, blocks are synced every sync_ms.
	// Otherwise all is done by the caller, and synced and signed with each segment: the same
	// input gives the same files.
	bool live;
	struct record_words words;
	uint64_t capture_bytes;  // of all evidence captures in dir; 0: 1 GiB
	uint32_t captures_per_s; // 0: 100
};

// NULL on error, with one line in err; one of dir and records must be given. The directory is made
// where it is missing (mode 0750) and locked against a second writer. A segment that an earlier run
// left open is closed first, a torn last block moved aside, and numbering goes on after the last
// number that was given; without a directory it begins at 1. Where that run wrote no stop record,
// the first line of this one is a gap (cause "crash") that says how many records were lost:
// exactly, but after a loss of power.
//
// `records` is emptied first. With a directory beside it, it gets the same lines; the directory is
// then the log, and a failed `records` is only reported (by flowlog_flush() and flowlog_close()).
// A live log whose directory is moved or replaced, or whose files are removed, goes on in the
// directory of its name within a second, if need be a new one: its first record there is a gap
// (cause "write_error") that tells of all numbers that are not there.
//
// A program that writes to a pipe must ignore SIGPIPE: a reader that went away is -EPIPE, for good.
struct flowlog *flowlog_open(const struct flowlog_config *c, char *err, size_t err_size);

// Each takes the next number. 0, or -errno where the line could not be stored: it is then counted,
// and a gap record is written as soon as writing works again, which is tried at most every second.
// While a disk fails, a block of lines is kept in memory (of a live log eight, of a stream 1 MB)
// before any is lost. Stored means that it is in a block; the kernel has it a second later.
int flowlog_write(struct flowlog *l, const struct record *r);
int flowlog_start(struct flowlog *l, const struct notice_start *n);
int flowlog_policy(struct flowlog *l, const struct notice_policy *n);
// The counters of the log in n are filled in.
int flowlog_stop(struct flowlog *l, const struct notice_stop *n);

// Records that were refused before they came here (a full ring): takes their numbers and writes the
// gap. now in microseconds since 1970 UTC. cause "ring_full".
void flowlog_lost(struct flowlog *l, uint64_t records, const char *cause, int64_t now);

// Packets that the ports have missed since this run began: for the blocks' counters.
void flowlog_missed(struct flowlog *l, uint64_t packets);
// Records that wait in rings and have no number yet: what a crash now would lose unnumbered.
void flowlog_waiting(struct flowlog *l, uint64_t records);

// Hands on a block that is a second old, or all after a stop record; rotates, syncs and signs as
// due. Call often. now in microseconds since 1970 UTC; in replay the packets' time, so that blocks
// and files end at the same lines each time. 0 or -errno.
int flowlog_flush(struct flowlog *l, int64_t now);

struct flowlog_stats {
	// Of this run. attempted - lost_ring - lost_disk - written = still in memory.
	uint64_t attempted, written, lost_ring, lost_disk, gaps;
	uint64_t bytes;    // of lines written
	uint64_t segments; // closed
	uint64_t next_seq;
	uint64_t captures, captures_shed,
		captures_failed; // files; not written for a bound, by the disk
	bool disk_full;          // the last write failed for want of space
	// -errno of the last write, and of the last sync, checkpoint or file name; 0: it worked.
	// What failed is tried again each second.
	int error, tick_error;
	uint64_t checkpoints_failed; // that could not be made when they were due
	// How often the log's files were removed, or its directory moved or replaced, and how many
	// of lost_disk went with it.
	unsigned left;
	uint64_t removed;
	// Of a directory: blocks in the log's tree, those that the newest checkpoint is of, when
	// that was made (microseconds since 1970 UTC; 0: not in this run), and whose key signs.
	uint64_t blocks, checkpoint_blocks;
	int64_t checkpoint_t;
	const struct key_public *signer; // NULL: nobody; as long as the log
	// Where retain_days is set: how long the wall clock, which has stepped forward, must still
	// go on before ages count, microseconds; 0: they do.
	int64_t ages_wait;
};
void flowlog_get_stats(const struct flowlog *l, struct flowlog_stats *out);

// Writes what is left and closes the last segment under its final name; frees the log whatever
// comes. 0 or -errno, with a line in err. NULL is closed already.
int flowlog_close(struct flowlog *l, char *err, size_t err_size);

// A sink for replay: writes straight into the log.
struct record_sink flowlog_sink(struct flowlog *l);
