// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The flow log: lines of JSON, numbered without holes, into rotated files or one stream.
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

struct flowlog_config {
	const char *gateway;    // gw
	const char *dir;        // rotated files; NULL: none
	const char *records;    // one file of lines, "-": standard output; NULL: none
	uint64_t segment_bytes; // a file is closed when it has grown to this; 0: 1 GiB
	uint32_t segment_s;     // or is this old, by the records' time; 0: 3600
	uint32_t sync_ms;       // fdatasync() of dir at most this often; 0: at each flush
	struct record_words words;
	uint64_t capture_bytes;  // of all evidence captures in dir; 0: 1 GiB
	uint32_t captures_per_s; // 0: 100
};

// NULL on error, with one line in err; one of dir and records must be given. The directory is made
// where it is missing (mode 0750) and locked against a second writer. A file that an earlier run
// left open (name ends in ".open") is closed under its final name first, a torn last line moved
// aside, and numbering goes on after its last record; without a directory it begins at 1. Where
// that run wrote no stop record, the first line of this one is a gap (cause "crash").
//
// `records` is emptied first. With a directory beside it, it gets the same lines; the directory is
// then the log, and a failed `records` is only reported (by flowlog_flush() and flowlog_close()).
// A program that writes to a pipe must ignore SIGPIPE: a reader that went away is -EPIPE, for good.
struct flowlog *flowlog_open(const struct flowlog_config *c, char *err, size_t err_size);

// Each takes the next number. 0, or -errno where the line could not be stored: it is then counted,
// and a gap record is written as soon as writing works again, which is tried at most every second.
// While a disk fails, about 1 MB of lines is kept in memory before any is lost. Stored means handed
// over: to the kernel at the next flush, to the disk at the next sync.
int flowlog_write(struct flowlog *l, const struct record *r);
int flowlog_start(struct flowlog *l, const struct notice_start *n);
int flowlog_policy(struct flowlog *l, const struct notice_policy *n);
// The counters of the log in n are filled in.
int flowlog_stop(struct flowlog *l, const struct notice_stop *n);

// Records that were refused before they came here (a full ring): takes their numbers and writes the
// gap. now in microseconds since 1970 UTC. cause "ring_full".
void flowlog_lost(struct flowlog *l, uint64_t records, const char *cause, int64_t now);

// Hands buffered lines to the kernel, rotates and syncs as due. Call often. now in microseconds
// since 1970 UTC; in replay the packets' time, so that files end at the same lines each time. 0 or
// -errno.
int flowlog_flush(struct flowlog *l, int64_t now);

struct flowlog_stats {
	// Of this run. attempted - lost_ring - lost_disk - written = still in the buffer.
	uint64_t attempted, written, lost_ring, lost_disk, gaps;
	uint64_t bytes;    // of lines written
	uint64_t segments; // closed
	uint64_t next_seq;
	uint64_t captures, captures_shed,
		captures_failed; // files; not written for a bound, by the disk
	bool disk_full;          // the last write failed for want of space
};
void flowlog_get_stats(const struct flowlog *l, struct flowlog_stats *out);

// Writes what is left and closes the last segment under its final name; frees the log whatever
// comes. 0 or -errno, with a line in err. NULL is closed already.
int flowlog_close(struct flowlog *l, char *err, size_t err_size);

// A sink for replay: writes straight into the log.
struct record_sink flowlog_sink(struct flowlog *l);
