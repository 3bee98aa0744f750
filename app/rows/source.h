// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The lines of a flow log, one after another: of a directory's segments in the order of their
// numbers, of single segments, of files of plain lines, of standard input ("-"). A log that is
// being written can be read at the same time; a torn last block or line is left out.
#pragma once

#include "app/rows/blocks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

struct source_stats {
	uint64_t files, bytes, lines; // bytes: of lines
	uint64_t read;                // bytes of files behind us
	uint64_t bytes_total;         // of all files; 0: not known
	uint64_t torn;                // last blocks or lines without an end, left out
	uint64_t skipped;             // blocks of segments that were not looked at
};

// What of the log is asked for, so that the rest costs little.
struct source_select {
	void *ctx;
	unsigned threads; // that unpack and look at blocks, beside the caller's; 0: none
	// A segment begins; `items` of its n blocks, NULL where it has no footer that says what the
	// log's entries say (standard error tells). NULL: not told.
	void (*segment)(
		void *ctx, const char *path, int fd, const struct frame_item *items, uint32_t n);
	// Whether block i of the segment can hold a line that is asked for; called by the caller's
	// thread. Only where there are items may the lines be put in instead. NULL: any can.
	enum blocks_want (*block)(
		void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead);
	// Whether the line is asked for; called by any thread, for several lines at once, and
	// without its newline. NULL: all are.
	bool (*line)(void *ctx, const char *line, size_t len);
	// Beside line(): a line that starts with `begin` is not asked for unless it holds `needle`.
	// NULL or "": none.
	const char *needle, *begin;
};

// NULL on error, with one line in err: a path that is not there, a directory without a log.
struct source *source_open(char *const *paths, unsigned n, char *err, size_t err_size);

// Before the first line. source_next() then gives only what is asked for. What ctx points at must
// live as long as the source.
void source_select(struct source *s, const struct source_select *select);

// The next line without its newline, valid until the next call. 1: there is one, 0: the end, or
// -errno with one line in err.
int source_next(struct source *s, const char **line, size_t *len, char *err, size_t err_size);

// Where the line stands: FILE:LINE, or where blocks before it were not looked at, FILE and which
// line of which block of the log.
void source_place(const struct source *s, char *out, size_t size);

const struct source_stats *source_stats(const struct source *s);
void source_close(struct source *s);
