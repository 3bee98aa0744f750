// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct line {
	const char *text;
	size_t len;
};

struct lines {
	struct line *v;
	size_t n;
};

static int split(const char *text, struct lines *l)
{
	l->n = 0;
	l->v = calloc(DIFF_MAX_LINES, sizeof(*l->v));
	if (l->v == NULL) {
		return -ENOMEM;
	}
	while (*text != '\0') {
		const size_t len = strcspn(text, "\n");

		if (l->n == DIFF_MAX_LINES) {
			return -E2BIG;
		}
		l->v[l->n++] = (struct line){text, len};
		text += len + (text[len] == '\n');
	}
	return 0;
}

static bool equal(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

// common[i * (n + 1) + j]: the longest common subsequence of a[i...] and b[j...].
static uint16_t *table(const struct line *a, size_t m, const struct line *b, size_t n)
{
	uint16_t *common = calloc((m + 1) * (n + 1), sizeof(*common));

	for (size_t i = m; common != NULL && i-- > 0;) {
		for (size_t j = n; j-- > 0;) {
			uint16_t *at = &common[i * (n + 1) + j];

			if (equal(&a[i], &b[j])) {
				*at = (uint16_t)(at[n + 2] + 1);
			} else {
				*at = at[n + 1] > at[1] ? at[n + 1] : at[1];
			}
		}
	}
	return common;
}

static int walk(const struct line *a, size_t m, const struct line *b, size_t n,
	void (*put)(void *ctx, enum diff_kind kind, const char *line, size_t len), void *ctx)
{
	uint16_t *common = table(a, m, b, n);
	size_t i = 0, j = 0;

	if (common == NULL) {
		return -ENOMEM;
	}
	while (i < m || j < n) {
		const uint16_t *at = &common[i * (n + 1) + j];

		if (i < m && j < n && equal(&a[i], &b[j])) {
			put(ctx, DIFF_SAME, a[i].text, a[i].len);
			i++;
			j++;
		} else if (j == n || (i < m && at[n + 1] >= at[1])) {
			put(ctx, DIFF_REMOVED, a[i].text, a[i].len);
			i++;
		} else {
			put(ctx, DIFF_ADDED, b[j].text, b[j].len);
			j++;
		}
	}
	free(common);
	return 0;
}

int diff_lines(const char *a, const char *b,
	void (*put)(void *ctx, enum diff_kind kind, const char *line, size_t len), void *ctx)
{
	struct lines x = {0}, y = {0};
	size_t head = 0, tail = 0;
	int rc = split(a, &x);

	if (rc == 0) {
		rc = split(b, &y);
	}
	if (rc == 0) {
		while (head < x.n && head < y.n && equal(&x.v[head], &y.v[head])) {
			put(ctx, DIFF_SAME, x.v[head].text, x.v[head].len);
			head++;
		}
		while (tail < x.n - head && tail < y.n - head &&
			equal(&x.v[x.n - 1 - tail], &y.v[y.n - 1 - tail])) {
			tail++;
		}
		rc = walk(x.v + head, x.n - head - tail, y.v + head, y.n - head - tail, put, ctx);
		for (size_t i = x.n - tail; rc == 0 && i < x.n; i++) {
			put(ctx, DIFF_SAME, x.v[i].text, x.v[i].len);
		}
	}
	free(x.v);
	free(y.v);
	return rc;
}
