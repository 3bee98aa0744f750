// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A candidate: a whole policy beside the one in force, asked when a record is written what it would
// have decided. It costs an evaluation a record and nothing for a packet.

#include "app/dataplane/pipeline.h"

// What the candidate is told: the same flow, but tenants, home and overrides of its own.
static void candidate_facts(
	struct pipeline *pl, uint32_t i, const struct policy *p, struct policy_facts *f)
{
	const struct flow_cold *c = &pl->table.cold[i];
	const struct policy_addr *a = &f->remote;

	flow_facts(pl, i, p, f);
	if (!policy_override(p, a, &f->cc) && c->cc_source == RECORD_CC_OVERRIDE) {
		f->cc = pl->c.geo != NULL ? geo_country(pl->c.geo, a->version, a->b) : 0;
		f->cc = f->cc != 0 ? f->cc : POLICY_CC_XX;
	}
	f->border = policy_border(p, f->cc);
}

static bool within(uint64_t in_force, uint64_t candidate)
{
	return in_force == 0 || (candidate != 0 && candidate <= in_force);
}

// A limit that was passed holds for the candidate too where it has the same one, no wider, because
// counters go by the limit's name and stay over a change of policy. What only the candidate limits
// nobody has counted.
static uint16_t passed_too(
	const struct policy *p, const struct policy_facts *f, uint16_t rule, const struct record *r)
{
	struct policy_limit_info had, l;
	uint16_t limits[POLICY_MAX_LIMITS];
	unsigned n;

	if (r->limit == POLICY_LIMIT_NONE || r->policy == NULL)
		return POLICY_LIMIT_NONE;
	policy_limit(r->policy, r->limit, &had);
	n = had.id != NULL ? policy_limits(p, f, rule, limits) : 0;
	for (unsigned k = 0; k < n; k++) {
		policy_limit(p, limits[k], &l);
		if (strcmp(l.id, had.id) == 0 && l.per == had.per && l.window == had.window &&
			within(had.bytes_out, l.bytes_out) && within(had.flows, l.flows) &&
			within(had.seconds, l.seconds))
			return limits[k];
	}
	return POLICY_LIMIT_NONE;
}

static void take(struct pipeline *pl, uint32_t i, const struct policy_facts *f,
	const struct policy_verdict *v, struct record *r)
{
	const struct policy *p = pl->candidate->policy;
	uint16_t limit = passed_too(p, f, v->rule, r);
	uint8_t raise = flow_exception_action(pl, pl->table.cold[i].exception);
	uint8_t action = v->action;
	struct policy_limit_info l;

	policy_limit(p, limit, &l);
	r->cand_limit = POLICY_LIMIT_NONE;
	if (l.id != NULL && l.action >= action) {
		r->cand_limit = limit;
		action = l.action;
	}
	if (action == POLICY_BLOCK && flow_keeps_link(f, pl->table.hot[i].port[0]))
		action = POLICY_FLAG;
	r->cand_exception = raise > action ? pl->table.cold[i].exception
			    : v->expired   ? RECORD_EXC_POLICY_EXPIRED
					   : RECORD_EXC_NONE;
	r->cand_action = raise > action ? raise : action;
	r->cand_rule = v->rule;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

// Whether both say the same, in the words of the record.
static bool same(const struct record *r, const struct policy *p)
{
	struct policy_rule_info now, then;

	policy_rule(r->policy, r->rule, &now);
	policy_rule(p, r->cand_rule, &then);
	return r->action == r->cand_action && same_text(now.id, then.id) &&
	       same_text(record_reason(r->policy, r->rule, r->limit, r->exception),
		       record_reason(p, r->cand_rule, r->cand_limit, r->cand_exception));
}

static void count(struct pipeline *pl, const struct record *r, uint16_t shadow, bool equal)
{
	const struct policy_generation *g = pl->candidate;
	struct policy_moves *m = policy_slot_moves(g, pl->c.shadow_reader);
	struct rule_count *n = policy_slot_count(g, pl->c.shadow_reader, r->cand_rule);

	m->flows[r->action][r->cand_action]++;
	m->renamed += !equal && r->action == r->cand_action;
	if (n != NULL) {
		n->hits++;
		n->out += r->ob;
		n->in += r->rb;
		n->last = r->t1;
	}
	n = policy_slot_count(g, pl->c.shadow_reader, shadow);
	if (n != NULL) {
		n->hits++;
		n->last = r->t1;
	}
}

void flow_compare(struct pipeline *pl, uint32_t i, struct record *r)
{
	struct policy_facts f;
	struct policy_verdict v;
	const struct policy *p = pipeline_candidate(pl);
	bool equal;

	if (r->local || r->undecided || r->policy == NULL)
		return;
	candidate_facts(pl, i, p, &f);
	pl->stats.candidate_evaluations++;
	policy_eval(p, &f, r->t1 / 1000000, &v); // as of the flow's last packet, as its verdict
	if (v.state != POLICY_DECIDED)
		return; // what comes of it stands in a later record
	take(pl, i, &f, &v, r);
	equal = same(r, p);
	if (r->ev == RECORD_END)
		count(pl, r, v.shadow, equal);
	pl->stats.candidate_differs += !equal;
	r->candidate = equal ? NULL : p;
}

bool flow_candidate_waits(struct pipeline *pl, uint32_t i)
{
	const struct policy *p = pipeline_candidate(pl);
	struct policy_facts f;
	struct policy_verdict v;

	if (pl->table.hot[i].flags & FLOW_LABEL_FINAL)
		return false;
	candidate_facts(pl, i, p, &f);
	policy_eval(p, &f, pl->now / 1000000, &v);
	return v.state != POLICY_DECIDED;
}
