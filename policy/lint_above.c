// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whether one match holds wherever another does, field by field. That is enough in three-valued
// logic too: where a field of the narrow one is true, that of the wide one is, whatever
// classification still waits for, so the narrow one never comes first.

#include "policy/lint_part.h"
#include "policy/matcher.h"

#include <string.h>

static bool within(const uint64_t *narrow, const uint64_t *wide, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (narrow[i] & ~wide[i])
			return false;
	return true;
}

// Whether the ranges have all ports of r.
static bool has_range(const struct port_range *v, unsigned n, const struct port_range *r)
{
	unsigned next = r->from;

	for (bool found = true; found && next <= r->to;) {
		found = false;
		for (unsigned i = 0; i < n && !found; i++)
			if (v[i].from <= next && next <= v[i].to) {
				next = v[i].to + 1u;
				found = true;
			}
	}
	return next > r->to;
}

static bool ports_hold(
	const struct policy_match *wide, const struct policy_match *narrow, enum policy_dim dim)
{
	static const struct port_range all = {.from = 0, .to = UINT16_MAX};
	bool s = dim == DIM_SPORTS;
	const struct port_range *w = s ? wide->sports : wide->dports;
	const struct port_range *v = s ? narrow->sports : narrow->dports;
	unsigned n_w = s ? wide->n_sports : wide->n_dports;
	unsigned n = s ? narrow->n_sports : narrow->n_dports;

	if (!match_names(wide, dim))
		return true;
	if (!match_names(narrow, dim))
		return has_range(w, n_w, &all);
	for (unsigned i = 0; i < n; i++)
		if (!has_range(w, n_w, &v[i]))
			return false;
	return true;
}

static bool has_value(const uint32_t *v, uint32_t n, uint32_t value)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i] == value)
			return true;
	return false;
}

static bool tenants_hold(
	const struct lint *l, const struct policy_match *wide, const struct policy_match *narrow)
{
	if (!match_names(wide, DIM_TENANTS))
		return true;
	if (!match_names(narrow, DIM_TENANTS))
		return false;
	for (uint32_t i = 0; i < narrow->n_tenants; i++) {
		if (l->tenant_lost[narrow->tenants[i]])
			continue;
		if (!has_value(wide->tenants, wide->n_tenants, narrow->tenants[i]))
			return false;
	}
	return true;
}

static bool covers(
	const struct policy_prefix *v, uint32_t n, const struct policy_prefix *of, uint32_t n_of)
{
	const struct cover c = {.v = v, .n = n};

	for (uint32_t i = 0; i < n_of; i++)
		if (!cover_all(&c, &of[i], -1))
			return false;
	return true;
}

// Whether the prefixes are another way to say any address.
static bool covers_every(const struct policy_prefix *v, uint32_t n)
{
	static const struct policy_prefix every[] = {{.addr.version = 4}, {.addr.version = 6}};

	return covers(v, n, every, 2);
}

// Where the narrow one names no prefixes, those of its tenants bound it all the same.
static bool src_holds(
	const struct lint *l, const struct policy_match *wide, const struct policy_match *narrow)
{
	if (!match_names(wide, DIM_SRC) || covers_every(wide->src, wide->n_src))
		return true;
	if (match_names(narrow, DIM_SRC))
		return covers(wide->src, wide->n_src, narrow->src, narrow->n_src);
	if (!match_names(narrow, DIM_TENANTS))
		return false;
	for (uint32_t i = 0; i < narrow->n_tenants; i++) {
		const struct policy_tenant_doc *t = &l->doc->tenants[narrow->tenants[i]];

		if (t->n_prefixes == 0 || // its network alone makes it, or it is _unlisted
			!covers(wide->src, wide->n_src, t->prefixes, t->n_prefixes))
			return false;
	}
	return true;
}

static bool dst_holds(const struct policy_match *wide, const struct policy_match *narrow)
{
	if (!match_names(wide, DIM_DST) || covers_every(wide->dst, wide->n_dst))
		return true;
	return match_names(narrow, DIM_DST) &&
	       covers(wide->dst, wide->n_dst, narrow->dst, narrow->n_dst);
}

static bool asns_hold(const struct policy_match *wide, const struct policy_match *narrow)
{
	if (!match_names(wide, DIM_ASNS))
		return true;
	if (!match_names(narrow, DIM_ASNS))
		return false;
	for (uint32_t i = 0; i < narrow->n_asns; i++)
		if (!has_value(wide->asns, wide->n_asns, narrow->asns[i]))
			return false;
	return true;
}

static bool hosts_hold(const struct policy_match *wide, const struct policy_match *narrow)
{
	if (!match_names(wide, DIM_HOSTS))
		return true;
	if (!match_names(narrow, DIM_HOSTS))
		return false;
	for (unsigned i = 0; i < narrow->n_hosts; i++) {
		unsigned k = 0;

		while (k < wide->n_hosts && !host_matches(wide->hosts[k], narrow->hosts[i]))
			k++;
		if (k == wide->n_hosts)
			return false;
	}
	return true;
}

bool lint_holds_all(const struct lint *l, const struct reach *wide, const struct reach *narrow)
{
	const struct policy_match *w = wide->m, *m = narrow->m;

	// What is cheap and tells most apart goes first.
	if (wide->from > narrow->from || wide->to < narrow->to)
		return false;
	if (match_names(w, DIM_INITIATOR) &&
		(!match_names(m, DIM_INITIATOR) || w->initiator != m->initiator))
		return false;
	if (match_names(w, DIM_RISKS) &&
		(!match_names(m, DIM_RISKS) || (m->risks & ~w->risks) != 0))
		return false;
	if (match_names(w, DIM_APPS) &&
		(!match_names(m, DIM_APPS) || !within(narrow->apps, wide->apps, APP_WORDS) ||
			!within(narrow->cats, wide->cats, CAT_WORDS)))
		return false;
	return within(narrow->protos, wide->protos, 4) && ports_hold(w, m, DIM_SPORTS) &&
	       ports_hold(w, m, DIM_DPORTS) && tenants_hold(l, w, m) && hosts_hold(w, m) &&
	       asns_hold(w, m) && src_holds(l, w, m) && dst_holds(w, m);
}
