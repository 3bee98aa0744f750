// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/fields.h"
#include "app/console/serve.h"
#include "app/review/lookup.h"
#include "app/rows/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORY_MAX 100 // records of one flow that are listed

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

static void put_lines(struct view *v, struct hunt *h, struct source *s)
{
	char err[512];
	unsigned n = 0;
	const char *line;
	size_t len;

	while (n < STORY_MAX && source_next(s, &line, &len, err, sizeof(err)) > 0) {
		struct row r;

		if (memmem(line, len, h->key, strlen(h->key)) != NULL && row_parse(&r, line, len)) {
			put_step(v, &r);
			n++;
		} else if (n != 0 && row_parse(&r, line, len) &&
			   cell_is(row_find(&r, "ev"), "start", false)) {
			fputs("<tr><td colspan=\"7\"></td></tr>\n", v->page.out);
		}
	}
}

// In the order of the log. Ids are of one run: what follows the next start is another flow's.
static void put_steps(struct view *v, const struct cell *fid)
{
	const struct lookup_options o = serve_catalogue(v->s);
	char err[512], id[24], *path = (char *)(uintptr_t)v->s->dir;
	struct source *s = source_open(&path, 1, err, sizeof(err));
	struct hunt *h = calloc(1, sizeof(*h));

	if (s == NULL || h == NULL) {
		source_close(s);
		free(h);
		return;
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
	put_lines(v, h, s);
	source_close(s);
	lookup_close(&h->lookup);
	free(h);
}

void serve_story(struct view *v, const struct cell *fid)
{
	const struct page *p = &v->page;

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
	put_steps(v, fid);
	fputs("</tbody>\n", p->out);
	page_table_end(p);
	fputs("</section>\n", p->out);
}
