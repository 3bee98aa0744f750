// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// An explanation for machines.

#include "app/operator/explain.h"
#include "policy/country.h"
#include "policy/moment.h"
#include "policy/prefix.h"

#include <string.h>

static json_t *word(const char *s)
{
	return s != NULL ? json_string(s) : json_null();
}

static json_t *flow(const struct explain_answer *a)
{
	const struct policy_facts *f = &a->now.facts;
	const struct policy_question *q = &a->asked->q;
	char src[PREFIX_TEXT_MAX], dst[PREFIX_TEXT_MAX];
	json_t *o;

	policy_addr_format(&f->inside, src);
	policy_addr_format(&f->remote, dst);
	o = json_pack("{s:s, s:s, s:i, s:s}", "src", src, "dst", dst, "proto", f->proto,
		"initiator", f->initiator == POLICY_INIT_INSIDE ? "inside" : "outside");
	if (policy_has_ports(f->proto)) {
		json_object_set_new(o, "sport", json_integer(f->sport));
		json_object_set_new(o, "dport", json_integer(f->dport));
	}
	if (q->vlan != POLICY_VLAN_NONE)
		json_object_set_new(o, "vlan", json_integer(q->vlan));
	if (q->vni != POLICY_VNI_NONE)
		json_object_set_new(o, "vni", json_integer(q->vni));
	if (f->asn != 0)
		json_object_set_new(o, "asn", json_integer(f->asn));
	return o;
}

static json_t *label(const struct explain_answer *a)
{
	const struct policy_facts *f = &a->now.facts;
	const struct dpi *d = a->p->dpi;
	json_t *risks = json_array();
	bool any = f->app != 0 || f->final;

	for (uint64_t left = f->risks; left != 0; left &= left - 1)
		json_array_append_new(
			risks, word(dpi_risk_name(d, (unsigned)__builtin_ctzll(left))));
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "final", f->final, "app",
		any ? word(dpi_app_name(d, f->app)) : json_null(), "master",
		f->master != 0 ? word(dpi_app_name(d, f->master)) : json_null(), "category",
		any ? word(dpi_category_name(d, f->cat)) : json_null(), "confidence",
		word(policy_conf_name((enum policy_conf)f->conf)), "host", word(f->host), "risks",
		risks);
}

static json_t *conditions(const struct explain_match *m)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < m->n; i++)
		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s}", "field", m->conditions[i].field, "is",
				     policy_truth_name(m->conditions[i].is), "why",
				     m->conditions[i].why));
	return all;
}

static json_t *rules(const struct explain_answer *a)
{
	const struct policy *p = a->p->policy;
	json_t *all = json_array(), *o;
	struct policy_rule_info info;

	for (unsigned i = 0; i < policy_info(p)->n_rules; i++) {
		const struct explain_rule *r = &a->now.rules[i];

		policy_rule(p, (uint16_t)i, &info);
		o = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:o}", "id", info.id, "action",
			policy_action_name((enum policy_action)info.action), "reason", info.reason,
			"shadow", info.shadow, "part", explain_part_name(r->part), "is",
			policy_truth_name(r->match.is), "conditions", conditions(&r->match));
		if (r->off != NULL)
			json_object_set_new(o, "off", json_string(r->off));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *pending(const struct policy *p)
{
	const struct policy_pending *c = &policy_info(p)->pending;

	return json_pack("{s:s, s:i, s:i, s:I, s:i}", "action",
		c->action == POLICY_BLOCK ? "block" : "pass", "max_packets_tcp",
		(int)c->max_packets_tcp, "max_packets_udp", (int)c->max_packets_udp,
		"max_bytes_out", (json_int_t)c->max_bytes_out, "max_ms", (int)c->max_ms);
}

static json_t *verdict(const struct policy *p, const struct policy_explanation *e)
{
	const struct policy_verdict *v = &e->verdict;
	struct policy_rule_info rule, shadow, holds;
	json_t *basis = json_array(), *candidates = json_array(), *o;

	policy_rule(p, v->rule, &rule);
	policy_rule(p, v->shadow, &shadow);
	policy_rule(p, e->holds, &holds);
	for (unsigned i = 0; i < rule.n_basis; i++)
		json_array_append_new(basis, json_string(rule.basis[i]));
	for (unsigned i = 0; i < policy_info(p)->n_rules; i++) {
		struct policy_rule_info c;

		policy_rule(p, (uint16_t)i, &c);
		if (e->rules[i].part == EXPLAIN_CANDIDATE)
			json_array_append_new(candidates, json_string(c.id));
	}
	o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "state",
		policy_state_name((enum policy_state)v->state), "action",
		policy_action_name((enum policy_action)v->action), "reason",
		word(explain_reason(p, v)), "severity",
		word(policy_severity_name((enum policy_severity)v->severity)), "rule",
		word(rule.id), "basis", basis, "shadow", word(shadow.id), "expired", v->expired,
		"candidates", candidates, "holds", word(holds.id));
	if (v->state == POLICY_UNDECIDED)
		json_object_set_new(o, "pending", pending(p));
	if (v->capture_packets != 0)
		json_object_set_new(o, "capture",
			json_pack("{s:i, s:i}", "packets", v->capture_packets, "snap",
				v->capture_snap));
	return o;
}

static json_t *limits(const struct policy *p, const struct policy_explanation *e)
{
	static const char *const pers[] = {"flow", "tenant", "country", "tenant+country"};
	static const char *const windows[] = {NULL, "hour", "day", "month"};
	json_t *all = json_array(), *o;
	struct policy_limit_info l;

	for (unsigned i = 0; i < policy_info(p)->n_limits; i++) {
		policy_limit(p, (uint16_t)i, &l);
		o = json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", l.id, "counts",
			explain_counts(e, i), "is", policy_truth_name(e->limits[i].is), "then",
			policy_action_name((enum policy_action)l.action), "reason", l.reason, "per",
			pers[l.per], "window", word(windows[l.window]), "severity",
			word(policy_severity_name((enum policy_severity)l.severity)), "conditions",
			conditions(&e->limits[i]));
		if (l.bytes_out != 0)
			json_object_set_new(o, "bytes_out", json_integer((json_int_t)l.bytes_out));
		if (l.flows != 0)
			json_object_set_new(o, "flows", json_integer((json_int_t)l.flows));
		if (l.seconds != 0)
			json_object_set_new(o, "seconds", json_integer((json_int_t)l.seconds));
		json_array_append_new(all, o);
	}
	return all;
}

json_t *explain_json(const struct explain_answer *a)
{
	const struct policy *p = a->p->policy;
	const struct policy_explanation *e = &a->now;
	char cc[3], at[MOMENT_TEXT_MAX];
	json_t *o;

	country_format(e->facts.cc, cc);
	moment_format(a->asked->q.now, at);
	o = json_pack("{s:{s:s, s:I}, s:s, s:o, s:{s:s, s:s}, s:{s:s, s:s, s:s}, s:o, s:o, s:o, "
		      "s:o}",
		"policy", "id", policy_info(p)->id, "version", (json_int_t)policy_info(p)->version,
		"time", at, "flow", flow(a), "tenant", "name",
		policy_tenant_name(p, e->facts.tenant), "why", e->tenant_why, "country", "code", cc,
		"border", policy_border_name((enum policy_border)e->facts.border), "why",
		e->country_why != NULL ? e->country_why : a->asked->country_from, "label", label(a),
		"rules", rules(a), "verdict", verdict(p, e), "limits", limits(p, e));
	if (a->has_cap)
		json_object_set_new(o, "at_cap",
			json_pack("{s:o, s:o}", "verdict", verdict(p, &a->cap), "limits",
				limits(p, &a->cap)));
	return o;
}
