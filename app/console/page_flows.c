// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/countries.h"
#include "app/console/fields.h"
#include "app/console/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put_end(const struct page *p, const struct cell *addr, const struct cell *port)
{
	const bool v6 = addr != NULL && memchr(addr->text, ':', addr->len) != NULL;
	char text[64], *at = text, *group;

	fputs("<span class=\"end\">", p->out);
	fputs(v6 && port != NULL ? "[" : "", p->out);
	if (v6 && cell_text(addr, text, sizeof(text)) + 1 < sizeof(text)) {
		fputs("<bdi>", p->out);
		while ((group = strsep(&at, ":")) != NULL) { // may break between groups only
			html_string(p->out, group);
			fputs(at != NULL ? ":<wbr>" : "</bdi>", p->out);
		}
	} else {
		html_cell(p->out, addr);
	}
	fputs(v6 && port != NULL ? "]" : "", p->out);
	if (port != NULL) {
		fputs("<wbr><span class=\"t\">:", p->out);
		html_cell(p->out, port);
		fputs("</span>", p->out);
	}
	fputs("</span>", p->out);
}

static void put_proto(const struct page *p, const struct cell *c)
{
	static const struct {
		uint64_t number;
		const char *name;
	} names[] = {{1, "ICMP"}, {6, "TCP"}, {17, "UDP"}, {47, "GRE"}, {50, "ESP"}, {58, "ICMPv6"},
		{132, "SCTP"}};
	uint64_t number;

	if (!cell_u64(c, &number)) {
		return;
	}
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == number) {
			fputs(names[i].name, p->out);
			return;
		}
	}
	fprintf(p->out, "IP %" PRIu64, number);
}

static void put_when(const struct page *p, const struct fields *f)
{
	char text[TEXT_TIME];
	int64_t t;

	fputs("<tr><th scope=\"row\">", p->out);
	if (cell_i64(f->v[FIELD_T0], &t)) {
		fputs(text_time(t, p->digest->o.offset, text), p->out);
	}
	fputs("<br>", p->out);
	page_record_link(p, f->v[FIELD_SEQ]);
	fputs("</th><td class=\"x\">", p->out);
}

static void put_ends(const struct page *p, const struct fields *f)
{
	if (f->v[FIELD_TN] != NULL) {
		html_cell(p->out, f->v[FIELD_TN]);
		fputs("<br>", p->out);
	}
	put_end(p, f->v[FIELD_SRC], f->v[FIELD_SPORT]);
	fputs("<br>→ ", p->out);
	put_end(p, f->v[FIELD_DST], f->v[FIELD_DPORT]);
	fputs(" ", p->out);
	put_proto(p, f->v[FIELD_PROTO]);
	fputs("</td><td class=\"x\">", p->out);
}

static void put_label(const struct page *p, const struct fields *f)
{
	char cc[8];
	const char *name;

	html_cell(p->out, f->v[FIELD_APP]);
	if (f->v[FIELD_HOST] != NULL) {
		fputs("<br>", p->out);
		html_cell(p->out, f->v[FIELD_HOST]);
	}
	fputs("</td><td>", p->out);
	cell_text(f->v[FIELD_CC], cc, sizeof(cc));
	name = country_name(cc, p->lang);
	if (name != NULL) {
		html_string(p->out, name);
	} else {
		html_cell(p->out, f->v[FIELD_CC]);
	}
	fputs("</td><td class=\"x\">", p->out);
}

static void put_verdict(const struct page *p, const struct fields *f)
{
	page_code(p, f->v[FIELD_REASON]);
	fputs("<br>", p->out);
	html_string(p->out, word(W_RULE, p->lang));
	fputs(p->lang == LANG_ZH ? "：" : ": ", p->out);
	if (f->v[FIELD_RULE] != NULL) {
		fputs("<span class=\"code\">", p->out);
		html_cell(p->out, f->v[FIELD_RULE]);
		fputs("</span>", p->out);
	} else {
		html_string(p->out, word(page_no_rule(f->v[FIELD_REASON]), p->lang));
	}
	fputs("<br>", p->out);
	html_string(p->out, word(W_BASIS, p->lang));
	fputs(p->lang == LANG_ZH ? "：" : ": ", p->out);
	page_basis(p, f->v[FIELD_BASIS]);
	fputs("</td>", p->out);
}

static void put_bytes(const struct page *p, const struct flow_item *item)
{
	static const enum word titles[] = {W_OUT, W_STOPPED, W_BEFORE};
	const uint64_t bytes[] = {item->out, item->stopped, item->before};
	char text[TEXT_NUMBER];

	fputs("<td class=\"n\">", p->out);
	for (unsigned i = 0; i < 3; i++) {
		fprintf(p->out, "%s<span class=\"dim\">", i != 0 ? "<br>" : "");
		html_string(p->out, word(titles[i], p->lang));
		fprintf(p->out, "</span> %s", text_count(bytes[i], text));
	}
	fputs("</td>", p->out);
}

void page_flow_cells(const struct page *p, const struct fields *f)
{
	put_when(p, f);
	put_ends(p, f);
	put_label(p, f);
	put_verdict(p, f);
}

static void put_flow(const struct page *p, const struct flow_item *item)
{
	struct fields f;
	struct row r;

	if (!row_parse(&r, item->line, item->len)) {
		return; // cannot happen: it was parsed when it was listed
	}
	fields_find(&f, &r);
	page_flow_cells(p, &f);
	put_bytes(p, item);
	fputs("</tr>\n", p->out);
}

static void put_head(const struct page *p, enum word title)
{
	page_table(p, title, "flows");
	page_column(p, W_WHEN, "w12");
	page_column(p, W_FLOW, "w22");
	page_column(p, W_APP_HOST, "w16");
	page_column(p, W_COUNTRY, "w9");
	page_column(p, W_REASON, "");
	page_column(p, W_BYTES, "n");
	fputs("</tr></thead>\n<tbody>\n", p->out);
}

// For a shell: as it is, or in single quotes.
static void put_quoted(FILE *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-./:+,=@";

	if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
		fputs(text, out);
		return;
	}
	fputc('\'', out);
	for (; *text != '\0'; text++) {
		fputs(*text == '\'' ? "'\\''" : (const char[]){*text, '\0'}, out);
	}
	fputc('\'', out);
}

// The command that lists all that the table counts. free() it; NULL: no memory.
static char *command(const struct page *p, const char *act)
{
	const struct period_bounds *when = &p->digest->o.when;
	const int64_t offset = p->digest->o.offset;
	char *text = NULL, time[TEXT_TIME];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL) {
		return NULL;
	}
	fputs("bhlog report ", out);
	put_quoted(out, p->source);
	if (when->has_since) {
		fprintf(out, " --since %s", text_stamp(when->since, offset, time));
	}
	if (when->has_until) {
		fprintf(out, " --until %s", text_stamp(when->until, offset, time));
	}
	fprintf(out, " --flows %s", act);
	fclose(out);
	return text;
}

static void put_list(const struct page *p, enum word title, const struct flow_list *l,
	const char *act, uint64_t all)
{
	char n[TEXT_NUMBER], *all_of_them;
	const char *args[] = {text_count(l->shown, n)};

	if (l->shown == 0) {
		page_note(p, W_NO_FLOWS);
		return;
	}
	all_of_them = command(p, act);
	fputs("<p>", p->out);
	html_fill(p->out, word(W_FLOWS_NOTE, p->lang), args, 1);
	if (all_of_them != NULL) {
		fputs("<span class=\"code\">", p->out);
		html_string(p->out, all_of_them);
		fputs("</span>", p->out);
	}
	fputs("</p>\n", p->out);
	free(all_of_them);
	put_head(p, title);
	for (size_t i = 0; i < l->shown; i++) {
		put_flow(p, &l->items[i]);
	}
	fputs("</tbody>\n", p->out);
	if (all > l->shown) {
		fputs("<tfoot><tr><th scope=\"row\" colspan=\"6\">", p->out);
		html_fill1(p->out, word(W_MORE_FLOWS, p->lang), text_count(all - l->shown, n));
		fputs("</th></tr></tfoot>\n", p->out);
	}
	page_table_end(p);
}

void page_blocked(const struct page *p)
{
	put_list(p, W_BLOCKED, &p->digest->blocked, "block", p->digest->total.flows[ACT_BLOCK]);
}

void page_flagged(const struct page *p)
{
	put_list(p, W_FLAGGED, &p->digest->flagged, "flag", p->digest->total.flows[ACT_FLAG]);
}
