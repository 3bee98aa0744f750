// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/parse.h"

#include <netinet/in.h>
#include <string.h>

#define MAX_DEPTH 4

// What was found behind the outer header.
struct tunnel {
	uint8_t kind; // enum record_tunnel_kind
	uint8_t link; // enum parse_link: what the inner packet begins with
	uint32_t id;  // UINT32_MAX: none
	uint32_t off; // of the inner packet
};

static bool find_vxlan(const struct packet *p, uint32_t off, struct tunnel *t)
{
	const uint8_t *b = p->data + off;

	// RFC 7348, 5: the I flag, everything else reserved.
	if (p->len < off + 8 + 14 || b[0] != 0x08 || b[1] != 0 || b[2] != 0 || b[3] != 0 ||
		b[7] != 0)
		return false;
	*t = (struct tunnel){.kind = RECORD_TUN_VXLAN,
		.link = LINK_ETHERNET,
		.id = parse_be32(b + 4) >> 8,
		.off = off + 8};
	return true;
}

static bool find_geneve(const struct packet *p, uint32_t off, struct tunnel *t)
{
	const uint8_t *b = p->data + off;
	uint16_t type;

	if (p->len < off + 8 || (b[0] & 0xc0) != 0 ||
		(b[1] & 0x80) != 0) // version 0, no control packet
		return false;
	type = parse_be16(b + 2);
	if (type != 0x6558 && type != 0x0800 && type != 0x86dd)
		return false;
	*t = (struct tunnel){.kind = RECORD_TUN_GENEVE,
		.link = type == 0x6558 ? LINK_ETHERNET : LINK_RAW,
		.id = parse_be32(b + 4) >> 8,
		.off = off + 8 + (b[0] & 0x3fu) * 4};
	return true;
}

static bool find_gtpu(const struct packet *p, uint32_t off, struct tunnel *t)
{
	const uint8_t *b = p->data + off;
	uint32_t at = off + 8;

	// TS 29.281, 5.1: version 1, GTP, T-PDU.
	if (p->len < off + 8 || (b[0] & 0xf0) != 0x30 || b[1] != 0xff)
		return false;
	if (b[0] & 7)
		at += 4;
	if (b[0] & 4) {
		uint8_t next;

		if (p->len < at)
			return false;
		next = p->data[at - 1];
		while (next != 0) { // 5.2: length in units of 4 bytes, next type in the last one
			uint32_t size;

			if (p->len < at + 1)
				return false;
			size = p->data[at] * 4u;
			if (size == 0 || p->len < at + size)
				return false;
			at += size;
			next = p->data[at - 1];
		}
	}
	*t = (struct tunnel){
		.kind = RECORD_TUN_GTPU, .link = LINK_RAW, .id = parse_be32(b + 4), .off = at};
	return true;
}

// Mirrored frames. Version 1, a received (0) or transmitted (1) packet, what it is, tagged fields.
static bool find_tzsp(const struct packet *p, uint32_t off, struct tunnel *t)
{
	const uint8_t *b = p->data + off;
	uint32_t at = off + 4;
	uint16_t inner;

	if (p->len < off + 5 || b[0] != 1 || b[1] > 1)
		return false;
	inner = parse_be16(b + 2);
	if (inner != 1 && inner != 18)
		return false;
	while (p->data[at] != 1) {      // the end of the tags
		if (p->data[at] == 0) { // padding
			at++;
		} else {
			if (p->len < at + 2)
				return false;
			at += 2u + p->data[at + 1];
		}
		if (p->len < at + 1)
			return false;
	}
	*t = (struct tunnel){.kind = RECORD_TUN_TZSP,
		.link = inner == 1 ? LINK_ETHERNET : LINK_80211,
		.id = UINT32_MAX,
		.off = at + 1};
	return true;
}

// RFC 5415, 4.3: a header in the clear, a whole frame behind it or the first part of one.
static bool find_capwap(const struct packet *p, uint32_t off, struct tunnel *t)
{
	const uint8_t *b = p->data + off;
	uint32_t header;
	bool native, keepalive;

	if (p->len < off + 8 || b[0] != 0)
		return false;
	header = (b[1] >> 3) * 4u;
	native = b[2] & 1;
	keepalive = b[3] & 0x08;
	if (header < 8 || keepalive || (parse_be16(b + 6) & 0xfff8) != 0)
		return false;
	if (native && (b[2] >> 1 & 0x1f) != 1) // IEEE 802.11 is the one binding (RFC 5416)
		return false;
	*t = (struct tunnel){.kind = RECORD_TUN_CAPWAP,
		.link = native ? LINK_80211_SWAP : LINK_ETHERNET,
		.id = UINT32_MAX,
		.off = off + header};
	return true;
}

static bool find(const struct parse_state *s, struct tunnel *t)
{
	const struct packet *p = s->p;
	const struct flow_key *k = &p->key;
	uint16_t dport, sport;

	if (k->proto == IPPROTO_IPIP || k->proto == IPPROTO_IPV6) {
		*t = (struct tunnel){.kind = RECORD_TUN_IPIP,
			.link = LINK_RAW,
			.id = UINT32_MAX,
			.off = p->l4_off};
		return (s->ps->tunnels & PARSE_IPIP) != 0;
	}
	if (k->proto != IPPROTO_UDP || p->payload_off == 0)
		return false;
	dport = k->port[p->dir ^ 1];
	sport = k->port[p->dir];
	if (dport == PARSE_PORT_VXLAN)
		return (s->ps->tunnels & PARSE_VXLAN) && find_vxlan(p, p->payload_off, t);
	if (dport == PARSE_PORT_GENEVE)
		return (s->ps->tunnels & PARSE_GENEVE) && find_geneve(p, p->payload_off, t);
	if (dport == PARSE_PORT_GTPU || sport == PARSE_PORT_GTPU)
		return (s->ps->tunnels & PARSE_GTPU) && find_gtpu(p, p->payload_off, t);
	if (dport == PARSE_PORT_TZSP || sport == PARSE_PORT_TZSP)
		return (s->ps->tunnels & PARSE_TZSP) && find_tzsp(p, p->payload_off, t);
	if (dport == PARSE_PORT_CAPWAP || sport == PARSE_PORT_CAPWAP)
		return (s->ps->tunnels & PARSE_CAPWAP) && find_capwap(p, p->payload_off, t);
	return false;
}

bool parse_tunnel(struct parse_state *s)
{
	struct packet *p = s->p, outer;
	struct parse_detail detail;
	struct tunnel t;
	bool inner;

	if (!find(s, &t))
		return false;
	if (s->depth == MAX_DEPTH) {
		p->notes |= NOTE_BIT(TUNNEL_DEPTH);
		return false;
	}
	// What the inner packet turns out not to be must not spoil the outer one.
	outer = *p;
	if (s->detail != NULL) {
		detail = *s->detail;
		if (s->detail->n_tunnels < RECORD_MAX_TUNNELS)
			s->detail->tunnels[s->detail->n_tunnels++] =
				(struct record_tunnel){.kind = t.kind, .id = t.id};
	}
	p->flags &= (uint8_t)~PACKET_IP;
	p->flags |= PACKET_TUNNEL;
	p->payload_off = p->l4_off = 0; // an inner fragment has none
	p->tcp_flags = 0;
	memset(p->key.a6, 0, sizeof(p->key.a6));
	if ((t.kind == RECORD_TUN_VXLAN || t.kind == RECORD_TUN_GENEVE) && p->key.vni == UINT32_MAX)
		p->key.vni = t.id;
	s->depth++;
	inner = t.link == LINK_RAW ? parse_ip(s, t.off) : parse_inner_link(s, t.link, t.off);
	s->depth--;
	if (inner)
		return true;
	*p = outer;
	p->notes |= NOTE_BIT(TUNNEL_INNER);
	if (s->detail != NULL)
		*s->detail = detail;
	return false;
}
