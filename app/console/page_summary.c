// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/page.h"

static void put_card(
	const struct page *p, enum word title, const char *class, uint64_t v, bool bytes)
{
	char human[TEXT_NUMBER], exact[TEXT_NUMBER];

	fprintf(p->out, "<li class=\"%s\">", class);
	html_string(p->out, word(title, p->lang));
	fprintf(p->out, "<b>%s</b>", bytes ? text_bytes(v, human) : text_count(v, human));
	if (bytes) {
		fputs("<span>", p->out);
		html_fill1(p->out, word(W_IN_EXACT, p->lang), text_count(v, exact));
		fputs("</span>", p->out);
	}
	fputs("</li>\n", p->out);
}

static void put_cards(const struct page *p)
{
	const struct sums *s = &p->digest->total;

	fputs("<ul class=\"cards\">\n", p->out);
	put_card(p, W_BYTES_LEFT, "ka", sums_out(s), true);
	put_card(p, W_FLOWS, "", sums_flows(s), false);
	put_card(p, W_FLOWS_FLAGGED, "kf", s->flows[ACT_FLAG], false);
	put_card(p, W_FLOWS_BLOCKED, "kb", s->flows[ACT_BLOCK], false);
	put_card(p, W_BYTES_STOPPED, "kb", s->stopped, true);
	put_card(p, W_BYTES_BEFORE, "kf", sums_before(s), true);
	fputs("</ul>\n", p->out);
}

enum page_log_state page_log_state(const struct verify_report *r)
{
	static const enum page_log_state states[] = {
		PAGE_LOG_WHOLE, PAGE_LOG_BAD, PAGE_LOG_UNREADABLE, PAGE_LOG_NOT_ALL};
	const enum page_log_state state = states[verify_exit(r)];

	// Nothing is wrong, but nobody else has seen the log.
	return state == PAGE_LOG_WHOLE && r->anchor.status == VERIFY_UNASKED ? PAGE_LOG_NOT_ALL
									     : state;
}

enum word page_log_state_word(enum page_log_state state)
{
	static const enum word words[] = {[PAGE_LOG_WHOLE] = W_LOG_WHOLE,
		[PAGE_LOG_NOT_ALL] = W_LOG_NOT_ALL,
		[PAGE_LOG_BAD] = W_LOG_BAD,
		[PAGE_LOG_UNREADABLE] = W_LOG_UNREADABLE};

	return words[state];
}

// The answer on the log in one line, in sight of the figures that rest on it.
static void put_state(const struct page *p)
{
	static const char *const classes[] = {[PAGE_LOG_WHOLE] = "state good",
		[PAGE_LOG_NOT_ALL] = "state",
		[PAGE_LOG_BAD] = "state bad",
		[PAGE_LOG_UNREADABLE] = "state bad"};
	const enum page_log_state state =
		p->verify != NULL ? page_log_state(p->verify) : PAGE_LOG_NOT_ALL;

	fprintf(p->out, "<p class=\"%s\">", classes[state]);
	html_string(p->out, word(W_LOG_IS, p->lang));
	fputs(p->lang == LANG_ZH ? "：" : ": ", p->out);
	html_string(p->out,
		word(p->verify != NULL ? page_log_state_word(state) : W_NOT_A_DIR, p->lang));
	if (p->verify != NULL && state != PAGE_LOG_WHOLE) {
		fputs(p->lang == LANG_ZH ? "：" : ": ", p->out);
		html_string(p->out, word(W_SEE_INTEGRITY, p->lang));
	}
	fputs("</p>\n", p->out);
}

static void put_warning(const struct page *p, enum word text, uint64_t v)
{
	char number[TEXT_NUMBER];

	if (v != 0) {
		fputs("<p>", p->out);
		html_fill1(p->out, word(text, p->lang), text_count(v, number));
		fputs("</p>\n", p->out);
	}
}

static void put_local(const struct page *p)
{
	char flows[TEXT_NUMBER], bytes[TEXT_NUMBER];
	const struct sums *s = &p->digest->local;
	const char *args[] = {text_count(sums_flows(s), flows), bytes};
	uint64_t all = sums_out(s);

	sums_count(&all, s->in);
	text_count(all, bytes);
	if (sums_flows(s) != 0) {
		fputs("<p>", p->out);
		html_fill(p->out, word(W_LOCAL_FLOWS, p->lang), args, 2);
		fputs("</p>\n", p->out);
	}
}

// Where the figures come from: what a reader must know before relying on them.
static void put_basis(const struct page *p)
{
	const struct digest *d = p->digest;
	enum word text = W_BY_CATALOGUE;

	if (!d->cached) {
		if (p->verify == NULL) { // lines as they came, or the console: it verifies later
			return;
		}
		text = d->verified ? W_BY_VERIFIED : W_BY_READ;
	}
	fprintf(p->out, "<p class=\"figures%s\">", d->cached ? " cached" : "");
	html_string(p->out, word(text, p->lang));
	fputs("</p>\n", p->out);
}

void page_summary(const struct page *p)
{
	const struct digest *d = p->digest;

	put_cards(p);
	put_basis(p);
	if (!p->served) { // the console has a page for it
		put_state(p);
	}
	if (p->stopped != NULL) {
		fputs("<p class=\"state bad\">", p->out);
		html_fill1(p->out, word(W_STOPPED_AT, p->lang), "");
		page_verifier_text(p, p->stopped);
		fputs("</p>\n", p->out);
	}
	put_warning(p, W_UNREADABLE, d->unreadable);
	put_warning(p, W_GAPS_NOTE, d->gap_lost);
	put_warning(p, W_UNDERCOUNTED, d->undercounted);
	put_warning(p, W_NO_ROOM, d->no_room);
	put_warning(p, W_STILL_OPEN, d->still_open);
	put_local(p);
	if (p->torn) {
		page_note(p, W_TORN);
	}
	fputs("<p class=\"dim\">", p->out);
	html_string(p->out, word(W_HOW_COUNTED, p->lang));
	fputs("</p>\n", p->out);
}
