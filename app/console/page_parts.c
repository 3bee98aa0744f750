// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/page.h"

#include <inttypes.h>
#include <string.h>

#define BIG 1000000000000u // numbers from here on take smaller letters on paper

void page_heading(const struct page *p, const char *id, enum word title)
{
	fprintf(p->out, "<h2 id=\"%s\">", id);
	html_string(p->out, word(title, p->lang));
	fputs("</h2>\n", p->out);
}

void page_note(const struct page *p, enum word text)
{
	fputs("<p>", p->out);
	html_string(p->out, word(text, p->lang));
	fputs("</p>\n", p->out);
}

enum word page_no_rule(const struct cell *reason)
{
	return reason == NULL || reason->len == 0 ? W_NO_VERDICT_ROW : W_NO_RULE_ROW;
}

void page_by_catalogue(const struct page *p, const char *command)
{
	fputs("<p class=\"figures cached\">", p->out);
	html_fill1(p->out, word(W_LIST_BY_CATALOGUE, p->lang), command);
	fputs("</p>\n", p->out);
}

void page_table(const struct page *p, enum word name, const char *class)
{
	const struct sums *s = &p->digest->total;
	const bool big = sums_out(s) >= BIG || s->in >= BIG || s->stopped >= BIG;

	// What can be scrolled must be reachable from the keyboard (WCAG 2.1.1).
	fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", p->out);
	html_string(p->out, word(name, p->lang));
	fprintf(p->out, "\"><table class=\"%s%s\">\n<thead><tr>", class, big ? " big" : "");
}

void page_table_end(const struct page *p)
{
	fputs("</table></div>\n", p->out);
}

void page_column(const struct page *p, enum word title, const char *class)
{
	fputs("<th scope=\"col\"", p->out);
	if (class[0] != '\0') {
		fprintf(p->out, " class=\"%s\"", class);
	}
	fputc('>', p->out);
	html_string(p->out, word(title, p->lang));
	fputs("</th>", p->out);
}

void page_number(const struct page *p, uint64_t v)
{
	char text[TEXT_NUMBER];

	fprintf(p->out, "<td class=\"n\">%s</td>", text_count(v, text));
}

void page_verdict(const struct page *p, const char *act)
{
	const char *words = code_word(act, p->lang);

	fprintf(p->out, "<span class=\"%s\">",
		strcmp(act, "block") == 0  ? "vb"
		: strcmp(act, "flag") == 0 ? "vf"
					   : "va");
	html_string(p->out, words != NULL ? words : act);
	fputs("</span>", p->out);
}

const char *page_words(const struct page *p, const struct cell *c)
{
	char code[256];

	if (c == NULL || html_cell_has_nul(c)) {
		return NULL;
	}
	cell_text(c, code, sizeof(code));
	return code_word(code, p->lang);
}

void page_code(const struct page *p, const struct cell *c)
{
	const char *words = page_words(p, c);

	if (c == NULL || c->len == 0) {
		return;
	}
	if (words != NULL) {
		html_string(p->out, words);
		fputs(" ", p->out);
	}
	fputs("<span class=\"code\">", p->out);
	html_cell(p->out, c);
	fputs("</span>", p->out);
}

void page_code_words(const struct page *p, const struct cell *c)
{
	const char *words = page_words(p, c);

	if (words != NULL) {
		html_string(p->out, words);
	} else {
		html_cell(p->out, c);
	}
}

// "PATH sha256:HEX built:SECONDS" (app/gateway/gateway_log.c); anything else as it is.
static void put_database(const struct page *p, const struct cell *c)
{
	static const char mark[] = " built:";
	const char *built = memmem(c->text, c->len, mark, sizeof(mark) - 1);
	struct cell name = *c, seconds = *c;
	char time[TEXT_TIME];
	int64_t t;

	if (built != NULL) {
		name.len = (size_t)(built - c->text);
		seconds.text = built + sizeof(mark) - 1;
		seconds.len = c->len - name.len - (sizeof(mark) - 1);
		seconds.kind = CELL_NUMBER;
	}
	if (built == NULL || !cell_i64(&seconds, &t)) {
		html_cell(p->out, c);
		return;
	}
	html_cell(p->out, &name);
	fputs(" <span class=\"dim\">", p->out);
	html_fill1(p->out, word(W_BUILT, p->lang), text_seconds(t, p->digest->o.offset, time));
	fputs("</span>", p->out);
}

void page_databases(const struct page *p, const struct cell *list)
{
	struct cell item;
	size_t at = 0;

	while (cell_next(list, &at, &item)) {
		fputs("<div>", p->out);
		put_database(p, &item);
		fputs("</div>", p->out);
	}
}

void page_named_cell(const struct page *p, const struct cell *c)
{
	const char *words = key_word(c->key, c->key_len, p->lang);

	fputs("<span class=\"dim\">", p->out);
	if (words != NULL) {
		html_string(p->out, words);
	} else {
		html_text(p->out, c->key, c->key_len);
	}
	fputs("</span> ", p->out);
	if (c->kind == CELL_LIST && c->key_len == 3 && memcmp(c->key, "dbs", 3) == 0) {
		page_databases(p, c);
	} else if (c->kind == CELL_NUMBER) {
		html_cell(p->out, c);
	} else {
		page_code_words(p, c);
	}
}

void page_basis(const struct page *p, const struct cell *list)
{
	char text[4096], *at = text;
	const char *words;

	if (list == NULL || cell_text(list, text, sizeof(text)) == 0) {
		html_string(p->out, word(W_BASIS_NONE, p->lang));
		return;
	}
	for (char *id; (id = strsep(&at, ";")) != NULL;) { // an id has no semicolon
		words = policy_words_basis(p->policy, id);
		fputs("<div>", p->out);
		if (words != NULL) {
			html_string(p->out, words);
			fputs(" ", p->out);
		}
		fputs("<span class=\"code\"><bdi>", p->out);
		html_string(p->out, id);
		fputs("</bdi></span></div>", p->out);
	}
}

bool page_search_link(const struct page *p, const char *key, const struct cell *value)
{
	char text[512];

	if (!p->served) {
		return false;
	}
	cell_text(value, text, sizeof(text));
	fprintf(p->out, "<a href=\"/search?%s=", key);
	html_url_text(p->out, text);
	for (unsigned i = 0; i < 2; i++) {
		const char *time = i == 0 ? p->since : p->until;

		if (time[0] != '\0') {
			fprintf(p->out, "&amp;%s=", i == 0 ? "since" : "until");
			html_url_text(p->out, time);
		}
	}
	fputs("\">", p->out);
	return true;
}

void page_record_link(const struct page *p, const struct cell *seq)
{
	uint64_t number;

	if (p->served && cell_u64(seq, &number)) {
		fprintf(p->out, "<a href=\"/record?seq=%" PRIu64 "\">#%" PRIu64 "</a>", number,
			number);
	} else {
		fputs("<span class=\"dim\">#", p->out);
		html_cell(p->out, seq);
		fputs("</span>", p->out);
	}
}
