// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// When a flow gets a context of DPI: with its first packet, or, where TCP shakes hands first, with
// its first payload (handshake.h). Where all are in use, one that waits in vain gives up its own.

#include "app/dataplane/pipeline.h"

#include <netinet/in.h>

// A flow that says nothing for so long may lose its context: three times around the world.
#define IDLE_US 1000000
#define LOOKS   8 // at holders of contexts, for each new flow that finds none free

// TCP without a byte of payload, and nothing odd about it.
static bool is_bare(const struct packet *p)
{
	return p->key.proto == IPPROTO_TCP && p->l4_off != 0 && p->payload_off == 0 &&
	       !(p->flags & (PACKET_FRAG_FIRST | PACKET_FRAG_LATER | PACKET_NO_DPI)) &&
	       !(p->notes & (NOTES_MALFORMED | NOTE_BIT(CUT)));
}

static uint32_t open_one(struct pipeline *pl, uint32_t i, uint64_t hash)
{
	struct dpi_flow *f;

	if (pl->c.lanes != NULL)
		return flow_lane_open(pl, i, hash);
	f = dpi_flow_open(pl->c.dpi);
	return f != NULL ? dpi_flow_index(pl->c.dpi, f) : FLOW_NONE;
}

// The flow that nothing has been heard of for longest, of the next few that hold a context which
// flow hash could have; FLOW_NONE: all of them are busy. A sample, because a list in the order of
// packets would cost every packet of every flow in classification.
static uint32_t idlest(struct pipeline *pl, uint64_t hash)
{
	const struct lanes *l = pl->c.lanes;
	unsigned lane = l != NULL ? lanes_lane(l, hash) : 0;
	uint32_t n = l != NULL ? l->per_lane : dpi_contexts(pl->c.dpi), found = FLOW_NONE;
	const unsigned looks = n < LOOKS ? n : LOOKS;
	int64_t before = pl->now - IDLE_US;

	for (unsigned k = 0; k < looks; k++) {
		uint32_t hand = pl->context_hand[lane], ctx = lane * n + hand, i = pl->holders[ctx];

		pl->context_hand[lane] = hand + 1 < n ? hand + 1 : 0;
		if (flow_dpi_taking(pl, i) != ctx || pl->table.hot[i].last > before)
			continue;
		before = pl->table.hot[i].last;
		found = i;
	}
	return found;
}

// Its classification ends with what is known, and the exception holds for it instead of for the new
// flow: who wants to go unseen must not have to do more than keep others waiting.
static uint32_t take_over(struct pipeline *pl, uint32_t i, uint64_t hash)
{
	uint32_t idle = idlest(pl, hash);

	if (idle == FLOW_NONE)
		return FLOW_NONE;
	pl->stats.contexts_given_up++;
	flow_conclude(pl, idle, true);
	return open_one(pl, i, hash);
}

// A context, or the label is final without one. hidden: there may be something that DPI would have
// seen.
static void take_context(struct pipeline *pl, uint32_t i, uint64_t hash, bool hidden)
{
	struct flow_cold *c = &pl->table.cold[i];
	bool low = budget_low(&pl->budget), changed;

	c->dpi = low ? FLOW_NONE : open_one(pl, i, hash);
	if (c->dpi == FLOW_NONE && !low && hidden)
		c->dpi = take_over(pl, i, hash);
	if (c->dpi != FLOW_NONE) {
		pl->holders[c->dpi] = i;
		order_open(&pl->order, c->dpi);
		return;
	}
	if (low)
		pl->stats.dpi_shed++;
	else
		pl->stats.dpi_full++;
	pl->table.hot[i].flags |= FLOW_LABEL_FINAL;
	if (hidden)
		flow_dpi_no_room(pl, i, &changed);
}

void flow_dpi_open(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct flow_hot *h = &pl->table.hot[i];
	struct flow_cold *c = &pl->table.cold[i];

	// Fragments without ports never get a label.
	if (((h->flags & FLOW_LOCAL) && !pl->c.local_flows) || (p->notes & NOTE_BIT(FRAG_ORPHAN)))
		h->flags |= FLOW_LABEL_FINAL;
	else if (is_bare(p))
		c->dpi = FLOW_WAITS | handshakes_open(&pl->handshakes, c->fid);
	else
		take_context(pl, i, p->hash, true);
}

static struct handshake *kept(const struct pipeline *pl, uint32_t i)
{
	const struct flow_cold *c = &pl->table.cold[i];

	return handshakes_at(&pl->handshakes, c->dpi & ~FLOW_WAITS, c->fid);
}

bool flow_dpi_keep(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct handshake *s;

	if (!is_bare(p))
		return false;
	s = kept(pl, i);
	return s == NULL || handshake_keep(s, p->data + p->l3_off, p->len - p->l3_off, p->ts);
}

bool flow_dpi_begin(struct pipeline *pl, uint32_t i, const struct packet *p, bool *changed)
{
	const struct handshake *s = kept(pl, i);
	uint32_t at = 0, len;
	const uint8_t *ip;
	bool final = false;
	int64_t ts;

	if (s == NULL && p == NULL) { // nothing to be named by
		flow_label_close(pl, i);
		return false;
	}
	take_context(pl, i, flow_hash(&pl->table, i), p != NULL);
	if (pl->table.cold[i].dpi == FLOW_NONE) {
		*changed = true;
		return false;
	}
	pl->stats.handshakes_lost += s == NULL;
	while (!final && s != NULL && (ip = handshake_next(s, &at, &len, &ts)) != NULL) {
		pl->kept++;
		final = flow_dpi_copy(pl, i, ip, len, ts, changed);
		if (final)
			pl->table.cold[i].label_packet = pl->kept;
	}
	pl->kept = 0;
	return !final;
}

bool flow_dpi_end_wait(struct pipeline *pl, uint32_t i)
{
	bool changed = false;

	return !flow_dpi_waits(&pl->table.cold[i]) || flow_dpi_begin(pl, i, NULL, &changed);
}

bool flow_dpi_finish(struct pipeline *pl, uint32_t i)
{
	if (!flow_dpi_end_wait(pl, i))
		return true;
	return flow_dpi_taking(pl, i) != FLOW_NONE && flow_label_finish(pl, i);
}
