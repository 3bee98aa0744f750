// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The flow log: lines of JSON, numbered without holes, into rotated files or one stream.
//
// One log has one writer. It owns the sequence: every record that was attempted takes a number, so a
// record that was lost shows as a hole, and a `gap` record says how many and why. In a live gateway
// the writer is a thread that drains the workers' rings (see writer.h); in replay the one thread calls
// flowlog_write() itself.
#pragma once

#include "app/flowlog/notice.h"
#include "app/flowlog/record.h"

#include <stdint.h>

struct flowlog;

struct flowlog_config {
	const char *gateway;     // gw
	const char *dir;         // rotated files; NULL: none
	const char *records;     // one file of lines, "-": standard output; NULL: none
	uint64_t segment_bytes;  // a file is closed when it has grown to this; 0: 1 GiB
	uint32_t segment_s;      // or is this old, by the records' time; 0: 3600
	uint32_t sync_ms;        // fdatasync() at most this often; 0: at each flush
	struct record_words words;
};

// NULL on error, with one line in err. The directory is made where it is missing (mode 0750). A file
// that an earlier run left open (name ends in ".open") is closed under its final name first.
struct flowlog *flowlog_open(const struct flowlog_config *c, char *err, size_t err_size);

// Each takes the next number. 0, or -errno where the line could not be stored: it is then counted, and
// a gap record is written as soon as writing works again.
int flowlog_write(struct flowlog *l, const struct record *r);
int flowlog_start(struct flowlog *l, const struct notice_start *n);
int flowlog_policy(struct flowlog *l, const struct notice_policy *n);
int flowlog_stop(struct flowlog *l, const struct notice_stop *n); // counters of the log are filled in

// Records that were refused before they came here (a full ring): takes their numbers and writes the
// gap. now in microseconds since 1970 UTC.
void flowlog_lost(struct flowlog *l, uint64_t records, const char *cause, int64_t now);

// Hands buffered lines to the kernel, rotates and syncs as due. Call often. 0 or -errno.
int flowlog_flush(struct flowlog *l, int64_t now);

struct flowlog_stats {
	uint64_t attempted, written, lost_ring, lost_disk, gaps;
	uint64_t bytes;     // of lines written
	uint64_t segments;  // closed
	uint64_t next_seq;
	bool disk_full;     // the last write failed for want of space
};
void flowlog_get_stats(const struct flowlog *l, struct flowlog_stats *out);

// Closes the last segment under its final name. 0 or -errno, with a line in err.
int flowlog_close(struct flowlog *l, char *err, size_t err_size);

// A sink for replay: writes straight into the log.
struct record_sink flowlog_sink(struct flowlog *l);
