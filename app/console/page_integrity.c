// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/page.h"
#include "app/console/sentences.h"

#include <string.h>

// What an answer means; the verifier's own words stand below it.
static const struct {
	enum word question, good, tampered, otherwise;
} questions[] = {
	{W_Q_INTEGRITY, W_A_WHOLE, W_A_TAMPERED, W_A_NOT_WHOLE},
	{W_Q_SIGNER, W_A_SIGNED, W_A_TAMPERED, W_A_NOT_SIGNED},
	{W_Q_ANCHOR, W_A_ANCHORED, W_A_TAMPERED, W_A_NOT_ANCHORED},
	{W_Q_COMPLETENESS, W_A_COMPLETE, W_A_TAMPERED, W_A_NOT_COMPLETE},
	{W_Q_REDACTION, W_A_NOTHING, W_A_REMOVED, W_A_PRUNED},
};

void page_verifier_text(const struct page *p, const char *text)
{
	if (p->lang != LANG_EN && sentence_put(p->out, text, p->lang)) {
		return;
	}
	fputs("<span lang=\"en\">", p->out);
	html_string(p->out, text);
	fputs("</span>", p->out);
}

static void put_answer(const struct page *p, unsigned i, const struct verify_answer *a)
{
	const char *status = verify_status_name(a->status);
	const char *words = code_word(status, p->lang);
	const enum word meaning = a->status == VERIFY_GOOD       ? questions[i].good
				  : a->status == VERIFY_TAMPERED ? questions[i].tampered
								 : questions[i].otherwise;

	fputs("<tr><th scope=\"row\">", p->out);
	html_string(p->out, word(questions[i].question, p->lang));
	fprintf(p->out, "</th><td><span class=\"%s\">",
		a->status == VERIFY_GOOD                                         ? "va"
		: a->status == VERIFY_TAMPERED || a->status == VERIFY_UNREADABLE ? "vb"
										 : "vf");
	html_string(p->out, words != NULL ? words : status);
	fputs("</span></td><td class=\"x\">", p->out);
	html_string(p->out, word(meaning, p->lang));
	if (a->text[0] != '\0') {
		fputs("<br><span class=\"dim\">bhlog verify", p->out);
		fputs(p->lang == LANG_ZH ? "：" : ": ", p->out);
		page_verifier_text(p, a->text);
		fputs("</span>", p->out);
	}
	fputs("</td></tr>\n", p->out);
}

static void put_answers(const struct page *p)
{
	const struct verify_report *v = p->verify;
	const struct verify_answer *const answers[] = {
		&v->integrity, &v->signer, &v->anchor, &v->completeness, &v->redaction};
	char block[TEXT_NUMBER];
	const char *bad[] = {text_count(v->bad_block, block), v->bad_segment};

	page_table(p, W_INTEGRITY, "");
	page_column(p, W_QUESTION, "");
	page_column(p, W_ANSWER, "");
	page_column(p, W_MEANING, "");
	fputs("</tr></thead>\n<tbody>\n", p->out);
	for (unsigned i = 0; i < 5; i++) {
		put_answer(p, i, answers[i]);
	}
	fputs("</tbody>\n", p->out);
	page_table_end(p);
	if (v->has_bad) {
		fputs("<p class=\"state bad\">", p->out);
		html_fill(p->out, word(W_FIRST_BAD, p->lang), bad, 2);
		fputs("</p>\n", p->out);
	}
}

static void put_sizes(const struct page *p)
{
	const struct verify_report *v = p->verify;
	char records[TEXT_NUMBER], blocks[TEXT_NUMBER], segments[TEXT_NUMBER], covers[TEXT_NUMBER];
	char time[TEXT_TIME];
	const char *args[] = {text_count(v->records, records), text_count(v->blocks, blocks),
		text_count(v->segments, segments)};
	const char *checkpoint[] = {text_count(v->checkpoint, covers),
		text_time(v->checkpoint_time, p->digest->o.offset, time)};

	fputs("<p>", p->out);
	html_fill(p->out, word(W_LOG_SIZES, p->lang), args, 3);
	if (p->checkpoint != NULL && v->checkpoint_time != 0) {
		fputs(" ", p->out);
		html_fill(p->out, word(W_CHECKPOINT_COVERS, p->lang), checkpoint, 2);
	}
	fputs("</p>\n", p->out);
}

static void put_note(const struct page *p, enum word title, const char *text, enum word none)
{
	const char *heading = p->served ? "h2" : "h3"; // of a page, or of a section of the report
	struct cell digits = {.kind = CELL_NUMBER};
	char time[TEXT_TIME];
	const char *line;
	int64_t t;

	fprintf(p->out, "<%s>", heading);
	html_string(p->out, word(title, p->lang));
	fprintf(p->out, "</%s>\n", heading);
	if (text == NULL) {
		page_note(p, none);
		return;
	}
	fputs("<pre>", p->out);
	html_string(p->out, text);
	fputs("</pre>\n", p->out);
	line = strstr(text, "\ntime ");
	if (line != NULL) {
		digits.text = line + strlen("\ntime ");
		digits.len = strcspn(digits.text, "\n");
	}
	if (line != NULL && cell_i64(&digits, &t)) {
		fputs("<p>", p->out);
		html_fill1(p->out, word(W_NOTE_TIME, p->lang),
			text_time(t, p->digest->o.offset, time));
		fputs("</p>\n", p->out);
	}
}

void page_integrity(const struct page *p)
{
	if (p->verify == NULL) {
		page_note(p, W_NOT_A_DIR);
		return;
	}
	page_note(p, W_INTEGRITY_NOTE);
	put_answers(p);
	put_sizes(p);
	put_note(p, W_CHECKPOINT, p->checkpoint, W_NO_CHECKPOINT);
	if (p->checkpoint != NULL) {
		page_note(p, W_CHECKPOINT_NOTE);
	}
	put_note(p, W_COSIGNED, p->cosigned, W_NO_COSIGNED);
}
