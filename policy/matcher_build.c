// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The bitmaps of a matcher: for dimensions with few values a grid of all of them, for the others
// pairs of value and match, sorted.

#include "policy/matcher.h"

#include <errno.h>
#include <stdlib.h>

struct pair {
	uint64_t value;
	uint32_t match;
};

struct build {
	struct matcher *m;
	struct arena *a;
	const struct policy_doc *doc;
	const struct policy_match *(*match)(const void *ctx, unsigned i);
	const void *ctx;
	uint64_t *scratch; // one bitmap
	uint64_t *without; // one bitmap: the matches that do not name the dimension at hand
	struct pair *pairs;
	size_t n, cap;
};

static const struct policy_match *match_at(const struct build *b, unsigned i)
{
	return b->match(b->ctx, i);
}

static size_t bytes(const struct build *b)
{
	return b->m->bitmaps.words * sizeof(uint64_t);
}

// Begins a dimension: who does not name it. Returns false where nobody does.
static bool begin(struct build *b, uint32_t dims)
{
	memset(b->without, 0, bytes(b));
	b->n = 0;
	for (unsigned i = 0; i < b->m->n; i++)
		if ((match_at(b, i)->present & dims) == 0)
			bit_set(b->without, i);
	return (b->m->dims & dims) != 0;
}

static void add_pair(struct build *b, uint64_t value, unsigned match)
{
	if (b->n == b->cap) {
		size_t cap = b->cap == 0 ? 1024 : 2 * b->cap;
		struct pair *more = realloc(b->pairs, cap * sizeof(*more));

		if (more == NULL) {
			b->a->failed = true;
			return;
		}
		b->pairs = more;
		b->cap = cap;
	}
	b->pairs[b->n++] = (struct pair){.value = value, .match = match};
}

static int by_value(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

static void sort_pairs(struct build *b)
{
	if (b->n != 0)
		qsort(b->pairs, b->n, sizeof(*b->pairs), by_value);
}

// The class of what base says and the pairs of a value add; *at runs over the sorted pairs.
static uint32_t take_pairs(struct build *b, const uint64_t *base, size_t *at, uint64_t value)
{
	memcpy(b->scratch, base, bytes(b));
	for (; *at < b->n && b->pairs[*at].value == value; (*at)++)
		bit_set(b->scratch, b->pairs[*at].match);
	return bitmaps_intern(&b->m->bitmaps, b->scratch);
}

static uint32_t *grid_new(struct build *b, uint64_t **grid, unsigned n)
{
	*grid = calloc(n, bytes(b));
	if (*grid == NULL)
		b->a->failed = true;
	return arena_alloc(b->a, n, sizeof(uint32_t));
}

static uint64_t *grid_at(const struct build *b, uint64_t *grid, unsigned value)
{
	return grid + (size_t)value * b->m->bitmaps.words;
}

// Every value's bitmap, with those that do not name the dimension where with says so.
static void grid_take(struct build *b, uint64_t *grid, unsigned n, uint32_t *out, bool with)
{
	for (unsigned v = 0; grid != NULL && out != NULL && v < n; v++) {
		uint64_t *at = grid_at(b, grid, v);

		for (unsigned w = 0; with && w < b->m->bitmaps.words; w++)
			at[w] |= b->without[w];
		out[v] = bitmaps_intern(&b->m->bitmaps, at);
	}
	free(grid);
}

static void build_places(struct build *b)
{
	struct matcher *m = b->m;
	uint64_t *grid;
	uint32_t *out;

	if (begin(b, 1u << DIM_INITIATOR)) {
		out = grid_new(b, &grid, 2);
		for (unsigned i = 0; grid != NULL && i < m->n; i++)
			if (match_at(b, i)->present & 1u << DIM_INITIATOR)
				bit_set(grid_at(b, grid, match_at(b, i)->initiator), i);
		grid_take(b, grid, 2, out, true);
		if (out != NULL)
			memcpy(m->initiator, out, sizeof(m->initiator));
	}
	if (begin(b, 1u << DIM_BORDER)) {
		out = grid_new(b, &grid, 3);
		for (unsigned i = 0; grid != NULL && i < m->n; i++)
			for (unsigned k = 0; k < 3; k++)
				if (match_at(b, i)->border & 1u << k)
					bit_set(grid_at(b, grid, k), i);
		grid_take(b, grid, 3, out, true);
		if (out != NULL)
			memcpy(m->border, out, sizeof(m->border));
	}
	if (begin(b, 1u << DIM_PROTOS)) {
		m->proto = grid_new(b, &grid, 256);
		for (unsigned i = 0; grid != NULL && i < m->n; i++)
			for (unsigned k = 0; k < match_at(b, i)->n_protos; k++)
				bit_set(grid_at(b, grid, match_at(b, i)->protos[k]), i);
		grid_take(b, grid, 256, m->proto, true);
	}
}

// Countries and jurisdictions together: both depend on the country alone.
static void build_countries(struct build *b)
{
	const uint32_t c = 1u << DIM_COUNTRIES, j = 1u << DIM_JURISDICTIONS;
	uint8_t in_c[COUNTRY_INDEX_MAX], in_j[COUNTRY_INDEX_MAX];
	uint64_t *grid;

	if (!begin(b, c | j))
		return;
	b->m->country = grid_new(b, &grid, COUNTRY_INDEX_MAX);
	for (unsigned i = 0; grid != NULL && i < b->m->n; i++) {
		const struct policy_match *x = match_at(b, i);

		if ((x->present & (c | j)) == 0)
			continue;
		memset(in_c, (x->present & c) == 0, sizeof(in_c));
		memset(in_j, (x->present & j) == 0, sizeof(in_j));
		for (unsigned k = 0; k < x->n_countries; k++)
			in_c[country_index(x->countries[k])] = 1;
		for (unsigned k = 0; k < x->n_jurisdictions; k++) {
			const struct policy_jurisdiction_doc *g =
				&b->doc->jurisdictions[x->jurisdictions[k]];

			for (unsigned l = 0; l < g->n_countries; l++)
				in_j[country_index(g->countries[l])] = 1;
		}
		for (unsigned k = 0; k < COUNTRY_INDEX_MAX; k++)
			if (in_c[k] & in_j[k])
				bit_set(grid_at(b, grid, k), i);
	}
	grid_take(b, grid, COUNTRY_INDEX_MAX, b->m->country, true);
}

static void build_tenants(struct build *b)
{
	struct matcher *m = b->m;
	size_t at = 0;

	m->n_tenants = b->doc->info.n_tenants;
	if (!begin(b, 1u << DIM_TENANTS))
		return;
	for (unsigned i = 0; i < m->n; i++)
		for (unsigned k = 0; k < match_at(b, i)->n_tenants; k++)
			add_pair(b, match_at(b, i)->tenants[k], i);
	sort_pairs(b);
	m->tenant = arena_alloc(b->a, m->n_tenants, sizeof(*m->tenant));
	for (uint32_t t = 0; m->tenant != NULL && t < m->n_tenants; t++)
		m->tenant[t] = take_pairs(b, b->without, &at, t);
}

static void build_values(struct build *b, enum policy_dim dim, struct value_classes *out)
{
	size_t at = 0;

	if (!begin(b, 1u << dim))
		return;
	for (unsigned i = 0; i < b->m->n; i++) {
		const struct policy_match *x = match_at(b, i);

		for (unsigned k = 0; dim == DIM_ASNS && k < x->n_asns; k++)
			add_pair(b, x->asns[k], i);
		for (unsigned k = 0; dim == DIM_RULES && k < x->n_rules; k++)
			add_pair(b, x->rules[k], i);
	}
	sort_pairs(b);
	out->none = bitmaps_intern(&b->m->bitmaps, b->without);
	out->value = arena_alloc(b->a, b->n, sizeof(*out->value));
	out->class_ = arena_alloc(b->a, b->n, sizeof(*out->class_));
	while (!b->a->failed && at < b->n) {
		out->value[out->n] = (uint32_t)b->pairs[at].value;
		out->class_[out->n] = take_pairs(b, b->without, &at, b->pairs[at].value);
		out->n++;
	}
}

struct placed {
	struct policy_prefix p;
	uint32_t match;
};

static int by_prefix(const void *a, const void *b)
{
	return prefix_compare(&((const struct placed *)a)->p, &((const struct placed *)b)->p);
}

static struct placed *collect_prefixes(struct build *b, enum policy_dim dim, size_t *n)
{
	struct placed *v;

	*n = 0;
	for (unsigned i = 0; i < b->m->n; i++)
		*n += dim == DIM_SRC ? match_at(b, i)->n_src : match_at(b, i)->n_dst;
	v = calloc(*n + 1, sizeof(*v));
	*n = 0;
	for (unsigned i = 0; v != NULL && i < b->m->n; i++) {
		const struct policy_match *x = match_at(b, i);
		unsigned k = dim == DIM_SRC ? x->n_src : x->n_dst;

		while (k-- > 0)
			v[(*n)++] = (struct placed){
				.p = (dim == DIM_SRC ? x->src : x->dst)[k], .match = i};
	}
	if (v != NULL && *n != 0)
		qsort(v, *n, sizeof(*v), by_prefix);
	return v;
}

// A prefix has what the next shorter one has, and its own.
static void build_prefixes(struct build *b, enum policy_dim dim, struct prefix_classes *out)
{
	struct policy_prefix *unique;
	struct placed *v;
	size_t n, at = 0;
	uint32_t k = 0;

	if (!begin(b, 1u << dim))
		return;
	v = collect_prefixes(b, dim, &n);
	unique = calloc(n + 1, sizeof(*unique));
	if (v == NULL || unique == NULL)
		b->a->failed = true;
	for (size_t i = 0; !b->a->failed && i < n; i++) {
		if (i == 0 || prefix_compare(&v[i].p, &v[i - 1].p) != 0)
			unique[k++] = v[i].p;
		add_pair(b, k - 1, v[i].match);
	}
	out->none = bitmaps_intern(&b->m->bitmaps, b->without);
	out->class_ = arena_alloc(b->a, k, sizeof(*out->class_));
	if (!b->a->failed && lpm_build(&out->lpm, b->a, unique, k) == 0)
		for (uint32_t i = 0; i < k; i++) {
			uint32_t up = out->lpm.parent[i];
			uint32_t from = up == LPM_NONE ? out->none : out->class_[up];

			out->class_[i] = take_pairs(b, bitmaps_at(&b->m->bitmaps, from), &at, i);
		}
	free(unique);
	free(v);
}

// The ports at which some match begins or ends.
static uint32_t segments(const struct build *b, bool dst, uint16_t *start)
{
	uint8_t *cut = calloc(65537, 1);
	uint32_t n = 0;

	if (cut == NULL) {
		b->a->failed = true;
		return 0;
	}
	cut[0] = 1;
	for (unsigned i = 0; i < b->m->n; i++) {
		const struct policy_match *x = match_at(b, i);
		const struct port_range *r = dst ? x->dports : x->sports;

		for (unsigned k = 0; k < (dst ? x->n_dports : x->n_sports); k++)
			cut[r[k].from] = cut[r[k].to + 1] = 1;
	}
	for (uint32_t p = 0; p < 65536; p++)
		if (cut[p])
			start[n++] = (uint16_t)p;
	free(cut);
	return n;
}

static void build_ports(struct build *b, enum policy_dim dim, struct port_classes *out)
{
	bool dst = dim == DIM_DPORTS;
	uint16_t start[65536];
	uint8_t in[65536];
	uint64_t *grid;

	if (!begin(b, 1u << dim))
		return;
	out->n = segments(b, dst, start);
	out->none = bitmaps_intern(&b->m->bitmaps, b->without);
	out->start = arena_alloc(b->a, out->n, sizeof(*out->start));
	out->class_ = grid_new(b, &grid, out->n == 0 ? 1 : out->n);
	if (out->start != NULL)
		memcpy(out->start, start, out->n * sizeof(*start));
	for (unsigned i = 0; grid != NULL && i < b->m->n; i++) {
		const struct policy_match *x = match_at(b, i);
		const struct port_range *r = dst ? x->dports : x->sports;
		unsigned n = dst ? x->n_dports : x->n_sports;

		if (n == 0)
			continue;
		memset(in, 0, sizeof(in));
		for (unsigned k = 0; k < n; k++)
			memset(in + r[k].from, 1, (size_t)(r[k].to - r[k].from) + 1);
		for (uint32_t s = 0; s < out->n; s++)
			if (in[start[s]])
				bit_set(grid_at(b, grid, s), i);
	}
	grid_take(b, grid, out->n, out->class_, true);
}

static void build_apps(struct build *b)
{
	uint64_t *apps, *cats;

	if (!begin(b, 1u << DIM_APPS))
		return;
	b->m->without[0] = bitmaps_intern(&b->m->bitmaps, b->without);
	b->m->app = grid_new(b, &apps, POLICY_MAX_APPS);
	b->m->cat = grid_new(b, &cats, POLICY_MAX_CATS);
	for (unsigned i = 0; apps != NULL && cats != NULL && i < b->m->n; i++) {
		const struct policy_match *x = match_at(b, i);

		for (unsigned k = 0; k < x->n_apps; k++) {
			const struct policy_app_group *g = &b->doc->groups[x->apps[k]];

			for (unsigned l = 0; l < g->n_apps; l++)
				if (g->apps[l] < POLICY_MAX_APPS)
					bit_set(grid_at(b, apps, g->apps[l]), i);
			for (unsigned l = 0; l < g->n_cats; l++)
				if (g->cats[l] < POLICY_MAX_CATS)
					bit_set(grid_at(b, cats, g->cats[l]), i);
		}
	}
	grid_take(b, apps, POLICY_MAX_APPS, b->m->app, false);
	grid_take(b, cats, POLICY_MAX_CATS, b->m->cat, false);
}

static void build_risks(struct build *b)
{
	uint64_t *grid;
	uint32_t *out;

	if (!begin(b, 1u << DIM_RISKS))
		return;
	b->m->without[2] = bitmaps_intern(&b->m->bitmaps, b->without);
	out = grid_new(b, &grid, POLICY_MAX_RISKS);
	for (unsigned i = 0; grid != NULL && i < b->m->n; i++)
		for (unsigned k = 0; k < POLICY_MAX_RISKS; k++)
			if (match_at(b, i)->risks >> k & 1)
				bit_set(grid_at(b, grid, k), i);
	grid_take(b, grid, POLICY_MAX_RISKS, out, false);
	if (out != NULL)
		memcpy(b->m->risk, out, sizeof(b->m->risk));
}

struct host {
	const char *name;
	uint32_t match;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct host *)a)->name, ((const struct host *)b)->name);
}

static void put_host(struct host_classes *h, const char *name, uint32_t class_)
{
	uint32_t hash = HOST_HASH_START, at;

	for (size_t i = strlen(name); i-- > 0;)
		hash = host_hash_step(hash, name[i]);
	at = hash & (h->size - 1);
	while (h->table[at].name != NULL)
		at = (at + 1) & (h->size - 1);
	h->table[at] = (struct host_entry){.name = name, .hash = hash, .class_ = class_};
}

static void fill_hosts(struct build *b, struct host *v, size_t n)
{
	static const uint64_t nobody[MATCHER_WORDS];
	struct host_classes *h = &b->m->hosts;
	size_t unique = 0, at = 0;

	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		unique += i == 0 || strcmp(v[i].name, v[i - 1].name) != 0;
		add_pair(b, unique - 1, v[i].match);
	}
	for (h->size = 16; h->size < 2 * unique; h->size *= 2)
		;
	h->table = arena_alloc(b->a, h->size, sizeof(*h->table));
	for (size_t i = 0, k = 0; !b->a->failed && i < n; i++)
		if (i == 0 || strcmp(v[i].name, v[i - 1].name) != 0)
			put_host(h, v[i].name, take_pairs(b, nobody, &at, k++));
}

static void build_hosts(struct build *b)
{
	struct host *v;
	size_t n = 0;

	if (!begin(b, 1u << DIM_HOSTS))
		return;
	b->m->without[1] = bitmaps_intern(&b->m->bitmaps, b->without);
	for (unsigned i = 0; i < b->m->n; i++)
		n += match_at(b, i)->n_hosts;
	v = calloc(n + 1, sizeof(*v));
	if (v == NULL) {
		b->a->failed = true;
		return;
	}
	n = 0;
	for (unsigned i = 0; i < b->m->n; i++)
		for (unsigned k = 0; k < match_at(b, i)->n_hosts; k++) {
			const char *name = match_at(b, i)->hosts[k];

			v[n++] = (struct host){.name = name + (name[0] == '*'), .match = i};
		}
	fill_hosts(b, v, n);
	free(v);
}

int matcher_build(struct matcher *m, struct arena *a, const struct policy_doc *doc, unsigned n,
	const struct policy_match *(*match)(const void *ctx, unsigned i), const void *ctx)
{
	struct build b = {.m = m, .a = a, .doc = doc, .match = match, .ctx = ctx};

	memset(m, 0, sizeof(*m));
	m->n = n;
	bitmaps_init(&m->bitmaps, n);
	for (unsigned i = 0; i < n; i++)
		m->dims |= match(ctx, i)->present;
	b.scratch = calloc(1, bytes(&b));
	b.without = calloc(1, bytes(&b));
	if (b.scratch == NULL || b.without == NULL) {
		a->failed = true;
	} else {
		build_places(&b);
		build_countries(&b);
		build_tenants(&b);
		build_prefixes(&b, DIM_SRC, &m->src);
		build_prefixes(&b, DIM_DST, &m->dst);
		build_ports(&b, DIM_SPORTS, &m->sports);
		build_ports(&b, DIM_DPORTS, &m->dports);
		build_values(&b, DIM_ASNS, &m->asns);
		build_values(&b, DIM_RULES, &m->rules);
		build_apps(&b);
		build_hosts(&b);
		build_risks(&b);
	}
	free(b.scratch);
	free(b.without);
	free(b.pairs);
	return a->failed || m->bitmaps.failed ? -ENOMEM : 0;
}

void matcher_free(struct matcher *m)
{
	bitmaps_free(&m->bitmaps);
}
