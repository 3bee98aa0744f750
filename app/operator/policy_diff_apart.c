// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/policy_diff_apart.h"
#include "policy/country.h"
#include "policy/prefix.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GEO_WORDS ((COUNTRY_INDEX_MAX + 63) / 64)
// Pairs of values that are looked at for two rules; beyond them they may well share a flow.
#define PAIRS_MAX 65536

struct reach {
	const json_t *match;
	uint64_t geo[GEO_WORDS]; // countries that border, countries and jurisdictions leave
	unsigned protos;         // bits, as in protocols[]
};

struct policy_diff_reach {
	struct reach *v;
	size_t n;
};

// Those with ports come first, those that a match cannot name are the last bit.
static const char *const protocols[] = {"tcp", "udp", "sctp", "icmp", "icmp6", "esp", "gre"};

#define N_PROTOCOLS    (sizeof(protocols) / sizeof(protocols[0]))
#define WITH_PORTS     7u
#define EVERY_PROTOCOL ((2u << N_PROTOCOLS) - 1)

static unsigned protos_of(const json_t *match)
{
	const json_t *list = json_object_get(match, "protos"), *v;
	unsigned bits = list == NULL ? EVERY_PROTOCOL : 0;
	size_t i;

	json_array_foreach (list, i, v)
		for (unsigned k = 0; k < N_PROTOCOLS; k++)
			if (strcmp(protocols[k], json_string_value(v)) == 0)
				bits |= 1u << k;
	if (json_object_get(match, "dports") != NULL || json_object_get(match, "sports") != NULL)
		bits &= WITH_PORTS;
	return bits;
}

static void mark(bool *set, const json_t *countries)
{
	const json_t *v;
	size_t i;

	json_array_foreach (countries, i, v)
		set[country_index(country_code(json_string_value(v)))] = true;
}

static bool lists(const json_t *list, const char *word)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v)
		if (strcmp(json_string_value(v), word) == 0)
			return true;
	return false;
}

static void geo_of(const json_t *doc, const json_t *match, uint64_t *geo)
{
	const json_t *border = json_object_get(match, "border");
	const json_t *countries = json_object_get(match, "countries");
	const json_t *groups = json_object_get(match, "jurisdictions"), *v;
	bool home[COUNTRY_INDEX_MAX] = {false}, listed[COUNTRY_INDEX_MAX] = {false},
	     grouped[COUNTRY_INDEX_MAX] = {false};
	const unsigned unknown = country_index(POLICY_CC_XX);
	size_t i;

	mark(home, json_object_get(doc, "home"));
	mark(listed, countries);
	json_array_foreach (groups, i, v)
		mark(grouped, json_object_get(json_object_get(json_object_get(doc, "jurisdictions"),
						      json_string_value(v)),
				      "countries"));
	for (unsigned c = 0; c < COUNTRY_INDEX_MAX; c++) {
		const char *side = c == unknown ? "unknown" : home[c] ? "home" : "cross";

		if ((border == NULL || lists(border, side)) && (countries == NULL || listed[c]) &&
			(groups == NULL || grouped[c]))
			geo[c / 64] |= UINT64_C(1) << c % 64;
	}
}

struct policy_diff_reach *policy_diff_reaches(const json_t *doc)
{
	const json_t *rules = json_object_get(doc, "rules"), *rule;
	struct policy_diff_reach *r = calloc(1, sizeof(*r));
	size_t i;

	if (r == NULL)
		return NULL;
	r->n = json_array_size(rules);
	r->v = calloc(r->n + 1, sizeof(*r->v));
	if (r->v == NULL) {
		free(r);
		return NULL;
	}
	json_array_foreach (rules, i, rule) {
		r->v[i].match = json_object_get(rule, "match");
		r->v[i].protos = protos_of(r->v[i].match);
		geo_of(doc, r->v[i].match, r->v[i].geo);
	}
	return r;
}

void policy_diff_reaches_free(struct policy_diff_reach *r)
{
	if (r != NULL)
		free(r->v);
	free(r);
}

static bool same_word(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool ports_meet(const char *a, const char *b)
{
	unsigned a0 = 0, a1, b0 = 0, b1;

	a1 = sscanf(a, "%u-%u", &a0, &a1) == 2 ? a1 : a0;
	b1 = sscanf(b, "%u-%u", &b0, &b1) == 2 ? b1 : b0;
	return a0 <= b1 && b0 <= a1;
}

static bool prefixes_meet(const char *a, const char *b)
{
	struct policy_prefix p, q;

	if (prefix_parse(a, &p) != PREFIX_GOOD || prefix_parse(b, &q) != PREFIX_GOOD)
		return true; // cannot be: the policy was taken
	return p.len <= q.len ? prefix_covers(&p, &q.addr) : prefix_covers(&q, &p.addr);
}

// Whether both ask for the dimension, and no value of the one goes with any of the other.
static bool part(const struct reach *a, const struct reach *b, const char *key,
	bool (*meet)(const char *, const char *))
{
	const json_t *x = json_object_get(a->match, key), *y = json_object_get(b->match, key);
	const json_t *u, *v;
	size_t i, k;

	if (x == NULL || y == NULL || json_array_size(x) * (uint64_t)json_array_size(y) > PAIRS_MAX)
		return false;
	json_array_foreach (x, i, u)
		json_array_foreach (y, k, v)
			if (meet(json_string_value(u), json_string_value(v)))
				return false;
	return true;
}

bool policy_diff_apart(const struct policy_diff_reach *r, size_t at, size_t other)
{
	const struct reach *a = &r->v[at], *b = &r->v[other];
	const char *x = json_string_value(json_object_get(a->match, "initiator"));
	const char *y = json_string_value(json_object_get(b->match, "initiator"));
	uint64_t countries = 0;

	for (unsigned i = 0; i < GEO_WORDS; i++)
		countries |= a->geo[i] & b->geo[i];
	return countries == 0 || (a->protos & b->protos) == 0 ||
	       (x != NULL && y != NULL && strcmp(x, y) != 0) || part(a, b, "tenants", same_word) ||
	       part(a, b, "dports", ports_meet) || part(a, b, "sports", ports_meet) ||
	       part(a, b, "src", prefixes_meet) || part(a, b, "dst", prefixes_meet);
}
