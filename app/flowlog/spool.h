// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Where lines wait and where they go: a buffer of whole lines, the segments of a directory, a
// stream.
//
// A line is formatted behind the lines that wait; it ends a segment or joins it; the buffer goes to
// the files when it is long enough or a flush asks. While writing fails, the buffer keeps what it
// has. The fields are for flowlog.c alone.
#pragma once

#include "app/flowlog/flowlog.h"
#include "app/flowlog/line_file.h"
#include "app/flowlog/segment.h"

struct spool {
	struct segments *segments; // NULL: none
	struct line_file stream;
	bool has_stream;
	char *dir, *records; // as configured, for messages
	int stream_error;    // of a stream beside a directory; for good

	char *buf; // lines that wait: [0, len)
	size_t len, cap;
	uint64_t lines; // in the buffer

	uint64_t segment_bytes;
	int64_t segment_us, sync_ns;
	// The segment that the buffer's lines belong to, as far as it is planned.
	bool in_segment;
	uint64_t segment_size;
	int64_t segment_t;

	int error; // -errno while writing fails
	int64_t retry_at;
	bool unsynced, sync_failed;
	int64_t synced_at;
	uint64_t written, bytes; // lines and their bytes that the kernel has
};

// 0 or -errno, with one line in err; then nothing is left open.
int spool_open(struct spool *s, const struct flowlog_config *c, struct segments_found *found,
	char *err, size_t err_size);

// Hands the buffer to the kernel. force: even where the last try failed less than a second ago.
int spool_push(struct spool *s, bool force);

// Room behind the lines that wait, for at least `room` bytes: pushes, then lets the buffer grow.
// 0 or -errno; -EMSGSIZE where no line may be as long.
int spool_reserve(struct spool *s, size_t room);

// Takes the size bytes behind the lines that wait as one more line, of time t (never falling).
void spool_add(struct spool *s, size_t size, int64_t t);

// Closes the segment where it is too old at time now, or now lies as far before it (a clock set
// back). Nothing may wait. 0 or -errno.
int spool_age(struct spool *s, int64_t now);

// fdatasync() where it is due. 0 or -errno.
int spool_sync(struct spool *s);

// The error will not go away: a reader that left, a torn line that cannot be cut off.
bool spool_is_dead(const struct spool *s);

// Pushes, closes and frees. What could not be written is still counted in lines.
int spool_close(struct spool *s);
