// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/diff.h"
#include "app/console/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 3 // lines around what differs

// A difference as it is put down: lines that are the same wait until it shows whether they are near
// something that is not.
struct diff_out {
	FILE *out;
	struct {
		const char *text;
		size_t len;
	} waiting[CONTEXT];
	unsigned n_waiting, after; // lines still to be shown behind a difference
	bool any, skipped;
};

static void put_line(
	struct diff_out *d, const char *element, const char *mark, const char *text, size_t len)
{
	fprintf(d->out, "<%s>%s", element, mark);
	html_text(d->out, text, len);
	fprintf(d->out, "</%s>\n", element);
}

static void wait_line(struct diff_out *d, const char *text, size_t len)
{
	if (d->n_waiting == CONTEXT) {
		memmove(&d->waiting[0], &d->waiting[1], (CONTEXT - 1) * sizeof(d->waiting[0]));
		d->n_waiting--;
		d->skipped = true;
	}
	d->waiting[d->n_waiting].text = text;
	d->waiting[d->n_waiting++].len = len;
}

static void take_line(void *ctx, enum diff_kind kind, const char *text, size_t len)
{
	struct diff_out *d = ctx;

	if (kind == DIFF_SAME && d->after == 0) {
		wait_line(d, text, len);
		return;
	}
	if (kind == DIFF_SAME) {
		d->after--;
		put_line(d, "span", "  ", text, len);
		return;
	}
	if (d->skipped) {
		fputs("<span class=\"dim\">…</span>\n", d->out);
	}
	for (unsigned i = 0; i < d->n_waiting; i++) {
		put_line(d, "span", "  ", d->waiting[i].text, d->waiting[i].len);
	}
	d->n_waiting = 0;
	d->skipped = false;
	d->any = true;
	d->after = CONTEXT;
	put_line(
		d, kind == DIFF_ADDED ? "ins" : "del", kind == DIFF_ADDED ? "+ " : "- ", text, len);
}

static void put_diff(struct view *v, unsigned i)
{
	const struct page *p = &v->page;
	const struct policy_words_file *a = policy_words_file(v->s->policy, i - 1);
	const struct policy_words_file *b = policy_words_file(v->s->policy, i);
	const char *names[] = {a->path, b->path};
	struct diff_out d = {.out = p->out};
	int rc;

	fputs("<h3>", p->out);
	html_fill(p->out, word(W_DIFF, p->lang), names, 2);
	fputs("</h3>\n<pre class=\"diff\">", p->out);
	rc = diff_lines(a->text, b->text, take_line, &d);
	fputs("</pre>\n", p->out);
	if (rc != 0) {
		page_note(p, W_DIFF_BIG);
	} else if (!d.any) {
		page_note(p, W_DIFF_NONE);
	}
}

void serve_policy(struct view *v)
{
	const unsigned n = policy_words_files(v->s->policy);

	serve_heading(v, W_NAV_POLICY);
	if (!serve_digest(v)) {
		return;
	}
	fputs("<section>", v->page.out);
	page_heading(&v->page, "policy", W_POLICY);
	page_policy(&v->page);
	if (v->page.digest->cached) {
		page_by_catalogue(&v->page, "bhlog report");
	}
	fputs("</section>\n<section>", v->page.out);
	page_heading(&v->page, "files", W_POLICY_FILES);
	if (n == 0) {
		page_note(&v->page, W_DIFF_HINT);
	} else {
		page_policy_files(&v->page);
	}
	for (unsigned i = 1; i < n; i++) {
		put_diff(v, i);
	}
	fputs("</section>\n<section>", v->page.out);
	page_heading(&v->page, "runs", W_RUNS);
	page_runs(&v->page);
	fputs("</section>\n", v->page.out);
	serve_digest_done(v);
}

// Verifies at each look: the log may have changed, which is what the page is for.
void serve_integrity(struct view *v)
{
	struct digest times = {.o = {.offset = v->s->offset}};
	struct report_evidence e;
	char err[4400];

	serve_heading(v, W_INTEGRITY);
	v->page.digest = &times;
	if (report_read_notes(v->s->dir, &e, err, sizeof(err)) != 0) {
		serve_error(v, 500, err);
	} else if (e.answers != NULL) {
		state_check(v->s->state, e.answers);
		v->page.verify = e.answers;
		v->page.checkpoint = e.checkpoint;
		v->page.cosigned = e.cosigned;
		page_integrity(&v->page);
	}
	report_free_evidence(&e);
}
