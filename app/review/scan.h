// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// One pass over a log for the records that a filter means, with all processors, past the blocks
// that its times and the log's catalogue rule out.
#pragma once

#include "app/review/filter.h"
#include "app/review/lookup.h"
#include "app/rows/source.h"

struct scan {
	// Set by the caller.
	const struct filter *filter;
	uint64_t limit; // stop after so many matches; 0: none
	bool progress;  // show it on standard error
	struct lookup_options catalogue;
	bool no_catalogue;
	// A record that matches; line is its text of len bytes without the newline. 0;
	// -EBADMSG: it is no record, the pass goes on; or another -errno with a line in err, which
	// ends the pass.
	int (*put)(void *ctx, const struct row *r, const char *line, size_t len, char *err,
		size_t err_size);
	// Where it is set, segments that a rollup of the catalogue can answer for are not looked
	// at: called for each line of it that matches, which stands for as many records as its
	// field "n" says, and for each record beside these (lookup.h). 0, or -errno with a line in
	// err, which ends the pass.
	int (*rollup)(void *ctx, const struct row *r, uint32_t *place, char *err, size_t err_size);
	int (*rollup_single)(
		void *ctx, uint32_t place, const struct flow_record *r, char *err, size_t err_size);
	void *ctx;

	// Set by scan_open() and the rest.
	struct source *source;
	struct lookup lookup;
	char rollup_err[256];
	double from;
	uint64_t matches, unreadable, progress_at;
	bool limited;
	char first_unreadable[4200];
};

// 0, or -errno with a line in err: a path that is not there, a directory without a log.
int scan_open(struct scan *s, char *const *paths, unsigned n, char *err, size_t err_size);

// 0, or -errno with a line in err. Lines that are no records are counted and passed over.
int scan_run(struct scan *s, char *err, size_t err_size);

// On standard error: how many records match, and what was read.
void scan_summarise(const struct scan *s);

// 0, or -EBADMSG with a line in err: there were lines that are no records.
int scan_check(const struct scan *s, char *err, size_t err_size);

void scan_close(struct scan *s);
