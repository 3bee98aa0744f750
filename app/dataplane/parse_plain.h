// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The parser's fast path: TCP or UDP in IPv4 without options or IPv6 without extension headers, on
// Ethernet, whole, no fragment, no tunnel, nothing odd. Everything else is left to parse_packet(),
// which gives the same result for these too.
//
// l2: where the IP header begins. The caller's constant where there is no tag: then it costs
// nothing.
#pragma once

#include "app/dataplane/parse.h"

#include <netinet/in.h>
#include <string.h>
#include <tmmintrin.h>

// Loads that keep the order of the wire's bytes.
static inline uint16_t parse_raw16(const uint8_t *b)
{
	uint16_t v;

	memcpy(&v, b, sizeof(v));
	return v;
}

// The transport header at l4 and where the payload begins; end: of the IP packet, which the frame
// has all of, and at least eight bytes behind l4. False: odd.
static inline bool parse_plain_transport(struct packet *p, uint32_t l4, uint32_t end, uint8_t proto)
{
	const uint8_t *b = p->data + l4;
	uint32_t payload;

	if (proto == IPPROTO_TCP) {
		if (l4 + 20 > end)
			return false;
		payload = l4 + (b[12] >> 4) * 4u;
		if (payload < l4 + 20 || payload > end)
			return false;
		p->tcp_flags = b[13];
	} else if (proto == IPPROTO_UDP) {
		uint32_t size = parse_be16(b + 4);

		if (size < 8 || l4 + size > end)
			return false;
		payload = l4 + 8;
		p->tcp_flags = 0;
	} else {
		return false;
	}
	p->payload_off = payload < end ? (uint16_t)payload : 0;
	return true;
}

// Source and destination as key.port has them, and the other way round.
struct parse_ports {
	uint32_t sent, back;
};

static inline struct parse_ports parse_plain_ports(const uint8_t *b)
{
	const uint32_t back = parse_be32(b);

	return (struct parse_ports){.sent = back >> 16 | back << 16, .back = back};
}

// Whether what goes from one of these ports (the low half) to the other may be a tunnel. All are
// compared at once: three times the source and five times the destination. The protocol is asked
// for behind them, since they nearly always say no, and it is any.
static inline bool parse_plain_is_tunnel(uint8_t proto, uint32_t ports)
{
	const __m128i spread = _mm_setr_epi8(0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3);
	const __m128i tunnels = _mm_setr_epi16(PARSE_PORT_GTPU, (short)PARSE_PORT_TZSP,
		PARSE_PORT_CAPWAP, PARSE_PORT_GTPU, (short)PARSE_PORT_TZSP, PARSE_PORT_CAPWAP,
		PARSE_PORT_VXLAN, PARSE_PORT_GENEVE);
	const __m128i all = _mm_shuffle_epi8(_mm_cvtsi32_si128((int)ports), spread);

	return _mm_movemask_epi8(_mm_cmpeq_epi16(all, tunnels)) != 0 && proto == IPPROTO_UDP;
}

// The key and its hash. Whole words are made in registers, stored, and hashed from there: a load of
// what narrower stores have just written waits for them. Ends are put in order without a branch,
// since directions come in any order.
static inline uint64_t parse_plain_head(uint8_t version, uint8_t proto, uint16_t vlan)
{
	return (uint64_t)UINT32_MAX << 32 | (uint64_t)vlan << 16 | (uint64_t)proto << 8 |
	       version; // no VNI
}

// Whether a - b - borrow is below zero: the compiler makes one comparison of a chain of them.
static inline bool parse_plain_below(uint64_t a, uint64_t b, bool borrow)
{
	unsigned long long rest;

#ifdef __clang__
	a = __builtin_subcll(a, b, borrow, &rest);
	return rest != 0;
#else
	return __builtin_ia32_sbb_u64(borrow, a, b, &rest);
#endif
}

static inline void parse_plain_ends4(const struct hash_seed *seed, struct packet *p, uint32_t l2,
	uint64_t head, const struct parse_ports *x)
{
	const uint64_t sent = hash_load(p->data + l2 + 12), back = sent >> 32 | sent << 32;
	// Source before destination, and the other way round: where both addresses are the same
	// the ports tell.
	const uint64_t s = __builtin_bswap64(sent), d = s >> 32 | s << 32;
	const bool swap = parse_plain_below(d, s, x->sent < x->back);
	const uint64_t a4 = swap ? back : sent;
	const uint32_t ports = swap ? x->back : x->sent;

	p->dir = swap;
	memcpy(&p->key, &head, sizeof(head));
	memcpy(p->key.port, &ports, sizeof(ports));
	memcpy(p->key.a4, &a4, sizeof(a4));
	p->hash = hash_words4(seed, head, ports, a4);
}

static inline void parse_plain_ends6(const struct hash_seed *seed, struct packet *p, uint32_t l2,
	uint64_t head, const struct parse_ports *x)
{
	const uint8_t *b = p->data + l2 + 8;
	const struct hash_addr6 s = hash_addr6(b), d = hash_addr6(b + 16);
	const bool swap = parse_plain_below(
		d.upper, s.upper, parse_plain_below(d.lower, s.lower, x->sent < x->back));
	const uint32_t ports = swap ? x->back : x->sent;

	p->dir = swap;
	memcpy(&p->key, &head, sizeof(head));
	memcpy(p->key.port, &ports, sizeof(ports));
	memcpy(p->key.a6[swap], b, sizeof(p->key.a6[0]));
	memcpy(p->key.a6[swap ^ 1u], b + 16, sizeof(p->key.a6[1]));
	p->hash = hash_words6(seed, head, ports, s, d);
}

// What is taken: TCP and UDP, or what stands for itself behind the IP header, so that its flow is
// that of the addresses. The caller's constant where it is PARSE_PORTS alone.
enum parse_take {
	PARSE_PORTS = 1,
	PARSE_NO_PORTS = 2,
};

// What is behind the IP header, from l4 to end as above, and its ports.
static inline bool parse_plain_behind(struct packet *p, uint32_t l4, uint32_t end, uint8_t proto,
	unsigned take, struct parse_ports *x)
{
	if ((take & PARSE_NO_PORTS) &&
		(proto == IPPROTO_GRE || proto == IPPROTO_ESP || proto == IPPROTO_AH)) {
		p->tcp_flags = 0;
		p->payload_off = 0;
		*x = (struct parse_ports){0, 0};
		return l4 <= end;
	}
	if (!(take & PARSE_PORTS) || !parse_plain_transport(p, l4, end, proto))
		return false;
	*x = parse_plain_ports(p->data + l4);
	return !parse_plain_is_tunnel(proto, x->sent);
}

// An IP packet of that version, whose header is one of the length l3 and of nothing odd.
static inline bool parse_plain_rest(const struct parser *ps, struct packet *p, uint32_t l2,
	uint16_t vlan, unsigned take, uint8_t version, uint32_t l3, uint8_t proto)
{
	struct parse_ports x;
	uint64_t head;

	if (p->ip_len + l2 > p->len ||
		!parse_plain_behind(p, l2 + l3, l2 + p->ip_len, proto, take, &x))
		return false;
	p->flags = PACKET_IP;
	p->l3_off = (uint16_t)l2;
	p->l4_off = (uint16_t)(l2 + l3);
	p->notes = 0;
	head = parse_plain_head(version, proto, vlan);
	if (version == 4)
		parse_plain_ends4(&ps->seed, p, l2, head, &x);
	else
		parse_plain_ends6(&ps->seed, p, l2, head, &x);
	return true;
}

// A packet of that type (as on the wire); there are 28 bytes of it at least.
static inline bool parse_plain_ip(const struct parser *ps, struct packet *p, uint32_t l2,
	uint16_t type, uint16_t vlan, unsigned take)
{
	const uint8_t *ip = p->data + l2;

	if (type == htons(0x0800)) {
		// Version 4, 20 bytes of header; neither "more fragments" nor an offset.
		if (ip[0] != 0x45 || (parse_raw16(ip + 6) & htons(0x3fff)) != 0)
			return false;
		p->ip_len = parse_be16(ip + 2);
		return parse_plain_rest(ps, p, l2, vlan, take, 4, 20, ip[9]);
	}
	if (type != htons(0x86dd) || p->len < l2 + 40 + 8 || ip[0] >> 4 != 6)
		return false;
	p->ip_len = 40u + parse_be16(ip + 4);
	return parse_plain_rest(ps, p, l2, vlan, take, 6, 40, ip[6]);
}

// True where p is such a packet: then it is parsed as parse_packet() does, and its hash is made.
static inline bool parse_plain(const struct parser *ps, struct packet *p)
{
	if (p->link != LINK_ETHERNET || p->len < 14 + 20 + 8)
		return false;
	return parse_plain_ip(ps, p, 14, parse_raw16(p->data + 12), 0, PARSE_PORTS);
}

// The same for a packet behind one or two tags (IEEE 802.1Q), and for GRE, ESP and AH.
bool parse_plain_odd(const struct parser *ps, struct packet *p);

// What is not plain and no such fragment: by parse_plain_odd(), or by parse_packet().
void parse_odd(const struct parser *ps, struct packet *p);

// An IPv4 fragment without a tag: these may be a flood, and are not to be looked at twice.
static inline bool parse_is_fragment4(const struct packet *p)
{
	return p->len >= 14 + 20 && parse_raw16(p->data + 12) == htons(0x0800) &&
	       (parse_raw16(p->data + 14 + 6) & htons(0x3fff)) != 0;
}
