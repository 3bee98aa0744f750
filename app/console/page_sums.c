// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/chart.h"
#include "app/console/countries.h"
#include "app/console/page.h"

#include <stdlib.h>

// One table of sums by a key, with bars.
struct dimension {
	const struct tally *tally;
	enum word title, column;
	const char *key; // of the console's search
	void (*label)(const struct page *p, const struct tally_row *r);
};

static void label_text(const struct page *p, const struct tally_row *r)
{
	const struct cell c = {.text = r->key, .len = r->len, .kind = CELL_STRING};

	if (r->len == 0) {
		html_string(p->out, word(W_NOT_NAMED, p->lang));
	} else {
		html_cell(p->out, &c);
	}
}

static void label_tenant(const struct page *p, const struct tally_row *r)
{
	const char *words = code_word(r->key, p->lang);

	label_text(p, r);
	if (words != NULL && r->key[0] == '_') {
		fputs(" (", p->out);
		html_string(p->out, words);
		fputs(")", p->out);
	}
}

static void label_country(const struct page *p, const struct tally_row *r)
{
	const char *name = country_name(r->key, p->lang);

	if (name != NULL) {
		html_string(p->out, name);
		fputs(" <span class=\"code\">", p->out);
	}
	label_text(p, r);
	if (name != NULL) {
		fputs("</span>", p->out);
	}
}

static void put_cells(const struct page *p, const struct sums *s, uint64_t max)
{
	char share[TEXT_NUMBER];

	page_number(p, sums_flows(s));
	page_number(p, sums_out(s));
	fprintf(p->out, "<td class=\"n\">%s</td><td>",
		text_percent(sums_out(s), sums_out(&p->digest->total), share));
	if (max != 0) {
		chart_share(p->out, s->out, max);
	}
	fputs("</td>", p->out);
	page_number(p, s->out[ACT_FLAG]);
	page_number(p, s->out[ACT_BLOCK]);
	page_number(p, s->stopped);
	page_number(p, s->in);
	fputs("</tr>\n", p->out);
}

static void put_key(const struct page *p)
{
	static const struct {
		char class;
		enum word text;
	} keys[] = {{'a', W_LEGEND_ALLOWED}, {'f', W_LEGEND_FLAGGED}, {'b', W_LEGEND_BLOCKED}};

	fputs("<p class=\"key\">", p->out);
	for (unsigned i = 0; i < 3; i++) {
		fprintf(p->out,
			"<span><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"%c\" "
			"width=\"1\" "
			"height=\"1\"/></svg>",
			keys[i].class);
		html_string(p->out, word(keys[i].text, p->lang));
		fputs("</span>", p->out);
	}
	fputs("</p>\n", p->out);
}

static void put_head(const struct page *p, const struct dimension *d)
{
	page_table(p, d->title, "");
	page_column(p, d->column, "");
	page_column(p, W_FLOWS, "n");
	page_column(p, W_OUT, "n");
	fputs("<th scope=\"colgroup\" colspan=\"2\" class=\"w\">", p->out);
	html_string(p->out, word(W_SHARE, p->lang));
	fputs("</th>", p->out);
	page_column(p, W_OUT_FLAGGED, "n");
	page_column(p, W_OUT_BLOCKED, "n");
	page_column(p, W_STOPPED, "n");
	page_column(p, W_IN, "n");
	fputs("</tr></thead>\n<tbody>\n", p->out);
}

static void put_label(const struct page *p, const struct dimension *d, const struct tally_row *r)
{
	const struct cell c = {.text = r->key, .len = r->len, .kind = CELL_STRING};
	const bool link = r->len != 0 && page_search_link(p, d->key, &c);

	d->label(p, r);
	fputs(link ? "</a>" : "", p->out);
}

static void put_dimension(const struct page *p, const struct dimension *d)
{
	struct sums rest;
	size_t n = 0;
	struct tally_row *rows = tally_top(d->tally, p->digest->o.rows, &n, &rest);
	char left[TEXT_NUMBER];

	if (rows == NULL || (n == 0 && sums_flows(&rest) == 0)) {
		page_note(p, W_NO_FLOWS);
		free(rows);
		return;
	}
	put_key(p);
	put_head(p, d);
	for (size_t i = 0; i < n; i++) {
		fputs("<tr><th scope=\"row\">", p->out);
		put_label(p, d, &rows[i]);
		fputs("</th>", p->out);
		put_cells(p, &rows[i].sums, sums_out(&rows[0].sums));
	}
	if (sums_flows(&rest) != 0 || sums_out(&rest) != 0) {
		fputs("<tr><th scope=\"row\">", p->out);
		html_fill1(p->out, word(W_OTHERS, p->lang),
			text_count(tally_keys(d->tally) > n ? tally_keys(d->tally) - n : 1, left));
		fputs("</th>", p->out);
		put_cells(p, &rest, 0);
	}
	fputs("</tbody>\n<tfoot><tr><th scope=\"row\">", p->out);
	html_string(p->out, word(W_TOTAL, p->lang));
	fputs("</th>", p->out);
	put_cells(p, &p->digest->total, 0);
	fputs("</tfoot>\n", p->out);
	page_table_end(p);
	free(rows);
}

static void put_group(const struct page *p, const struct policy_words_group *g,
	const struct tally_row *rows, size_t n)
{
	const char *args[] = {g->name, g->as_of};
	struct sums all = {0};

	for (size_t i = 0; i < n; i++) {
		if (policy_words_in_group(g, rows[i].key)) {
			sums_add(&all, &rows[i].sums);
		}
	}
	fputs("<tr><th scope=\"row\">", p->out);
	html_fill(p->out, word(W_GROUP_AS_OF, p->lang), args, 2);
	fputs("</th>", p->out);
	put_cells(p, &all, sums_out(&p->digest->total));
}

// By the groups of the policies at hand: records name none.
static void put_groups(const struct page *p)
{
	const struct dimension d = {.title = W_GROUPS, .column = W_GROUP};
	struct policy_words_group g;
	struct sums rest;
	size_t n = 0;
	struct tally_row *rows = tally_top(p->digest->countries, TALLY_MAX_KEYS, &n, &rest);

	if (rows != NULL && n != 0 && policy_words_group(p->policy, 0, &g)) {
		fputs("<h3 id=\"groups\">", p->out);
		html_string(p->out, word(W_GROUPS, p->lang));
		fputs("</h3>\n", p->out);
		page_note(p, W_GROUPS_NOTE);
		put_head(p, &d);
		for (unsigned i = 0; policy_words_group(p->policy, i, &g); i++) {
			put_group(p, &g, rows, n);
		}
		fputs("</tbody>\n", p->out);
		page_table_end(p);
	}
	free(rows);
}

void page_countries(const struct page *p)
{
	const struct dimension d = {
		p->digest->countries, W_COUNTRIES, W_COUNTRY, "country", label_country};

	page_note(p, W_COUNTRIES_NOTE);
	put_dimension(p, &d);
	put_groups(p);
}

void page_tenants(const struct page *p)
{
	const struct dimension d = {
		p->digest->tenants, W_TENANTS, W_TENANT, "tenant", label_tenant};

	put_dimension(p, &d);
}

void page_apps(const struct page *p)
{
	const struct dimension d = {p->digest->apps, W_APPS, W_APP, "app", label_text};

	page_note(p, W_APPS_NOTE);
	put_dimension(p, &d);
}
