// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/simulate/flow.h"
#include "app/dataplane/pipeline.h"
#include "app/flowlog/record.h"

#include <string.h>

// Country by the policy's overrides, else as recorded: the database of then.
static uint16_t country(const struct flow_judge *j, const struct flow_known *flow)
{
	const struct policy_addr *a = &flow->facts.remote;
	uint16_t cc;

	if (policy_override(j->policy, a, &cc))
		return cc;
	if (!flow->overridden)
		return flow->cc;
	if (j->geo == NULL) {
		j->doubts->override_kept++;
		return flow->cc;
	}
	cc = geo_country(j->geo, a->version, a->b);
	return cc != 0 ? cc : POLICY_CC_XX;
}

// Whether the flow by itself has passed the limit.
static bool passed_alone(const struct flow_known *flow, const struct policy_limit_info *l)
{
	const uint64_t life = flow->t1 > flow->t0 ? (uint64_t)(flow->t1 - flow->t0) / 1000000 : 0;

	return l->per == POLICY_PER_FLOW && ((l->bytes_out != 0 && flow->out > l->bytes_out) ||
						    (l->seconds != 0 && life > l->seconds));
}

// The first of the strictest limits that were passed; POLICY_LIMIT_NONE.
static uint16_t passed(struct flow_judge *j, const struct policy_facts *f,
	const struct flow_known *flow, uint16_t rule)
{
	uint16_t limits[POLICY_MAX_LIMITS], best = POLICY_LIMIT_NONE;
	const unsigned n = policy_limits(j->policy, f, rule, limits);
	uint8_t action = POLICY_ALLOW;

	for (unsigned i = 0; i < n; i++) {
		struct policy_limit_info l;
		bool told, found = false;

		policy_limit(j->policy, limits[i], &l);
		told = flow->passed != NULL && strcmp(flow->passed, l.id) == 0;
		if (l.per == POLICY_PER_FLOW)
			found = passed_alone(flow, &l);
		else
			found = windows_count(&j->windows, limits[i], &l, f->tenant, f->cc,
				flow->t1 / 1000000, &flow->use);
		if (j->in_force) {
			found = told;
		} else if (told && !found && l.per != POLICY_PER_FLOW) {
			// The log may begin in the middle of the window.
			j->doubts->limit_taken++;
			found = true;
		}
		if (!found)
			continue;
		if (best == POLICY_LIMIT_NONE || l.action > action) {
			best = limits[i];
			action = l.action;
		}
	}
	return best;
}

void flow_judge(struct flow_judge *j, const struct flow_known *flow, struct flow_verdict *out,
	uint32_t *tenant, uint16_t *cc)
{
	const struct policy *p = j->policy;
	struct policy_facts f = flow->facts;
	struct policy_verdict v;
	struct policy_rule_info rule;
	struct policy_limit_info l;
	uint16_t limit;
	uint8_t action;

	f.tenant = policy_tenant(p, &f.inside, flow->vlan, flow->vni);
	f.cc = country(j, flow);
	f.border = policy_border(p, f.cc);
	j->doubts->no_asn += j->asks_asn && f.asn == 0;
	*tenant = f.tenant;
	*cc = f.cc;
	// As of the flow's last packet, as the gateway's own last look.
	policy_eval(p, &f, flow->t1 / 1000000, &v);
	*out = (struct flow_verdict){.action = v.action, .undecided = v.state == POLICY_UNDECIDED};
	if (out->undecided)
		return;
	limit = passed(j, &f, flow, v.rule);
	policy_limit(p, limit, &l);
	action = v.action;
	if (l.id != NULL && l.action >= action)
		action = l.action;
	else
		limit = POLICY_LIMIT_NONE;
	if (action == POLICY_BLOCK && flow_keeps_link(&f, f.sport))
		action = POLICY_FLAG;
	policy_rule(p, v.rule, &rule);
	policy_limit(p, limit, &l);
	out->rule = rule.id;
	out->limit = l.id;
	out->reason = record_reason(
		p, v.rule, limit, v.expired ? RECORD_EXC_POLICY_EXPIRED : RECORD_EXC_NONE);
	out->action = action;
	if (flow->raised > action) {
		out->action = flow->raised;
		out->reason = flow->raised_reason;
	}
}
