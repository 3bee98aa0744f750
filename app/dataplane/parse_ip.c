// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/parse_plain.h"

#include <netinet/in.h>
#include <string.h>

#define IP6_MAX_EXT 8 // more than any sender needs; bounds the walk

// Where the packet's network layer ends: in the capture, and as its own length says. No field
// narrower than a word: gcc would copy several at once, and a load of what narrower stores have
// just written waits for them.
struct ip_view {
	uint32_t l3, l4;   // offsets into the frame
	uint32_t end;      // of the IP packet, as its header says
	uint32_t have;     // min(end, captured)
	uint32_t frag_id;  // where it is a fragment
	uint32_t frag_off; // in units of 8 bytes
	uint32_t fragment; // 1: it is one
	uint32_t proto;
};

static bool malformed(struct packet *p, uint32_t bit)
{
	p->notes |= bit;
	return false;
}

// Checks the length that the header claims against what the wire carried and the capture kept.
static bool set_end(struct packet *p, struct ip_view *v, uint32_t ip_len, uint32_t bit)
{
	v->end = v->l3 + ip_len;
	if (v->end > p->wire_len)
		return malformed(p, bit);
	v->have = v->end < p->len ? v->end : p->len;
	if (v->have < v->end) {
		p->notes |= NOTE_BIT(CUT);
		p->flags |= PACKET_NO_DPI;
	}
	p->ip_len = ip_len;
	return true;
}

static bool ip4_header(struct packet *p, struct ip_view *v)
{
	const uint8_t *b = p->data + v->l3;
	uint32_t header, total, frag;

	if (p->len < v->l3 + 20)
		return malformed(p, NOTE_BIT(IP4_SHORT));
	header = (b[0] & 15u) * 4;
	total = parse_be16(b + 2);
	if (header < 20 || v->l3 + header > p->wire_len)
		return malformed(p, NOTE_BIT(IP4_HEADER));
	if (total < header || !set_end(p, v, total, NOTE_BIT(IP4_LENGTH)))
		return malformed(p, NOTE_BIT(IP4_LENGTH));
	frag = parse_be16(b + 6);
	v->frag_off = frag & 0x1fff;
	v->fragment = (frag & 0x3fff) != 0; // or more of them follow
	v->frag_id = parse_be16(b + 4);
	v->proto = b[9];
	v->l4 = v->l3 + header;
	p->key.version = 4;
	return true;
}

// Walks the extension headers (RFC 8200, 4; mobility: RFC 6275). AH and ESP end the walk: they are
// protocols of their own here, as in nDPI.
static bool ip6_extensions(struct packet *p, struct ip_view *v)
{
	for (unsigned n = 0; n <= IP6_MAX_EXT; n++) {
		const uint8_t *b = p->data + v->l4;
		uint32_t size;

		switch (v->proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case 135: // mobility header
			if (v->l4 + 8 > v->have)
				return malformed(p, NOTE_BIT(IP6_EXT));
			size = (b[1] + 1u) * 8;
			break;
		case IPPROTO_FRAGMENT:
			if (v->l4 + 8 > v->have)
				return malformed(p, NOTE_BIT(IP6_EXT));
			v->frag_off = parse_be16(b + 2) >> 3u;
			// An atomic fragment (RFC 6946) is a whole packet.
			v->fragment = v->frag_off != 0 || (b[3] & 1) != 0;
			v->frag_id = parse_be32(b + 4);
			size = 8;
			break;
		default:
			return true;
		}
		// The packet's offsets are 16 bit: in a frame so large the headers end before that.
		if (v->l4 + size > v->end || v->l4 + size > UINT16_MAX - 64)
			return malformed(p, NOTE_BIT(IP6_EXT));
		v->proto = b[0];
		v->l4 += size;
		if (v->frag_off != 0)
			return true; // what follows is the middle of something
	}
	return malformed(p, NOTE_BIT(IP6_EXT));
}

static bool ip6_header(struct packet *p, struct ip_view *v)
{
	const uint8_t *b = p->data + v->l3;

	if (p->len < v->l3 + 40)
		return malformed(p, NOTE_BIT(IP6_SHORT));
	if (!set_end(p, v, 40u + parse_be16(b + 4), NOTE_BIT(IP6_LENGTH)))
		return false;
	v->proto = b[6];
	v->l4 = v->l3 + 40;
	p->key.version = 6;
	return ip6_extensions(p, v);
}

static uint64_t rotate64(uint64_t v, unsigned n)
{
	return v >> n | v << (-n & 63);
}

static uint32_t rotate32(uint32_t v, unsigned n)
{
	return v >> n | v << (-n & 31);
}

// The key. Ends are sorted; ports break the tie between equal addresses, where they are ports. All
// is stored as the whole words as which it will be hashed: a load of what narrower stores have just
// written waits for them. And no branch by the order of two strangers' addresses.
static void set_key(
	struct packet *p, const struct ip_view *v, uint16_t sport, uint16_t dport, bool swap_ports)
{
	const uint8_t *b = p->data + v->l3;
	struct flow_key *k = &p->key;
	const uint32_t tie = swap_ports && sport > dport;
	const uint64_t head = (uint64_t)k->vni << 32 | (uint64_t)k->vlan << 16 |
			      (uint64_t)v->proto << 8 | k->version;
	uint32_t ports;

	if (k->version == 4) {
		const uint64_t raw = hash_load(b + 12), order = __builtin_bswap64(raw);
		const uint64_t s = order >> 32, d = order & UINT32_MAX;
		uint64_t both;

		p->dir = (uint8_t)(s * 2 + tie > d * 2);
		both = rotate64(raw, p->dir * 32u);
		memcpy(k->a4, &both, sizeof(both));
	} else {
		const int order = memcmp(b + 8, b + 24, 16);

		p->dir = (uint8_t)(order > 0 || (order == 0 && tie));
		memcpy(k->a6[p->dir], b + 8, 16);
		memcpy(k->a6[p->dir ^ 1], b + 24, 16);
	}
	ports = rotate32((uint32_t)dport << 16 | sport, swap_ports ? p->dir * 16u : 0);
	memcpy(k->port, &ports, sizeof(ports));
	memcpy(k, &head, sizeof(head));
}

// Requests and their answers share a flow, under the request's type (RFC 792, RFC 4443, RFC 4861).
static uint8_t icmp_request_type(uint8_t version, uint8_t type)
{
	if (version == 4)
		return type == 0 ? 8 : type == 14 ? 13 : type == 16 ? 15 : type == 18 ? 17 : type;
	return type == 129 ? 128 : type == 134 ? 133 : type == 136 ? 135 : type == 140 ? 139 : type;
}

bool parse_icmp_is_reply(uint8_t version, uint8_t type)
{
	return icmp_request_type(version, type) != type;
}

static void tcp_header(struct packet *p, const struct ip_view *v)
{
	const uint8_t *b = p->data + v->l4;
	uint32_t header = (b[12] >> 4) * 4u;

	p->tcp_flags = b[13];
	if (header < 20 || v->l4 + header > v->end)
		p->notes |= NOTE_BIT(TCP_OFFSET);
	else if (v->l4 + header < v->have)
		p->payload_off = (uint16_t)(v->l4 + header);
}

static void udp_header(struct packet *p, const struct ip_view *v)
{
	uint16_t length = parse_be16(p->data + v->l4 + 4);

	if (length < 8 || (v->l4 + length > v->end && !v->fragment))
		p->notes |= NOTE_BIT(UDP_LENGTH);
	if (v->l4 + 8 < v->have)
		p->payload_off = (uint16_t)(v->l4 + 8);
}

// How much of the transport header must be there, and whether it begins with two ports.
static uint32_t l4_size(const struct ip_view *v, uint8_t version, bool *ports)
{
	*ports = true;
	switch (v->proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
		return 8;
	case IPPROTO_SCTP:
		return 12;
	case IPPROTO_ICMP:
		*ports = false;
		return version == 4 ? 4 : 0;
	case IPPROTO_ICMPV6:
		*ports = false;
		return version == 6 ? 4 : 0;
	default:
		*ports = false;
		return 0;
	}
}

// Ports, or type and code. False: the header is not whole; the flow is that of the addresses.
static bool transport(struct parse_state *s, const struct ip_view *v)
{
	struct packet *p = s->p;
	const uint8_t *b = p->data + v->l4;
	bool ports;
	uint32_t need = l4_size(v, p->key.version, &ports);

	p->l3_off = (uint16_t)v->l3;
	p->l4_off = (uint16_t)v->l4;
	if (v->l4 + need > v->have) {
		set_key(p, v, 0, 0, false);
		if (v->l4 + need > v->end) // not the capture's fault
			p->notes |= v->fragment ? NOTE_BIT(FRAG_TINY) : NOTE_BIT(L4_SHORT);
		p->l4_off = 0;
		return false;
	}
	if (ports) {
		set_key(p, v, parse_be16(b), parse_be16(b + 2), true);
		if (v->proto == IPPROTO_TCP)
			tcp_header(p, v);
		else if (v->proto == IPPROTO_UDP)
			udp_header(p, v);
	} else if (need != 0) {
		set_key(p, v, icmp_request_type(p->key.version, b[0]), b[1], false);
	} else {
		set_key(p, v, 0, 0, false);
	}
	return true;
}

// A later fragment has the ports of its first one. Where that was not seen, it has none (0): what
// leaves in fragments alone is a flow all the same, with a verdict and a record.
static void later_fragment(struct parse_state *s, const struct ip_view *v)
{
	struct packet *p = s->p;

	p->notes |= NOTE_BIT(FRAG_LATER);
	p->notes |= (uint32_t)((v->proto == IPPROTO_TCP) & (v->frag_off == 1)) << NOTE_FRAG_OVERLAP;
	p->l3_off = (uint16_t)v->l3;
	set_key(p, v, 0, 0, false);
	p->flags |= PACKET_IP | PACKET_FRAG_LATER | PACKET_NO_DPI;
	if (!frag_find(s->ps->frags, &p->key, &p->dir, v->frag_id, p->ts))
		p->notes |= NOTE_BIT(FRAG_ORPHAN);
}

bool parse_ip(struct parse_state *s, uint32_t off)
{
	struct packet *p = s->p;
	struct ip_view v = {.l3 = off};
	uint8_t version;
	bool whole;

	if (p->len < off + 1)
		return malformed(p, NOTE_BIT(SHORT_FRAME));
	if (off > UINT16_MAX - 256) // offsets are 16 bit; nobody tunnels that deep
		return malformed(p, NOTE_BIT(TUNNEL_DEPTH));
	version = p->data[off] >> 4;
	if (version != 4 && version != 6)
		return malformed(p, NOTE_BIT(IP_VERSION));
	if (version == 4 ? !ip4_header(p, &v) : !ip6_header(p, &v))
		return false;
	if (v.frag_off != 0) {
		later_fragment(s, &v);
		return true;
	}
	whole = transport(s, &v);
	p->flags |= PACKET_IP;
	if (v.fragment) {
		p->notes |= NOTE_BIT(FRAG_FIRST);
		p->flags |= PACKET_FRAG_FIRST;
		if (whole && s->detail == NULL &&
			frag_insert(s->ps->frags, &p->key, p->dir, v.frag_id, p->ts))
			p->notes |= NOTE_BIT(FRAG_TABLE);
		return true;
	}
	if (whole && s->ps->tunnels != 0)
		parse_tunnel(s);
	return true;
}
