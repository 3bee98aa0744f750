// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/fields.h"
#include "app/console/page.h"

static void put_time(const struct page *p, const struct fields *f)
{
	char text[TEXT_TIME];
	int64_t t;

	fputs("<tr><th scope=\"row\" class=\"t\">", p->out);
	if (cell_i64(f->v[FIELD_T1], &t)) {
		fputs(text_time(t, p->digest->o.offset, text), p->out);
	}
	fputs("</th>", p->out);
}

static void put_cell(const struct page *p, const struct cell *c, const char *class)
{
	fprintf(p->out, "<td class=\"%s\">", class);
	html_cell(p->out, c);
	fputs("</td>", p->out);
}

static void put_code(const struct page *p, const struct cell *c)
{
	fputs("<td>", p->out);
	page_code_words(p, c);
	fputs("</td>", p->out);
}

static void put_policy(const struct page *p, const struct fields *f)
{
	put_time(p, f);
	put_code(p, f->v[FIELD_HOW]);
	fputs("<td class=\"x\">", p->out);
	if (f->v[FIELD_WHO] != NULL) {
		html_cell(p->out, f->v[FIELD_WHO]);
	} else {
		html_string(p->out, word(W_THE_GATEWAY, p->lang));
	}
	fputs("</td>", p->out);
	put_code(p, f->v[FIELD_OUTCOME]);
	put_cell(p, f->v[FIELD_ID], "x");
	put_cell(p, f->v[FIELD_POL], "n");
	fputs("<td class=\"x\">", p->out);
	html_cell(p->out, f->v[FIELD_DETAIL]);
	if (f->v[FIELD_SHA256] != NULL) {
		fputs(f->v[FIELD_DETAIL] != NULL ? "<br>" : "", p->out);
		fputs("<span class=\"code\">SHA-256 ", p->out);
		html_cell(p->out, f->v[FIELD_SHA256]);
		fputs("</span>", p->out);
	}
	fputs("</td></tr>\n", p->out);
}

static void put_run(const struct page *p, const struct fields *f)
{
	static const enum field details[] = {FIELD_VER, FIELD_DPI, FIELD_DBS, FIELD_WARN, FIELD_WHY,
		FIELD_PKTS, FIELD_MISSED, FIELD_ATTEMPTED, FIELD_WRITTEN};
	bool first = true;

	put_time(p, f);
	put_code(p, f->v[FIELD_EV]);
	put_code(p, f->v[FIELD_MODE]);
	fputs("<td class=\"x\">", p->out);
	for (unsigned i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		if (f->v[details[i]] != NULL) {
			fputs(first ? "" : " · ", p->out);
			page_named_cell(p, f->v[details[i]]);
			first = false;
		}
	}
	fputs("</td></tr>\n", p->out);
}

static void put_gap(const struct page *p, const struct fields *f)
{
	uint64_t lost = 0;

	put_time(p, f);
	put_code(p, f->v[FIELD_CAUSE]);
	if (cell_u64(f->v[FIELD_LOST], &lost) && lost != 0) {
		page_number(p, lost);
	} else {
		fputs("<td class=\"n\">", p->out);
		html_string(p->out, word(W_LOST_UNKNOWN, p->lang));
		fputs("</td>", p->out);
	}
	fputs("<td>", p->out);
	html_cell(p->out, f->v[FIELD_FROM]);
	fputs(f->v[FIELD_FROM] != NULL ? "–" : "", p->out);
	html_cell(p->out, f->v[FIELD_TO]);
	fputs("</td>", p->out);
	put_cell(p, f->v[FIELD_DETAIL], "x");
	fputs("</tr>\n", p->out);
}

static void put_list(const struct page *p, enum word title, const struct notices *all,
	const enum word *columns, void (*put)(const struct page *p, const struct fields *f))
{
	char left[TEXT_NUMBER];
	struct fields f;
	struct row r;

	if (all->total == 0) {
		page_note(p, W_NO_FLOWS);
		return;
	}
	page_table(p, title, "");
	for (; *columns != WORD_COUNT; columns++) {
		page_column(p, *columns, *columns == W_LOST || *columns == W_VERSION ? "n" : "");
	}
	fputs("</tr></thead>\n<tbody>\n", p->out);
	for (unsigned i = 0; i < all->n; i++) {
		if (row_parse(&r, all->lines[i], all->len[i])) {
			fields_find(&f, &r);
			put(p, &f);
		}
	}
	fputs("</tbody>\n", p->out);
	page_table_end(p);
	if (all->total > all->n) {
		fputs("<p>", p->out);
		html_fill1(p->out, word(W_OLDER_LEFT_OUT, p->lang),
			text_count(all->total - all->n, left));
		fputs("</p>\n", p->out);
	}
}

void page_policy(const struct page *p)
{
	static const enum word columns[] = {
		W_WHEN, W_HOW, W_WHO, W_OUTCOME, W_POLICY_ID, W_VERSION, W_DETAIL, WORD_COUNT};

	page_note(p, W_POLICY_NOTE);
	put_list(p, W_POLICY, &p->digest->policies, columns, put_policy);
}

void page_runs(const struct page *p)
{
	static const enum word columns[] = {W_WHEN, W_EVENT, W_MODE, W_DETAIL, WORD_COUNT};

	put_list(p, W_RUNS, &p->digest->runs, columns, put_run);
}

void page_gaps(const struct page *p)
{
	static const enum word columns[] = {
		W_WHEN, W_CAUSE, W_LOST, W_NUMBERS, W_DETAIL, WORD_COUNT};
	char lost[TEXT_NUMBER];

	fputs("<p>", p->out);
	html_fill1(p->out, word(W_GAPS_NOTE, p->lang), text_count(p->digest->gap_lost, lost));
	fputs("</p>\n", p->out);
	put_list(p, W_GAPS, &p->digest->gaps, columns, put_gap);
}
