// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/simulate/chains.h"

#include <stdlib.h>

#define FIRST_SIZE 1024

static void push(struct chains *c, struct chain *x)
{
	struct chain **at = chains_at(c, x->hash);

	x->next = *at;
	*at = x;
}

static void grow(struct chains *c)
{
	struct chains more = {.n = c->n, .size = c->size != 0 ? 2 * c->size : FIRST_SIZE};

	more.heads = calloc(more.size, sizeof(struct chain *));
	if (more.heads == NULL)
		return;
	for (size_t i = 0; i < c->size; i++) {
		for (struct chain *x = c->heads[i], *next; x != NULL; x = next) {
			next = x->next;
			push(&more, x);
		}
	}
	free(c->heads);
	*c = more;
}

bool chains_add(struct chains *c, struct chain *x, uint64_t hash)
{
	if (c->n >= c->size)
		grow(c);
	if (c->size == 0)
		return false;
	x->hash = hash;
	push(c, x);
	c->n++;
	return true;
}

struct chain *chains_take(struct chains *c, struct chain **at)
{
	struct chain *x = *at;

	*at = x->next;
	c->n--;
	return x;
}

void chains_fini(struct chains *c, void (*drop)(struct chain *x))
{
	for (size_t i = 0; i < c->size; i++)
		while (c->heads[i] != NULL)
			drop(chains_take(c, &c->heads[i]));
	free(c->heads);
	*c = (struct chains){0};
}
