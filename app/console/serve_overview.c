// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/serve.h"
#include "app/rows/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t serve_log_size(const struct serve *s)
{
	char *path = (char *)(uintptr_t)s->dir, err[512];
	struct source *source = source_open(&path, 1, err, sizeof(err));
	uint64_t size = 0;

	if (source != NULL) {
		size = source_stats(source)->bytes_total;
		source_close(source);
	}
	return size;
}

static bool is_same(const struct period_bounds *a, const struct period_bounds *b)
{
	return a->has_since == b->has_since && a->has_until == b->has_until &&
	       a->since == b->since && a->until == b->until;
}

// False: no memory, or the log cannot be read; err tells.
static bool count(struct serve *s, const struct digest_options *o, char *err, size_t err_size)
{
	const struct lookup_options cache = serve_catalogue(s);
	const uint64_t size = serve_log_size(s);
	int rc;

	if (s->digest != NULL && s->size == size && is_same(&s->digest->o.when, &o->when)) {
		return true;
	}
	digest_free(s->digest);
	s->digest = report_read_catalogue(s->dir, o, &cache, &s->torn, &rc, err, err_size);
	if (s->digest == NULL && rc == 0) {
		s->digest = report_read_lines(s->dir, o, &s->torn, &rc, err, err_size);
	}
	s->size = size;
	// Of a damaged log what came before is shown, and said.
	snprintf(s->stopped, sizeof(s->stopped), "%.511s", rc == -EBADMSG ? err : "");
	if (rc != 0 && rc != -EBADMSG) {
		digest_free(s->digest);
		s->digest = NULL;
	}
	return s->digest != NULL;
}

bool serve_digest(struct view *v)
{
	struct digest_options o = {.offset = v->s->offset, .rows = SERVE_TABLE_ROWS};
	char err[4400];

	if (!serve_period(v, &o.when)) {
		return false;
	}
	pthread_mutex_lock(&v->s->lock);
	if (!count(v->s, &o, err, sizeof(err))) {
		pthread_mutex_unlock(&v->s->lock);
		serve_error(v, 500, err);
		return false;
	}
	v->page.digest = v->s->digest;
	v->page.torn = v->s->torn;
	v->page.stopped = v->s->stopped[0] != '\0' ? v->s->stopped : NULL;
	v->page.since = serve_value(v, "since");
	v->page.until = serve_value(v, "until");
	return true;
}

void serve_digest_done(struct view *v)
{
	pthread_mutex_unlock(&v->s->lock);
}

static void put_form(struct view *v)
{
	const struct page *p = &v->page;

	fputs("<form class=\"filters\" method=\"get\" action=\"/\" id=\"period\">", p->out);
	serve_time_field(v, "since", W_SINCE);
	serve_time_field(v, "until", W_UNTIL);
	fputs("<button>", p->out);
	html_string(p->out, word(W_SHOW, p->lang));
	fputs("</button> <a id=\"whole\" href=\"/\">", p->out);
	html_string(p->out, word(W_WHOLE_LOG, p->lang));
	fputs("</a></form>\n<p class=\"dim\">", p->out);
	html_string(p->out, word(W_BRUSH_HINT, p->lang));
	fputs("</p>\n", p->out);
}

// The charts with what a brush needs to know: where the first bar begins and how wide one is.
static void put_charts(struct view *v)
{
	static const struct {
		const char *name;
		enum word text;
	} words[] = {{"label", W_BRUSH_LABEL}, {"range", W_BRUSH_RANGE}, {"none", W_BRUSH_NONE}};
	const struct timeline *t = &v->page.digest->time;

	fprintf(v->page.out,
		"<section id=\"brush\" data-first=\"%lld\" data-width=\"%lld\" data-n=\"%u\" "
		"data-offset=\"%lld\"",
		(long long)timeline_start(t, 0), (long long)t->width, t->n, (long long)t->offset);
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		fprintf(v->page.out, " data-%s=\"", words[i].name);
		html_string(v->page.out, word(words[i].text, v->page.lang));
		fputc('"', v->page.out);
	}
	fputs(">", v->page.out);
	page_heading(&v->page, "time", W_TIME);
	page_time(&v->page);
	fputs("<p class=\"dim\" role=\"status\"></p>\n", v->page.out);
	fputs("</section>\n", v->page.out);
}

void serve_overview(struct view *v)
{
	serve_heading(v, W_NAV_OVERVIEW);
	put_form(v);
	if (!serve_digest(v)) {
		return;
	}
	page_about(&v->page);
	page_summary(&v->page);
	put_charts(v);
	page_sections(&v->page, true);
	serve_digest_done(v);
}
