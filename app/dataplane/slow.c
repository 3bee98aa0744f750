// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Packets that need more than counting: the first of a flow, those before its label and verdict,
// those after a change of policy, those of blocked flows.

#include "app/dataplane/pipeline.h"

#include <netinet/in.h>

static bool has_prefix(const struct pipeline_prefix *x, uint8_t version, const uint8_t *addr)
{
	unsigned bytes = x->len / 8, bits = x->len % 8;

	if (x->version != version || memcmp(x->addr, addr, bytes) != 0)
		return false;
	return bits == 0 || ((x->addr[bytes] ^ addr[bytes]) >> (8 - bits)) == 0;
}

static bool is_inside(const struct pipeline *pl, uint8_t version, const uint8_t *addr)
{
	struct policy_addr a;

	for (unsigned i = 0; i < pl->c.n_inside; i++)
		if (has_prefix(&pl->c.inside[i], version, addr))
			return true;
	if (pl->c.n_inside != 0)
		return false;
	a = flow_addr(version, addr);
	return policy_inside(pl->gen->policy, &a);
}

struct flow_ends flow_ends_of(const struct pipeline *pl, const struct packet *p, bool opener1)
{
	const struct flow_key *k = &p->key;
	struct flow_ends e = {0};
	bool in0, in1;

	if (p->side != SIDE_UNKNOWN) {
		e.inside1 = p->dir == (p->side == SIDE_INSIDE);
		e.local = pl->c.n_inside != 0 && is_inside(pl, k->version, flow_key_addr(k, 0)) &&
			  is_inside(pl, k->version, flow_key_addr(k, 1));
		return e;
	}
	in0 = is_inside(pl, k->version, flow_key_addr(k, 0));
	in1 = is_inside(pl, k->version, flow_key_addr(k, 1));
	e.local = in0 && in1;
	// Where neither end is inside (or both are), the one that opened the flow counts as inside.
	e.inside1 = in0 == in1 ? opener1 : in1;
	return e;
}

bool flow_opener1(const struct packet *p)
{
	const struct flow_key *k = &p->key;

	if (k->proto == IPPROTO_TCP && p->l4_off != 0) {
		if (p->tcp_flags & TCP_SYN)
			return p->dir != ((p->tcp_flags & TCP_ACK) != 0);
		if (k->port[0] != k->port[1]) // midstream: the lower port is the server's
			return k->port[0] < k->port[1];
	}
	// Only the version's own ICMP has had its header looked at: the other one is a payload that
	// may be empty.
	if (k->proto == (k->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) && p->l4_off != 0)
		return p->dir != parse_icmp_is_reply(k->version, p->data[p->l4_off]);
	return p->dir;
}

uint16_t flow_country(struct pipeline *pl, const struct policy_addr *remote, uint8_t *source)
{
	uint16_t cc = 0;

	pl->stats.ranges_looked_up++;
	*source = RECORD_CC_OVERRIDE;
	if (pl->overrides && policy_override(pl->gen->policy, remote, &cc))
		return cc;
	if (pl->c.geo != NULL)
		cc = geo_country(pl->c.geo, remote->version, remote->b);
	*source = cc != 0 ? RECORD_CC_DB : RECORD_CC_NONE;
	return cc != 0 ? cc : POLICY_CC_XX;
}

static uint8_t first_class(const struct packet *p)
{
	if (p->notes & NOTE_BIT(FRAG_ORPHAN))
		return FLOW_CLASS_OTHER;
	switch (p->key.proto) {
	case IPPROTO_TCP:
		return p->tcp_flags & TCP_SYN ? FLOW_CLASS_TCP_SYN : FLOW_CLASS_TCP;
	case IPPROTO_UDP:
		return FLOW_CLASS_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return FLOW_CLASS_ICMP;
	default:
		return FLOW_CLASS_OTHER;
	}
}

// Whether nothing lies between Ethernet and IP.
static bool is_plain(const struct packet *p)
{
	return p->link == LINK_ETHERNET && p->l3_off <= 14 && !(p->flags & PACKET_TUNNEL);
}

// Tags and tunnels of the first packet go into the extension. A function of its own: the copy of
// the packet is not made where there are none.
static __attribute__((noinline)) void keep_detail(
	struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct packet again = *p;
	struct parse_detail d;
	struct flow_ext *x;

	parse_packet(&pl->parser, &again, &d);
	if (d.n_vlans == 0 && d.n_tunnels == 0)
		return;
	x = flow_ext(&pl->table, i);
	if (x == NULL) {
		pl->stats.ext_full++;
		return;
	}
	x->n_vlans = d.n_vlans;
	x->n_tunnels = d.n_tunnels;
	memcpy(x->vlans, d.vlans, sizeof(x->vlans));
	memcpy(x->tunnels, d.tunnels, sizeof(x->tunnels));
}

// What an exhausted resource or a malformed first packet adds to the flow's verdict.
static uint8_t first_exception(struct pipeline *pl, const struct packet *p)
{
	const struct pipeline_exceptions *x = &pl->c.exceptions;

	if ((p->notes & NOTES_MALFORMED) && x->malformed != POLICY_ALLOW)
		return RECORD_EXC_MALFORMED;
	if (pl->log_full && x->log_disk_full != POLICY_ALLOW)
		return RECORD_EXC_LOG_FULL;
	if (pl->now < pl->ring_full_until && x->record_ring_full != POLICY_ALLOW)
		return RECORD_EXC_RING_FULL;
	return RECORD_EXC_NONE;
}

static uint32_t begin(struct pipeline *pl, struct packet *p)
{
	bool opener1 = flow_opener1(p);
	struct flow_ends ends;
	struct flow_cold *c;
	struct flow_hot *h;
	uint32_t i;
	int64_t due;

	if (pl->c.exceptions.record_ring_full == POLICY_BLOCK && pl->now < pl->ring_full_until) {
		p->outcome = REASON_STOP_RING_FULL;
		pl->stats.packets[REASON_STOP_RING_FULL]++;
		pl->stats.bytes[REASON_STOP_RING_FULL] += p->wire_len;
		return FLOW_NONE;
	}
	i = flow_insert(&pl->table, p);
	if (i == FLOW_NONE) {
		flow_no_room(pl, p);
		return FLOW_NONE;
	}
	ends = flow_ends_of(pl, p, opener1);
	h = &pl->table.hot[i];
	c = &pl->table.cold[i];
	h->flags = (uint8_t)((opener1 ? FLOW_OPENER_1 : 0) | (ends.inside1 ? FLOW_INSIDE_1 : 0) |
			     (ends.local ? FLOW_LOCAL : 0));
	h->class_ = first_class(p);
	h->tcp = p->key.proto == IPPROTO_TCP ? FLOW_TCP_OPENING : FLOW_TCP_NONE;
	h->last = c->t0 = p->ts;
	h->epoch = pl->stamp - 1;
	c->fid = pl->next_fid++;
	c->rule = c->shadow = POLICY_RULE_NONE;
	c->exception = first_exception(pl, p) & 7;
	if (!ends.local) {
		struct policy_addr remote =
			flow_addr(p->key.version, flow_key_addr(&p->key, !ends.inside1));
		uint8_t source;

		c->cc = flow_country(pl, &remote, &source);
		c->cc_source = source & 3;
	}
	if (!is_plain(p))
		keep_detail(pl, i, p);
	flow_dpi_open(pl, i, p);
	due = p->ts + pl->c.timeout_us[h->class_];
	if (pl->c.update_us != 0 && due > p->ts + pl->c.update_us)
		due = p->ts + pl->c.update_us;
	timer_set(pl->wheel, i, due);
	pl->stats.flows_begun++;
	pl->stats.flows_local += ends.local;
	pl->stats.flows_live = pl->table.live;
	return i;
}

// The same five numbers, but another flow: the old one was idle too long, or is closed and a new
// connection begins (RFC 9293, 3.6.1).
static bool is_over(const struct pipeline *pl, const struct flow_hot *h, const struct packet *p)
{
	if (p->ts - h->last >= pl->c.timeout_us[h->class_])
		return true;
	return h->class_ == FLOW_CLASS_TCP_CLOSING &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

// Whether the packet would break a cap of the pending action (policy.md, 3).
static bool over_cap(const struct pipeline *pl, uint32_t i, const struct packet *p)
{
	const struct policy_pending *cap = &policy_info(pl->gen->policy)->pending;
	const struct flow_hot *h = &pl->table.hot[i];
	const struct flow_cold *c = &pl->table.cold[i];
	uint32_t max = h->proto == IPPROTO_TCP ? cap->max_packets_tcp : cap->max_packets_udp;

	return flow_packets_seen(pl, i) + 1 > max || p->ts - c->t0 > (int64_t)cap->max_ms * 1000 ||
	       (flow_is_outbound(h, p) &&
		       c->pending_bytes + (uint64_t)p->ip_len > cap->max_bytes_out);
}

static void count_pending(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct flow_cold *c = &pl->table.cold[i];

	if (!flow_is_outbound(&pl->table.hot[i], p))
		return;
	c->pending_packets += c->pending_packets != UINT32_MAX;
	c->pending_bytes = c->pending_bytes > UINT32_MAX - p->ip_len ? UINT32_MAX
								     : c->pending_bytes + p->ip_len;
}

// A malformed packet of a flow that had none before: what the exception says holds from now on.
static bool is_damaged(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct flow_cold *c = &pl->table.cold[i];

	if (!(p->notes & NOTES_MALFORMED) || pl->c.exceptions.malformed == POLICY_ALLOW ||
		c->exception != RECORD_EXC_NONE)
		return false;
	c->exception = RECORD_EXC_MALFORMED;
	return true;
}

void slow_packet(struct pipeline *pl, struct packet *p, uint32_t i)
{
	bool decide, capped;
	struct flow_hot *h;

	if (i != FLOW_NONE && is_over(pl, &pl->table.hot[i], p)) {
		flow_end(pl, i, RECORD_END_IDLE);
		i = FLOW_NONE;
	}
	if (i == FLOW_NONE) {
		i = begin(pl, p);
		if (i == FLOW_NONE)
			return;
	}
	h = &pl->table.hot[i];
	if (h->proto == IPPROTO_TCP)
		flow_tcp(pl, h, i, p);
	if (pl->table.cold[i].offloaded)
		flow_offload_packet(pl, i, p);
	decide = flow_classify(pl, i, p);
	decide |= h->epoch != pl->stamp;
	decide |= is_damaged(pl, i, p);
	capped = (h->flags & FLOW_UNDECIDED) && !(h->flags & FLOW_CAPPED);
	if (decide)
		flow_decide(pl, i, p);
	// The cap counts for a flow that is undecided still.
	if ((capped || decide) && (h->flags & FLOW_UNDECIDED) && over_cap(pl, i, p)) {
		h->flags |= FLOW_CAPPED;
		pl->stats.caps_reached++;
		flow_decide(pl, i, p);
	}
	if (h->meter != METER_NONE && h->action != POLICY_BLOCK && flow_is_outbound(h, p))
		flow_charge(pl, i, p);
	if (pl->c.captures != NULL)
		flow_capture_packet(pl, i, p);
	if ((h->flags & FLOW_UNDECIDED) && h->action != POLICY_BLOCK)
		count_pending(pl, i, p);
	else if (h->action == POLICY_BLOCK)
		inject_refusal(pl, i, p);
	flow_count(pl, p, i);
}
