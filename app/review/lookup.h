// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How a search uses a log's catalogue (catalogue.h): what it takes to pass over blocks, and what is
// done about a catalogue that is out of date or damaged.
#pragma once

#include "app/review/catalogue.h"
#include "app/review/flow_bytes.h"
#include "app/rows/source.h"

// A catalogue that was found to be damaged, for whoever asks often: it is told of once, and not
// used until another file is in its place. Of zeros: none was. For any number of threads.
struct lookup_bad {
	_Atomic uint64_t file;
};

struct lookup_options {
	const char *file; // the catalogue, which must be there; NULL: that in the directory
	bool refresh;     // closed segments that are new are added first, where it can be written;
			  // one that is damaged is made anew by lookup_close()
	struct lookup_bad *bad; // NULL: each damage is told
};

struct lookup {
	const struct filter *filter;
	struct catalogue *catalogue; // NULL: none is used
	bool refresh;                // may be written
	struct lookup_bad *bad;
	uint64_t opened; // as struct lookup_bad says it
	// Set by the caller where rollups can answer: called for each line of a segment's rollup
	// that matches, which stands for many records, then for each of the records that stand by
	// themselves, with what the first made of *place for its group; the segment is not looked
	// at then. 0 or -errno.
	int (*rollup)(void *ctx, const struct row *r, uint32_t *place);
	int (*rollup_single)(void *ctx, uint32_t place, const struct flow_record *r);
	void *rollup_ctx;
	int rollup_rc;             // the first that was not 0
	bool answered;             // the segment at hand was
	uint64_t answers;          // segments that were
	struct blocks_lines lines; // scratch
	uint32_t *places;          // scratch
	size_t cap_places;
	bool damaged;
	char dir[4096], path[4200];
};

// For the log that is this one directory; anything else has no catalogue. The filter is borrowed.
// 0, or -errno with one line in err.
int lookup_open(struct lookup *l, const struct filter *f, char *const *paths, unsigned n,
	const struct lookup_options *o, char *err, size_t err_size);

// Without a catalogue: by time only.
void lookup_none(struct lookup *l, const struct filter *f);

// What source_select() takes; ctx is the lookup.
void lookup_segment(
	void *ctx, const char *path, int fd, const struct frame_item *items, uint32_t n);
enum blocks_want lookup_block(
	void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead);

// Tells of damage on standard error, and makes such a catalogue anew.
void lookup_close(struct lookup *l);
