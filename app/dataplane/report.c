// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Records of flows, from what the table knows of them.

#include "app/dataplane/pipeline.h"

#include <errno.h>

#define LOOK_US 60000000 // a flow is looked at so often at least, for its counters' sake

static void emit(struct pipeline *pl, const struct record *r)
{
	if (pl->c.sink.emit(pl->c.sink.ctx, r) == -ENOSPC) {
		flow_capture_release(r->capture);
		pl->stats.ring_full++;
		pl->ring_full_until = pl->now + 100000; // then a new flow tries again
	}
}

// With what a candidate says of it and the packets that were kept.
static void emit_flow(struct pipeline *pl, uint32_t i, struct record *r)
{
	if (pipeline_candidate(pl) != NULL)
		flow_compare(pl, i, r);
	if (pl->c.captures != NULL)
		r->capture = flow_capture_take(pl, i, r->ev == RECORD_END);
	emit(pl, r);
}

static void fill_words(const struct pipeline *pl, uint32_t i, struct record *r)
{
	const struct flow_cold *c = &pl->table.cold[i];
	const struct flow_ext *x;

	if (c->ext == FLOW_NONE)
		return;
	x = &pl->table.ext[c->ext];
	r->n_vlans = x->n_vlans;
	r->n_tunnels = x->n_tunnels;
	memcpy(r->vlans, x->vlans, sizeof(r->vlans));
	memcpy(r->tunnels, x->tunnels, sizeof(r->tunnels));
	r->has_ja3 = x->has_ja3;
	memcpy(r->ja3, x->ja3, sizeof(r->ja3));
	r->host_source = c->host_source;
	strcpy(r->host, x->host);
}

static void fill_verdict(const struct pipeline *pl, uint32_t i, struct record *r)
{
	const struct flow_hot *h = &pl->table.hot[i];
	const struct flow_cold *c = &pl->table.cold[i];

	r->action = h->action;
	r->local = (h->flags & FLOW_LOCAL) != 0;
	r->undecided = (h->flags & FLOW_UNDECIDED) != 0;
	r->severity = c->severity;
	r->exception = c->raised    ? c->exception
		       : c->expired ? RECORD_EXC_POLICY_EXPIRED
				    : RECORD_EXC_NONE;
	r->border = c->border;
	r->cc = c->cc;
	r->cc_source = c->cc_source;
	r->rule = c->rule;
	r->limit = c->limit;
	r->shadow = c->shadow;
	r->tenant = c->tenant;
	r->policy = h->flags & FLOW_REFERS ? policy_slot_words(pl->c.slot, c->generation) : NULL;
}

static void fill(const struct pipeline *pl, uint32_t i, struct record *r)
{
	const struct flow_hot *h = &pl->table.hot[i];
	const struct flow_cold *c = &pl->table.cold[i];
	bool inside1 = h->flags & FLOW_INSIDE_1, opener1 = h->flags & FLOW_OPENER_1;
	bool icmp = h->proto == 1 || h->proto == 58;

	memset(r, 0, offsetof(struct record, host) + 1);
	flow_end_addr(&pl->table, i, opener1, r->src);
	flow_end_addr(&pl->table, i, !opener1, r->dst);
	r->version = h->version;
	r->proto = h->proto;
	r->sport = h->port[icmp ? 0 : opener1];
	r->dport = h->port[icmp ? 1 : !opener1];
	r->init = inside1 == opener1 ? POLICY_INIT_INSIDE : POLICY_INIT_OUTSIDE;
	r->fid = c->fid;
	r->t0 = c->t0;
	r->app = c->app;
	r->master = c->master;
	r->cat = c->cat;
	r->conf = c->conf;
	r->risks = c->risks;
	r->dpkt = c->label_packet;
	if (pl->c.geo != NULL && !(h->flags & FLOW_LOCAL))
		r->asn = geo_asn(pl->c.geo, h->version, inside1 == opener1 ? r->dst : r->src);
	// A flow without a VLAN list may have a tag in its key all the same (its extension was
	// refused).
	if (h->vlan != 0) {
		r->n_vlans = 1;
		r->vlans[0] = h->vlan;
	}
	fill_words(pl, i, r);
	fill_verdict(pl, i, r);
}

static void fill_totals(const struct pipeline *pl, uint32_t i, struct record *r)
{
	const struct flow_hot *h = &pl->table.hot[i];
	const struct flow_cold *c = &pl->table.cold[i];

	r->ob = h->bytes[0];
	r->rb = h->bytes[1];
	r->op = h->packets[0];
	r->rp = h->packets[1];
	r->db = c->stopped_bytes;
	r->dp = c->stopped_packets;
	r->pb = c->pending_bytes;
	r->pp = c->pending_packets;
	if (c->ext != FLOW_NONE) { // packets are counted in 32 bits: the rest was carried over
		r->op += pl->table.ext[c->ext].carried_packets[0];
		r->rp += pl->table.ext[c->ext].carried_packets[1];
		r->dp += pl->table.ext[c->ext].carried_stopped;
	}
}

void flow_snapshot(const struct pipeline *pl, uint32_t i, struct record *r)
{
	fill(pl, i, r);
	fill_totals(pl, i, r);
	r->ev = RECORD_UPDATE;
	r->t1 = pl->table.hot[i].last;
}

void flow_report(
	struct pipeline *pl, uint32_t i, enum record_ev ev, enum record_end why, int64_t t1)
{
	struct record r;

	if ((pl->table.hot[i].flags & FLOW_LOCAL) && !pl->c.local_flows)
		return;
	fill(pl, i, &r);
	fill_totals(pl, i, &r);
	r.ev = (uint8_t)ev;
	r.end = (uint8_t)why;
	r.t1 = t1;
	emit_flow(pl, i, &r);
}

// What was counted since the update before; all zero: nothing to report.
static bool fill_delta(struct pipeline *pl, uint32_t i, struct record *r, struct flow_ext *x)
{
	struct record now;

	fill_totals(pl, i, &now);
	r->ob = now.ob - x->reported_bytes[0];
	r->rb = now.rb - x->reported_bytes[1];
	r->op = now.op - x->reported_packets[0];
	r->rp = now.rp - x->reported_packets[1];
	r->db = now.db - x->reported_stopped_bytes;
	r->dp = now.dp - x->reported_stopped_packets;
	r->pb = now.pb - x->reported_pending_bytes;
	r->pp = now.pp - x->reported_pending_packets;
	x->reported_bytes[0] = now.ob;
	x->reported_bytes[1] = now.rb;
	x->reported_packets[0] = now.op;
	x->reported_packets[1] = now.rp;
	x->reported_stopped_bytes = now.db;
	x->reported_stopped_packets = now.dp;
	x->reported_pending_bytes = (uint32_t)now.pb;
	x->reported_pending_packets = (uint32_t)now.pp;
	return r->op != 0 || r->rp != 0 || r->dp != 0;
}

// Moves what a counter has out of its 32 bits, but never all: that there were packets must show.
static uint32_t carried(uint32_t *count)
{
	uint32_t out = *count != 0 ? (*count - 1) & ~0xffffu : 0;

	*count -= out;
	return out;
}

// At every look where a counter is half full: 2^31 packets of one flow take a minute at 36 Mpps.
void flow_carry(struct pipeline *pl, uint32_t i)
{
	struct flow_hot *h = &pl->table.hot[i];
	struct flow_cold *c = &pl->table.cold[i];
	struct flow_ext *x;

	if ((h->packets[0] | h->packets[1] | c->stopped_packets) >> 31 == 0)
		return;
	x = flow_ext(&pl->table, i);
	if (x == NULL) {
		pl->stats.ext_full++;
		return;
	}
	x->carried_packets[0] += carried(&h->packets[0]);
	x->carried_packets[1] += carried(&h->packets[1]);
	x->carried_stopped += carried(&c->stopped_packets);
}

int64_t flow_update_due(struct pipeline *pl, uint32_t i)
{
	const struct flow_hot *h = &pl->table.hot[i];
	const struct flow_cold *c = &pl->table.cold[i];
	int64_t next, soon = pl->now + LOOK_US;
	uint32_t period;
	struct flow_ext *x;
	struct record r;

	flow_carry(pl, i);
	if (pl->c.update_us == 0)
		return soon;
	// A replay whose time was set back may be before the flow's first packet.
	period = pl->now > c->t0 ? (uint32_t)((pl->now - c->t0) / pl->c.update_us) : 0;
	if (period != 0 && (x = flow_ext(&pl->table, i)) == NULL) {
		pl->stats.ext_full++;
	} else if (period != 0 && x->period != period) {
		x->period = period;
		if (!(h->flags & FLOW_LOCAL) || pl->c.local_flows) {
			fill(pl, i, &r);
			r.ev = RECORD_UPDATE;
			r.t1 = h->last;
			if (fill_delta(pl, i, &r, x)) {
				pl->stats.updates++;
				emit_flow(pl, i, &r);
			}
		}
	}
	next = c->t0 + (int64_t)(period + 1) * pl->c.update_us;
	return next < soon ? next : soon;
}

void flow_report_no_state(struct pipeline *pl, const struct packet *p, enum policy_action action,
	enum record_exception exception)
{
	const struct flow_key *k = &p->key;
	bool opener1 = flow_opener1(p), icmp = k->proto == 1 || k->proto == 58;
	struct flow_ends ends = flow_ends_of(pl, p, opener1);
	struct record r;

	memset(&r, 0, offsetof(struct record, host) + 1);
	r.ev = RECORD_DECISION;
	r.version = k->version;
	r.proto = k->proto;
	for (unsigned end = 0; end < 2; end++) {
		addr_store(end == opener1 ? r.src : r.dst, k->version, flow_key_addr(k, end));
	}
	r.sport = k->port[icmp ? 0 : opener1];
	r.dport = k->port[icmp ? 1 : !opener1];
	r.init = ends.inside1 == opener1 ? POLICY_INIT_INSIDE : POLICY_INIT_OUTSIDE;
	r.t0 = r.t1 = p->ts;
	r.fid = pl->next_fid++;
	r.action = (uint8_t)action;
	r.local = ends.local;
	r.exception = (uint8_t)exception;
	r.rule = r.shadow = POLICY_RULE_NONE;
	r.limit = POLICY_LIMIT_NONE;
	r.cc = POLICY_CC_XX;
	r.border = POLICY_BORDER_UNKNOWN;
	r.policy = pl->gen->policy;
	emit(pl, &r);
}
