// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The first packets of flows that a rule wants to see (policy.md, semantics 8). They are kept from
// the first packet on while such a rule may still decide, so that what passed before the verdict is
// there too.

#include "app/dataplane/pipeline.h"

static struct flow_ext *ext_of(const struct pipeline *pl, uint32_t i)
{
	uint32_t e = pl->table.cold[i].ext;

	return e != FLOW_NONE ? &pl->table.ext[e] : NULL;
}

void flow_capture_want(struct pipeline *pl, uint32_t i, const struct policy_verdict *v)
{
	struct flow_ext *x = ext_of(pl, i);

	if (v->capture_packets == 0) {
		if (x != NULL && x->capture != NULL) { // no such rule can decide any more
			flow_capture_drop(x->capture);
			x->capture = NULL;
		}
		return;
	}
	// While several rules could decide, as much was kept as any of them wants.
	if (v->state == POLICY_DECIDED && x != NULL && x->capture != NULL)
		flow_capture_narrow(x->capture, v->capture_packets, v->capture_snap);
	// Only from the beginning: a rule that comes later (a new policy) has not seen the first
	// packets.
	if ((x != NULL && (x->capture != NULL || x->captured)) || flow_packets_seen(pl, i) != 0)
		return;
	x = flow_ext(&pl->table, i);
	if (x == NULL) {
		pl->stats.ext_full++;
		return;
	}
	x->capture = flow_capture_begin(pl->c.captures, v->capture_packets, v->capture_snap, 0);
	pl->stats.captures_begun += x->capture != NULL;
}

void flow_capture_packet(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct flow_ext *x = ext_of(pl, i);

	if (x == NULL || x->capture == NULL || flow_capture_complete(x->capture))
		return;
	x->capture->dlt = parse_dlt_of_link(p->link);
	flow_capture_add(x->capture, p->data, p->len, p->wire_len, p->ts);
	if (flow_capture_complete(x->capture))
		pl->table.hot[i].epoch = pl->stamp - 1; // the next packet settles it
}

bool flow_capture_going_on(const struct pipeline *pl, uint32_t i)
{
	const struct flow_ext *x = ext_of(pl, i);

	return x != NULL && x->capture != NULL && !flow_capture_complete(x->capture);
}

struct flow_capture *flow_capture_take(struct pipeline *pl, uint32_t i, bool end)
{
	struct flow_ext *x = ext_of(pl, i);
	struct flow_capture *c;

	if (x == NULL || x->capture == NULL || !(end || flow_capture_complete(x->capture)))
		return NULL;
	c = x->capture;
	x->capture = NULL;
	x->captured = true;
	return c;
}
