// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/lookup.h"

#include "app/review/catalogue_build.h"
#include "app/review/rollup.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void lookup_none(struct lookup *l, const struct filter *f)
{
	memset(l, 0, sizeof(*l));
	l->filter = f;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

// 0: it is not there.
static uint64_t file_of(const char *path)
{
	struct stat st;
	uint64_t v;

	if (stat(path, &st) != 0) {
		return 0;
	}
	v = (uint64_t)st.st_ino * 0x9e3779b97f4a7c15ull ^ (uint64_t)st.st_size << 40 ^
	    ((uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec);
	return v + (v == 0);
}

// It is damaged. True where this is the first time that it shows.
static bool note_damage(struct lookup *l)
{
	l->damaged = true;
	return l->bad == NULL || atomic_exchange(&l->bad->file, l->opened) != l->opened;
}

int lookup_open(struct lookup *l, const struct filter *f, char *const *paths, unsigned n,
	const struct lookup_options *o, char *err, size_t err_size)
{
	const char *file = o->file;
	enum catalogue_found found;
	char why[256];

	lookup_none(l, f);
	l->refresh = o->refresh;
	l->bad = o->bad;
	if (n != 1 || !is_directory(paths[0])) {
		if (file != NULL) {
			snprintf(err, err_size,
				"--catalogue: only one log's directory can have one");
			return -EINVAL;
		}
		return 0;
	}
	if ((size_t)snprintf(l->dir, sizeof(l->dir), "%s", paths[0]) >= sizeof(l->dir) ||
		(size_t)snprintf(l->path, sizeof(l->path), "%s%s", file != NULL ? file : paths[0],
			file != NULL ? "" : "/" FILE_CATALOGUE) >= sizeof(l->path)) {
		return 0; // opening the log tells
	}
	l->opened = file_of(l->path);
	if (l->bad != NULL && l->opened != 0 && atomic_load(&l->bad->file) == l->opened) {
		return 0;
	}
	l->catalogue = catalogue_open(l->path, &found, why, sizeof(why));
	if (found == CATALOGUE_NONE && file != NULL) {
		snprintf(err, err_size, "%s: %s; \"bhlog reindex\" makes a catalogue", file,
			access(file, R_OK) != 0 ? strerror(errno) : "out of memory");
		return -ENOENT;
	}
	if (found == CATALOGUE_NO_FILE) {
		snprintf(err, err_size, "%s: %s", l->path, why);
		return -EINVAL;
	}
	if (found == CATALOGUE_DAMAGED && note_damage(l)) {
		fprintf(stderr, "bhlog: %s: %s; it is not used\n", l->path, why);
	}
	if (l->catalogue != NULL && o->refresh && access(l->path, W_OK) == 0) {
		struct catalogue_result r;
		char ignored[4400]; // what is not in it is looked up in the segments

		catalogue_close(l->catalogue);
		catalogue_build(l->dir, l->path, false, isatty(STDERR_FILENO), &r, ignored,
			sizeof(ignored));
		l->catalogue = catalogue_open(l->path, &found, why, sizeof(why));
	}
	return 0;
}

#define NOT_ASKED UINT32_MAX

static bool add_place(struct lookup *l, size_t n, uint32_t place)
{
	if (n == l->cap_places) {
		const size_t cap = n != 0 ? n * 2 : 1024;
		uint32_t *v = reallocarray(l->places, cap, sizeof(*v));

		if (v == NULL) {
			return false;
		}
		l->places = v;
		l->cap_places = cap;
	}
	l->places[n] = place;
	return true;
}

// The lines of a rollup. How many; *rc: 0 or -errno.
static size_t take_lines(struct lookup *l, const char *at, const char *end, int *rc)
{
	size_t n = 0;

	while (at < end && *rc == 0) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *stop = nl != NULL ? nl : end;
		uint32_t place = NOT_ASKED;
		struct row r;

		if (!row_parse(&r, at, (size_t)(stop - at))) {
			*rc = -EBADMSG;
		} else if (filter_match(l->filter, &r)) {
			*rc = l->rollup(l->rollup_ctx, &r, &place);
		}
		if (*rc == 0 && !add_place(l, n++, place)) {
			*rc = -ENOMEM;
		}
		at = stop + 1;
	}
	return n;
}

static void take_rollup(struct lookup *l)
{
	const char *end = l->lines.v + l->lines.len;
	const char *nul = memchr(l->lines.v, '\0', l->lines.len);
	int rc = nul != NULL ? 0 : -EBADMSG;
	struct rollup_single s;
	size_t n = 0;

	if (nul != NULL) {
		n = take_lines(l, l->lines.v, nul, &rc);
	}
	for (size_t i = 0; rc == 0 && rollup_single_at(nul + 1, (size_t)(end - nul - 1), i, &s);
		i++) {
		if (s.key >= n) {
			rc = -EBADMSG;
		} else if (l->places[s.key] != NOT_ASKED) {
			rc = l->rollup_single(l->rollup_ctx, l->places[s.key], &s.record);
		}
	}
	l->rollup_rc = l->rollup_rc != 0 ? l->rollup_rc : rc;
}

void lookup_segment(void *ctx, const char *path, int fd, const struct frame_item *items, uint32_t n)
{
	struct lookup *l = ctx;
	bool in_time = false, known;

	known = l->catalogue != NULL && catalogue_segment(l->catalogue, path, fd, items, n);
	for (uint32_t i = 0; !in_time && items != NULL && i < n; i++) {
		in_time = filter_may_hold(l->filter, items[i].t0, items[i].t1);
	}
	l->answered = known && in_time && l->rollup != NULL && rollup_answers(l->filter) &&
		      catalogue_rollup(l->catalogue, &l->lines);
	if (l->answered) {
		l->answers++;
		take_rollup(l);
	}
}

enum blocks_want lookup_block(
	void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead)
{
	struct lookup *l = ctx;

	(void)instead; // a line that is found must be the log's own

	if (l->answered || !filter_may_hold(l->filter, item->t0, item->t1)) {
		return BLOCKS_SKIP;
	}
	return l->catalogue != NULL ? catalogue_block(l->catalogue, l->filter, i) : BLOCKS_READ;
}

static void make_anew(const struct lookup *l)
{
	struct catalogue_result r;
	char err[4400];

	if (catalogue_build(l->dir, l->path, true, isatty(STDERR_FILENO), &r, err, sizeof(err)) ==
		0) {
		fprintf(stderr, "bhlog: %s: made anew\n", l->path);
	} else {
		fprintf(stderr, "bhlog: %s: cannot be made anew: %s\n", l->path, err);
	}
}

void lookup_close(struct lookup *l)
{
	if (l->catalogue != NULL && catalogue_damage(l->catalogue) != NULL && note_damage(l)) {
		fprintf(stderr, "bhlog: %s: %s; what follows was looked up in the segments\n",
			l->path, catalogue_damage(l->catalogue));
	}
	catalogue_close(l->catalogue);
	l->catalogue = NULL;
	free(l->lines.v);
	free(l->places);
	if (l->damaged && l->refresh) {
		fflush(stdout);
		make_anew(l);
	}
}
