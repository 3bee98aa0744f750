// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The log's directory: one file of lines after another.
//
//     flow-YYYYMMDDTHHMMSSZ-NNNNNN.jsonl        closed
//     flow-YYYYMMDDTHHMMSSZ-NNNNNN.jsonl.open   being written
//     flow-YYYYMMDDTHHMMSSZ-NNNNNN.jsonl.torn   what a crash left of a line, kept for inspection
//     lock                                      the writer's process id, held with flock(2)
//
// The time is UTC, of the first record; the number runs on across restarts and gives the order (it
// grows past six digits where it must). A file gets its final name only when it is whole and on
// disk.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segments;

#define SEGMENT_SUFFIX_OPEN ".open"
#define SEGMENT_SUFFIX_TORN ".torn"

// What an earlier run left behind.
struct segments_found {
	bool any;          // there is at least one record
	bool stopped;      // and the last is a stop record
	uint64_t last_seq; // its number
	char torn[64];     // name of the file that took a torn line, "" for none
	uint64_t torn_bytes;
};

// The number in a file's name; false: the name is not a segment's. *open: it ends in ".open".
bool segment_name_parse(const char *name, uint64_t *number, bool *open);

// Makes the directory where it is missing, locks it, brings what a crash left open into order. NULL
// on error, with one line in err.
struct segments *segments_open(
	const char *dir, struct segments_found *found, char *err, size_t err_size);

// Adds whole lines to the open file; without one, begins one that is named after t (microseconds
// since 1970 UTC). A file that cannot grow (EFBIG) or be mended is left for a new one. 0 or -errno;
// *done is how many bytes, whole lines, were taken.
int segments_append(struct segments *s, int64_t t, const char *lines, size_t len, size_t *done);

// 0 or -errno.
int segments_sync(struct segments *s);

// Syncs the open file, gives it its final name, syncs the directory. 0 or -errno; without an open
// file nothing happens.
int segments_close(struct segments *s);

uint64_t segments_closed(const struct segments *s);

// Gives up the lock. Call segments_close() first.
void segments_free(struct segments *s);
