// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// New flows for which there is no time: budget.h.

#include "app/dataplane/pipeline.h"

// Nothing is kept of the packet, so that its flow may begin with a later one. What the policy
// blocks is blocked even so; where the policy can block nothing, or the exception blocks all, the
// packet costs no evaluation. A record a second, a counter for each.
void flow_shed(struct pipeline *pl, struct packet *p)
{
	bool tell = p->ts - pl->shed_reported >= 1000000;
	uint8_t action = pl->c.exceptions.overload;
	enum reason_outcome r;

	pl->stats.flows_shed++;
	if (tell || (action != POLICY_BLOCK && pl->can_block)) {
		uint8_t rule = (uint8_t)flow_decide_stateless(pl, p);

		action = rule > action ? rule : action;
	}
	r = action == POLICY_BLOCK ? REASON_STOP_OVERLOAD : REASON_PASS_OVERLOAD;
	p->outcome = r;
	pl->stats.packets[r]++;
	pl->stats.bytes[r] += p->wire_len;
	if (tell) {
		pl->shed_reported = p->ts;
		flow_report_no_state(pl, p, action, RECORD_EXC_OVERLOAD);
	}
}
