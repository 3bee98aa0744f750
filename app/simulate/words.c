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

// Twice as many chains. False without memory; then the old ones get longer.
static void grow(struct words *w)
{
	const size_t room = w->room != 0 ? 2 * w->room : 1024;
	struct word **chains = calloc(room, sizeof(*chains)), *next;

	if (chains == NULL)
		return;
	for (size_t i = 0; i < w->room; i++) {
		for (struct word *x = w->chains[i]; x != NULL; x = next) {
			next = x->next;
			x->next = chains[x->hash & (room - 1)];
			chains[x->hash & (room - 1)] = x;
		}
	}
	free(w->chains);
	w->chains = chains;
	w->room = room;
}

struct word *words_get(struct words *w, const char *text, size_t len)
{
	const uint32_t hash = hash_of(text, len);
	struct word *x;

	if (w->n >= w->room)
		grow(w);
	if (w->room == 0)
		return NULL;
	for (x = w->chains[hash & (w->room - 1)]; x != NULL; x = x->next)
		if (x->hash == hash && x->len == len && memcmp(x->text, text, len) == 0)
			return x;
	x = malloc(sizeof(*x) + len + 1);
	if (x == NULL)
		return NULL;
	*x = (struct word){.next = w->chains[hash & (w->room - 1)],
		.hash = hash,
		.len = (uint32_t)len,
		.app = WORD_NOT_ASKED,
		.category = WORD_NOT_ASKED,
		.risk = WORD_NOT_ASKED,
		.sum = {-1, -1, -1}};
	memcpy(x->text, text, len);
	x->text[len] = '\0';
	w->chains[hash & (w->room - 1)] = x;
	w->n++;
	return x;
}

void words_fini(struct words *w)
{
	struct word *next;

	for (size_t i = 0; i < w->room; i++) {
		for (struct word *x = w->chains[i]; x != NULL; x = next) {
			next = x->next;
			free(x);
		}
	}
	free(w->chains);
	*w = (struct words){0};
}
