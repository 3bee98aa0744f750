// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define PROGRESS_BYTES (16u << 20)

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

// What is no record counts as asked for: examine() tells of it. ctx is the lookup.
static bool line_wanted(void *ctx, const char *line, size_t len)
{
	const struct lookup *l = ctx;
	struct row row;

	return filter_may_match(l->filter, line, len) &&
	       (!row_parse(&row, line, len) || filter_match(l->filter, &row));
}

static int take_single(void *ctx, uint32_t place, const struct flow_record *r)
{
	struct scan *s = ctx;

	s->matches++;
	return s->rollup_single(s->ctx, place, r, s->rollup_err, sizeof(s->rollup_err));
}

static int take_rollup(void *ctx, const struct row *r, uint32_t *place)
{
	struct scan *s = ctx;
	uint64_t n = 0;

	cell_u64(row_find(r, "n"), &n);
	s->matches += n;
	return s->rollup(s->ctx, r, place, s->rollup_err, sizeof(s->rollup_err));
}

int scan_open(struct scan *s, char *const *paths, unsigned n, char *err, size_t err_size)
{
	int rc = 0;

	s->from = now_s();
	if (s->no_catalogue) {
		lookup_none(&s->lookup, s->filter);
	} else {
		rc = lookup_open(&s->lookup, s->filter, paths, n, &s->catalogue, err, err_size);
	}
	if (rc != 0) {
		return rc;
	}
	s->source = source_open(paths, n, err, err_size);
	if (s->source == NULL) {
		lookup_close(&s->lookup);
		return -EIO;
	}
	if (s->rollup != NULL) {
		s->lookup.rollup = take_rollup;
		s->lookup.rollup_single = take_single;
		s->lookup.rollup_ctx = s;
	}
	source_select(s->source, &(struct source_select){.ctx = &s->lookup,
					 .threads = blocks_threads(),
					 .segment = lookup_segment,
					 .block = lookup_block,
					 .line = line_wanted,
					 .needle = filter_needle(s->filter),
					 .begin = filter_begin});
	return 0;
}

static void show_progress(struct scan *s, const struct source_stats *st)
{
	if (!s->progress || st->read - s->progress_at < PROGRESS_BYTES) {
		return;
	}
	s->progress_at = st->read;
	fprintf(stderr, "\rbhlog: %" PRIu64 " MB of %" PRIu64 " MB, %" PRIu64 " records match ",
		st->read / 1000000, st->bytes_total / 1000000, s->matches);
}

static void count_unreadable(struct scan *s)
{
	if (s->unreadable++ == 0) {
		source_place(s->source, s->first_unreadable, sizeof(s->first_unreadable));
	}
}

// A line that is asked for.
static int examine(struct scan *s, const char *line, size_t len, char *err, size_t err_size)
{
	struct row row;
	int rc = -EBADMSG;

	if (row_parse(&row, line, len)) {
		rc = s->put(s->ctx, &row, line, len, err, err_size);
	}
	if (rc == -EBADMSG) {
		count_unreadable(s);
		return 0;
	}
	s->matches += rc == 0;
	return rc;
}

int scan_run(struct scan *s, char *err, size_t err_size)
{
	const char *line;
	size_t len;
	int rc;

	while ((rc = source_next(s->source, &line, &len, err, err_size)) > 0 &&
		s->lookup.rollup_rc == 0) {
		rc = examine(s, line, len, err, err_size);
		if (rc != 0) {
			return rc;
		}
		if (s->limit != 0 && s->matches == s->limit) {
			s->limited = true;
			return 0;
		}
		show_progress(s, source_stats(s->source));
	}
	if (rc >= 0 && s->lookup.rollup_rc != 0) {
		snprintf(err, err_size, "%s",
			s->rollup_err[0] != '\0' ? s->rollup_err
						 : "a rollup of the catalogue cannot be read");
		return s->lookup.rollup_rc;
	}
	return rc;
}

void scan_summarise(const struct scan *s)
{
	const struct source_stats *st = source_stats(s->source);

	fprintf(stderr, "%sbhlog: %" PRIu64, s->progress_at != 0 ? "\r" : "", s->matches);
	if (s->lookup.answers == 0) { // those that a rollup counted were not looked at
		fprintf(stderr, " of %" PRIu64, st->lines);
	}
	fprintf(stderr, " records match (%" PRIu64 " file%s, %.1f MB, %.2f s)", st->files,
		st->files == 1 ? "" : "s", (double)st->bytes / 1e6, now_s() - s->from);
	if (s->lookup.answers != 0) {
		fprintf(stderr, "; rollups answered for %" PRIu64 " files", s->lookup.answers);
	}
	if (st->skipped != 0) {
		fprintf(stderr, "; %" PRIu64 " blocks passed over", st->skipped);
	}
	fprintf(stderr, "%s%s\n", s->limited ? "; stopped at --limit" : "",
		st->torn != 0 ? "; a torn end was left out" : "");
}

int scan_check(const struct scan *s, char *err, size_t err_size)
{
	if (s->unreadable == 0) {
		return 0;
	}
	snprintf(err, err_size,
		"%" PRIu64 " lines are not records, the first is %s; the log was damaged or "
		"changed",
		s->unreadable, s->first_unreadable);
	return -EBADMSG;
}

void scan_close(struct scan *s)
{
	source_close(s->source);
	s->source = NULL;
	lookup_close(&s->lookup);
}
