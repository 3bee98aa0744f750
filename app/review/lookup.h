// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How a search uses a log's catalogue (catalogue.h): what it takes to pass over blocks, and what is
// done about a catalogue that is out of date or damaged.
#pragma once

#include "app/review/catalogue.h"
#include "app/rows/source.h"

struct lookup {
	const struct filter *filter;
	struct catalogue *catalogue; // NULL: none is used
	bool refresh;                // may be written
	// Set by the caller where rollups can answer: called for each line of a segment's rollup
	// that matches; the segment is not looked at then. 0 or -errno.
	int (*rollup)(void *ctx, const struct row *r);
	void *rollup_ctx;
	int rollup_rc;             // the first that was not 0
	bool answered;             // the segment at hand was
	uint64_t answers;          // segments that were
	struct blocks_lines lines; // scratch
	bool damaged;
	char dir[4096], path[4200];
};

// For the log that is this one directory; anything else has no catalogue. file: where the catalogue
// is (NULL: in the directory), which must be there where it is named. refresh: closed segments that
// are new are added first, where it can be written; a damaged one is made anew by lookup_close().
// The filter is borrowed. 0, or -errno with one line in err.
int lookup_open(struct lookup *l, const struct filter *f, char *const *paths, unsigned n,
	const char *file, bool refresh, char *err, size_t err_size);

// Without a catalogue: by time only.
void lookup_none(struct lookup *l, const struct filter *f);

// What source_select() takes; ctx is the lookup.
void lookup_segment(
	void *ctx, const char *path, int fd, const struct frame_item *items, uint32_t n);
enum blocks_want lookup_block(
	void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead);

// Tells of damage on standard error, and makes such a catalogue anew.
void lookup_close(struct lookup *l);
