// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/html.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define CELL_MAX 4096

// The code point at p; *n its bytes. 0xfffd where there is none (too long, a surrogate, cut off).
static uint32_t code_point(const uint8_t *p, size_t left, size_t *n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const size_t want = p[0] < 0x80   ? 1
			    : p[0] < 0xc2 ? 0
			    : p[0] < 0xe0 ? 2
			    : p[0] < 0xf0 ? 3
			    : p[0] < 0xf5 ? 4
					  : 0;
	uint32_t c = p[0];

	*n = 1;
	if (want == 0 || want > left) {
		return 0xfffd;
	}
	if (want > 1) {
		c &= 0xffu >> (want + 1);
	}
	for (size_t i = 1; i < want; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0xfffd;
		}
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
		return 0xfffd;
	}
	*n = want;
	return c;
}

static bool is_unseen(uint32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0xad ||
	       c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

void html_text(FILE *out, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;

	while (p < end) {
		size_t n;
		const uint32_t c = code_point(p, (size_t)(end - p), &n);

		if (c == '&') {
			fputs("&amp;", out);
		} else if (c == '<') {
			fputs("&lt;", out);
		} else if (c == '>') {
			fputs("&gt;", out);
		} else if (c == '"') {
			fputs("&quot;", out);
		} else if (c == '\'') {
			fputs("&#39;", out);
		} else if (c == 0xfffd) {
			fputs("\xef\xbf\xbd", out);
		} else if (is_unseen(c)) {
			fprintf(out, "[U+%04X]", c);
		} else {
			fwrite(p, 1, n, out);
		}
		p += n;
	}
}

void html_string(FILE *out, const char *text)
{
	html_text(out, text, strlen(text));
}

void html_url_text(FILE *out, const char *text)
{
	for (const unsigned char *t = (const unsigned char *)text; *t != '\0'; t++) {
		if (isalnum(*t) || strchr("-._~", *t) != NULL) {
			fputc(*t, out);
		} else {
			fprintf(out, "%%%02X", *t);
		}
	}
}

// Up to the next "\\u0000" of a string, which as text ends with a NUL: its place, or the end.
static size_t next_nul(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		if (text[at] != '\\') {
			at++;
		} else if (len - at >= 6 && memcmp(text + at, "\\u0000", 6) == 0) {
			return at;
		} else {
			at += 2;
		}
	}
	return len;
}

bool html_cell_has_nul(const struct cell *c)
{
	return c->kind != CELL_NUMBER && next_nul(c->text, c->len) < c->len;
}

// One value, the text around its NULs in pieces. False: it was cut off.
static bool put_value(FILE *out, const struct cell *c)
{
	struct cell piece = *c;
	char text[CELL_MAX];
	bool all = true;

	for (size_t at = 0; at <= c->len; at += piece.len + 6) {
		size_t len;

		piece.text = c->text + at;
		piece.len = c->len - at;
		if (c->kind == CELL_STRING) {
			piece.len = next_nul(piece.text, piece.len);
		}
		len = cell_text(&piece, text, sizeof(text));
		html_text(out, text, len);
		all = all && len + 4 < sizeof(text);
		if (at + piece.len >= c->len) {
			break;
		}
		html_text(out, "", 1);
	}
	return all;
}

void html_cell(FILE *out, const struct cell *c)
{
	struct cell item;
	size_t at = 0;
	bool all = true, first = true;

	if (c == NULL) {
		return;
	}
	fputs("<bdi>", out);
	if (c->kind != CELL_LIST || !html_cell_has_nul(c)) {
		all = put_value(out, c);
	} else {
		while (cell_next(c, &at, &item)) {
			fputs(first ? "" : ";", out);
			all = put_value(out, &item) && all;
			first = false;
		}
	}
	fputs(all ? "</bdi>" : "…</bdi>", out);
}

void html_fill(FILE *out, const char *pattern, const char *const *args, unsigned n)
{
	const char *hole, *end, *bar;
	unsigned i = 0;

	while ((hole = strchr(pattern, '{')) != NULL && (end = strchr(hole, '}')) != NULL) {
		html_text(out, pattern, (size_t)(hole - pattern));
		bar = memchr(hole, '|', (size_t)(end - hole));
		if (bar == NULL) {
			html_string(out, i < n ? args[i] : "");
			i++;
		} else if (i != 0 && i <= n && strcmp(args[i - 1], "1") == 0) {
			html_text(out, hole + 1, (size_t)(bar - hole - 1));
		} else {
			html_text(out, bar + 1, (size_t)(end - bar - 1));
		}
		pattern = end + 1;
	}
	html_string(out, pattern);
}

void html_fill1(FILE *out, const char *pattern, const char *arg)
{
	html_fill(out, pattern, &arg, 1);
}

const char *text_count(uint64_t v, char out[TEXT_NUMBER])
{
	char digits[TEXT_NUMBER];
	const int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v);
	char *p = out;

	for (int i = 0; i < n; i++) {
		if (i != 0 && (n - i) % 3 == 0) {
			*p++ = ',';
		}
		*p++ = digits[i];
	}
	*p = '\0';
	return out;
}

const char *text_bytes(uint64_t v, char out[TEXT_NUMBER])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double x = (double)v;
	unsigned u = 0;

	for (; x >= 999.5 && u + 1 < sizeof(units) / sizeof(units[0]); u++) {
		x /= 1000;
	}
	snprintf(out, TEXT_NUMBER, "%.*f %s",
		u == 0 || x >= 99.95 ? 0
		: x >= 9.995         ? 1
				     : 2,
		x, units[u]);
	return out;
}

const char *text_percent(uint64_t part, uint64_t all, char out[TEXT_NUMBER])
{
	const double x = all != 0 ? 100.0 * (double)part / (double)all : 0;

	out[0] = '\0';
	if (all != 0 && part != 0 && x < 0.05) {
		snprintf(out, TEXT_NUMBER, "< 0.1 %%");
	} else if (all != 0) {
		snprintf(out, TEXT_NUMBER, "%.1f %%", x);
	}
	return out;
}

const char *text_time(int64_t us, int64_t offset, char out[TEXT_TIME])
{
	return text_seconds(us / 1000000 - (us % 1000000 < 0), offset, out);
}

const char *text_seconds(int64_t s, int64_t offset, char out[TEXT_TIME])
{
	const time_t seconds = s + offset;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year + 1900 > 9999 || tm.tm_year + 1900 < 0) {
		snprintf(out, TEXT_TIME, "?");
	} else {
		strftime(out, TEXT_TIME, "%Y-%m-%d %H:%M:%S", &tm);
	}
	return out;
}

const char *text_stamp(int64_t us, int64_t offset, char out[TEXT_TIME])
{
	char east[TEXT_NUMBER];

	const int part = (int)(us % 1000000 + (us % 1000000 < 0 ? 1000000 : 0));
	int n = 19;

	text_time(us, offset, out);
	if (out[0] != '?') {
		out[10] = 'T';
		if (part != 0) {
			n += snprintf(out + n, TEXT_TIME - 19, ".%06d", part);
		}
		snprintf(out + n, (size_t)(TEXT_TIME - n), "%.6s",
			offset != 0 ? text_offset(offset, east) : "Z");
	}
	return out;
}

const char *text_offset(int64_t offset, char out[TEXT_NUMBER])
{
	const int64_t minutes = (offset < 0 ? -offset : offset) / 60;

	out[0] = '\0';
	if (offset != 0) {
		snprintf(out, TEXT_NUMBER, "%c%02d:%02d", offset < 0 ? '-' : '+',
			(int)(minutes / 60), (int)(minutes % 60));
	}
	return out;
}
