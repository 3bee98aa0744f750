// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/serve.h"

#include "app/console/script.h"
#include "app/console/style.h"
#include "app/review/evidence.h"
#include "app/review/filter.h"
#include "app/review/period.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define EXAMPLE_TIME 1795510800000000 // 2026-11-24T09:00:00Z

// Links may have a "token" where none is needed.
static const char *const of_period[] = {"since", "until", "lang", "token", NULL};
static const char *const of_none[] = {"lang", "token", NULL};
static const char *const of_record[] = {"seq", "lang", "token", NULL};

static const struct {
	const char *path;
	enum word title;
	bool in_menu;
	void (*put)(struct view *v);
	const char *const *names; // of what can be asked for
} pages[] = {
	{"/", W_NAV_OVERVIEW, true, serve_overview, of_period},
	{"/search", W_NAV_SEARCH, true, serve_search, serve_search_names},
	{"/policy", W_NAV_POLICY, true, serve_policy, of_period},
	{"/integrity", W_INTEGRITY, true, serve_integrity, of_none},
	{"/record", W_RECORDS, false, serve_record, of_record},
};

#define N_PAGES (sizeof(pages) / sizeof(pages[0]))

const char *serve_value(const struct view *v, const char *key)
{
	const char *text = http_query(v->r, key);

	return text != NULL ? text : "";
}

void serve_heading(struct view *v, enum word title)
{
	fputs("<h1>", v->page.out);
	html_string(v->page.out, word(title, v->page.lang));
	fputs("</h1>\n", v->page.out);
}

void serve_error(struct view *v, unsigned status, const char *text)
{
	v->reply->status = status;
	fputs("<p class=\"state bad\" role=\"alert\">", v->page.out);
	html_string(v->page.out, text);
	fputs("</p>\n", v->page.out);
}

void serve_time_field(struct view *v, const char *key, enum word label)
{
	const char *text = serve_value(v, key);
	char stamp[TEXT_TIME], example[TEXT_TIME];
	FILE *out = v->page.out;
	int64_t t;

	// A date is one of the page's zone as it is, and parts of a second are kept.
	if (strchr(text, 'T') != NULL && period_bound(text, v->s->offset, false, &t) &&
		t % 1000000 == 0) {
		text = text_stamp(t, v->s->offset, stamp);
	}
	fputs("<label>", out);
	html_string(out, word(label, v->page.lang));
	fprintf(out, "<input name=\"%s\" id=\"%s\" size=\"25\" autocomplete=\"off\" value=\"", key,
		key);
	html_string(out, text);
	fprintf(out, "\" placeholder=\"%s\"></label>\n",
		text_stamp(EXAMPLE_TIME - v->s->offset * 1000000, v->s->offset, example));
}

void serve_bad_value(struct view *v, enum word field, const char *text, const char *expected)
{
	const char *args[] = {text, word(field, v->page.lang), expected};

	v->reply->status = 400;
	fputs("<p class=\"state bad\" role=\"alert\">", v->page.out);
	html_fill(v->page.out, word(W_BAD_VALUE, v->page.lang), args, 3);
	fputs("</p>\n", v->page.out);
}

static bool take_time(struct view *v, const char *key, enum word label, bool *has, int64_t *to)
{
	const char *text = serve_value(v, key);
	char example[TEXT_TIME], expected[128];

	if (text[0] == '\0') {
		return true;
	}
	if (!period_bound(text, v->s->offset, key[0] == 'u', to)) {
		text_stamp(EXAMPLE_TIME - v->s->offset * 1000000, v->s->offset, example);
		snprintf(expected, sizeof(expected), "%s%s", word(W_TIME_HINT, v->page.lang),
			example);
		serve_bad_value(v, label, text, expected);
		return false;
	}
	*has = true;
	return true;
}

bool serve_period(struct view *v, struct period_bounds *o)
{
	if (!take_time(v, "since", W_SINCE, &o->has_since, &o->since) ||
		!take_time(v, "until", W_UNTIL, &o->has_until, &o->until)) {
		return false;
	}
	if (o->has_since && o->has_until && o->since >= o->until) {
		serve_bad_value(
			v, W_UNTIL, serve_value(v, "until"), word(W_LATER_HINT, v->page.lang));
		return false;
	}
	return true;
}

struct lookup_options serve_catalogue(struct serve *s)
{
	return (struct lookup_options){.bad = &s->bad_catalogue};
}

bool serve_may_start(const char *line, size_t len)
{
	static const char start[] = "\"ev\":\"start\"";
	const size_t begin = strlen(filter_begin), word = strlen("start\"");

	if (len >= begin + word && memcmp(line, filter_begin, begin) == 0) {
		return memcmp(line + begin, "start\"", word) == 0;
	}
	return memmem(line, len, start, sizeof(start) - 1) != NULL;
}

// ---- the frame of a page

// The rest of the URL for the page in the other language.
static void put_other(void *ctx, const char *key, const char *value)
{
	FILE *out = ctx;

	if (strcmp(key, "lang") != 0 && strcmp(key, "token") != 0 && value[0] != '\0') {
		fputs("&amp;", out);
		html_url_text(out, key);
		fputs("=", out);
		html_url_text(out, value);
	}
}

static void put_head(const struct view *v, enum word title)
{
	FILE *out = v->page.out;

	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
		lang_tag(v->page.lang));
	if (title == W_RECORDS) { // one of them
		html_fill1(out, word(W_RECORD_TITLE, v->page.lang), serve_value(v, "seq"));
	} else {
		html_string(out, word(title, v->page.lang));
	}
	fputs(" · Bridgehead</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n"
	      "<script src=\"/console.js\" defer></script>\n</head>\n<body>\n"
	      "<a class=\"skip\" href=\"#main\">",
		out);
	html_string(out, word(W_SKIP, v->page.lang));
	fputs("</a>\n<nav class=\"menu\"><ul>", out);
	for (unsigned i = 0; i < N_PAGES; i++) {
		if (pages[i].in_menu) {
			fprintf(out, "<li><a href=\"%s\"%s>", pages[i].path,
				pages[i].title == title ? " aria-current=\"page\"" : "");
			html_string(out, word(pages[i].title, v->page.lang));
			fputs("</a></li>", out);
		}
	}
	fputs("<li class=\"other\"><a href=\"", out);
	html_string(out, v->here);
	fprintf(out, "?lang=%s", v->page.lang == LANG_ZH ? "en" : "zh");
	http_each_query(v->r, put_other, out);
	fprintf(out, "\" lang=\"%s\">", lang_tag(v->page.lang == LANG_ZH ? LANG_EN : LANG_ZH));
	html_string(out, word(W_NAV_OTHER_LANG, v->page.lang));
	fputs("</a></li></ul></nav>\n<main id=\"main\">\n", out);
}

// Of which log the page is, and of which zone its times are.
static void put_zone(const struct view *v)
{
	const struct page *p = &v->page;
	char offset[TEXT_NUMBER];

	fputs("<p class=\"eyebrow\">", p->out);
	html_string(p->out, word(W_SOURCE, p->lang));
	fputs(p->lang == LANG_ZH ? "：<bdi>" : ": <bdi>", p->out);
	html_string(p->out, p->source);
	fputs("</bdi> · ", p->out);
	html_string(p->out, word(W_TIMES, p->lang));
	fputs(p->lang == LANG_ZH ? "：" : ": ", p->out);
	html_fill1(p->out, word(W_TIMES_ARE, p->lang), text_offset(v->s->offset, offset));
	fputs("</p>\n", p->out);
}

static void put_foot(const struct view *v)
{
	fputs("</main>\n<footer id=\"limits\"><h2>", v->page.out);
	html_string(v->page.out, word(W_LIMITS, v->page.lang));
	fputs("</h2>\n", v->page.out);
	page_note(&v->page, W_LIMITS_CAN);
	page_note(&v->page, W_LIMITS_CANNOT);
	fputs("</footer>\n</body>\n</html>\n", v->page.out);
}

static void choose_lang(struct view *v)
{
	const char *asked = http_query(v->r, "lang"), *kept = http_cookie(v->r, "lang");

	v->page.lang = v->s->lang;
	if (asked != NULL && lang_parse(asked, &v->page.lang)) {
		v->reply->set_cookie = v->page.lang == LANG_ZH ? "lang=zh" : "lang=en";
	} else if (kept != NULL) {
		lang_parse(kept, &v->page.lang);
	}
}

// The paragraph alone, for the script of a page that came before the answer.
static void answer_state(struct serve *s, const struct http_request *r, struct http_reply *reply)
{
	struct digest times = {.o = {.offset = s->offset}};
	struct view v = {.s = s, .r = r, .reply = reply, .here = r->path};

	v.page = (struct page){.digest = &times, .served = true};
	choose_lang(&v);
	v.page.out = open_memstream(&reply->body, &reply->len);
	if (v.page.out != NULL) {
		serve_state(&v);
		fclose(v.page.out);
	}
}

// A filter that is not known would be left out, and the page show more than was asked for.
static bool names_are_known(struct view *v, const char *const *names)
{
	const char *odd = http_odd_query(v->r, names);
	char list[512] = "";
	const char *args[] = {odd, list};
	size_t len;

	if (odd == NULL) {
		return true;
	}
	for (unsigned i = 0; names[i] != NULL; i++) {
		len = strlen(list);
		snprintf(list + len, sizeof(list) - len, "%s%s", i != 0 ? ", " : "", names[i]);
	}
	v->reply->status = 400;
	serve_heading(v, W_BAD_REQUEST);
	fputs("<p class=\"state bad\" role=\"alert\">", v->page.out);
	html_fill(v->page.out, word(W_ODD_NAME, v->page.lang), args, 2);
	fputs("</p>\n", v->page.out);
	return false;
}

static void answer_page(struct serve *s, const struct http_request *r, struct http_reply *reply)
{
	struct view v = {.s = s, .r = r, .reply = reply, .here = r->path};
	struct digest times = {.o = {.offset = s->offset}}; // for the times shown
	unsigned i = 0;

	v.page = (struct page){
		.policy = s->policy, .source = s->dir, .served = true, .since = "", .until = ""};
	choose_lang(&v);
	v.page.out = open_memstream(&reply->body, &reply->len);
	if (v.page.out == NULL) {
		return;
	}
	while (i < N_PAGES && strcmp(pages[i].path, r->path) != 0) {
		i++;
	}
	put_head(&v, i < N_PAGES ? pages[i].title : W_NO_SUCH_PAGE);
	put_zone(&v);
	if (i >= N_PAGES || pages[i].put != serve_integrity) { // which says it all
		v.page.digest = &times;
		serve_state(&v);
	}
	if (i < N_PAGES && names_are_known(&v, pages[i].names)) {
		pages[i].put(&v);
	} else if (i >= N_PAGES) {
		serve_heading(&v, W_NO_SUCH_PAGE);
		serve_error(&v, 404, r->path);
	}
	put_foot(&v);
	fclose(v.page.out);
}

// ---- what is no page

static void reply_text(struct http_reply *reply, const char *type, const char *text, size_t len)
{
	reply->type = type;
	reply->body = malloc(len + 1);
	if (reply->body != NULL) {
		memcpy(reply->body, text, len);
		reply->body[len] = '\0';
		reply->len = len;
	}
}

// The words of codes first, so that the script can tell what a page should say. They hold nothing
// that JSON would escape.
static void answer_script(struct http_reply *reply)
{
	FILE *out = open_memstream(&reply->body, &reply->len);
	const char *code;

	reply->type = "text/javascript; charset=utf-8";
	if (out == NULL) {
		return;
	}
	fputs("const codeWords = {", out);
	for (unsigned i = 0; (code = code_at(i)) != NULL; i++) {
		fprintf(out, "%s\n\t\"%s\": [\"%s\", \"%s\"]", i != 0 ? "," : "", code,
			code_word(code, LANG_EN), code_word(code, LANG_ZH));
	}
	fprintf(out, "\n};\n\n%s", console_script);
	fclose(out);
}

static void answer_proof(struct serve *s, const struct http_request *r, struct http_reply *reply)
{
	static char name[] = "record.proof";
	const char *text = http_query(r, "seq"), *why = "no number";
	const struct cell number = {.text = text != NULL ? text : "",
		.len = text != NULL ? strlen(text) : 0,
		.kind = CELL_NUMBER};
	char *proof = NULL;
	uint64_t seq;

	if (!cell_u64(&number, &seq)) {
		reply->status = 400;
	} else if (prove_text(s->dir, seq, &proof, &why) != 0) {
		reply->status = 404;
	} else {
		reply->type = "text/plain; charset=utf-8";
		reply->file_name = name;
		reply->body = proof;
		reply->len = strlen(proof);
		return;
	}
	reply_text(reply, "text/plain; charset=utf-8", why, strlen(why));
}

void serve_answer(void *ctx, const struct http_request *r, struct http_reply *reply)
{
	struct serve *s = ctx;

	if (strcmp(r->path, "/style.css") == 0) {
		reply_text(reply, "text/css; charset=utf-8", style_sheet, strlen(style_sheet));
	} else if (strcmp(r->path, "/console.js") == 0) {
		answer_script(reply);
	} else if (strcmp(r->path, "/proof") == 0) {
		answer_proof(s, r, reply);
	} else if (strcmp(r->path, "/favicon.ico") == 0) { // browsers ask for it unasked
		reply->status = 204;
		reply_text(reply, "image/x-icon", "", 0);
	} else if (strcmp(r->path, "/state") == 0) {
		answer_state(s, r, reply);
	} else {
		answer_page(s, r, reply);
	}
}
