// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/fields.h"
#include "app/console/serve.h"
#include "app/review/filter.h"
#include "app/review/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 50

static const struct {
	const char *key;
	enum word label;
	enum filter_field field;
	const char *const *words; // a choice of these; NULL: free text
} inputs[] = {
	{"tenant", W_F_TENANT, FILTER_TENANT},
	{"country", W_F_COUNTRY, FILTER_COUNTRY},
	{"app", W_F_APP, FILTER_APP},
	{"host", W_F_HOST, FILTER_HOST},
	{"addr", W_F_ADDR, FILTER_ADDR},
	{"act", W_F_ACT, FILTER_ACT, (const char *const[]){"allow", "flag", "block", NULL}},
	{"rule", W_F_RULE, FILTER_RULE},
	{"reason", W_F_REASON, FILTER_REASON},
	{"ev", W_F_EV, FILTER_EV,
		(const char *const[]){
			"decision", "update", "end", "policy", "gap", "start", "stop", NULL}},
};

#define N_INPUTS (sizeof(inputs) / sizeof(inputs[0]))

const char *const serve_search_names[] = {"tenant", "country", "app", "host", "addr", "act", "rule",
	"reason", "ev", "min_bytes", "since", "until", "after", "lang", "token", NULL};

struct search {
	struct view *v;
	struct filter filter;
	uint64_t after, last; // numbers of records
	unsigned n;
	bool more, cached; // cached: the catalogue was asked which blocks to read
	char err[4400];
};

// ---- the form

static void put_choice(struct view *v, const char *const *words, const char *chosen)
{
	FILE *out = v->page.out;

	fputs("<option value=\"\">", out);
	html_string(out, word(W_ANY, v->page.lang));
	fputs("</option>", out);
	for (; *words != NULL; words++) {
		const char *text = code_word(*words, v->page.lang);

		fprintf(out, "<option value=\"%s\"%s>", *words,
			strcmp(*words, chosen) == 0 ? " selected" : "");
		html_string(out, text != NULL ? text : *words);
		fputs("</option>", out);
	}
	fputs("</select></label>\n", out);
}

static void put_input(struct view *v, const char *key, enum word label, const char *const *words)
{
	FILE *out = v->page.out;
	const char *value = serve_value(v, key);

	fputs("<label>", out);
	html_string(out, word(label, v->page.lang));
	if (words != NULL) {
		fprintf(out, "<select name=\"%s\">", key);
		put_choice(v, words, value);
		return;
	}
	fprintf(out, "<input name=\"%s\" autocomplete=\"off\" value=\"", key);
	html_string(out, value);
	fputs("\"></label>\n", out);
}

static void put_form(struct view *v)
{
	FILE *out = v->page.out;

	fputs("<form class=\"filters\" method=\"get\" action=\"/search\">\n", out);
	for (unsigned i = 0; i < N_INPUTS; i++) {
		put_input(v, inputs[i].key, inputs[i].label, inputs[i].words);
	}
	put_input(v, "min_bytes", W_F_MIN_BYTES, NULL);
	serve_time_field(v, "since", W_SINCE);
	serve_time_field(v, "until", W_UNTIL);
	fputs("<button>", out);
	html_string(out, word(W_FIND, v->page.lang));
	fputs("</button> <a href=\"/search\">", out);
	html_string(out, word(W_CLEAR, v->page.lang));
	fputs("</a></form>\n", out);
}

// ---- what it asks for

static bool take_number(struct view *v, const char *key, enum word label, uint64_t *to)
{
	const char *text = serve_value(v, key);
	const struct cell c = {.text = text, .len = strlen(text), .kind = CELL_NUMBER};

	if (text[0] != '\0' && !cell_u64(&c, to)) {
		serve_bad_value(v, label, text, word(W_NUMBER_HINT, v->page.lang));
		return false;
	}
	return true;
}

static const char *hint(enum filter_field field, enum lang lang)
{
	switch (field) {
	case FILTER_COUNTRY:
		return word(W_COUNTRY_HINT, lang);
	case FILTER_ADDR:
		return word(W_ADDR_HINT, lang);
	case FILTER_ACT:
		return "allow, flag, block";
	case FILTER_EV:
		return "decision, update, end, policy, gap, start, stop";
	default: // text
		return word(W_TEXT_HINT, lang);
	}
}

// False: one is wrong, and the page says so.
static bool take_filters(struct view *v, struct search *q)
{
	for (unsigned i = 0; i < N_INPUTS; i++) {
		const char *text = serve_value(v, inputs[i].key);

		if (text[0] != '\0' && filter_add(&q->filter, inputs[i].field, text, q->err,
					       sizeof(q->err)) != 0) {
			serve_bad_value(
				v, inputs[i].label, text, hint(inputs[i].field, v->page.lang));
			return false;
		}
	}
	q->filter.has_min_bytes = serve_value(v, "min_bytes")[0] != '\0';
	return serve_period(v, &q->filter.when) &&
	       take_number(v, "min_bytes", W_F_MIN_BYTES, &q->filter.min_bytes) &&
	       take_number(v, "after", W_RECORD_NO, &q->after);
}

// ---- what is found

static void put_notice(const struct page *p, const struct fields *f, const struct row *r)
{
	static const char common[] = " v ev gw seq t0 t1 ";
	char text[TEXT_TIME];
	int64_t t;
	bool first = true;

	fputs("<tr><th scope=\"row\">", p->out);
	if (cell_i64(f->v[FIELD_T1], &t)) {
		fputs(text_time(t, p->digest->o.offset, text), p->out);
	}
	fputs("<br>", p->out);
	page_record_link(p, f->v[FIELD_SEQ]);
	fputs("</th><td colspan=\"4\" class=\"x\">", p->out);
	for (unsigned i = 0; i < r->n; i++) {
		char key[32];

		snprintf(key, sizeof(key), " %.*s ", (int)r->cells[i].key_len, r->cells[i].key);
		if (strstr(common, key) == NULL) {
			fputs(first ? "" : " · ", p->out);
			page_named_cell(p, &r->cells[i]);
			first = false;
		}
	}
	fputs("</td><td>", p->out);
	page_code_words(p, f->v[FIELD_EV]);
	fputs("</td></tr>\n", p->out);
}

static void put_row(struct view *v, const struct row *r)
{
	const struct page *p = &v->page;
	char act[16], number[TEXT_NUMBER];
	struct fields f;
	uint64_t out = 0, in = 0;

	fields_find(&f, r);
	if (f.v[FIELD_FID] == NULL) {
		put_notice(p, &f, r);
		return;
	}
	page_flow_cells(p, &f);
	cell_u64(f.v[FIELD_OB], &out);
	cell_u64(f.v[FIELD_RB], &in);
	cell_text(f.v[FIELD_ACT], act, sizeof(act));
	fputs("<td class=\"n\">", p->out);
	if (act[0] != '\0') {
		page_verdict(p, act);
		fputs("<br>", p->out);
	}
	fputs("<span class=\"dim\">", p->out);
	html_string(p->out, word(W_OUT, p->lang));
	fprintf(p->out, "</span> %s<br><span class=\"dim\">", text_count(out, number));
	html_string(p->out, word(W_IN, p->lang));
	fprintf(p->out, "</span> %s<br><span class=\"dim\">", text_count(in, number));
	page_code_words(p, f.v[FIELD_EV]);
	fputs("</span></td></tr>\n", p->out);
}

static void put_head(struct view *v)
{
	const struct page *p = &v->page;

	page_table(p, W_NAV_SEARCH, "flows");
	page_column(p, W_WHEN, "w12");
	page_column(p, W_FLOW, "w22");
	page_column(p, W_APP_HOST, "w16");
	page_column(p, W_COUNTRY, "w9");
	page_column(p, W_REASON, "");
	page_column(p, W_BYTES, "n");
	fputs("</tr></thead>\n<tbody>\n", p->out);
}

// One match. -ECANCELED: the page is full.
static int put_match(
	void *ctx, const struct row *r, const char *line, size_t len, char *err, size_t err_size)
{
	struct search *q = ctx;
	uint64_t seq = 0;

	(void)line, (void)len, (void)err, (void)err_size;
	cell_u64(row_find(r, "seq"), &seq);
	if (seq <= q->after) {
		return 0;
	}
	if (q->n == PAGE_ROWS) {
		q->more = true;
		return -ECANCELED;
	}
	if (q->n++ == 0) {
		put_head(q->v);
	}
	q->last = seq;
	put_row(q->v, r);
	return 0;
}

static int scan(struct view *v, struct search *q)
{
	char *path = (char *)(uintptr_t)v->s->dir;
	struct scan s = {.filter = &q->filter,
		.catalogue = serve_catalogue(v->s),
		.put = put_match,
		.ctx = q};
	int rc = scan_open(&s, &path, 1, q->err, sizeof(q->err));

	if (rc == 0) {
		rc = scan_run(&s, q->err, sizeof(q->err));
		q->cached = s.lookup.catalogue != NULL;
		scan_close(&s);
	}
	return rc == -ECANCELED ? 0 : rc;
}

static void put_link(struct view *v, enum word text, uint64_t after)
{
	FILE *out = v->page.out;
	static const char *const others[] = {"min_bytes", "since", "until"};

	fprintf(out, "<a href=\"/search?after=%llu", (unsigned long long)after);
	for (unsigned i = 0; i < N_INPUTS + 3; i++) {
		const char *key = i < N_INPUTS ? inputs[i].key : others[i - N_INPUTS];

		if (serve_value(v, key)[0] != '\0') {
			fprintf(out, "&amp;%s=", key);
			html_url_text(out, serve_value(v, key));
		}
	}
	fputs("\">", out);
	html_string(out, word(text, v->page.lang));
	fputs("</a> ", out);
}

static void put_end(struct view *v, const struct search *q)
{
	char n[TEXT_NUMBER];

	if (q->n == 0) {
		page_note(&v->page, W_NOTHING_FOUND);
	} else {
		fputs("</tbody>\n", v->page.out);
		page_table_end(&v->page);
		fputs("<p>", v->page.out);
		html_fill1(v->page.out, word(W_FOUND_FROM, v->page.lang), text_count(q->n, n));
		fputs("</p>\n", v->page.out);
	}
	if (q->cached) {
		page_by_catalogue(&v->page, "bhlog search --scan");
	}
	fputs("<p class=\"pages\">", v->page.out);
	if (q->after != 0) {
		put_link(v, W_FIRST_PAGE, 0);
	}
	if (q->more) {
		put_link(v, W_NEXT, q->last);
	}
	fputs("</p>\n", v->page.out);
}

void serve_search(struct view *v)
{
	struct search *q = calloc(1, sizeof(*q));
	struct digest times = {.o = {.offset = v->s->offset}}; // for the times shown

	serve_heading(v, W_NAV_SEARCH);
	put_form(v);
	v->page.digest = &times;
	if (q == NULL) {
		serve_error(v, 500, "out of memory");
	} else if (take_filters(v, q)) {
		int rc;

		q->v = v;
		rc = scan(v, q);

		put_end(v, q);
		if (rc < 0) {
			serve_error(v, 500, q->err);
		}
	}
	free(q);
}
