// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Tenants whose addresses overlap, and those that lose all of theirs.

#include "policy/lint_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Whether an address of the region is left to who has it by a prefix of len bits (-1: by its
// network alone, or by belonging to nobody).
static bool left(const struct lint *l, const struct policy_prefix *region, int len)
{
	return !cover_all(&l->unbound, region, len);
}

bool lint_tenant_wins(const struct lint *l, uint32_t tenant, const struct policy_prefix *src)
{
	static const struct policy_prefix v4 = {.addr.version = 4}, v6 = {.addr.version = 6};
	const struct policy_tenant_doc *t = &l->doc->tenants[tenant];

	if (t->n_prefixes == 0)
		return src != NULL ? left(l, src, -1) : left(l, &v4, -1) || left(l, &v6, -1);
	for (uint32_t i = 0; i < t->n_prefixes; i++) {
		const struct policy_prefix *p = &t->prefixes[i];

		if (src != NULL && !prefix_overlaps(p, src))
			continue;
		if (left(l, src != NULL && src->len > p->len ? src : p, p->len))
			return true;
	}
	return false;
}

struct owned {
	struct policy_prefix p;
	uint32_t tenant;
};

struct overlap {
	uint32_t tenant, with;
	struct policy_prefix p, in; // p lies in the other's
};

static int by_prefix(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int c = prefix_compare(&x->p, &y->p);

	return c != 0 ? c : x->tenant < y->tenant ? -1 : x->tenant > y->tenant;
}

// In the order of the text, so that places are found in one pass.
static int by_tenant(const void *a, const void *b)
{
	const struct overlap *x = a, *y = b;

	return x->tenant != y->tenant ? (x->tenant < y->tenant ? -1 : 1)
				      : prefix_compare(&x->p, &y->p);
}

// Where the prefixes of one tenant stand in its list: what was read is sorted, the text is not.
struct places {
	uint32_t tenant; // 0: none yet
	struct place_of {
		struct policy_prefix p;
		size_t i;
	} * v;
	size_t n;
};

static int by_place(const void *a, const void *b)
{
	return prefix_compare(&((const struct place_of *)a)->p, &((const struct place_of *)b)->p);
}

static bool take_places(struct lint *l, uint32_t tenant, struct places *out)
{
	json_t *t = json_object_get(
		json_object_get(l->json->root, "tenants"), l->doc->tenants[tenant].name);
	json_t *list = json_object_get(t, "prefixes");

	if (out->tenant == tenant)
		return true;
	out->tenant = tenant;
	out->n = 0;
	out->v = arena_alloc(l->arena, json_array_size(list), sizeof(*out->v));
	for (size_t i = 0; out->v != NULL && i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL && prefix_parse(s, &out->v[out->n].p) == PREFIX_GOOD)
			out->v[out->n++].i = i;
	}
	if (out->v != NULL && out->n != 0)
		qsort(out->v, out->n, sizeof(*out->v), by_place);
	return out->v != NULL;
}

static size_t place_in(const struct places *v, const struct policy_prefix *p)
{
	const struct place_of key = {.p = *p};
	const struct place_of *found =
		v->n != 0 ? bsearch(&key, v->v, v->n, sizeof(key), by_place) : NULL;

	return found != NULL ? found->i : 0; // it was read from there
}

static bool bound(const struct policy_tenant_doc *t)
{
	return t->n_vlans + t->n_vnis != 0;
}

static void say_overlap(struct lint *l, const struct overlap *o, const struct places *places)
{
	const struct policy_tenant_doc *t = &l->doc->tenants[o->tenant];
	const struct policy_tenant_doc *w = &l->doc->tenants[o->with];
	char pointer[160], text[PREFIX_TEXT_MAX], in[PREFIX_TEXT_MAX];

	prefix_format(&o->p, text);
	prefix_format(&o->in, in);
	snprintf(pointer, sizeof(pointer), "/tenants/%s/prefixes/%zu", t->name,
		place_in(places, &o->p));
	if (prefix_compare(&o->p, &o->in) == 0)
		lint_say(l, DIAG_NOTE, pointer, "their VLANs or VNIs tell them apart",
			"tenants \"%s\" and \"%s\" both have %s", t->name, w->name, text);
	else
		lint_say(l, DIAG_NOTE, pointer,
			bound(t) ? "it goes to the longer prefix where the VLAN or VNI is its own"
				 : "the longer prefix has it",
			"%s of tenant \"%s\" lies in %s of tenant \"%s\"", text, t->name, in,
			w->name);
}

// Each prefix with the nearest around it that is another tenant's. stack: those around, from the
// widest on; out: as many as there are, at most DIAG_MAX.
static size_t find_overlaps(const struct owned *v, size_t n, size_t *stack, struct overlap *out)
{
	size_t depth = 0, found = 0;

	for (size_t i = 0; i < n && found < DIAG_MAX; i++) {
		while (depth != 0 && !prefix_within(&v[i].p, &v[stack[depth - 1]].p))
			depth--;
		for (size_t k = depth; k-- > 0;)
			if (v[stack[k]].tenant != v[i].tenant) {
				out[found++] = (struct overlap){.tenant = v[i].tenant,
					.with = v[stack[k]].tenant,
					.p = v[i].p,
					.in = v[stack[k]].p};
				break;
			}
		stack[depth++] = i;
	}
	return found;
}

static void say_lost(struct lint *l)
{
	char pointer[128];

	for (uint32_t t = 1; t < l->doc->info.n_tenants; t++) {
		if (!l->tenant_lost[t])
			continue;
		snprintf(pointer, sizeof(pointer), "/tenants/%s", l->doc->tenants[t].name);
		lint_say(l, DIAG_WARNING, pointer,
			"of several prefixes that have an address the longest decides",
			"tenant \"%s\" has no address: longer prefixes of others have them all",
			l->doc->tenants[t].name);
	}
}

void lint_tenants(struct lint *l)
{
	const struct policy_doc *d = l->doc;
	size_t n = 0, at = 0, found;
	struct places places = {0};
	struct overlap *out;
	struct owned *v;
	size_t *stack;

	say_lost(l);
	for (uint32_t t = 1; t < d->info.n_tenants; t++)
		n += d->tenants[t].n_prefixes;
	v = arena_alloc(l->arena, n, sizeof(*v));
	stack = arena_alloc(l->arena, n, sizeof(*stack));
	out = arena_alloc(l->arena, DIAG_MAX, sizeof(*out));
	if (v == NULL || stack == NULL || out == NULL)
		return;
	for (uint32_t t = 1; t < d->info.n_tenants; t++)
		for (uint32_t i = 0; i < d->tenants[t].n_prefixes; i++)
			v[at++] = (struct owned){.p = d->tenants[t].prefixes[i], .tenant = t};
	if (n == 0)
		return;
	qsort(v, n, sizeof(*v), by_prefix);
	found = find_overlaps(v, n, stack, out);
	qsort(out, found, sizeof(*out), by_tenant);
	for (size_t i = 0; i < found && take_places(l, out[i].tenant, &places); i++)
		say_overlap(l, &out[i], &places);
}
