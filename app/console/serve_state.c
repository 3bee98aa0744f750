// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/serve.h"

#include <stdlib.h>

// What the verifier found first, in the words of the page.
static void put_finding(const struct page *p, const struct verify_report *r)
{
	const struct verify_answer *const answers[] = {
		&r->integrity, &r->signer, &r->anchor, &r->completeness};
	char block[TEXT_NUMBER];
	const char *bad[] = {text_count(r->bad_block, block), r->bad_segment};

	if (r->has_bad) {
		html_fill(p->out, word(W_FIRST_BAD, p->lang), bad, 2);
		return;
	}
	for (unsigned i = 0; i < 4; i++) {
		if (answers[i]->status == VERIFY_TAMPERED ||
			answers[i]->status == VERIFY_UNREADABLE) {
			page_verifier_text(p, answers[i]->text);
			return;
		}
	}
}

static void put_known(const struct page *p, const struct state_answer *a)
{
	const enum page_log_state state = page_log_state(&a->report);
	const bool bad = state == PAGE_LOG_BAD || state == PAGE_LOG_UNREADABLE;
	char time[TEXT_TIME];

	html_string(p->out, word(page_log_state_word(state), p->lang));
	if (bad) {
		fputs(p->lang == LANG_ZH ? "：" : ": ", p->out);
		put_finding(p, &a->report);
		fputs(p->lang == LANG_ZH ? "。" : ". ", p->out);
		html_string(p->out, word(W_STATE_NO_RELIANCE, p->lang));
	}
	if (!a->current) {
		fputs(p->lang == LANG_ZH ? "。" : bad ? " " : ". ", p->out);
		html_fill1(p->out, word(W_STATE_OF, p->lang),
			text_time(a->at, p->digest->o.offset, time));
	}
}

void serve_state(struct view *v)
{
	static const char *const classes[] = {[PAGE_LOG_WHOLE] = "state good",
		[PAGE_LOG_NOT_ALL] = "state",
		[PAGE_LOG_BAD] = "state bad",
		[PAGE_LOG_UNREADABLE] = "state bad"};
	const struct page *p = &v->page;
	struct state_answer *a = calloc(1, sizeof(*a));
	const char *class = "state";

	if (a == NULL) {
		return;
	}
	state_get(v->s->state, a);
	if (a->known) {
		class = classes[page_log_state(&a->report)];
	}
	fprintf(p->out, "<p class=\"%s log\" role=\"%s\"%s>", class,
		class[5] == ' ' && class[6] == 'b' ? "alert" : "status",
		a->running ? " data-running" : "");
	if (a->known) {
		put_known(p, a);
	} else {
		html_string(p->out, word(a->running ? W_STATE_RUNNING : W_STATE_NONE, p->lang));
	}
	fputs(" <a href=\"/integrity\">", p->out);
	html_string(p->out, word(W_INTEGRITY, p->lang));
	fputs("</a></p>\n", p->out);
	free(a);
}
