// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/pick.h"

#include "app/rows/marks.h"

#include <stdlib.h>
#include <string.h>

#define STRETCH 64 // marks at a time: of 4 kB, which are still in the nearest cache

// A pass over a block.
struct pass {
	const struct pick_by *by;
	struct pick *p;
	struct marks_needle needle;
	const char *begin;
	size_t begin_len;
	const char *line, *end; // the line at hand, where the block ends
	bool has;               // it has the needle
};

static bool add(struct pick *p, const char *line, size_t len)
{
	if (p->n == p->cap) {
		const size_t cap = p->cap != 0 ? p->cap * 2 : 256;
		void *v = reallocarray(p->v, cap, sizeof(p->v[0]));

		if (v == NULL) {
			return false;
		}
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n].from = (uint32_t)p->text.len; // a block is less than 4 GiB, see FRAME_MAX_RAW
	p->v[p->n].len = (uint32_t)len;
	p->v[p->n++].line = (uint32_t)p->lines;
	return bytes_add(&p->text, line, len);
}

// The line at hand goes up to nl. False: out of memory.
static bool end_line(struct pass *s, const char *nl)
{
	const char *line = s->line;
	const size_t n = (size_t)(nl - line);
	const bool asked = s->has || n < s->begin_len || memcmp(line, s->begin, s->begin_len) != 0;

	s->p->lines++;
	s->line = nl + 1;
	s->has = s->needle.len == 0;
	return !asked || !s->by->line(s->by->ctx, line, n) || add(s->p, line, n);
}

static bool take_marks(struct pass *s, const char *at, const struct marks *m)
{
	for (uint64_t bits = m->ends | m->places; bits != 0; bits &= bits - 1) {
		const char *p = at + __builtin_ctzll(bits);

		if (*p == '\n') {
			if (!end_line(s, p)) {
				return false;
			}
		} else if (!s->has) {
			s->has = memcmp(p, s->needle.text, s->needle.len) == 0;
		}
	}
	return true;
}

static bool all_lines(struct pass *s)
{
	const char *nl;

	while (s->line < s->end &&
		(nl = memchr(s->line, '\n', (size_t)(s->end - s->line))) != NULL) {
		if (!end_line(s, nl)) {
			return false;
		}
	}
	return true;
}

static bool marked_lines(struct pass *s)
{
	struct marks m[STRETCH];
	const char *at = s->line;
	size_t n;

	while ((n = marks_make(&s->needle, at, s->end, m, STRETCH)) != 0) {
		for (size_t i = 0; i < n; i++, at += MARKS_STEP) {
			if (!take_marks(s, at, &m[i])) {
				return false;
			}
		}
		at = at < s->end ? at : s->end;
	}
	return true;
}

bool pick_run(const struct pick_by *by, const char *lines, size_t len, struct pick **result)
{
	struct pass s = {.by = by,
		.needle = marks_needle(by->needle != NULL ? by->needle : ""),
		.begin = by->begin != NULL ? by->begin : "",
		.line = lines,
		.end = lines + len};

	if (*result == NULL && (*result = calloc(1, sizeof(**result))) == NULL) {
		return false;
	}
	s.p = *result;
	s.p->n = s.p->text.len = 0;
	s.p->lines = 0;
	s.begin_len = strlen(s.begin);
	s.has = s.needle.len == 0;
	return (s.has ? all_lines(&s) : marked_lines(&s)) &&
	       (s.line >= s.end || end_line(&s, s.end));
}

void pick_free(struct pick *p)
{
	if (p != NULL) {
		free(p->text.v);
		free(p->v);
		free(p);
	}
}
