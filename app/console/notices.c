// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/notices.h"

#include <stdlib.h>
#include <string.h>

void notices_add(struct notices *n, const char *line, size_t len)
{
	char *copy = malloc(len + 1);

	n->total++;
	if (copy == NULL) {
		return; // told: n->total is more than n->n
	}
	if (n->n == NOTICES_MAX) {
		free(n->lines[0]);
		memmove(&n->lines[0], &n->lines[1], (NOTICES_MAX - 1) * sizeof(n->lines[0]));
		memmove(&n->len[0], &n->len[1], (NOTICES_MAX - 1) * sizeof(n->len[0]));
		n->n--;
	}
	memcpy(copy, line, len);
	copy[len] = '\0';
	n->lines[n->n] = copy;
	n->len[n->n++] = len;
}

void notices_free(struct notices *n)
{
	for (unsigned i = 0; i < n->n; i++) {
		free(n->lines[i]);
	}
	memset(n, 0, sizeof(*n));
}
