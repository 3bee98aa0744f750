// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// When a flow gets a context of DPI: with its first packet, or, where TCP shakes hands first, with
// its first payload (handshake.h).

#include "app/dataplane/pipeline.h"

#include <netinet/in.h>

// TCP without a byte of payload, and nothing odd about it.
static bool is_bare(const struct packet *p)
{
	return p->key.proto == IPPROTO_TCP && p->l4_off != 0 && p->payload_off == 0 &&
	       !(p->flags & (PACKET_FRAG_FIRST | PACKET_FRAG_LATER | PACKET_NO_DPI)) &&
	       !(p->notes & (NOTES_MALFORMED | NOTE_BIT(CUT)));
}

// A context, or the label is final without one. hidden: there may be something that DPI would have
// seen.
static void take_context(struct pipeline *pl, uint32_t i, uint64_t hash, bool hidden)
{
	struct flow_cold *c = &pl->table.cold[i];
	bool low = budget_low(&pl->budget);
	struct dpi_flow *f;

	c->dpi = FLOW_NONE;
	if (!low && pl->c.lanes != NULL)
		c->dpi = flow_lane_open(pl, i, hash);
	else if (!low && (f = dpi_flow_open(pl->c.dpi)) != NULL)
		c->dpi = dpi_flow_index(pl->c.dpi, f);
	if (c->dpi != FLOW_NONE) {
		order_open(&pl->order, c->dpi);
		return;
	}
	if (low)
		pl->stats.dpi_shed++;
	else
		pl->stats.dpi_full++;
	pl->table.hot[i].flags |= FLOW_LABEL_FINAL;
	if (hidden && pl->c.exceptions.dpi_full != POLICY_ALLOW && c->exception == RECORD_EXC_NONE)
		c->exception = RECORD_EXC_DPI_FULL;
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
	uint16_t n = 0;
	const uint8_t *ip;
	int64_t ts;

	take_context(pl, i, flow_hash(&pl->table, i), p != NULL);
	if (pl->table.cold[i].dpi == FLOW_NONE) {
		*changed = true;
		return false;
	}
	pl->stats.handshakes_lost += s == NULL;
	while (s != NULL && (ip = handshake_next(s, &at, &len, &ts)) != NULL) {
		n++;
		if (flow_dpi_copy(pl, i, ip, len, ts, changed)) {
			pl->table.cold[i].label_packet = n;
			return false;
		}
	}
	return true;
}

bool flow_dpi_finish(struct pipeline *pl, uint32_t i)
{
	bool changed;

	if (flow_dpi_waits(&pl->table.cold[i]) && !flow_dpi_begin(pl, i, NULL, &changed))
		return true;
	return flow_dpi_taking(pl, i) != FLOW_NONE && flow_label_finish(pl, i);
}
