// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which flows a worker gives to the NIC, and what it makes of the NIC's counters.

#include "app/dataplane/monotonic.h"
#include "app/dataplane/pipeline.h"

#include <netinet/in.h>
#include <unistd.h>

#define STOP_NAP_US 50
#define REFUSED_US  1000000 // a device that has no room now is not asked at every sample

// A plain packet of a wire, so that a rule on addresses and ports matches what the flow is. What
// goes to a tunnel's port may carry packets of other flows, even where this one does not.
static bool plain(const struct packet *p)
{
	const struct flow_key *k = &p->key;
	const uint32_t ports = (uint32_t)k->port[1] << 16 | k->port[0];

	return p->flags == PACKET_IP && p->notes == 0 && p->link == LINK_ETHERNET &&
	       p->l3_off == OFFLOAD_LINK_BYTES && p->side != SIDE_UNKNOWN &&
	       p->wire < OFFLOAD_WIRES && k->vlan == 0 &&
	       (k->proto == IPPROTO_TCP || k->proto == IPPROTO_UDP) &&
	       !parse_plain_is_tunnel(k->proto, ports) &&
	       !parse_plain_is_tunnel(k->proto, ports >> 16 | ports << 16);
}

// Nothing but another policy changes what happens to its packets, and nothing else is done with
// them than counting.
static bool eligible(const struct pipeline *pl, uint32_t i)
{
	const struct flow_hot *h = &pl->table.hot[i];
	const struct flow_cold *c = &pl->table.cold[i];
	bool drop = h->action == POLICY_BLOCK;

	if (h->epoch != pl->stamp || !(h->flags & FLOW_SETTLED) || c->offloaded ||
		h->meter != METER_NONE || pl->c.timeout_us[h->class_] < OFFLOAD_TIMEOUT_US)
		return false;
	if (h->proto == IPPROTO_TCP &&
		(h->class_ == FLOW_CLASS_TCP_CLOSING || (!drop && (h->tcp & FLOW_TCP_OPENING))))
		return false;
	if (c->ext != FLOW_NONE &&
		(pl->table.ext[c->ext].n_vlans != 0 || pl->table.ext[c->ext].n_tunnels != 0))
		return false;
	return !flow_capture_going_on(pl, i) && (!drop || inject_refusals_over(pl, i));
}

static void ask(struct pipeline *pl, uint32_t i, uint8_t wire)
{
	struct offload *o = pl->c.offload;
	const struct flow_hot *h = &pl->table.hot[i];
	bool inside1 = h->flags & FLOW_INSIDE_1;
	struct offload_request r = {.ask = OFFLOAD_MAKE,
		.drop = h->action == POLICY_BLOCK,
		.wire = wire,
		.version = h->version,
		.proto = h->proto,
		.port = {h->port[inside1], h->port[!inside1]}};
	struct flow_ext *x = flow_ext(&pl->table, i);
	uint32_t slot;

	if (x == NULL) {
		pl->stats.ext_full++;
		return;
	}
	slot = offload_open(o, i, r.drop);
	if (slot == OFFLOAD_NONE)
		return;
	flow_end_addr(&pl->table, i, inside1, r.addr[0]);
	flow_end_addr(&pl->table, i, !inside1, r.addr[1]);
	if (!offload_send(o, slot, &r)) {
		offload_close(o, slot);
		return;
	}
	x->offload = slot;
	pl->table.cold[i].offloaded = 1;
}

// The packets of a flow between two samples of it tell its rate.
static bool measure(struct pipeline *pl, uint32_t i, uint64_t hash)
{
	struct offload *o = pl->c.offload;
	struct offload_sample *s = &o->samples[(hash >> 24) % OFFLOAD_SAMPLES];
	uint64_t fid = pl->table.cold[i].fid, seen = flow_packets_seen(pl, i);
	int64_t time = pl->now - s->t;
	bool same = s->fid == fid, much;

	if (same && time >= 0 && time < OFFLOAD_PERIOD_US)
		return false;
	if (!same && s->fid != 0 && time >= 0 && time < 2 * OFFLOAD_PERIOD_US)
		return false; // another one's turn
	much = same && seen > s->seen && time > 0 &&
	       (seen - s->seen) * 1000000 / (uint64_t)time >= o->min_packets;
	*s = (struct offload_sample){.fid = fid, .seen = seen, .t = pl->now};
	return much;
}

void pipeline_offload_sample(struct pipeline *pl, const struct packet *p, unsigned n)
{
	struct offload *o = pl->c.offload;
	const struct packet *q;
	uint32_t i;

	if (n == 0 || ++o->bursts % OFFLOAD_EVERY != 0 || pl->now < o->refused_until ||
		pl->stop_all || o->recall || o->stamp != pl->stamp)
		return;
	q = &p[o->bursts / OFFLOAD_EVERY * 7 % n]; // not always the same place of a burst
	if (!plain(q))
		return;
	i = flow_find(&pl->table, q);
	if (i == FLOW_NONE || !eligible(pl, i) || !measure(pl, i, q->hash))
		return;
	if (o->kinds[q->wire] & offload_kind(pl->table.hot[i].action == POLICY_BLOCK,
					pl->table.hot[i].version, pl->table.hot[i].proto))
		ask(pl, i, q->wire);
}

// What the NIC counted is the flow's.
static void account(
	struct pipeline *pl, const struct offload_slot *s, const struct offload_answer *a)
{
	uint64_t packets = a->packets[0] + a->packets[1], bytes = a->bytes[0] + a->bytes[1];
	struct offload_stats *st = &pl->c.offload->stats;
	int64_t last = pl->now - (int64_t)a->idle_s * 1000000;
	struct flow_cold *c;
	struct flow_hot *h;

	if (packets == 0)
		return;
	*(s->drop ? &st->stopped_packets : &st->passed_packets) += packets;
	*(s->drop ? &st->stopped_bytes : &st->passed_bytes) += bytes;
	pl->stats.flow_packets += packets;
	pl->stats.flow_bytes += bytes;
	if (s->flow == OFFLOAD_NONE) {
		st->late_packets += packets;
		st->late_bytes += bytes;
		return;
	}
	h = &pl->table.hot[s->flow];
	c = &pl->table.cold[s->flow];
	if (last > h->last)
		h->last = last;
	if (s->drop) {
		c->stopped_packets += (uint32_t)packets;
		c->stopped_bytes += bytes;
	} else {
		for (unsigned in = 0; in < 2; in++) {
			h->packets[in] += (uint32_t)a->packets[in];
			h->bytes[in] += a->bytes[in];
		}
	}
	flow_carry(pl, s->flow); // a second's packets may be many
}

static void release(struct pipeline *pl, uint32_t slot)
{
	uint32_t flow = pl->c.offload->slots[slot].flow;

	if (flow != OFFLOAD_NONE)
		pl->table.cold[flow].offloaded = 0;
	offload_close(pl->c.offload, slot);
}

static void take(struct pipeline *pl, const struct offload_answer *a)
{
	struct offload *o = pl->c.offload;
	struct offload_slot *s = &o->slots[a->slot];

	switch ((enum offload_say)a->say) {
	case OFFLOAD_MADE:
		if (s->state == OFFLOAD_ASKED)
			s->state = OFFLOAD_ACTIVE;
		s->made = true;
		o->stats.made++;
		o->stats.live++;
		break;
	case OFFLOAD_REFUSED:
		o->stats.refused++;
		o->refused_until = pl->now + REFUSED_US;
		release(pl, a->slot);
		break;
	case OFFLOAD_COUNTED:
		account(pl, s, a);
		break;
	case OFFLOAD_GONE:
		account(pl, s, a);
		if (s->made) {
			o->stats.withdrawn++;
			o->stats.live--;
		} else { // it came to nothing, but not at once
			o->stats.refused++;
			o->refused_until = pl->now + REFUSED_US;
		}
		release(pl, a->slot);
		break;
	}
}

unsigned pipeline_offload_turn(struct pipeline *pl, unsigned budget)
{
	struct offload *o = pl->c.offload;
	const struct offload_answer *a;
	unsigned n = 0;

	if (o->stamp != pl->stamp || (pl->stop_all && !o->stopped) || o->recall)
		offload_recall(o);
	o->stamp = pl->stamp;
	o->stopped = pl->stop_all;
	for (; n < budget && (a = offload_answer(o)) != NULL; n++) {
		take(pl, a);
		offload_taken(o);
	}
	return n;
}

void flow_offload_packet(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	if (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))
		offload_withdraw(pl->c.offload, pl->table.ext[pl->table.cold[i].ext].offload);
}

bool flow_offload_last_word(struct pipeline *pl, uint32_t i)
{
	uint32_t slot = pl->table.ext[pl->table.cold[i].ext].offload;

	offload_withdraw(pl->c.offload, slot);
	return ++pl->c.offload->slots[slot].looks <= OFFLOAD_LOOKS;
}

void flow_offload_abandon(struct pipeline *pl, uint32_t i)
{
	uint32_t slot = pl->table.ext[pl->table.cold[i].ext].offload;

	offload_withdraw(pl->c.offload, slot);
	pl->c.offload->slots[slot].flow = OFFLOAD_NONE;
	pl->c.offload->stats.unanswered++;
	pl->table.cold[i].offloaded = 0;
}

void flow_offload_last_words(struct pipeline *pl)
{
	struct offload *o = pl->c.offload;
	int64_t until;

	if (o == NULL)
		return;
	until = monotonic_us() + o->stop_ms * 1000ll;
	o->recall = true;
	while (o->used != 0 && monotonic_us() < until)
		if (pipeline_offload_turn(pl, UINT32_MAX) == 0)
			usleep(STOP_NAP_US);
}
