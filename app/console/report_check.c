// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/report_check.h"

#include "app/rows/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct shown {
	uint64_t seq;
	const char *line;
	size_t len;
	bool found;
};

struct check {
	struct shown *v; // by rising number
	size_t n, found;
	bool has_items; // of the segment at hand
};

static int by_seq(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

// The first with this number or a later one; c->n: there is none.
static size_t at_or_behind(const struct check *c, uint64_t seq)
{
	size_t from = 0, to = c->n;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;

		if (c->v[middle].seq < seq) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	return from;
}

static void begin_segment(
	void *ctx, const char *path, int fd, const struct frame_item *items, uint32_t n)
{
	(void)path;
	(void)fd;
	(void)n;
	((struct check *)ctx)->has_items = items != NULL;
}

static enum blocks_want take_block(
	void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead)
{
	const struct check *c = ctx;
	const size_t at = at_or_behind(c, item->first);

	(void)i;
	(void)instead;
	// The entry of a block in a segment without a footer does not tell its last number.
	return at < c->n && (!c->has_items || c->v[at].seq <= item->last) ? BLOCKS_READ
									  : BLOCKS_SKIP;
}

static uint64_t seq_in(const char *line, size_t len)
{
	static const char key[] = ",\"seq\":";
	const char *at = memmem(line, len, key, sizeof(key) - 1), *end = line + len;
	uint64_t v = 0;

	at = at != NULL ? at + sizeof(key) - 1 : end;
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		v = v * 10 + (uint64_t)(*at - '0');
	}
	return v;
}

// Whether the line is one of those; by any thread.
static bool is_shown(void *ctx, const char *line, size_t len)
{
	const struct check *c = ctx;
	const uint64_t seq = seq_in(line, len);

	for (size_t i = at_or_behind(c, seq); i < c->n && c->v[i].seq == seq; i++) {
		if (c->v[i].len == len && memcmp(c->v[i].line, line, len) == 0) {
			return true;
		}
	}
	return false;
}

static void mark(struct check *c, const char *line, size_t len)
{
	const uint64_t seq = seq_in(line, len);

	for (size_t i = at_or_behind(c, seq); i < c->n && c->v[i].seq == seq; i++) {
		struct shown *s = &c->v[i];

		if (!s->found && s->len == len && memcmp(s->line, line, len) == 0) {
			s->found = true;
			c->found++;
		}
	}
}

static int look_up(struct check *c, const char *log)
{
	char *path = (char *)(uintptr_t)log, err[4400];
	struct source *s = source_open(&path, 1, err, sizeof(err));
	const char *line;
	size_t len;
	int rc = 0;

	if (s == NULL) {
		return -EIO;
	}
	source_select(s, &(struct source_select){.ctx = c,
				 .threads = blocks_threads(),
				 .segment = begin_segment,
				 .block = take_block,
				 .line = is_shown});
	while (c->found < c->n && (rc = source_next(s, &line, &len, err, sizeof(err))) > 0) {
		mark(c, line, len);
	}
	source_close(s);
	if (rc < 0) {
		return rc;
	}
	return c->found == c->n ? 0 : -EBADMSG;
}

static void add(struct check *c, const char *line, size_t len)
{
	c->v[c->n++] = (struct shown){.seq = seq_in(line, len), .line = line, .len = len};
}

int report_check(const struct digest *d, const char *log)
{
	const struct flow_list *const flows[] = {&d->flagged, &d->blocked};
	const struct notices *const notices[] = {&d->policies, &d->gaps, &d->runs};
	struct check c = {0};
	size_t most = 1;
	int rc;

	for (unsigned i = 0; i < 2; i++) {
		most += flows[i]->shown;
	}
	for (unsigned i = 0; i < 3; i++) {
		most += notices[i]->n;
	}
	c.v = calloc(most, sizeof(*c.v));
	if (c.v == NULL) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < 2; i++) {
		for (size_t k = 0; k < flows[i]->shown; k++) {
			add(&c, flows[i]->items[k].line, flows[i]->items[k].len);
		}
	}
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < notices[i]->n; k++) {
			add(&c, notices[i]->lines[k], notices[i]->len[k]);
		}
	}
	qsort(c.v, c.n, sizeof(*c.v), by_seq);
	rc = look_up(&c, log);
	free(c.v);
	return rc;
}
