// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Classification: a flow's packets on their way to DPI, in order, and what DPI makes of them.

#include "app/dataplane/pipeline.h"

#include <netinet/in.h>

// Takes over what DPI says; true where a condition of a rule could see a difference.
static bool store_label(
	struct pipeline *pl, uint32_t i, struct dpi_flow *f, const struct dpi_label *l)
{
	uint8_t ja3[DPI_JA3_SIZE];
	struct flow_name name = {0};
	enum dpi_host_source source;

	name.host = dpi_flow_host(f, l, &source);
	name.source = source;
	if (l->final && dpi_flow_ja3(f, l, ja3))
		name.ja3 = ja3;
	return flow_label_store(pl, i, l, &name);
}

bool flow_label_store(
	struct pipeline *pl, uint32_t i, const struct dpi_label *l, const struct flow_name *name)
{
	struct flow_cold *c = &pl->table.cold[i];
	bool changed = c->app != l->app || c->master != l->master || c->cat != l->cat ||
		       c->conf != l->conf || c->risks != l->risks || l->final;
	struct flow_ext *x;

	c->app = l->app;
	c->master = l->master;
	c->cat = (uint8_t)l->cat;
	c->conf = l->conf & 7;
	c->risks = l->risks;
	if (name->source != DPI_HOST_NONE) {
		x = flow_ext(&pl->table, i);
		if (x == NULL) {
			pl->stats.ext_full++;
		} else if (c->host_source != name->source || strcmp(x->host, name->host) != 0) {
			memcpy(x->host, name->host, strlen(name->host) + 1);
			c->host_source = name->source & 7;
			changed = true;
		}
	}
	if (name->ja3 != NULL && (x = flow_ext(&pl->table, i)) != NULL) {
		memcpy(x->ja3, name->ja3, sizeof(x->ja3));
		x->has_ja3 = true;
	}
	return changed;
}

void flow_label_close(struct pipeline *pl, uint32_t i)
{
	pl->table.cold[i].dpi = FLOW_NONE;
	pl->table.hot[i].flags |= FLOW_LABEL_FINAL;
	pl->stats.labels++;
}

static void close_dpi(struct pipeline *pl, uint32_t i, struct dpi_flow *f)
{
	order_close(&pl->order, pl->table.cold[i].dpi);
	datagram_close(pl->datagrams, pl->table.cold[i].dpi);
	dpi_flow_close(pl->c.dpi, f);
	flow_label_close(pl, i);
}

static void give(struct pipeline *pl, struct dpi_flow *f, const uint8_t *ip, uint32_t len,
	int64_t t, struct dpi_label *label)
{
	pl->stats.dpi_packets++;
	dpi_flow_packet(pl->c.dpi, f, ip, len > UINT16_MAX ? UINT16_MAX : (uint16_t)len,
		t > 0 ? (uint64_t)t / 1000 : 0, label);
}

// Gives one packet to DPI. True where the label is final now, and the context closed. What a
// condition of a rule could see goes into *changed.
static bool feed(struct pipeline *pl, uint32_t i, const struct packet *p, const uint8_t *ip,
	uint32_t len, bool *changed)
{
	struct dpi_label label;
	struct dpi_flow *f;

	if (pl->c.lanes != NULL)
		return flow_lane_packet(pl, i, ip, len, p->ts, changed);
	f = dpi_flow_at(pl->c.dpi, pl->table.cold[i].dpi);
	give(pl, f, ip, len, p->ts, &label);
	*changed |= store_label(pl, i, f, &label);
	if (label.final)
		close_dpi(pl, i, f);
	return label.final;
}

// What has been kept of one direction and is in its turn now.
static bool feed_kept(
	struct pipeline *pl, uint32_t i, const struct packet *p, unsigned dir, bool *changed)
{
	uint32_t ctx = pl->table.cold[i].dpi, len;
	const uint8_t *ip;

	while ((ip = order_next(&pl->order, ctx, dir, false, &len)) != NULL)
		if (feed(pl, i, p, ip, len, changed))
			return true;
	return false;
}

// No room for what is to be kept for DPI is as no context at all: the flow may hide something.
void flow_dpi_no_room(struct pipeline *pl, uint32_t i, bool *changed)
{
	struct flow_cold *c = &pl->table.cold[i];

	if (pl->c.exceptions.dpi_full == POLICY_ALLOW || c->exception != RECORD_EXC_NONE)
		return;
	c->exception = RECORD_EXC_DPI_FULL;
	*changed = true;
}

// Counts the packet among those that DPI may take, whatever has become of it. True where that was
// the last.
static bool enough(struct pipeline *pl, uint32_t i, const struct packet *p, bool *changed)
{
	uint32_t ctx = pl->table.cold[i].dpi;

	if (pl->c.lanes != NULL
			? !lanes_count(pl->c.lanes, ctx, p->key.proto)
			: !dpi_flow_count(pl->c.dpi, dpi_flow_at(pl->c.dpi, ctx), p->key.proto))
		return false;
	if (pl->c.lanes == NULL)
		flow_label_finish(pl, i);
	else if (!flow_lane_finish(pl, i, true))
		return false; // asked for
	*changed = true;
	return true;
}

// True where the label is final now.
static bool feed_segment(struct pipeline *pl, uint32_t i, const struct packet *p, bool *changed)
{
	const struct order_packet op = {.ip = p->data + p->l3_off,
		.len = p->ip_len,
		.l4 = (uint16_t)(p->l4_off - p->l3_off),
		.dir = p->dir,
		.cut = (p->flags & PACKET_NO_DPI) != 0};
	uint32_t ctx = pl->table.cold[i].dpi;
	enum order_step step = order_take(&pl->order, ctx, &op);

	if (order_shed(&pl->order, ctx))
		flow_dpi_no_room(pl, i, changed);
	if (feed_kept(pl, i, p, !p->dir, changed))
		return true;
	if (step == ORDER_FEED && !op.cut && feed(pl, i, p, op.ip, p->len - p->l3_off, changed))
		return true;
	if (feed_kept(pl, i, p, p->dir, changed))
		return true;
	return !op.cut && enough(pl, i, p, changed);
}

static bool feed_packet(struct pipeline *pl, uint32_t i, const struct packet *p, bool *changed)
{
	if (p->key.proto == IPPROTO_TCP && p->l4_off != 0)
		return feed_segment(pl, i, p, changed);
	if (p->flags & PACKET_NO_DPI)
		return false;
	return feed(pl, i, p, p->data + p->l3_off, p->len - p->l3_off, changed) ||
	       enough(pl, i, p, changed);
}

// What it carries is not looked into for tunnels.
static bool read_copy(struct pipeline *pl, struct packet *p, uint8_t proto)
{
	const struct parser plain = {.seed = pl->parser.seed, .frags = pl->parser.frags};

	p->link = LINK_RAW;
	p->wire_len = p->len;
	parse_packet(&plain, p, NULL);
	return (p->flags & PACKET_IP) && p->key.proto == proto;
}

// A datagram that has become whole is a packet of the flow like another.
static bool feed_datagram(struct pipeline *pl, uint32_t i, const struct packet *last,
	const uint8_t *ip, uint32_t len, bool *changed)
{
	struct packet p = *last;

	p.data = ip;
	p.len = len;
	if (!read_copy(pl, &p, last->key.proto))
		return enough(pl, i, last, changed);
	return feed_packet(pl, i, &p, changed);
}

bool flow_dpi_copy(
	struct pipeline *pl, uint32_t i, const uint8_t *ip, uint32_t len, int64_t ts, bool *changed)
{
	struct packet p = {.data = ip, .len = len, .ts = ts};

	return read_copy(pl, &p, pl->table.hot[i].proto) && feed_packet(pl, i, &p, changed);
}

// Fragments are kept, also those that came before the first one and so belong to no flow yet.
static bool take_fragment(struct pipeline *pl, uint32_t i, const struct packet *p, bool *changed)
{
	uint32_t ctx = flow_dpi_taking(pl, i), len;
	enum datagram_step step;
	const uint8_t *ip;

	if ((ctx == FLOW_NONE && !(p->notes & NOTE_BIT(FRAG_ORPHAN))) || (p->notes & NOTE_BIT(CUT)))
		return false;
	step = datagram_take(pl->datagrams, p, ctx, &ip, &len);
	if (step == DATAGRAM_NO_ROOM || (ctx != FLOW_NONE && datagram_shed(pl->datagrams, ctx)))
		flow_dpi_no_room(pl, i, changed);
	if (ctx == FLOW_NONE)
		return false;
	if (step == DATAGRAM_WHOLE)
		return feed_datagram(pl, i, p, ip, len, changed);
	if (step == DATAGRAM_NO_ROOM && (p->flags & PACKET_FRAG_FIRST))
		return feed_packet(pl, i, p, changed);
	return enough(pl, i, p, changed);
}

bool flow_classify(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct flow_cold *c = &pl->table.cold[i];
	bool changed = false, final = false;

	if (flow_dpi_waits(c)) {
		if (flow_dpi_keep(pl, i, p))
			return false;
		if (!flow_dpi_begin(pl, i, p, &changed))
			return changed;
	}
	if (p->flags & (PACKET_FRAG_FIRST | PACKET_FRAG_LATER))
		final = take_fragment(pl, i, p, &changed);
	else if (flow_dpi_taking(pl, i) != FLOW_NONE)
		final = feed_packet(pl, i, p, &changed);
	if (final) {
		uint64_t n = flow_packets_seen(pl, i) + 1;

		c->label_packet = n > UINT16_MAX ? UINT16_MAX : (uint16_t)n;
	}
	return changed;
}

// What was kept and whose turn never came goes to DPI as it is: segments, and first fragments whose
// datagram was never whole.
const uint8_t *flow_dpi_rest(struct pipeline *pl, uint32_t ctx, uint32_t *len)
{
	const uint8_t *ip = datagram_rest(pl->datagrams, ctx, len);

	for (unsigned dir = 0; ip == NULL && dir < 2; dir++)
		ip = order_next(&pl->order, ctx, dir, true, len);
	return ip;
}

static bool feed_rest(struct pipeline *pl, uint32_t i, struct dpi_flow *f, struct dpi_label *label)
{
	uint32_t ctx = pl->table.cold[i].dpi, len;
	const uint8_t *ip;

	while ((ip = flow_dpi_rest(pl, ctx, &len)) != NULL) {
		give(pl, f, ip, len, pl->table.hot[i].last, label);
		if (label->final)
			return true;
	}
	return false;
}

bool flow_label_finish(struct pipeline *pl, uint32_t i)
{
	struct flow_cold *c = &pl->table.cold[i];
	struct dpi_label label;
	struct dpi_flow *f;

	if (pl->c.lanes != NULL)
		return flow_lane_finish(pl, i, false);
	f = dpi_flow_at(pl->c.dpi, c->dpi);
	if (!feed_rest(pl, i, f, &label))
		dpi_flow_finish(pl->c.dpi, f, &label);
	store_label(pl, i, f, &label);
	close_dpi(pl, i, f);
	return true;
}
