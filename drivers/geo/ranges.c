// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/geo/ranges.h"

#include <errno.h>
#include <stdlib.h>

void ranges_free(struct ranges *r)
{
	free(r->v);
	*r = (struct ranges){0};
}

int ranges_add(struct ranges *r, ranges_addr first, ranges_addr last, uint32_t value)
{
	struct range *prev = r->n > 0 ? &r->v[r->n - 1] : NULL;

	if (prev != NULL && prev->value == value && prev->last + 1 == first) {
		prev->last = last;
		return 0;
	}
	if (r->n == RANGES_MAX)
		return -E2BIG;
	if (r->n == r->cap) {
		size_t cap = r->cap != 0 ? r->cap + r->cap / 2 : 1024;
		struct range *v = reallocarray(r->v, cap, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = (struct range){first, last, value};
	return 0;
}

// One pass over both lists. from is where what is left of base's range i begins.
static int merge(struct ranges *out, const struct ranges *base, const struct ranges *top)
{
	size_t i = 0, j = 0;
	ranges_addr from = base->n > 0 ? base->v[0].first : 0;
	int rc = 0;

	while (rc == 0 && (i < base->n || j < top->n)) {
		const struct range *b = i < base->n ? &base->v[i] : NULL;
		const struct range *t = j < top->n ? &top->v[j] : NULL;

		if (b == NULL || (t != NULL && t->last < from)) {
			rc = ranges_add(out, t->first, t->last, t->value);
			j++;
		} else if (t == NULL || b->last < t->first) {
			rc = ranges_add(out, from, b->last, b->value);
			i++;
			from = i < base->n ? base->v[i].first : 0;
		} else if (from < t->first) { // the part before top's range stays
			rc = ranges_add(out, from, t->first - 1, b->value);
			from = t->first;
		} else if (b->last <= t->last) { // covered to its end
			i++;
			from = i < base->n ? base->v[i].first : 0;
		} else { // base goes on behind top's range
			rc = ranges_add(out, t->first, t->last, t->value);
			from = t->last + 1;
			j++;
		}
	}
	return rc;
}

int ranges_overlay(struct ranges *base, struct ranges *top)
{
	struct ranges out = {0};
	int rc;

	if (top->n == 0) {
		ranges_free(top);
		return 0;
	}
	if (base->n == 0) {
		ranges_free(base);
		*base = *top;
		*top = (struct ranges){0};
		return 0;
	}
	rc = merge(&out, base, top);
	if (rc != 0) {
		ranges_free(&out);
		return rc;
	}
	ranges_free(base);
	ranges_free(top);
	*base = out;
	return 0;
}
