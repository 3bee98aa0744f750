// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/engine.h"

#include <stdlib.h>

static const struct policy_match *rule_match(const void *ctx, unsigned i)
{
	return &((const struct policy_doc *)ctx)->rules[i].match;
}

static const struct policy_match *limit_match(const void *ctx, unsigned i)
{
	return &((const struct policy_doc *)ctx)->limits[i].match;
}

struct owned {
	struct policy_prefix p;
	uint32_t tenant;
};

static int by_prefix(const void *a, const void *b)
{
	return prefix_compare(&((const struct owned *)a)->p, &((const struct owned *)b)->p);
}

static int by_network(const void *a, const void *b)
{
	const struct tenant_claim *x = a, *y = b;

	return x->network < y->network ? -1 : x->network > y->network;
}

static size_t n_networks(const struct policy_tenant_doc *t)
{
	return (size_t)t->n_vlans + t->n_vnis;
}

// Adds a tenant to the node whose claims are being written.
static void add_tenant(struct engine *e, struct tenant_node *node,
	const struct policy_tenant_doc *t, uint32_t tenant)
{
	if (n_networks(t) == 0)
		node->unbound = tenant;
	for (unsigned i = 0; i < t->n_vlans; i++)
		e->claims[e->n_claims++] = (struct tenant_claim){1ull << 32 | t->vlans[i], tenant};
	for (unsigned i = 0; i < t->n_vnis; i++)
		e->claims[e->n_claims++] = (struct tenant_claim){2ull << 32 | t->vnis[i], tenant};
}

static void close_node(struct engine *e, struct tenant_node *node)
{
	node->n = e->n_claims - node->first;
	if (node->n != 0)
		qsort(e->claims + node->first, node->n, sizeof(*e->claims), by_network);
}

static void fill_nodes(
	struct engine *e, const struct policy_doc *d, const struct owned *v, size_t n)
{
	struct tenant_node *node = NULL;
	uint32_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || prefix_compare(&v[i].p, &v[i - 1].p) != 0) {
			if (node != NULL)
				close_node(e, node);
			node = &e->nodes[k++];
			node->first = e->n_claims;
		}
		add_tenant(e, node, &d->tenants[v[i].tenant], v[i].tenant);
	}
	if (node != NULL)
		close_node(e, node);
	e->anywhere.first = e->n_claims;
	for (unsigned t = 1; t < d->info.n_tenants; t++)
		if (d->tenants[t].n_prefixes == 0)
			add_tenant(e, &e->anywhere, &d->tenants[t], t);
	close_node(e, &e->anywhere);
}

static void build_tenants(struct engine *e, const struct policy_doc *d)
{
	size_t n = 0, at = 0, claims = 0;
	struct policy_prefix *unique;
	struct owned *v;
	uint32_t k = 0;

	for (unsigned t = 0; t < d->info.n_tenants; t++) {
		const struct policy_tenant_doc *x = &d->tenants[t];

		n += x->n_prefixes;
		claims += n_networks(x) * (x->n_prefixes == 0 ? 1 : x->n_prefixes);
	}
	v = calloc(n + 1, sizeof(*v));
	unique = calloc(n + 1, sizeof(*unique));
	e->nodes = arena_alloc(&e->arena, n, sizeof(*e->nodes));
	e->claims = arena_alloc(&e->arena, claims, sizeof(*e->claims));
	if (v == NULL || unique == NULL)
		e->arena.failed = true;
	if (!e->arena.failed) {
		for (unsigned t = 0; t < d->info.n_tenants; t++)
			for (unsigned i = 0; i < d->tenants[t].n_prefixes; i++)
				v[at++] =
					(struct owned){.p = d->tenants[t].prefixes[i], .tenant = t};
		qsort(v, n, sizeof(*v), by_prefix);
		for (size_t i = 0; i < n; i++)
			if (i == 0 || prefix_compare(&v[i].p, &v[i - 1].p) != 0)
				unique[k++] = v[i].p;
		lpm_build(&e->tenant_lpm, &e->arena, unique, k);
		fill_nodes(e, d, v, n);
	}
	free(v);
	free(unique);
}

static int by_override(const void *a, const void *b)
{
	return prefix_compare(&((const struct policy_override_doc *)a)->prefix,
		&((const struct policy_override_doc *)b)->prefix);
}

static void build_overrides(struct engine *e, const struct policy_doc *d)
{
	unsigned n = d->info.n_overrides;
	struct policy_override_doc *v = calloc(n + 1, sizeof(*v));
	struct policy_prefix *p = calloc(n + 1, sizeof(*p));

	e->override_cc = arena_alloc(&e->arena, n, sizeof(*e->override_cc));
	if (v == NULL || p == NULL)
		e->arena.failed = true;
	if (!e->arena.failed && n != 0) {
		memcpy(v, d->overrides, n * sizeof(*v));
		qsort(v, n, sizeof(*v), by_override);
		for (unsigned i = 0; i < n; i++) {
			p[i] = v[i].prefix;
			e->override_cc[i] = v[i].cc;
		}
		lpm_build(&e->override_lpm, &e->arena, p, n);
	}
	free(v);
	free(p);
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

// A rule is in force from valid_from on to valid_to, both seconds included.
static void build_times(struct engine *e, const struct policy_doc *d)
{
	unsigned words = e->rules.bitmaps.words, n = d->info.n_rules, k = 0;
	int64_t *t = arena_alloc(&e->arena, 2 * (size_t)n + 1, sizeof(*t));

	if (t == NULL)
		return;
	t[k++] = INT64_MIN;
	for (unsigned i = 0; i < n; i++) {
		if (d->rules[i].valid_from != INT64_MIN)
			t[k++] = d->rules[i].valid_from;
		if (d->rules[i].valid_to != INT64_MAX)
			t[k++] = d->rules[i].valid_to + 1;
	}
	qsort(t, k, sizeof(*t), by_time);
	for (unsigned i = 0; i < k; i++)
		if (e->n_times == 0 || t[e->n_times - 1] != t[i])
			t[e->n_times++] = t[i];
	e->from = t;
	e->in_force = arena_alloc(&e->arena, e->n_times, sizeof(*e->in_force));
	for (unsigned s = 0; e->in_force != NULL && s < e->n_times; s++) {
		e->in_force[s] = arena_alloc(&e->arena, words, sizeof(uint64_t));
		for (unsigned i = 0; e->in_force[s] != NULL && i < n; i++) {
			const struct policy_rule_doc *r = &d->rules[i];

			if (r->enabled && r->valid_from <= t[s] && t[s] <= r->valid_to)
				bit_set(e->in_force[s], i);
		}
	}
}

static void build_kinds(struct engine *e, const struct policy_doc *d)
{
	e->shadow = arena_alloc(&e->arena, e->rules.bitmaps.words, sizeof(*e->shadow));
	e->blocking = arena_alloc(&e->arena, e->rules.bitmaps.words, sizeof(*e->blocking));
	e->capturing = arena_alloc(&e->arena, e->rules.bitmaps.words, sizeof(*e->capturing));
	for (unsigned i = 0; !e->arena.failed && i < d->info.n_rules; i++) {
		if (d->rules[i].capture_packets != 0 && !d->rules[i].shadow) {
			bit_set(e->capturing, i);
			e->captures = true;
		}
		if (d->rules[i].shadow)
			bit_set(e->shadow, i);
		if (d->rules[i].action == POLICY_BLOCK)
			bit_set(e->blocking, i);
	}
	for (unsigned i = 0; i < d->n_home; i++)
		e->home[country_index(d->home[i])] = 1;
}

struct engine *engine_build(const struct policy_doc *d)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	if (matcher_build(&e->rules, &e->arena, d, d->info.n_rules, rule_match, d) == 0 &&
		matcher_build(&e->limits, &e->arena, d, d->info.n_limits, limit_match, d) == 0) {
		bitmaps_finish(&e->rules.bitmaps);
		bitmaps_finish(&e->limits.bitmaps);
		build_tenants(e, d);
		build_overrides(e, d);
		build_times(e, d);
		build_kinds(e, d);
		if (!e->arena.failed) {
			engine_build_sieve(e, d);
			return e;
		}
	}
	engine_free(e);
	return NULL;
}

void engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	matcher_free(&e->rules);
	matcher_free(&e->limits);
	arena_free(&e->arena);
	free(e);
}
