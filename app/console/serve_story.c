// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/fields.h"
#include "app/console/serve.h"
#include "app/rows/source.h"

#include <stdio.h>
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
	html_cell(p->out, f.v[FIELD_EV]);
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

// In the order of the log. Ids are of one run: what follows the next start is another flow's.
static void put_steps(struct view *v, const struct cell *fid)
{
	static const char start[] = "\"ev\":\"start\"";
	char key[48], err[512], *path = (char *)(uintptr_t)v->s->dir;
	const size_t key_len = (size_t)snprintf(key, sizeof(key), "\"fid\":\"%.*s\"",
		(int)(fid->len < 17 ? fid->len : 17), fid->text);
	struct source *s = source_open(&path, 1, err, sizeof(err));
	unsigned n = 0;
	const char *line;
	size_t len;

	while (s != NULL && n < STORY_MAX && source_next(s, &line, &len, err, sizeof(err)) > 0) {
		struct row r;

		if (memmem(line, len, key, key_len) != NULL && row_parse(&r, line, len)) {
			put_step(v, &r);
			n++;
		} else if (memmem(line, len, start, sizeof(start) - 1) != NULL &&
			   row_parse(&r, line, len) &&
			   cell_is(row_find(&r, "ev"), "start", false) && n != 0) {
			fputs("<tr><td colspan=\"7\"></td></tr>\n", v->page.out);
		}
	}
	source_close(s);
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
