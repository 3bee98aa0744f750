// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Longer texts are cut: a finding is one line that a person reads.
#define TEXT_MAX 600

void diag_clear(struct diag_list *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].pointer);
		free(d->v[i].what);
		free(d->v[i].hint);
	}
	free(d->v);
	free(d->file);
	memset(d, 0, sizeof(*d));
}

// They would let a document break the line or drive the terminal of whoever reads the finding.
size_t diag_control(const char *at)
{
	const unsigned char *s = (const unsigned char *)at;

	if (s[0] < 0x20 || s[0] == 0x7f)
		return 1;
	if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f)
		return 2;
	return 0;
}

char *diag_one_line(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *out = malloc(TEXT_MAX + 16);
	size_t n = 0;

	if (!out)
		return NULL;
	while (*s) {
		size_t ctl = diag_control((const char *)s), len = 1;

		while (!ctl && (s[len] & 0xc0) == 0x80 && len < 4)
			len++;
		if (n + (ctl ? 4 * ctl : len) > TEXT_MAX) {
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		if (!ctl) {
			memcpy(out + n, s, len);
			n += len;
			s += len;
		}
		for (; ctl > 0; ctl--)
			n += (size_t)sprintf(out + n, "\\x%02x", *s++);
	}
	out[n] = '\0';
	return out;
}

static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (diag_control(text) != 0)
			return false;
	return true;
}

void diag_init(struct diag_list *d, const char *file)
{
	memset(d, 0, sizeof(*d));
	file = file != NULL ? file : "-";
	d->file = is_plain(file) ? strdup(file) : diag_one_line(file);
}

static bool make_room(struct diag_list *d)
{
	if (d->n < d->cap)
		return true;
	size_t cap = d->cap ? 2 * d->cap : 16;
	struct diag *v = realloc(d->v, cap * sizeof(*v));
	if (!v)
		return false;
	d->v = v;
	d->cap = cap;
	return true;
}

static char *format_text(const char *what, va_list ap)
{
	char *raw, *text;

	if (vasprintf(&raw, what, ap) < 0)
		return NULL;
	text = diag_one_line(raw);
	free(raw);
	return text;
}

void diag_add(struct diag_list *d, enum diag_level level, unsigned line, unsigned column,
	const char *pointer, const char *hint, const char *what, ...)
{
	struct diag f = {.level = level, .line = line, .column = column};
	va_list ap;

	if (level == DIAG_ERROR)
		d->errors++;
	else if (level == DIAG_WARNING)
		d->warnings++;
	else
		d->notes++;
	if (d->n >= DIAG_MAX || !make_room(d)) {
		d->dropped++;
		return;
	}
	va_start(ap, what);
	f.what = format_text(what, ap);
	va_end(ap);
	f.pointer = pointer ? diag_one_line(pointer) : NULL;
	f.hint = hint ? diag_one_line(hint) : NULL;
	if (!f.what || (pointer && !f.pointer) || (hint && !f.hint)) {
		free(f.what);
		free(f.pointer);
		free(f.hint);
		d->dropped++;
		return;
	}
	d->v[d->n++] = f;
}

static int by_line(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

void diag_sort(struct diag_list *d, size_t from)
{
	if (d->n > from)
		qsort(d->v + from, d->n - from, sizeof(*d->v), by_line);
}

const char *diag_level_name(enum diag_level level)
{
	static const char *const names[] = {"note", "warning", "error"};

	return names[level];
}

int diag_format(const struct diag_list *d, size_t i, char *out, size_t size)
{
	const struct diag *f = &d->v[i];
	char place[32] = "";

	if (f->line)
		snprintf(place, sizeof(place), ":%u:%u", f->line, f->column);
	return snprintf(out, size, "%s%s: %s%s%s%s%s%s%s", d->file ? d->file : "-", place,
		f->pointer ? f->pointer : "", f->pointer && *f->pointer ? ": " : "",
		f->level == DIAG_ERROR ? "" : diag_level_name(f->level),
		f->level == DIAG_ERROR ? "" : ": ", f->what, f->hint ? "; " : "",
		f->hint ? f->hint : "");
}
