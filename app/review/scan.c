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

int scan_open(struct scan *s, char *const *paths, unsigned n, char *err, size_t err_size)
{
	s->from = now_s();
	s->source = source_open(paths, n, err, err_size);
	return s->source != NULL ? 0 : -EIO;
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

// A line that passed the quick look.
static int examine(struct scan *s, const char *line, size_t len, char *err, size_t err_size)
{
	struct row row;
	int rc = -EBADMSG;

	if (row_parse(&row, line, len)) {
		if (!filter_match(s->filter, &row)) {
			return 0;
		}
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

	while ((rc = source_next(s->source, &line, &len, err, err_size)) > 0) {
		if (filter_may_match(s->filter, line, len)) {
			rc = examine(s, line, len, err, err_size);
			if (rc != 0) {
				return rc;
			}
			if (s->limit != 0 && s->matches == s->limit) {
				s->limited = true;
				return 0;
			}
		}
		show_progress(s, source_stats(s->source));
	}
	return rc;
}

void scan_summarise(const struct scan *s)
{
	const struct source_stats *st = source_stats(s->source);

	fprintf(stderr,
		"%sbhlog: %" PRIu64 " of %" PRIu64 " records match (%" PRIu64 " file%s, %.1f MB, "
		"%.2f s)%s%s\n",
		s->progress_at != 0 ? "\r" : "", s->matches, st->lines, st->files,
		st->files == 1 ? "" : "s", (double)st->bytes / 1e6, now_s() - s->from,
		s->limited ? "; stopped at --limit" : "",
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
}
