// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The fast paths: packets of established flows whose verdict is in force, so that there is nothing
// to do but to count them. For burst.c alone.
#pragma once

#include "app/dataplane/pipeline.h"

// What the packets of a burst that took a fast path add to the counters; and how many were stopped,
// here or elsewhere.
struct fast_sums {
	uint64_t packets, bytes, ip_bytes; // of all that passed
	uint64_t flagged_packets, flagged_bytes, local_packets, local_bytes;
	uint64_t blocked_packets, blocked_bytes, blocked_ip_bytes;
	uint64_t stopped;
};

static inline void fast_add(struct pipeline_stats *s, const struct fast_sums *x)
{
	s->flow_packets += x->packets + x->blocked_packets;
	s->flow_bytes += x->ip_bytes + x->blocked_ip_bytes;
	s->packets[REASON_STOP_BLOCK] += x->blocked_packets;
	s->bytes[REASON_STOP_BLOCK] += x->blocked_bytes;
	s->packets[REASON_PASS_FLAG] += x->flagged_packets;
	s->bytes[REASON_PASS_FLAG] += x->flagged_bytes;
	s->packets[REASON_PASS_LOCAL] += x->local_packets;
	s->bytes[REASON_PASS_LOCAL] += x->local_bytes;
	s->packets[REASON_PASS_ALLOW] += x->packets - x->flagged_packets - x->local_packets;
	s->bytes[REASON_PASS_ALLOW] += x->bytes - x->flagged_bytes - x->local_bytes;
}

static inline void fast_odd(struct packet *p, bool local, struct fast_sums *x)
{
	if (local) {
		p->outcome = REASON_PASS_LOCAL;
		x->local_packets++;
		x->local_bytes += p->wire_len;
	} else {
		p->outcome = REASON_PASS_FLAG;
		x->flagged_packets++;
		x->flagged_bytes += p->wire_len;
	}
}

// What of a flow's state is looked at, and what that must be.
#define STATE_SEEN    FLOW_STATE(POLICY_BLOCK, FLOW_SETTLED, FLOW_TCP_OPENING)
#define STATE_PASSES  FLOW_STATE(0, FLOW_SETTLED, 0)
#define STATE_BLOCKED FLOW_STATE(POLICY_BLOCK, FLOW_SETTLED, 0)
#define STATE_ODD     FLOW_STATE(POLICY_FLAG, FLOW_LOCAL, 0)

static_assert(POLICY_ALLOW == 0 && POLICY_FLAG == 1 && POLICY_BLOCK == 2, "bits of a state");

// Whether the flow has that verdict, in force, and the packet changes nothing about it. Nothing
// here depends on whether it is TCP: that nobody can predict.
static inline bool fast_in_force(
	const struct pipeline *pl, const struct flow_hot *h, const struct packet *p, uint32_t state)
{
	return h->epoch == pl->stamp && (flow_state(h) & STATE_SEEN) == state &&
	       (p->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST)) == 0 &&
	       p->ts - h->last < pl->c.timeout_us[h->class_];
}

// The commonest case of all: an established flow that passes.
static inline bool fast_packet(
	struct pipeline *pl, struct packet *p, uint32_t i, struct fast_sums *x)
{
	struct flow_hot *h = &pl->table.hot[i];
	bool out;

	if (!fast_in_force(pl, h, p, STATE_PASSES))
		return false;
	out = flow_is_outbound(h, p);
	if (h->meter != METER_NONE && out &&
		!meter_fast(&pl->meters, h->meter, h->bytes[0], p->ip_len))
		return false;
	if (p->ts > h->last)
		h->last = p->ts;
	h->packets[!out]++;
	h->bytes[!out] += p->ip_len;
	x->packets++;
	x->bytes += p->wire_len;
	x->ip_bytes += p->ip_len;
	p->outcome = REASON_PASS_ALLOW;
	if ((flow_state(h) & STATE_ODD) != 0)
		fast_odd(p, h->flags & FLOW_LOCAL, x);
	return true;
}

// The same for a flow that is blocked, whose ends have been told as often as they are. A function
// of its own: the other way is not to be slower for it. What it counts lies in the cold part.
static __attribute__((noinline)) bool fast_blocked(
	struct pipeline *pl, struct packet *p, uint32_t i, struct fast_sums *x)
{
	struct flow_hot *h = &pl->table.hot[i];
	struct flow_cold *c = &pl->table.cold[i];

	if (!fast_in_force(pl, h, p, STATE_BLOCKED) || !inject_refusals_over(pl, i))
		return false;
	if (p->ts > h->last)
		h->last = p->ts;
	c->stopped_packets++;
	c->stopped_bytes += p->ip_len;
	x->blocked_packets++;
	x->blocked_bytes += p->wire_len;
	x->blocked_ip_bytes += p->ip_len;
	p->outcome = REASON_STOP_BLOCK;
	return true;
}
