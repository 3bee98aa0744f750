// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/lint.h"
#include "policy/engine.h"
#include "policy/lint_part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MAX  (4u << 20) // steps of a few nanoseconds
#define STEPS_MAX (1u << 30)

bool lint_may(struct lint *l, uint64_t steps)
{
	if (steps <= LOOK_MAX && l->steps + steps <= STEPS_MAX) {
		l->steps += steps;
		return true;
	}
	l->skipped++;
	return false;
}

void lint_say(struct lint *l, enum diag_level level, const char *pointer, const char *hint,
	const char *what, ...)
{
	char text[800];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	jsondoc_diag(l->json, level, pointer, hint, "%s", text);
}

// Before not_before no gateway takes the policy; what has been is past; after its end an expired
// policy keeps its rules only where it says so.
static void take_times(struct lint *l)
{
	l->begin = l->doc->info.not_before;
	if (l->now != POLICY_ANY_TIME && l->now > l->begin)
		l->begin = l->now;
	l->end =
		l->doc->on_expiry == ON_EXPIRY_KEEP_AND_FLAG ? INT64_MAX : l->doc->info.expires - 1;
	if (l->begin <= l->end)
		return;
	// Of each rule it would say no more than of all together.
	lint_say(l, DIAG_WARNING, "/meta/expires", "defaults/on_expiry applies",
		"the policy has expired: no rule decides any more");
	l->end = INT64_MAX;
}

static bool take_unbound(struct lint *l)
{
	const struct policy_doc *d = l->doc;
	struct policy_prefix *v;
	size_t n = 0;

	for (unsigned t = 1; t < d->info.n_tenants; t++)
		n += d->tenants[t].n_prefixes;
	v = arena_alloc(l->arena, n, sizeof(*v));
	n = 0;
	for (unsigned t = 1; v != NULL && t < d->info.n_tenants; t++) {
		const struct policy_tenant_doc *x = &d->tenants[t];

		if (x->n_vlans + x->n_vnis != 0)
			continue;
		for (uint32_t i = 0; i < x->n_prefixes; i++)
			v[n++] = x->prefixes[i];
	}
	if (v != NULL && n != 0)
		qsort(v, n, sizeof(*v), prefix_compare);
	l->unbound = (struct cover){.v = v, .n = n};
	return v != NULL;
}

static int by_prefix(const void *a, const void *b)
{
	return prefix_compare(&((const struct policy_override_doc *)a)->prefix,
		&((const struct policy_override_doc *)b)->prefix);
}

static bool take_overrides(struct lint *l)
{
	unsigned n = l->doc->info.n_overrides;
	struct policy_override_doc *sorted = arena_alloc(l->arena, n, sizeof(*sorted));
	struct policy_prefix *v = arena_alloc(l->arena, n, sizeof(*v));
	uint16_t *cc = arena_alloc(l->arena, n, sizeof(*cc));

	if (sorted == NULL || v == NULL || cc == NULL)
		return false;
	if (n != 0) {
		memcpy(sorted, l->doc->overrides, n * sizeof(*sorted));
		qsort(sorted, n, sizeof(*sorted), by_prefix);
	}
	for (unsigned i = 0; i < n; i++) {
		v[i] = sorted[i].prefix;
		cc[i] = sorted[i].cc;
	}
	l->overrides = (struct cover){.v = v, .n = n};
	l->override_cc = cc;
	return true;
}

bool lint_prepare(struct lint *l)
{
	const struct policy_info *info = &l->doc->info;

	take_times(l);
	l->rules = arena_alloc(l->arena, info->n_rules, sizeof(*l->rules));
	l->tenant_lost = arena_alloc(l->arena, info->n_tenants, sizeof(*l->tenant_lost));
	if (l->rules == NULL || l->tenant_lost == NULL || !take_unbound(l) || !take_overrides(l))
		return false;
	for (uint32_t t = 0; t < info->n_tenants; t++)
		l->tenant_lost[t] = !lint_tenant_wins(l, t, NULL);
	return true;
}

int policy_lint(
	const struct policy *p, const char *text, size_t len, int64_t now, struct diag_list *diag)
{
	struct arena arena = {0};
	size_t before = diag->n;
	struct jsondoc json;
	struct lint l = {.doc = p->doc, .json = &json, .arena = &arena, .now = now};
	int rc = jsondoc_parse(&json, text, len, diag);

	if (rc == 0 && !lint_prepare(&l))
		rc = -ENOMEM;
	if (rc == 0) {
		lint_groups(&l);
		lint_tenants(&l);
		lint_rules(&l);
		lint_hosts(&l);
		if (arena.failed)
			rc = -ENOMEM;
	}
	diag_sort(diag, before);
	jsondoc_free(&json);
	arena_free(&arena);
	return rc;
}
