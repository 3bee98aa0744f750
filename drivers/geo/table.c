// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/geo/table_part.h"

#include <stdlib.h>

struct table_boundary *table_boundaries(const struct ranges *r, ranges_addr max, size_t *n)
{
	struct table_boundary *b = calloc(2 * r->n + 1, sizeof(*b));
	ranges_addr next = 0;
	bool open = true; // next is not covered yet

	*n = 0;
	if (b == NULL)
		return NULL;
	for (size_t i = 0; i < r->n; i++) {
		if (open && r->v[i].first > next)
			b[(*n)++] = (struct table_boundary){next, 0};
		b[(*n)++] = (struct table_boundary){r->v[i].first, r->v[i].value};
		next = r->v[i].last + 1;
		open = r->v[i].last != max;
	}
	if (open)
		b[(*n)++] = (struct table_boundary){next, 0};
	return b;
}

bool table_values_alloc(struct table_values *v, size_t n, bool wide)
{
	if (wide)
		v->wide = calloc(n, sizeof(*v->wide));
	else
		v->narrow = calloc(n, sizeof(*v->narrow));
	return v->wide != NULL || v->narrow != NULL;
}

size_t table_values_size(const struct table_values *v)
{
	return v->narrow != NULL ? sizeof(*v->narrow) : sizeof(*v->wide);
}

void table_values_free(struct table_values *v)
{
	free(v->narrow);
	free(v->wide);
}
