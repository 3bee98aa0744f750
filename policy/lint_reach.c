// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a match can hold for, and whether that is anything.

#include "policy/bitmaps.h"
#include "policy/lint_part.h"
#include "policy/matcher.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reach_kill(struct reach *r, const char *hint, const char *why, ...)
{
	va_list ap;

	if (r->dead)
		return;
	r->dead = true;
	va_start(ap, why);
	vsnprintf(r->why, sizeof(r->why), why, ap);
	va_end(ap);
	snprintf(r->hint, sizeof(r->hint), "%s", hint != NULL ? hint : "");
}

static bool empty(const uint64_t *bits, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (bits[i] != 0)
			return false;
	return true;
}

// Every code of two letters may come from a database, not only those of countries that are.
static void fill_geo(const struct lint *l, struct reach *r)
{
	const struct policy_match *m = r->m;
	uint8_t border[COUNTRY_INDEX_MAX], listed[COUNTRY_INDEX_MAX], grouped[COUNTRY_INDEX_MAX];

	memset(border, POLICY_BORDER_CROSS, sizeof(border));
	memset(listed, !match_names(m, DIM_COUNTRIES), sizeof(listed));
	memset(grouped, !match_names(m, DIM_JURISDICTIONS), sizeof(grouped));
	border[country_index(POLICY_CC_XX)] = POLICY_BORDER_UNKNOWN;
	for (unsigned i = 0; i < l->doc->n_home; i++)
		border[country_index(l->doc->home[i])] = POLICY_BORDER_HOME;
	for (unsigned i = 0; i < m->n_countries; i++)
		listed[country_index(m->countries[i])] = 1;
	for (unsigned i = 0; i < m->n_jurisdictions; i++) {
		const struct policy_jurisdiction_doc *j =
			&l->doc->jurisdictions[m->jurisdictions[i]];

		for (unsigned k = 0; k < j->n_countries; k++)
			grouped[country_index(j->countries[k])] = 1;
	}
	for (unsigned i = 0; i < COUNTRY_INDEX_MAX; i++)
		if (listed[i] && grouped[i] &&
			(!match_names(m, DIM_BORDER) || m->border >> border[i] & 1))
			bit_set(r->geo, i);
}

static void fill_protos(struct reach *r)
{
	const struct policy_match *m = r->m;
	bool ports = match_names(m, DIM_SPORTS) || match_names(m, DIM_DPORTS);

	for (unsigned i = 0; i < m->n_protos; i++)
		if (!ports || policy_has_ports(m->protos[i]))
			bit_set(r->protos, m->protos[i]);
	for (unsigned i = 0; !match_names(m, DIM_PROTOS) && i < 256; i++)
		if (!ports || policy_has_ports((uint8_t)i))
			bit_set(r->protos, i);
}

static void fill_apps(const struct lint *l, struct reach *r)
{
	for (unsigned i = 0; i < r->m->n_apps; i++) {
		const struct policy_app_group *g = &l->doc->groups[r->m->apps[i]];

		for (unsigned k = 0; k < g->n_apps; k++)
			bit_set(r->apps, g->apps[k]);
		for (unsigned k = 0; k < g->n_cats; k++)
			bit_set(r->cats, g->cats[k]);
	}
}

static void check_lists(struct reach *r)
{
	const struct policy_match *m = r->m;
	const struct {
		enum policy_dim dim;
		size_t n;
		const char *key;
	} lists[] = {{DIM_BORDER, m->border, "border"}, {DIM_SRC, m->n_src, "src"},
		{DIM_DST, m->n_dst, "dst"}, {DIM_PROTOS, m->n_protos, "protos"},
		{DIM_SPORTS, m->n_sports, "sports"}, {DIM_DPORTS, m->n_dports, "dports"}};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (match_names(m, lists[i].dim) && lists[i].n == 0)
			reach_kill(r, "leave the key out to match everything",
				"\"%s\" lists nothing", lists[i].key);
}

static void check_geo(struct reach *r)
{
	static const struct {
		enum policy_dim dim;
		const char *key;
	} keys[] = {{DIM_BORDER, "border"}, {DIM_COUNTRIES, "countries"},
		{DIM_JURISDICTIONS, "jurisdictions"}};
	char all[64] = "";
	size_t used = 0;

	if (!empty(r->geo, GEO_WORDS))
		return;
	for (unsigned i = 0; i < 3; i++)
		if (match_names(r->m, keys[i].dim))
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s\"%s\"",
				used == 0 ? "" : " and ", keys[i].key);
	reach_kill(r, NULL, "no country is in %s%s", all, strstr(all, " and ") ? " together" : "");
}

// Where overrides say for all of the prefix which countries it is in, and none of them is wanted.
static bool overridden(const struct lint *l, const struct reach *r, const struct policy_prefix *dst)
{
	const struct policy_prefix *around = cover_around(&l->overrides, dst);
	size_t i, end = cover_within(&l->overrides, dst, &i);

	if (around == NULL && !cover_all(&l->overrides, dst, -1))
		return false;
	if (around != NULL &&
		bit_get(r->geo, country_index(l->override_cc[around - l->overrides.v])))
		return false;
	for (; i < end; i++)
		if (bit_get(r->geo, country_index(l->override_cc[i])))
			return false;
	return true;
}

static void check_overrides(const struct lint *l, struct reach *r)
{
	if (!match_names(r->m, DIM_DST) || r->m->n_dst == 0)
		return;
	for (uint32_t i = 0; i < r->m->n_dst; i++)
		if (!overridden(l, r, &r->m->dst[i]))
			return;
	reach_kill(r, "an override goes before the country database",
		"/geo/overrides put all of \"dst\" into countries that it does not name");
}

// What it costs to look at each tenant's prefixes within src.
static uint64_t tenants_cost(const struct lint *l, const struct policy_match *m)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < m->n_tenants; i++)
		n += 1 + l->doc->tenants[m->tenants[i]].n_prefixes;
	return n * m->n_src * 8;
}

static void check_tenants(struct lint *l, struct reach *r)
{
	const struct policy_match *m = r->m;
	bool src = match_names(m, DIM_SRC);

	if (!match_names(m, DIM_TENANTS) || (src && !lint_may(l, tenants_cost(l, m))))
		return;
	for (uint32_t i = 0; i < m->n_tenants; i++) {
		if (!src && !l->tenant_lost[m->tenants[i]])
			return;
		for (uint32_t k = 0; src && k < m->n_src; k++)
			if (lint_tenant_wins(l, m->tenants[i], &m->src[k]))
				return;
	}
	if (src)
		reach_kill(r, NULL, "no address of \"src\" belongs to the tenants that it names");
	else
		reach_kill(r, "of several prefixes that have an address the longest decides",
			"every address of the tenants that it names belongs to others, by longer "
			"prefixes");
}

// Bits by IP version.
static unsigned versions(const struct policy_prefix *v, uint32_t n)
{
	unsigned found = 0;

	for (uint32_t i = 0; i < n; i++)
		found |= 1u << v[i].addr.version;
	return found;
}

// Both ends of a flow are of one IP version.
static void check_versions(const struct lint *l, struct reach *r)
{
	const struct policy_match *m = r->m;
	bool src = match_names(m, DIM_SRC);
	unsigned inside = src ? versions(m->src, m->n_src) : 0;

	if (!match_names(m, DIM_DST) || (!src && !match_names(m, DIM_TENANTS)))
		return;
	for (uint32_t i = 0; !src && i < m->n_tenants; i++) {
		const struct policy_tenant_doc *t = &l->doc->tenants[m->tenants[i]];

		if (t->n_prefixes == 0) // its network alone makes it, or it is _unlisted
			return;
		inside |= versions(t->prefixes, t->n_prefixes);
	}
	if ((inside & versions(m->dst, m->n_dst)) == 0)
		reach_kill(r, NULL, "%s and \"dst\" are of different versions of IP",
			src ? "\"src\"" : "the prefixes of its tenants");
}

void lint_reach(struct lint *l, const struct policy_match *m, struct reach *r)
{
	memset(r, 0, sizeof(*r));
	r->m = m;
	r->from = l->begin;
	r->to = l->end;
	fill_geo(l, r);
	fill_protos(r);
	fill_apps(l, r);
	check_lists(r);
	check_geo(r);
	if (empty(r->protos, 4))
		reach_kill(r, "only tcp, udp and sctp have ports",
			"it asks for ports, and no protocol that it names has any");
	check_overrides(l, r);
	check_tenants(l, r);
	check_versions(l, r);
}
