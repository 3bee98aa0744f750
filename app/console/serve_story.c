// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/fields.h"
#include "app/console/serve.h"
#include "app/review/lookup.h"
#include "app/rows/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORY_MAX   100 // records of one flow that are listed
#define STORY_AFTER 50  // of them behind the one whose page it is, where there are more

static void put_step(struct view *v, const struct row *r)
{
	const struct page *p = &v->page;
	char time[TEXT_TIME], act[16];
	struct fields f;
	uint64_t bytes;
	int64_t t;

	fields_find(&f, r);
	fputs("<tr><th scope=\"row\" class=\"t\">", p->out);
	if (cell_i64(f.v[FIELD_T1], &t)) {
		fputs(text_time(t, p->digest->o.offset, time), p->out);
	}
	fputs("</th><td>", p->out);
	page_record_link(p, f.v[FIELD_SEQ]);
	fputs("</td><td>", p->out);
	page_code_words(p, f.v[FIELD_EV]);
	fputs("</td><td>", p->out);
	if (cell_text(f.v[FIELD_ACT], act, sizeof(act)) != 0) {
		page_verdict(p, act);
	}
	fputs("</td><td class=\"x\">", p->out);
	page_code(p, f.v[FIELD_REASON]);
	fputs("</td>", p->out);
	for (unsigned i = 0; i < 2; i++) {
		bytes = 0;
		cell_u64(f.v[i == 0 ? FIELD_OB : FIELD_DB], &bytes);
		page_number(p, bytes);
	}
	fputs("</tr>\n", p->out);
}

// What is sought: the flow's records, and the starts between them.
struct hunt {
	struct lookup lookup;
	struct filter flow, starts;
	char key[48];
};

static enum blocks_want take_block(
	void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead)
{
	struct hunt *h = ctx;
	enum blocks_want want;

	h->lookup.filter = &h->flow;
	want = lookup_block(&h->lookup, i, item, instead);
	if (want == BLOCKS_SKIP) {
		h->lookup.filter = &h->starts;
		want = lookup_block(&h->lookup, i, item, instead);
	}
	return want;
}

static void take_segment(
	void *ctx, const char *path, int fd, const struct frame_item *items, uint32_t n)
{
	struct hunt *h = ctx;

	lookup_segment(&h->lookup, path, fd, items, n);
}

static bool may_be(void *ctx, const char *line, size_t len)
{
	const struct hunt *h = ctx;

	return serve_may_start(line, len) || memmem(line, len, h->key, strlen(h->key)) != NULL;
}

// Lines of one run, a ring; behind the record whose page it is, `after` of them.
struct kept {
	char *lines[STORY_MAX];
	size_t len[STORY_MAX];
	unsigned first, n, after;
	bool seen;
};

static void drop(struct kept *k)
{
	free(k->lines[k->first]);
	k->first = (k->first + 1) % STORY_MAX;
	k->n--;
}

static bool keep(struct kept *k, const char *line, size_t len, bool is_it)
{
	char *copy = malloc(len + 1);
	unsigned at;

	if (copy == NULL) {
		return false;
	}
	memcpy(copy, line, len);
	if (k->n == STORY_MAX) {
		drop(k);
	}
	at = (k->first + k->n++) % STORY_MAX;
	k->lines[at] = copy;
	k->len[at] = len;
	k->after += k->seen;
	k->seen = k->seen || is_it;
	return k->n < STORY_MAX || k->after < STORY_AFTER;
}

static void keep_lines(struct kept *k, const struct hunt *h, uint64_t seq, struct source *s)
{
	bool more = true;
	const char *line;
	char err[512];
	size_t len;

	while (more && source_next(s, &line, &len, err, sizeof(err)) > 0) {
		struct row r;
		uint64_t is;

		if (memmem(line, len, h->key, strlen(h->key)) != NULL && row_parse(&r, line, len)) {
			more = keep(k, line, len, cell_u64(row_find(&r, "seq"), &is) && is == seq);
		} else if (row_parse(&r, line, len) &&
			   cell_is(row_find(&r, "ev"), "start", false)) {
			more = !k->seen;
			while (more && k->n != 0) {
				drop(k);
			}
		}
	}
}

static void put_lines(struct view *v, const struct hunt *h, uint64_t seq, struct source *s)
{
	struct kept *k = calloc(1, sizeof(*k));
	struct row r;

	if (k == NULL) {
		return;
	}
	for (keep_lines(k, h, seq, s); k->n != 0; drop(k)) {
		if (row_parse(&r, k->lines[k->first], k->len[k->first])) {
			put_step(v, &r);
		}
	}
	free(k);
}

// In the order of the log. Ids are of one run: beyond its start and the next they are other flows'.
// True: the catalogue was asked which blocks to read.
static bool put_steps(struct view *v, const struct cell *fid, uint64_t seq)
{
	const struct lookup_options o = serve_catalogue(v->s);
	char err[512], id[24], *path = (char *)(uintptr_t)v->s->dir;
	struct source *s = source_open(&path, 1, err, sizeof(err));
	struct hunt *h = calloc(1, sizeof(*h));
	bool cached;

	if (s == NULL || h == NULL) {
		source_close(s);
		free(h);
		return false;
	}
	cell_text(fid, id, sizeof(id));
	snprintf(h->key, sizeof(h->key), "\"fid\":\"%.*s\"", (int)(fid->len < 17 ? fid->len : 17),
		fid->text);
	lookup_none(&h->lookup, &h->flow);
	if (filter_add(&h->starts, FILTER_EV, "start", err, sizeof(err)) == 0 &&
		filter_add(&h->flow, FILTER_FID, id, err, sizeof(err)) == 0) {
		lookup_open(&h->lookup, &h->flow, &path, 1, &o, err, sizeof(err));
	}
	source_select(s, &(struct source_select){.ctx = h,
				 .threads = blocks_threads(),
				 .segment = take_segment,
				 .block = take_block,
				 .line = may_be});
	put_lines(v, h, seq, s);
	source_close(s);
	cached = h->lookup.catalogue != NULL;
	lookup_close(&h->lookup);
	free(h);
	return cached;
}

void serve_story(struct view *v, const struct cell *fid, uint64_t seq)
{
	const struct page *p = &v->page;
	bool cached;

	fputs("<section>", p->out);
	page_heading(p, "flow", W_STORY);
	page_note(p, W_STORY_NOTE);
	page_table(p, W_STORY, "");
	page_column(p, W_LAST_SEEN, "");
	page_column(p, W_RECORD_NO, "");
	page_column(p, W_EVENT, "");
	page_column(p, W_VERDICT, "");
	page_column(p, W_REASON, "");
	page_column(p, W_OUT, "n");
	page_column(p, W_STOPPED, "n");
	fputs("</tr></thead>\n<tbody>\n", p->out);
	cached = put_steps(v, fid, seq);
	fputs("</tbody>\n", p->out);
	page_table_end(p);
	if (cached) {
		page_by_catalogue(p, "bhlog search --scan");
	}
	fputs("</section>\n", p->out);
}
