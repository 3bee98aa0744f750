// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/pick.h"

#include <stdlib.h>
#include <string.h>

static bool add(struct pick *p, size_t from, size_t len)
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
	p->v[p->n].from = (uint32_t)from; // a block is less than 4 GiB, see FRAME_MAX_RAW
	p->v[p->n].len = (uint32_t)len;
	p->v[p->n++].line = (uint32_t)p->lines;
	return true;
}

bool pick_run(bool (*line)(void *ctx, const char *line, size_t len), void *ctx, const char *lines,
	size_t len, struct pick **result)
{
	const char *at = lines, *end = lines + len;
	struct pick *p = *result;

	if (p == NULL) {
		p = *result = calloc(1, sizeof(*p));
		if (p == NULL) {
			return false;
		}
	}
	p->n = 0;
	p->lines = 0;
	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const size_t n = (size_t)((nl != NULL ? nl : end) - at);

		p->lines++;
		if (line(ctx, at, n) && !add(p, (size_t)(at - lines), n)) {
			return false;
		}
		at += n + (nl != NULL);
	}
	return true;
}

void pick_free(struct pick *p)
{
	if (p != NULL) {
		free(p->v);
		free(p);
	}
}
