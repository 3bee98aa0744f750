// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What explanations are written with: sentences, lists, names of ids.

#include "policy/explain_part.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ITEMS_SHOWN 6

static void add(struct words *w, const char *fmt, va_list ap)
{
	size_t room = sizeof(w->text) - w->n;
	int n = vsnprintf(w->text + w->n, room, fmt, ap);

	if (n < 0)
		return;
	if ((size_t)n < room) {
		w->n += (size_t)n;
		return;
	}
	// Cut between characters: what is not UTF-8 cannot be JSON.
	for (w->n = sizeof(w->text) - 4; (w->text[w->n] & 0xc0) == 0x80; w->n--)
		;
	strcpy(w->text + w->n, "...");
	w->n += 3;
}

void words_add(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(w, fmt, ap);
	va_end(ap);
}

void words_item(struct words *w, size_t total, const char *fmt, ...)
{
	unsigned i = w->items++;
	va_list ap;

	// One more than are shown is shown: "and 1 more" is no shorter.
	if (i < ITEMS_SHOWN || total <= ITEMS_SHOWN + 1) {
		if (i != 0)
			words_add(w, ", ");
		va_start(ap, fmt);
		add(w, fmt, ap);
		va_end(ap);
	}
	if (w->items != total)
		return;
	if (total > ITEMS_SHOWN + 1)
		words_add(w, " and %zu more", total - ITEMS_SHOWN);
	w->items = 0;
}

// The classifier lists names and finds their ids; the other way round is a search.
static void name_of(void *ctx, int id, const char *(*at)(void *ctx, size_t i),
	int (*find)(void *ctx, const char *name), const char *what, char out[96])
{
	const char *name;

	snprintf(out, 96, "%s %d", what, id);
	for (size_t i = 0; at != NULL && find != NULL && (name = at(ctx, i)) != NULL; i++)
		if (find(ctx, name) == id) {
			snprintf(out, 96, "%s", name);
			return;
		}
}

// Without a classifier there are none.
static struct policy_names or_none(const struct policy_names *n)
{
	return n != NULL ? *n : (struct policy_names){0};
}

void explain_app_name(const struct policy_names *names, uint16_t id, char out[96])
{
	const struct policy_names n = or_none(names);

	name_of(n.ctx, id, n.app_at, n.app, "application", out);
}

void explain_category_name(const struct policy_names *names, uint16_t id, char out[96])
{
	const struct policy_names n = or_none(names);

	name_of(n.ctx, id, n.category_at, n.category, "category", out);
}

void explain_risk_name(const struct policy_names *names, unsigned id, char out[96])
{
	const struct policy_names n = or_none(names);

	name_of(n.ctx, (int)id, n.risk_at, n.risk, "risk", out);
}

const char *policy_truth_name(enum policy_truth t)
{
	static const char *const names[] = {"false", "pending", "true"};

	return names[t];
}

const char *explain_part_name(enum explain_part p)
{
	static const char *const names[] = {
		"off", "no", "candidate", "holds", "shadow hit", "shadow pending", "not reached"};

	return names[p];
}
