// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/flow_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPARE 64

int flow_list_init(struct flow_list *l, size_t shown)
{
	l->n = 0;
	l->shown = shown;
	l->max = 2 * shown + SPARE;
	l->items = calloc(l->max, sizeof(*l->items));
	return l->items != NULL ? 0 : -ENOMEM;
}

void flow_list_free(struct flow_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free((void *)(uintptr_t)l->items[i].line);
	}
	free(l->items);
	memset(l, 0, sizeof(*l));
}

static struct flow_item *find(struct flow_list *l, uint64_t id)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].id == id) {
			return &l->items[i];
		}
	}
	return NULL;
}

static struct flow_item *lightest(struct flow_list *l)
{
	struct flow_item *min = &l->items[0];

	for (size_t i = 1; i < l->n; i++) {
		if (l->items[i].weight < min->weight) {
			min = &l->items[i];
		}
	}
	return min;
}

void flow_list_offer(struct flow_list *l, const struct flow_item *flow)
{
	struct flow_item *to = find(l, flow->id);
	char *copy;

	if (to == NULL && l->n < l->max) {
		to = &l->items[l->n];
	} else if (to == NULL) {
		to = lightest(l);
		if (to->weight >= flow->weight) {
			return;
		}
	}
	copy = malloc(flow->len + 1);
	if (copy == NULL) {
		return; // the list is for reading; the sums do not come from it
	}
	memcpy(copy, flow->line, flow->len);
	copy[flow->len] = '\0';
	if (to == &l->items[l->n]) {
		l->n++;
	} else {
		free((void *)(uintptr_t)to->line);
	}
	*to = *flow;
	to->line = copy;
}

void flow_list_remove(struct flow_list *l, uint64_t id)
{
	struct flow_item *f = find(l, id);

	if (f != NULL) {
		free((void *)(uintptr_t)f->line);
		*f = l->items[--l->n];
	}
}

static int compare(const void *pa, const void *pb)
{
	const struct flow_item *a = pa, *b = pb;

	if (a->weight != b->weight) {
		return a->weight < b->weight ? 1 : -1;
	}
	return (a->id > b->id) - (a->id < b->id);
}

void flow_list_sort(struct flow_list *l)
{
	qsort(l->items, l->n, sizeof(*l->items), compare);
	l->shown = l->n < l->shown ? l->n : l->shown;
}
