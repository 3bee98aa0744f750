// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The conditions of a match that a flow's first packet settles, and all of them together.

#include "policy/country.h"
#include "policy/explain_part.h"
#include "policy/matcher.h"
#include "policy/moment.h"
#include "policy/read.h"

#include <string.h>

static enum policy_truth truth(bool yes)
{
	return yes ? POLICY_TRUE : POLICY_FALSE;
}

static const char *not_of(size_t n)
{
	return n == 1 ? "not" : "none of";
}

static enum policy_truth tenants(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	bool in = false;

	for (unsigned i = 0; i < m->n_tenants; i++)
		in |= m->tenants[i] == x->facts->tenant;
	words_add(w, "%s", x->tenant_why);
	if (in)
		return POLICY_TRUE;
	words_add(w, "; not of ");
	for (unsigned i = 0; i < m->n_tenants; i++)
		words_item(w, m->n_tenants, "%s", x->doc->tenants[m->tenants[i]].name);
	return POLICY_FALSE;
}

static enum policy_truth initiator(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	static const char *const names[] = {"inside", "outside"};
	bool in = m->initiator == x->facts->initiator;

	words_add(w, "opened from %s%s%s", names[x->facts->initiator & 1], in ? "" : ", not from ",
		in ? "" : names[m->initiator & 1]);
	return truth(in);
}

static enum policy_truth border(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	bool in = m->border >> x->facts->border & 1;
	const char *between = ", not ";

	words_add(w, "%s is %s", x->cc, policy_border_name((enum policy_border)x->facts->border));
	for (int b = POLICY_BORDER_HOME; !in && b <= POLICY_BORDER_UNKNOWN; b++)
		if (m->border >> b & 1) {
			words_add(w, "%s%s", between, policy_border_name((enum policy_border)b));
			between = " or ";
		}
	return truth(in);
}

static enum policy_truth countries(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	char cc[3];

	for (unsigned i = 0; i < m->n_countries; i++)
		if (m->countries[i] == x->facts->cc) {
			words_add(w, "%s is listed", x->cc);
			return POLICY_TRUE;
		}
	words_add(w, "%s is %s ", x->cc, not_of(m->n_countries));
	for (unsigned i = 0; i < m->n_countries; i++) {
		country_format(m->countries[i], cc);
		words_item(w, m->n_countries, "%s", cc);
	}
	return POLICY_FALSE;
}

static bool has_country(const uint16_t *v, unsigned n, uint16_t cc)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i] == cc)
			return true;
	return false;
}

static enum policy_truth jurisdictions(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	const uint16_t cc = x->facts->cc;
	char as_of[MOMENT_TEXT_MAX];

	for (unsigned i = 0; i < m->n_jurisdictions; i++) {
		const struct policy_jurisdiction_doc *j =
			&x->doc->jurisdictions[m->jurisdictions[i]];

		if (!has_country(j->countries, j->n_countries, cc))
			continue;
		moment_format(j->as_of, as_of);
		words_add(w, "%s is in %s%s, as of %.10s", x->cc, j->name,
			has_country(j->partial, j->n_partial, cc) ? " in part" : "", as_of);
		return POLICY_TRUE;
	}
	if (cc == POLICY_CC_XX)
		words_add(w, "the country is unknown, which is in no group: not in ");
	else
		words_add(w, "%s is not in ", x->cc);
	for (unsigned i = 0; i < m->n_jurisdictions; i++)
		words_item(w, m->n_jurisdictions, "%s",
			x->doc->jurisdictions[m->jurisdictions[i]].name);
	return POLICY_FALSE;
}

static enum policy_truth prefixes(const struct policy_addr *a, const char *addr,
	const struct policy_prefix *v, uint32_t n, struct words *w)
{
	char text[PREFIX_TEXT_MAX];

	for (uint32_t i = 0; i < n; i++)
		if (prefix_covers(&v[i], a)) {
			prefix_format(&v[i], text);
			words_add(w, "%s is in %s", addr, text);
			return POLICY_TRUE;
		}
	words_add(w, "%s is not in ", addr);
	for (uint32_t i = 0; i < n; i++) {
		prefix_format(&v[i], text);
		words_item(w, n, "%s", text);
	}
	return POLICY_FALSE;
}

static void proto_name(uint8_t number, char out[16])
{
	const char *name = match_proto_name(number);

	if (name != NULL)
		snprintf(out, 16, "%s", name);
	else
		snprintf(out, 16, "protocol %u", number);
}

static enum policy_truth protos(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	char name[16];

	proto_name(x->facts->proto, name);
	for (unsigned i = 0; i < m->n_protos; i++)
		if (m->protos[i] == x->facts->proto) {
			words_add(w, "%s is listed", name);
			return POLICY_TRUE;
		}
	words_add(w, "%s is %s ", name, not_of(m->n_protos));
	for (unsigned i = 0; i < m->n_protos; i++) {
		proto_name(m->protos[i], name);
		words_item(w, m->n_protos, "%s", name);
	}
	return POLICY_FALSE;
}

static void port_item(struct words *w, size_t total, const struct port_range *r)
{
	if (r->from == r->to)
		words_item(w, total, "%u", r->from);
	else
		words_item(w, total, "%u-%u", r->from, r->to);
}

static enum policy_truth ports(
	uint8_t proto, uint16_t port, const struct port_range *v, unsigned n, struct words *w)
{
	char name[16];

	proto_name(proto, name);
	if (!policy_has_ports(proto)) {
		words_add(w, "%s has no ports", name);
		return POLICY_FALSE;
	}
	for (unsigned i = 0; i < n; i++)
		if (v[i].from <= port && port <= v[i].to) {
			if (v[i].from == v[i].to)
				words_add(w, "%u is listed", port);
			else
				words_add(w, "%u is in %u-%u", port, v[i].from, v[i].to);
			return POLICY_TRUE;
		}
	words_add(w, "%u is not in ", port);
	for (unsigned i = 0; i < n; i++)
		port_item(w, n, &v[i]);
	return POLICY_FALSE;
}

static enum policy_truth asns(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	const uint32_t asn = x->facts->asn;

	for (unsigned i = 0; i < m->n_asns; i++)
		if (m->asns[i] == asn) {
			words_add(w, "AS%u is listed", asn);
			return POLICY_TRUE;
		}
	if (asn == 0)
		words_add(w, "the AS is unknown, %s ", not_of(m->n_asns));
	else
		words_add(w, "AS%u is %s ", asn, not_of(m->n_asns));
	for (unsigned i = 0; i < m->n_asns; i++)
		words_item(w, m->n_asns, "AS%u", m->asns[i]);
	return POLICY_FALSE;
}

static const char *rule_id(const struct explaining *x, uint16_t rule)
{
	return rule < x->doc->info.n_rules ? x->doc->rules[rule].id : "_default";
}

// Only limits ask for the rule.
static enum policy_truth rules(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	for (unsigned i = 0; x->rule != POLICY_RULE_NONE && i < m->n_rules; i++)
		if (m->rules[i] == x->rule) {
			words_add(w, "%s decides", rule_id(x, x->rule));
			return POLICY_TRUE;
		}
	if (x->rule != POLICY_RULE_NONE)
		words_add(w, "%s decides; not ", rule_id(x, x->rule));
	else
		words_add(w, x->undecided ? "no rule has decided yet; wanted: "
					  : "no rule decides; wanted: ");
	for (unsigned i = 0; i < m->n_rules; i++)
		words_item(w, m->n_rules, "%s", rule_id(x, m->rules[i]));
	return x->undecided ? POLICY_PENDING : POLICY_FALSE;
}

// Some lists may be empty. (A list that is named, that is: what is not named is no condition.)
static bool lists_nothing(const struct policy_match *m, enum policy_dim dim)
{
	return (dim == DIM_BORDER && m->border == 0) || (dim == DIM_SRC && m->n_src == 0) ||
	       (dim == DIM_DST && m->n_dst == 0) || (dim == DIM_PROTOS && m->n_protos == 0) ||
	       (dim == DIM_SPORTS && m->n_sports == 0) || (dim == DIM_DPORTS && m->n_dports == 0);
}

static enum policy_truth condition(const struct explaining *x, const struct policy_match *m,
	enum policy_dim dim, struct words *w)
{
	const struct policy_facts *f = x->facts;

	if (lists_nothing(m, dim)) {
		words_add(w, "nothing is listed, so nothing matches");
		return POLICY_FALSE;
	}
	switch (dim) {
	case DIM_TENANTS:
		return tenants(x, m, w);
	case DIM_INITIATOR:
		return initiator(x, m, w);
	case DIM_BORDER:
		return border(x, m, w);
	case DIM_COUNTRIES:
		return countries(x, m, w);
	case DIM_JURISDICTIONS:
		return jurisdictions(x, m, w);
	case DIM_SRC:
		return prefixes(&f->inside, x->inside, m->src, m->n_src, w);
	case DIM_DST:
		return prefixes(&f->remote, x->remote, m->dst, m->n_dst, w);
	case DIM_PROTOS:
		return protos(x, m, w);
	case DIM_SPORTS:
		return ports(f->proto, f->sport, m->sports, m->n_sports, w);
	case DIM_DPORTS:
		return ports(f->proto, f->dport, m->dports, m->n_dports, w);
	case DIM_ASNS:
		return asns(x, m, w);
	case DIM_RULES:
		return rules(x, m, w);
	case DIM_APPS:
		return explain_apps(x, m, w);
	case DIM_HOSTS:
		return explain_hosts(x, m, w);
	case DIM_RISKS:
		return explain_risks(x, m, w);
	case DIM_COUNT:
		break; // no dimension
	}
	return POLICY_FALSE;
}

void explain_match(
	const struct explaining *x, const struct policy_match *m, struct explain_match *out)
{
	unsigned n = (unsigned)__builtin_popcount(m->present);
	struct explain_condition *c = arena_alloc(x->arena, n, sizeof(*c));

	*out = (struct explain_match){.is = POLICY_TRUE, .conditions = c};
	for (unsigned dim = 0; c != NULL && dim < DIM_COUNT; dim++) {
		struct words w = {0};

		if (!match_names(m, dim))
			continue;
		c->field = match_keys[dim];
		c->is = condition(x, m, (enum policy_dim)dim, &w);
		c->why = arena_strdup(x->arena, w.text);
		if (c->is < out->is)
			out->is = c->is;
		c++;
		out->n++;
	}
}
