// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/chart.h"
#include "app/console/page.h"

static void width_text(const struct page *p, int64_t s, char *out, size_t size)
{
	static const struct {
		int64_t seconds;
		enum word text;
	} units[] = {{86400, W_DAYS}, {3600, W_HOURS}, {60, W_MINUTES}, {1, W_SECONDS}};
	char number[TEXT_NUMBER];
	FILE *f = fmemopen(out, size, "w");
	unsigned u = 0;

	out[0] = '\0';
	while (s % units[u].seconds != 0) {
		u++;
	}
	if (f != NULL) {
		html_fill1(f, word(units[u].text, p->lang),
			text_count((uint64_t)(s / units[u].seconds), number));
		fclose(f);
	}
}

static const char *step_time(const struct page *p, unsigned i, char out[TEXT_TIME])
{
	const struct timeline *t = &p->digest->time;

	text_seconds(timeline_start(t, i), t->offset, out);
	if (t->width >= 86400 && out[0] != '?') {
		out[10] = '\0'; // the date
	} else if (t->width >= 60 && out[0] != '?') {
		out[16] = '\0'; // without seconds
	}
	return out;
}

static void put_axis(const struct page *p)
{
	const unsigned n = p->digest->time.n, ticks = n >= 4 ? 5 : 2;
	char time[TEXT_TIME];

	fputs("<div class=\"axis\" aria-hidden=\"true\">", p->out);
	for (unsigned i = 0; i < ticks; i++) {
		fprintf(p->out, "<span>%s</span>", step_time(p, i * n / (ticks - 1), time));
	}
	fputs("</div>", p->out);
}

static void put_chart(const struct page *p, enum word title, enum act act, const uint64_t *v)
{
	const unsigned n = p->digest->time.n;
	char text[TEXT_NUMBER];
	uint64_t max = 0;

	for (unsigned i = 0; i < n; i++) {
		max = v[i] > max ? v[i] : max;
	}
	fputs("<figure><figcaption><b>", p->out);
	html_string(p->out, word(title, p->lang));
	fputs("</b><span>", p->out);
	if (max != 0) {
		html_fill1(p->out, word(W_CHART_PEAK, p->lang), text_bytes(max, text));
	} else {
		html_string(p->out, word(W_CHART_NONE, p->lang));
	}
	fputs("</span></figcaption>", p->out);
	chart_bars(p->out, v, n, max, act, word(title, p->lang));
	put_axis(p);
	fputs("</figure>\n", p->out);
}

static bool is_empty(const struct sums *s)
{
	return sums_flows(s) == 0 && sums_out(s) == 0 && s->in == 0 && s->stopped == 0;
}

static void put_row(const struct page *p, const struct sums *s)
{
	page_number(p, sums_flows(s));
	for (unsigned i = 0; i < ACTS; i++) {
		page_number(p, s->out[i]);
	}
	page_number(p, s->in);
	page_number(p, s->stopped);
	fputs("</tr>\n", p->out);
}

void page_numbers(const struct page *p)
{
	const struct timeline *t = &p->digest->time;
	char time[TEXT_TIME];

	if (is_empty(&p->digest->total)) {
		page_note(p, W_NO_FLOWS);
		return;
	}
	page_note(p, W_EMPTY_LEFT_OUT);
	page_table(p, W_TIME_TABLE, "");
	page_column(p, W_FROM_TIME, "");
	page_column(p, W_FLOWS, "n");
	page_column(p, W_OUT_ALLOWED, "n");
	page_column(p, W_OUT_FLAGGED, "n");
	page_column(p, W_OUT_BLOCKED, "n");
	page_column(p, W_IN, "n");
	page_column(p, W_STOPPED, "n");
	fputs("</tr></thead>\n<tbody>\n", p->out);
	for (unsigned i = 0; i < t->n; i++) {
		if (!is_empty(&t->steps[i])) {
			fprintf(p->out, "<tr><th scope=\"row\" class=\"t\">%s</th>",
				step_time(p, i, time));
			put_row(p, &t->steps[i]);
		}
	}
	fputs("</tbody>\n<tfoot><tr><th scope=\"row\">", p->out);
	html_string(p->out, word(W_TOTAL, p->lang));
	fputs("</th>", p->out);
	put_row(p, &p->digest->total);
	fputs("</tfoot>\n", p->out);
	page_table_end(p);
}

void page_time(const struct page *p)
{
	const struct timeline *t = &p->digest->time;
	uint64_t v[ACTS][TIMELINE_MAX];
	char width[64];

	if (is_empty(&p->digest->total)) {
		page_note(p, W_NO_FLOWS);
		return;
	}
	for (unsigned i = 0; i < t->n; i++) {
		v[ACT_ALLOW][i] = t->steps[i].out[ACT_ALLOW];
		v[ACT_FLAG][i] = t->steps[i].out[ACT_FLAG];
		v[ACT_BLOCK][i] = t->steps[i].stopped;
	}
	width_text(p, t->width, width, sizeof(width));
	fputs("<p>", p->out);
	html_fill1(p->out, word(W_TIME_CAPTION, p->lang), width);
	fputs(" <a href=\"#numbers\">", p->out);
	html_string(p->out, word(W_TIME_TABLE, p->lang));
	fputs("</a></p>\n", p->out);
	put_chart(p, W_CHART_ALLOWED, ACT_ALLOW, v[ACT_ALLOW]);
	put_chart(p, W_CHART_FLAGGED, ACT_FLAG, v[ACT_FLAG]);
	put_chart(p, W_CHART_BLOCKED, ACT_BLOCK, v[ACT_BLOCK]);
}
