// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// TCP's state as far as honest ends need it, and how a flow ends.

#include "app/dataplane/pipeline.h"

#include <netinet/in.h>

static void set_class(
	struct pipeline *pl, struct flow_hot *h, uint32_t i, uint8_t class_, int64_t ts)
{
	bool sooner = pl->c.timeout_us[class_] < pl->c.timeout_us[h->class_];

	h->class_ = class_;
	if (sooner) { // the look that is pending would come too late
		timer_clear(pl->wheel, i);
		timer_set(pl->wheel, i, ts + pl->c.timeout_us[class_]);
	}
}

void flow_tcp(struct pipeline *pl, struct flow_hot *h, uint32_t i, const struct packet *p)
{
	if (p->tcp_flags & TCP_SYN)
		h->tcp |= p->dir ? FLOW_TCP_SYN_1 : FLOW_TCP_SYN_0;
	if (p->tcp_flags & TCP_FIN)
		h->tcp |= p->dir ? FLOW_TCP_FIN_1 : FLOW_TCP_FIN_0;
	if (p->tcp_flags & TCP_RST)
		h->tcp |= FLOW_TCP_RST;
	// Past the handshake: an acknowledgement without SYN.
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_ACK) {
		h->tcp &= (uint8_t)~FLOW_TCP_OPENING;
		if (h->class_ == FLOW_CLASS_TCP_SYN)
			set_class(pl, h, i, FLOW_CLASS_TCP, p->ts);
	}
	if (((h->tcp & FLOW_TCP_RST) || (h->tcp & (FLOW_TCP_FIN_0 | FLOW_TCP_FIN_1)) ==
						(FLOW_TCP_FIN_0 | FLOW_TCP_FIN_1)) &&
		h->class_ != FLOW_CLASS_TCP_CLOSING)
		set_class(pl, h, i, FLOW_CLASS_TCP_CLOSING, p->ts);
}

static enum record_end end_reason(
	const struct flow_hot *h, const struct flow_cold *c, enum record_end otherwise)
{
	if (h->action == POLICY_BLOCK && c->stopped_packets != 0 && otherwise != RECORD_END_STOP)
		return RECORD_END_BLOCK;
	if (h->tcp & FLOW_TCP_RST)
		return RECORD_END_RST;
	if ((h->tcp & FLOW_TCP_FIN_0) && (h->tcp & FLOW_TCP_FIN_1))
		return RECORD_END_FIN;
	return otherwise;
}

// A flow that is over is never judged by a policy that came after its last packet (it would have
// been asked at once otherwise): without a verdict, it ends without. And what was final at a cap
// stays so: the label that is made of too few packets is for the record.
static bool may_decide(const struct pipeline *pl, uint32_t i)
{
	const struct flow_hot *h = &pl->table.hot[i];

	if ((h->flags & FLOW_REFERS) && pl->table.cold[i].generation != pl->gen->number)
		return false;
	return (h->flags & (FLOW_CAPPED | FLOW_UNDECIDED)) != FLOW_CAPPED;
}

void flow_conclude(struct pipeline *pl, uint32_t i, bool no_room)
{
	bool changed = false;

	if (pl->c.lanes != NULL)
		flow_lane_abandon(pl, i);
	else
		flow_dpi_finish(pl, i);
	if (no_room)
		flow_dpi_no_room(pl, i, &changed);
	if (may_decide(pl, i)) {
		pl->ending = true;
		flow_decide(pl, i, NULL);
		pl->ending = false;
	} else {
		pl->table.hot[i].epoch = pl->stamp - 1; // with its next packet, if there is one
	}
}

void flow_end(struct pipeline *pl, uint32_t i, enum record_end why)
{
	struct flow_hot *h = &pl->table.hot[i];
	struct flow_cold *c = &pl->table.cold[i];

	if (c->offloaded)
		flow_offload_abandon(pl, i);
	if (c->dpi != FLOW_NONE)
		flow_conclude(pl, i, false);
	if (h->meter != METER_NONE)
		flow_limit_end(pl, i);
	if (c->reported)
		flow_credit(pl, i, true);
	why = end_reason(h, c, why);
	flow_report(pl, i, RECORD_END, why, h->last);
	pl->stats.flows_ended[why]++;
	if (h->flags & FLOW_REFERS)
		policy_slot_unref(pl->c.reader, c->generation);
	timer_clear(pl->wheel, i);
	flow_remove(&pl->table, i);
	pl->stats.flows_live = pl->table.live;
}
