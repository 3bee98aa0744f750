// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/page.h"

#include "app/console/style.h"

#include <string.h>

static const struct {
	const char *id;
	enum word title;
	void (*put)(const struct page *p);
	bool in_overview; // of the console, as it is; the rest is there in another way
} sections[] = {
	{"summary", W_SUMMARY, page_summary, false},
	{"time", W_TIME, page_time, false},
	{"countries", W_COUNTRIES, page_countries, true},
	{"tenants", W_TENANTS, page_tenants, true},
	{"applications", W_APPS, page_apps, true},
	{"rules", W_RULES, page_rules, true},
	{"blocked", W_BLOCKED, page_blocked, true},
	{"flagged", W_FLAGGED, page_flagged, true},
	{"pending", W_PENDING, page_pending, true},
	{"policy", W_POLICY, page_policy, false},
	{"runs", W_RUNS, page_runs, false},
	{"gaps", W_GAPS, page_gaps, true},
	{"integrity", W_INTEGRITY, page_integrity, false},
	{"numbers", W_TIME_TABLE, page_numbers, true},
};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

static void put_head(const struct page *p, const char *gateway)
{
	// No script can run and nothing can be fetched, whatever a name in the log says.
	fprintf(p->out,
		"<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
		lang_tag(p->lang));
	html_fill1(p->out, word(W_TITLE, p->lang), gateway);
	fprintf(p->out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style_sheet);
}

static void put_term(const struct page *p, enum word term)
{
	fputs("<dt>", p->out);
	html_string(p->out, word(term, p->lang));
	fputs("</dt><dd>", p->out);
}

static void put_period(const struct page *p)
{
	const struct digest *d = p->digest;
	char from[TEXT_TIME], to[TEXT_TIME];
	const char *args[] = {from, to};

	text_time(d->o.when.has_since ? d->o.when.since : d->first, d->o.offset, from);
	text_time(d->o.when.has_until ? d->o.when.until : d->last, d->o.offset, to);
	if (!d->has_time && !(d->o.when.has_since && d->o.when.has_until)) {
		html_string(p->out, word(W_NO_RECORDS_PERIOD, p->lang));
	} else {
		html_fill(p->out, word(W_FROM_TO, p->lang), args, 2);
	}
}

static const char *gateway_name(const struct page *p, char out[DIGEST_TEXT * 3])
{
	const struct cell gw = {
		.text = p->digest->gateway, .len = strlen(p->digest->gateway), .kind = CELL_STRING};

	cell_text(&gw, out, DIGEST_TEXT * 3);
	return out;
}

void page_about(const struct page *p)
{
	const struct digest *d = p->digest;
	char now[TEXT_TIME], offset[TEXT_NUMBER], in[TEXT_NUMBER], read[TEXT_NUMBER];
	const char *made[] = {text_time(p->now, d->o.offset, now), BRIDGEHEAD_VERSION};
	const char *records[] = {text_count(d->in_period, in), text_count(d->lines, read)};
	char gateway[DIGEST_TEXT * 3];

	fputs("<dl class=\"meta\">", p->out);
	put_term(p, W_PERIOD);
	put_period(p);
	fputs("</dd>", p->out);
	put_term(p, W_GATEWAY);
	fputs("<bdi>", p->out);
	html_string(p->out, gateway_name(p, gateway));
	fputs("</bdi></dd>", p->out);
	put_term(p, W_SOURCE);
	fputs("<bdi>", p->out);
	html_string(p->out, p->source);
	fputs("</bdi></dd>", p->out);
	put_term(p, W_RECORDS);
	html_fill(p->out, word(W_RECORDS_ARE, p->lang), records, 2);
	fputs("</dd>", p->out);
	put_term(p, W_TIMES);
	html_fill1(p->out, word(W_TIMES_ARE, p->lang), text_offset(d->o.offset, offset));
	fputs("</dd>", p->out);
	if (!p->served) { // a page of the console is of now
		put_term(p, W_MADE);
		html_fill(p->out, word(W_MADE_WITH, p->lang), made, 2);
		fputs("</dd>", p->out);
	}
	fputs("</dl>\n", p->out);
}

static void put_contents(const struct page *p)
{
	fputs("<nav aria-label=\"", p->out);
	html_string(p->out, word(W_CONTENTS, p->lang));
	fputs("\"><ul>", p->out);
	for (unsigned i = 0; i < N_SECTIONS; i++) {
		fprintf(p->out, "<li><a href=\"#%s\">", sections[i].id);
		html_string(p->out, word(sections[i].title, p->lang));
		fputs("</a></li>", p->out);
	}
	fputs("</ul></nav>\n", p->out);
}

void page_sections(const struct page *p, bool overview)
{
	for (unsigned i = 0; i < N_SECTIONS; i++) {
		if (overview && !sections[i].in_overview) {
			continue;
		}
		fputs("<section>", p->out);
		page_heading(p, sections[i].id, sections[i].title);
		sections[i].put(p);
		fputs("</section>\n", p->out);
	}
}

static void put_foot(const struct page *p)
{
	fputs("<footer id=\"limits\"><h2>", p->out);
	html_string(p->out, word(W_LIMITS, p->lang));
	fputs("</h2>\n", p->out);
	page_note(p, W_LIMITS_CAN);
	page_note(p, W_LIMITS_CANNOT);
	page_note(p, W_LIMITS_PERSONAL);
	fputs("</footer>\n</body>\n</html>\n", p->out);
}

void page_report(const struct page *p)
{
	char gateway[DIGEST_TEXT * 3];

	put_head(p, gateway_name(p, gateway));
	fputs("<header><p class=\"eyebrow\">", p->out);
	html_string(p->out, word(W_PRODUCT, p->lang));
	fputs("</p>\n<h1>", p->out);
	html_fill1(p->out, word(W_TITLE, p->lang), gateway);
	fputs("</h1>\n", p->out);
	page_about(p);
	put_contents(p);
	fputs("</header>\n<main>\n", p->out);
	page_sections(p, false);
	fputs("</main>\n", p->out);
	put_foot(p);
}
