// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The part of a policy that says whose the inside ends are.

#include "policy/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Numbers of a list, each in [min, max].
static uint32_t *read_numbers(struct reader *r, const struct place *at, json_t *o, const char *key,
	uint64_t min, uint64_t max, uint32_t *n)
{
	struct place here = {.up = at, .key = key};
	json_t *list = read_list(r, at, o, key, 1, 65536, false);
	uint32_t *out;
	uint64_t v;

	*n = 0;
	if (list == NULL)
		return NULL;
	read_unique(r, &here, list);
	out = arena_alloc(r->arena, json_array_size(list), sizeof(*out));
	for (size_t i = 0; out != NULL && i < json_array_size(list); i++)
		if (read_number(r, PLACE_INDEX(&here, i), json_array_get(list, i), min, max, &v))
			out[(*n)++] = (uint32_t)v;
	return out;
}

static void read_tenant(
	struct reader *r, const struct place *at, json_t *o, struct policy_tenant_doc *t)
{
	static const char *const keys[] = {"prefixes", "vlans", "vnis", "note", NULL};
	uint32_t *vlans, n;
	uint16_t *narrow;

	read_keys(r, at, o, keys);
	if (json_object_get(o, "prefixes") == NULL && json_object_get(o, "vlans") == NULL &&
		json_object_get(o, "vnis") == NULL)
		read_error(r, at, "such as \"prefixes\": [\"10.20.16.0/23\"]",
			"needs \"prefixes\", \"vlans\" or \"vnis\"");
	t->prefixes = read_prefixes(r, at, o, "prefixes", 1, &t->n_prefixes);
	vlans = read_numbers(r, at, o, "vlans", 1, 4094, &n);
	narrow = arena_alloc(r->arena, n, sizeof(*narrow));
	for (uint32_t i = 0; narrow != NULL && i < n; i++)
		narrow[i] = (uint16_t)vlans[i];
	t->vlans = narrow;
	t->n_vlans = (uint16_t)n;
	t->vnis = read_numbers(r, at, o, "vnis", 0, 16777215, &t->n_vnis);
	t->note = read_text(r, PLACE_KEY(at, "note"), json_object_get(o, "note"), 0, 65536);
}

struct owned {
	struct policy_prefix p;
	uint32_t tenant;
};

static int by_prefix(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int c = prefix_compare(&x->p, &y->p);

	return c != 0 ? c : x->tenant < y->tenant ? -1 : x->tenant > y->tenant;
}

// A network that a tenant names: 0 none, then its VLANs, then its VNIs.
struct claim {
	uint64_t network;
	uint32_t tenant;
};

static int by_network(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	return x->tenant < y->tenant ? -1 : x->tenant > y->tenant;
}

static size_t claims_of(const struct policy_tenant_doc *t)
{
	return t->n_vlans + t->n_vnis == 0 ? 1 : (size_t)t->n_vlans + t->n_vnis;
}

static size_t claim(const struct policy_tenant_doc *t, uint32_t tenant, struct claim *out)
{
	size_t n = 0;

	for (unsigned i = 0; i < t->n_vlans; i++)
		out[n++] = (struct claim){.network = 1ull << 32 | t->vlans[i], .tenant = tenant};
	for (unsigned i = 0; i < t->n_vnis; i++)
		out[n++] = (struct claim){.network = 2ull << 32 | t->vnis[i], .tenant = tenant};
	if (n == 0)
		out[n++] = (struct claim){.network = 0, .tenant = tenant};
	return n;
}

// Two tenants have the same prefix, or none, and the same network: the claim of the later one.
static void claimed_twice(struct reader *r, const struct owned *v, const struct claim *later,
	const struct policy_tenant_doc *earlier)
{
	struct place top = {0}, all = {.up = &top, .key = "tenants"};
	const struct policy_tenant_doc *t = &r->doc->tenants[later->tenant];
	bool vlan = later->network >> 32 == 1;
	char text[PREFIX_TEXT_MAX];

	if (t->n_prefixes == 0) {
		read_error(r, PLACE_KEY(PLACE_KEY(&all, t->name), vlan ? "vlans" : "vnis"),
			"give it to one of them, or tell them apart by prefixes",
			"%s %u belongs to tenant \"%s\" already", vlan ? "VLAN" : "VNI",
			(uint32_t)later->network, earlier->name);
		return;
	}
	prefix_format(&v->p, text);
	read_error(r, PLACE_KEY(PLACE_KEY(&all, t->name), "prefixes"),
		"give it to one of them, or tell them apart by vlans or vnis",
		"%s belongs to tenant \"%s\" already", text, earlier->name);
}

// Tenants that have the same prefix, or none, must be told apart by their networks. One that names
// its network goes before one that does not.
static void check_group(struct reader *r, const struct owned *v, size_t n)
{
	const struct policy_tenant_doc *t = r->doc->tenants;
	struct claim *c;
	size_t total = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		total += claims_of(&t[v[i].tenant]);
	c = calloc(total + 1, sizeof(*c));
	if (c == NULL) {
		r->arena->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		at += claim(&t[v[i].tenant], v[i].tenant, c + at);
	qsort(c, total, sizeof(*c), by_network);
	for (size_t i = 1; i < total; i++)
		if (c[i].network == c[i - 1].network && c[i].tenant != c[i - 1].tenant)
			claimed_twice(r, v, &c[i], &t[c[i - 1].tenant]);
	free(c);
}

static void check_owners(struct reader *r)
{
	const struct policy_doc *d = r->doc;
	size_t n = 0, at = 0, same;
	struct owned *v;

	for (unsigned t = 0; t < d->info.n_tenants; t++)
		n += d->tenants[t].n_prefixes;
	v = calloc(n + d->info.n_tenants, sizeof(*v));
	if (v == NULL) {
		r->arena->failed = true;
		return;
	}
	for (unsigned t = 0; t < d->info.n_tenants; t++)
		for (unsigned i = 0; i < d->tenants[t].n_prefixes; i++)
			v[at++] = (struct owned){.p = d->tenants[t].prefixes[i], .tenant = t};
	qsort(v, n, sizeof(*v), by_prefix);
	for (size_t i = 0; i < n; i += same) {
		same = 1;
		while (i + same < n && prefix_compare(&v[i].p, &v[i + same].p) == 0)
			same++;
		if (same > 1)
			check_group(r, v + i, same);
	}
	// Those whose network alone makes the tenant. _unlisted, and what was refused, has neither.
	for (unsigned t = 0; t < d->info.n_tenants; t++)
		if (d->tenants[t].n_prefixes == 0 && d->tenants[t].n_vlans + d->tenants[t].n_vnis)
			v[at++] = (struct owned){.tenant = t};
	check_group(r, v + n, at - n);
	free(v);
}

void read_tenants(struct reader *r, json_t *root)
{
	struct place top = {0}, at = {.up = &top, .key = "tenants"};
	json_t *o = read_member(r, &top, root, "tenants", JSON_OBJECT, true), *v;
	struct policy_tenant_doc *t;
	const char *key;
	unsigned n = 1;

	t = arena_alloc(r->arena, json_object_size(o) + 1, sizeof(*t));
	if (t == NULL)
		return;
	t[0].name = "_unlisted";
	read_index(r, INDEX_TENANTS, t[0].name, 0);
	json_object_foreach (o, key, v) {
		struct place here = {.up = &at, .key = key};

		read_name_ok(r, &here, key, NAME_ID);
		if (strcmp(key, "_unlisted") == 0)
			read_error(r, &here, "give it another name",
				"\"_unlisted\" is the name of what belongs to no tenant");
		t[n].name = arena_strdup(r->arena, key);
		read_index(r, INDEX_TENANTS, key, n);
		if (read_type(r, &here, v, JSON_OBJECT))
			read_tenant(r, &here, v, &t[n]);
		n++;
	}
	r->doc->tenants = t;
	r->doc->info.n_tenants = n;
	check_owners(r);
}
