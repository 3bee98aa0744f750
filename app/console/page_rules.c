// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/chart.h"
#include "app/console/page.h"

#include <stdlib.h>

static void put_rule(const struct page *p, const struct cell v[DIGEST_RULE_PARTS])
{
	char act[16], limit[128];

	fputs("<tr><td>", p->out);
	cell_text(&v[DIGEST_RULE_ACT], act, sizeof(act));
	page_verdict(p, act);
	fputs("</td><th scope=\"row\" class=\"x\">", p->out);
	if (v[DIGEST_RULE_ID].len == 0) {
		html_string(p->out, word(page_no_rule(&v[DIGEST_RULE_REASON]), p->lang));
	} else {
		const bool link = page_search_link(p, "rule", &v[DIGEST_RULE_ID]);

		page_code(p, &v[DIGEST_RULE_ID]);
		fputs(link ? "</a>" : "", p->out);
	}
	if (v[DIGEST_RULE_LIMIT].len != 0) {
		cell_text(&v[DIGEST_RULE_LIMIT], limit, sizeof(limit));
		fputs("<br>", p->out);
		html_fill1(p->out, word(W_LIMIT, p->lang), limit);
	}
	fputs("</th><td class=\"x\">", p->out);
	page_code(p, &v[DIGEST_RULE_REASON]);
	fputs("</td><td>", p->out);
	cell_text(&v[DIGEST_RULE_SEVERITY], act, sizeof(act));
	html_string(p->out, code_word(act, p->lang) != NULL ? code_word(act, p->lang) : act);
	fputs("</td><td class=\"x\">", p->out);
	page_basis(p, &v[DIGEST_RULE_BASIS]);
	fputs("</td>", p->out);
}

static void put_cells(const struct page *p, const struct sums *s)
{
	page_number(p, sums_flows(s));
	page_number(p, sums_out(s));
	page_number(p, s->stopped);
	page_number(p, sums_before(s));
	fputs("</tr>\n", p->out);
}

static void put_wide(const struct page *p, const char *element, enum word title, size_t n)
{
	char number[TEXT_NUMBER];

	fprintf(p->out, "<%s><tr><th scope=\"row\" colspan=\"5\">", element);
	html_fill1(p->out, word(title, p->lang), text_count(n, number));
	fputs("</th>", p->out);
}

static void put_rows(const struct page *p, const struct tally_row *rows, size_t n)
{
	static const char *const order[ACTS] = {"block", "flag", "allow"};
	struct cell parts[DIGEST_RULE_PARTS];

	page_table(p, W_RULES, "");
	page_column(p, W_VERDICT, "");
	page_column(p, W_RULE, "");
	page_column(p, W_REASON, "");
	page_column(p, W_SEVERITY, "");
	page_column(p, W_BASIS, "");
	page_column(p, W_FLOWS, "n");
	page_column(p, W_OUT, "n");
	page_column(p, W_STOPPED, "n");
	page_column(p, W_BEFORE, "n");
	fputs("</tr></thead>\n<tbody>\n", p->out);
	for (unsigned act = 0; act < ACTS; act++) {
		for (size_t i = 0; i < n; i++) {
			digest_rule(rows[i].key, rows[i].len, parts);
			if (cell_is(&parts[DIGEST_RULE_ACT], order[act], false)) {
				put_rule(p, parts);
				put_cells(p, &rows[i].sums);
			}
		}
	}
	fputs("</tbody>\n", p->out);
}

// Which files the words of legal bases are from, and whether they are the policies that were in
// force.
void page_policy_files(const struct page *p)
{
	const struct notices *all = &p->digest->policies;

	if (policy_words_files(p->policy) == 0) {
		page_note(p, W_BASIS_NO_POLICY);
	}
	for (unsigned i = 0; i < policy_words_files(p->policy); i++) {
		const struct policy_words_file *f = policy_words_file(p->policy, i);
		char version[TEXT_NUMBER] = "";
		struct row r;

		for (unsigned k = 0; k < all->n; k++) {
			if (row_parse(&r, all->lines[k], all->len[k]) &&
				cell_is(row_find(&r, "sha256"), f->sha256, false) &&
				cell_is(row_find(&r, "outcome"), "published", false)) {
				cell_text(row_find(&r, "pol"), version, sizeof(version));
			}
		}
		fputs("<p>", p->out);
		html_fill1(p->out, word(W_POLICY_FILE_IS, p->lang), f->path);
		fputs(p->lang == LANG_ZH ? "，" : ", ", p->out);
		if (version[0] != '\0') {
			html_fill1(p->out, word(W_POLICY_FILE_MATCHES, p->lang), version);
		} else {
			html_fill1(p->out, word(W_POLICY_FILE_FOREIGN, p->lang), f->sha256);
		}
		fputs("</p>\n", p->out);
	}
}

void page_rules(const struct page *p)
{
	struct sums rest;
	size_t n = 0, keys = tally_keys(p->digest->rules);
	struct tally_row *rows = tally_top(p->digest->rules, 500, &n, &rest);

	page_note(p, W_RULES_NOTE);
	if (rows == NULL || (n == 0 && sums_flows(&rest) == 0)) {
		page_note(p, W_NO_FLOWS);
		free(rows);
		return;
	}
	put_rows(p, rows, n);
	free(rows);
	if (sums_flows(&rest) != 0 || sums_out(&rest) != 0) {
		put_wide(p, "tbody", W_OTHERS, keys > n ? keys - n : 1);
		put_cells(p, &rest);
		fputs("</tbody>", p->out);
	}
	put_wide(p, "tfoot", W_TOTAL, 0);
	put_cells(p, &p->digest->total);
	fputs("</tfoot>\n", p->out);
	page_table_end(p);
	page_policy_files(p);
}

void page_pending(const struct page *p)
{
	static const enum word titles[ACTS] = {
		W_LEGEND_ALLOWED, W_LEGEND_FLAGGED, W_LEGEND_BLOCKED};
	const struct sums *s = &p->digest->total;
	char share[TEXT_NUMBER];

	page_note(p, W_PENDING_NOTE);
	page_table(p, W_PENDING, "");
	page_column(p, W_VERDICT, "");
	page_column(p, W_BEFORE, "n");
	fputs("<th scope=\"colgroup\" colspan=\"2\" class=\"w\">", p->out);
	html_string(p->out, word(W_PENDING_SHARE, p->lang));
	fputs("</th></tr></thead>\n<tbody>\n", p->out);
	for (unsigned i = 0; i < ACTS; i++) {
		uint64_t bar[ACTS] = {0};

		bar[i] = s->before[i];
		fputs("<tr><th scope=\"row\">", p->out);
		html_string(p->out, word(titles[i], p->lang));
		fputs("</th>", p->out);
		page_number(p, s->before[i]);
		fprintf(p->out, "<td class=\"n\">%s</td><td>",
			text_percent(s->before[i], s->out[i], share));
		chart_share(p->out, bar, s->out[i]); // the share in figures beside it
		fputs("</td></tr>\n", p->out);
	}
	fputs("</tbody>\n<tfoot><tr><th scope=\"row\">", p->out);
	html_string(p->out, word(W_TOTAL, p->lang));
	fputs("</th>", p->out);
	page_number(p, sums_before(s));
	fprintf(p->out, "<td class=\"n\">%s</td><td></td></tr></tfoot>\n",
		text_percent(sums_before(s), sums_out(s), share));
	page_table_end(p);
}
