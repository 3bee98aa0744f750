// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/pick.h"

#include "app/rows/find.h"

#include <stdlib.h>
#include <string.h>

static bool keep_text(struct pick *p, const char *line, size_t len)
{
	if (p->text_cap - p->text_len < len) {
		const size_t cap = (p->text_len + len) * 2;
		char *text = realloc(p->text, cap);

		if (text == NULL) {
			return false;
		}
		p->text = text;
		p->text_cap = cap;
	}
	memcpy(p->text + p->text_len, line, len);
	p->text_len += len;
	return true;
}

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
	p->v[p->n].from = (uint32_t)p->text_len; // a block is less than 4 GiB, see FRAME_MAX_RAW
	p->v[p->n].len = (uint32_t)len;
	p->v[p->n++].line = (uint32_t)p->lines;
	return keep_text(p, line, len);
}

// The next place of the needle, and whether a line must have it.
struct hunt {
	const char *needle, *begin;
	size_t needle_len, begin_len;
	const char *hit, *end; // hit: at or behind the line that was asked about last; end: none
};

static void hunt_next(struct hunt *h, const char *at)
{
	const char *hit = find_text(at, h->end, h->needle, h->needle_len);

	h->hit = hit != NULL ? hit : h->end;
}

static void hunt_begin(struct hunt *h, const struct pick_by *by, const char *lines, size_t len)
{
	h->needle = by->needle != NULL ? by->needle : "";
	h->begin = by->begin != NULL ? by->begin : "";
	h->needle_len = strlen(h->needle);
	h->begin_len = strlen(h->begin);
	h->end = lines + len;
	hunt_next(h, lines);
}

// False: the line [at, at + n) lacks what it must hold.
static bool hunt_line(struct hunt *h, const char *at, size_t n)
{
	if (h->hit < at) {
		hunt_next(h, at);
	}
	return h->hit + h->needle_len <= at + n || n < h->begin_len ||
	       memcmp(at, h->begin, h->begin_len) != 0;
}

bool pick_run(const struct pick_by *by, const char *lines, size_t len, struct pick **result)
{
	const char *at = lines, *end = lines + len;
	struct pick *p = *result;
	struct hunt h;

	if (p == NULL) {
		p = *result = calloc(1, sizeof(*p));
		if (p == NULL) {
			return false;
		}
	}
	p->n = p->text_len = 0;
	p->lines = 0;
	hunt_begin(&h, by, lines, len);
	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const size_t n = (size_t)((nl != NULL ? nl : end) - at);

		p->lines++;
		if (hunt_line(&h, at, n) && by->line(by->ctx, at, n) && !add(p, at, n)) {
			return false;
		}
		at += n + (nl != NULL);
	}
	return true;
}

void pick_free(struct pick *p)
{
	if (p != NULL) {
		free(p->text);
		free(p->v);
		free(p);
	}
}
