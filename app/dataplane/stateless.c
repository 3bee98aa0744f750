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

// Where the exception blocks all, or the policy can block nothing, the packet costs no evaluation.
static bool policy_has_a_say(const struct pipeline *pl)
{
	return pl->can_block && pl->c.exceptions.overload != POLICY_BLOCK;
}

static enum reason_outcome outcome_of(enum policy_action action)
{
	return action == POLICY_BLOCK ? REASON_STOP_OVERLOAD : REASON_PASS_OVERLOAD;
}

void flow_shed(struct pipeline *pl, struct packet *p)
{
	enum policy_action action = pl->c.exceptions.overload, rule;

	pl->stats.flows_shed++;
	if (tell_due(p, pl->shed_reported) ||
		(policy_has_a_say(pl) && flow_may_be_blocked(pl, p))) {
		rule = flow_decide_stateless(pl, p);
		action = rule > action ? rule : action;
	}
	go(pl, p, action, outcome_of(action), RECORD_EXC_OVERLOAD, &pl->shed_reported);
}

// flow_count_notes() for packets that nearly always have three at most, and as many as their sender
// likes: a branch by how many would be mispredicted.
static inline void count_few_notes(struct pipeline *pl, uint32_t notes)
{
	uint64_t none = 0, *n[3];

	if (notes == 0)
		return;
	for (unsigned i = 0; i < 3; i++) {
		n[i] = notes != 0 ? &pl->stats.notes[__builtin_ctz(notes)] : &none;
		notes &= notes - (notes != 0);
	}
	for (unsigned i = 0; i < 3; i++)
		++*n[i];
	flow_count_notes(pl, notes);
}

unsigned flow_shed_screened(struct pipeline *pl, struct packet *p, uint8_t *at, unsigned n)
{
	const enum reason_outcome r = outcome_of(pl->c.exceptions.overload);
	const bool ask = policy_has_a_say(pl);
	// What exceptions.malformed has a say in.
	const uint32_t bad = pl->c.exceptions.malformed == POLICY_BLOCK ? NOTES_MALFORMED : 0;
	unsigned left = 0;
	uint64_t bytes = 0;

	for (unsigned k = 0; k < n; k++) {
		struct packet *q = &p[at[k]];

		if ((q->flags & (PACKET_IP | PACKET_TUNNEL)) != PACKET_IP || (q->notes & bad) ||
			pl->stop_all || tell_due(q, pl->shed_reported) ||
			(ask && !flow_screened(pl, q))) {
			at[left++] = at[k];
			continue;
		}
		count_few_notes(pl, q->notes);
		q->outcome = r;
		bytes += q->wire_len;
	}
	pl->stats.flows_shed += n - left;
	pl->stats.packets[r] += n - left;
	pl->stats.bytes[r] += bytes;
	return left;
}
