// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Packets that go without a flow: there is no room for one, or no time (budget.h). Nothing is kept
// of them, so that their flow may begin with a later one. What the policy blocks is blocked even
// so. A record a second, a counter for each.

#include "app/dataplane/pipeline.h"

static bool tell_due(const struct packet *p, int64_t reported)
{
	return p->ts - reported >= 1000000;
}

static void go(struct pipeline *pl, struct packet *p, enum policy_action action,
	enum reason_outcome r, enum record_exception why, int64_t *reported)
{
	p->outcome = r;
	pl->stats.packets[r]++;
	pl->stats.bytes[r] += p->wire_len;
	if (tell_due(p, *reported)) {
		*reported = p->ts;
		flow_report_no_state(pl, p, action, why);
	}
}

void flow_no_room(struct pipeline *pl, struct packet *p)
{
	enum policy_action action = flow_decide_stateless(pl, p);

	pl->stats.table_full++;
	if (pl->c.exceptions.flow_table_full > action)
		action = pl->c.exceptions.flow_table_full;
	go(pl, p, action, action == POLICY_BLOCK ? REASON_STOP_NO_STATE : REASON_PASS_NO_STATE,
		RECORD_EXC_FLOW_TABLE_FULL, &pl->full_reported);
}

// Where the exception blocks all, or the policy can block nothing, or nothing there, the packet
// costs no evaluation.
static bool needs_evaluation(struct pipeline *pl, const struct packet *p, bool screened)
{
	if (tell_due(p, pl->shed_reported))
		return true;
	return !screened && pl->c.exceptions.overload != POLICY_BLOCK && pl->can_block &&
	       flow_may_be_blocked(pl, p);
}

void flow_shed(struct pipeline *pl, struct packet *p, bool screened)
{
	enum policy_action action = pl->c.exceptions.overload, rule;

	pl->stats.flows_shed++;
	if (needs_evaluation(pl, p, screened)) {
		rule = flow_decide_stateless(pl, p);
		action = rule > action ? rule : action;
	}
	go(pl, p, action, action == POLICY_BLOCK ? REASON_STOP_OVERLOAD : REASON_PASS_OVERLOAD,
		RECORD_EXC_OVERLOAD, &pl->shed_reported);
}
