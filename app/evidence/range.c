// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/range.h"

#include "app/keys/key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Not deeper than the tree: 64 levels.
static void divide(struct range_maker *m, uint64_t from, uint64_t to)
{
	struct range_proof *p = m->proof;
	uint64_t half;

	if (from >= to || (p->first <= from && to <= p->end))
		return;
	if (to <= p->first || from >= p->end) {
		m->part[p->n].from = from;
		m->part[p->n++].to = to;
		return;
	}
	half = 1ull << (63 - __builtin_clzll(to - from - 1));
	divide(m, from, from + half);
	divide(m, from + half, to);
}

void range_begin(
	struct range_maker *m, uint64_t first, uint64_t end, uint64_t size, struct range_proof *out)
{
	memset(m, 0, sizeof(*m));
	*out = (struct range_proof){.first = first, .end = end, .size = size};
	m->proof = out;
	divide(m, 0, size);
}

void range_add(struct hasher *h, struct range_maker *m, const struct hash *leaf)
{
	const uint64_t at = m->leaf++;

	if (m->done == m->proof->n || at < m->part[m->done].from)
		return;
	tree_add(h, &m->tree, leaf);
	if (m->leaf == m->part[m->done].to) {
		tree_root(h, &m->tree, &m->proof->hash[m->done++]);
		m->tree.size = 0;
	}
}

char *range_write(const struct range_proof *p)
{
	char *text = NULL, base64[48];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	fprintf(f, "bridgehead-range/1\nfirst %" PRIu64 "\nend %" PRIu64 "\nsize %" PRIu64 "\n",
		p->first, p->end, p->size);
	for (unsigned i = 0; i < p->n; i++) {
		key_base64(p->hash[i].b, sizeof(p->hash[i].b), base64);
		fprintf(f, "%s\n", base64);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
