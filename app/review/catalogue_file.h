// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The form of the catalogue's file, for those who read and who write it.
//
//     segment   one row for each that is known: id, name, size in bytes, time of change in
//               nanoseconds, checksum of its footer's items, number of blocks, checksum of these
//     block     id = segment's id << 24 | which of its blocks; words, names and kept lines
//               (block_index.h; kept is a Zstandard frame of kept_raw bytes, NULL: the block is to
//               be read), each with its checksum
//     rollup    a segment's id; a Zstandard frame of `raw` bytes (rollup.h)
//     lone      a segment's id; a Zstandard frame of `raw` bytes, sums of those of its lines that
//               its blocks do not keep, where they keep any (lone.h)
//     going     the one row of flows that go on behind the segment that was taken last
//               (lone_open.h). Segments are taken in their order: no row of a segment is older than
//               that of one before it.
#pragma once

#include "app/evidence/frame.h"

#include <stddef.h>
#include <stdint.h>

#define CATALOGUE_APPLICATION 0x42484331 // PRAGMA application_id
#define CATALOGUE_VERSION     3          // PRAGMA user_version

#define CATALOGUE_BLOCK_BITS 24

enum catalogue_part {
	PART_SEGMENT,
	PART_WORDS,
	PART_NAMES,
	PART_KEPT,
	PART_ROLLUP,
	PART_LONE,
	PART_GOING,
};

struct catalogue_key { // of a segment's file
	int64_t size, mtime;
	uint32_t footer, blocks;
};

// False: errno tells.
bool catalogue_key_of(
	int fd, const struct frame_item *items, uint32_t n, struct catalogue_key *out);

// A row's checksum: over what it is, whose, and its bytes.
int64_t catalogue_sum(enum catalogue_part part, int64_t id, uint32_t footer, int64_t raw,
	const void *data, size_t len);
int64_t catalogue_segment_sum(int64_t id, const char *name, const struct catalogue_key *key);
