// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/simulate/words.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *text, size_t len)
{
	uint32_t h = 2166136261u; // FNV-1a

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)text[i]) * 16777619u;
	return h;
}

struct word *words_get(struct words *w, const char *text, size_t len)
{
	const uint32_t hash = hash_of(text, len);
	struct chain **at = chains_at(&w->chains, hash);
	struct word *x;

	for (struct chain *c = at != NULL ? *at : NULL; c != NULL; c = c->next) {
		x = (struct word *)c;
		if (c->hash == hash && x->len == len && memcmp(x->text, text, len) == 0)
			return x;
	}
	x = malloc(sizeof(*x) + len + 1);
	if (x == NULL)
		return NULL;
	*x = (struct word){.len = (uint32_t)len,
		.app = WORD_NOT_ASKED,
		.category = WORD_NOT_ASKED,
		.risk = WORD_NOT_ASKED,
		.sum = {-1, -1, -1}};
	memcpy(x->text, text, len);
	x->text[len] = '\0';
	if (chains_add(&w->chains, &x->chain, hash))
		return x;
	free(x);
	return NULL;
}

static void drop(struct chain *c)
{
	free(c);
}

void words_fini(struct words *w)
{
	chains_fini(&w->chains, drop);
}
