// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/diag.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// Words longer than this are never "meant".
#define WORD_MAX 64

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

// Optimal string alignment distance (Damerau-Levenshtein without overlapping edits), case apart.
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned row[3][WORD_MAX + 1];

	for (size_t j = 0; j <= nb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *cur = row[i % 3], *up = row[(i - 1) % 3], *up2 = row[(i + 1) % 3];

		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned cost = same(a[i - 1], b[j - 1]) ? 0 : 1;

			cur[j] = min3(up[j] + 1, cur[j - 1] + 1, up[j - 1] + cost);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
				same(a[i - 2], b[j - 1]) && up2[j - 2] + 1 < cur[j])
				cur[j] = up2[j - 2] + 1;
		}
	}
	return row[na % 3][nb];
}

const char *diag_nearest(const char *word, const char *(*next)(void *ctx, size_t i), void *ctx)
{
	size_t n = strlen(word);
	const char *best = NULL, *name;
	// A third of the letters may be wrong, but never more than three.
	unsigned limit = n < 3 ? 1 : n / 3 > 3 ? 3 : (unsigned)(n / 3);

	if (n == 0 || n > WORD_MAX)
		return NULL;
	for (size_t i = 0; (name = next(ctx, i)) != NULL; i++) {
		size_t m = strlen(name);
		unsigned d;

		if (m == 0 || m > WORD_MAX || m > n + limit || n > m + limit)
			continue;
		d = distance(word, n, name, m);
		if (d > limit || d >= m)
			continue;
		best = name;
		if (d == 0)
			break;
		limit = d - 1; // only a nearer one replaces it
	}
	return best;
}

const char *diag_meant(char out[DIAG_MEANT_MAX], const char *meant)
{
	if (meant == NULL)
		return NULL;
	snprintf(out, DIAG_MEANT_MAX, "did you mean \"%.100s\"?", meant);
	return out;
}
