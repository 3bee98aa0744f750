// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The parser's fast path: TCP or UDP in IPv4 without options or IPv6 without extension headers,
// straight on Ethernet, whole, no fragment, no tunnel, nothing odd. Everything else is left to
// parse_packet(), which gives the same result for these too.
#pragma once

#include "app/dataplane/parse.h"

#include <netinet/in.h>
#include <string.h>

static inline uint64_t parse_be64(const uint8_t *b)
{
	return __builtin_bswap64(hash_load(b));
}

// The transport header at l4 and where the payload begins; end: of the IP packet. False: odd.
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
		uint32_t size;

		if (l4 + 8 > end)
			return false;
		size = parse_be16(b + 4);
		if (size < 8 || l4 + size > end)
			return false;
		payload = l4 + 8;
		p->tcp_flags = 0;
	} else {
		return false;
	}
	p->payload_off = payload < end ? (uint16_t)payload : 0;
	p->l4_off = (uint16_t)l4;
	return true;
}

// The ports are asked for before the protocol, since they nearly always say no, and it is any.
static inline bool parse_plain_is_tunnel(uint8_t proto, uint16_t sport, uint16_t dport)
{
	return (dport == PARSE_PORT_VXLAN || dport == PARSE_PORT_GENEVE ||
		       dport == PARSE_PORT_GTPU || sport == PARSE_PORT_GTPU ||
		       dport == PARSE_PORT_TZSP || sport == PARSE_PORT_TZSP ||
		       dport == PARSE_PORT_CAPWAP || sport == PARSE_PORT_CAPWAP) &&
	       proto == IPPROTO_UDP;
}

// The key and its hash. Whole words are made in registers, stored, and hashed from there: a load of
// what narrower stores have just written waits for them. Ends are put in order by rotating, without
// a branch, since directions come in any order.
struct parse_ports {
	uint16_t sport, dport;
	uint32_t both; // as key.port, not swapped
};

static inline uint64_t parse_plain_head(uint8_t version, uint8_t proto)
{
	return (uint64_t)UINT32_MAX << 32 | (uint64_t)proto << 8 | version; // no VNI, no VLAN
}

static inline uint32_t parse_rotate32(uint32_t v, unsigned n)
{
	return v >> n | v << (-n & 31);
}

static inline uint64_t parse_rotate64(uint64_t v, unsigned n)
{
	return v >> n | v << (-n & 63);
}

static inline void parse_plain_ends4(
	const struct hash_seed *seed, struct packet *p, uint8_t proto, const struct parse_ports *x)
{
	uint64_t raw = hash_load(p->data + 14 + 12), order = __builtin_bswap64(raw);
	uint64_t s = order >> 32 << 16 | x->sport, d = (order & UINT32_MAX) << 16 | x->dport;
	unsigned swap = s > d;
	uint64_t head = parse_plain_head(4, proto), a4 = parse_rotate64(raw, swap * 32);
	uint32_t ports = parse_rotate32(x->both, swap * 16);

	p->dir = (uint8_t)swap;
	memcpy(&p->key, &head, sizeof(head));
	memcpy(p->key.port, &ports, sizeof(ports));
	memcpy(p->key.a4, &a4, sizeof(a4));
	p->hash = hash_words4(seed, head, ports, a4);
}

static inline void parse_plain_ends6(
	const struct hash_seed *seed, struct packet *p, uint8_t proto, const struct parse_ports *x)
{
	const uint8_t *b = p->data + 14 + 8;
	uint64_t s0 = parse_be64(b), d0 = parse_be64(b + 16);
	uint64_t s1 = parse_be64(b + 8), d1 = parse_be64(b + 24);
	unsigned swap =
		(s0 > d0) | ((s0 == d0) & ((s1 > d1) | ((s1 == d1) & (x->sport > x->dport))));
	const uint8_t *first = b + swap * 16, *second = b + (16 - swap * 16);
	uint64_t head = parse_plain_head(6, proto);
	uint64_t a0[2] = {hash_load(first), hash_load(first + 8)};
	uint64_t a1[2] = {hash_load(second), hash_load(second + 8)};
	uint32_t ports = parse_rotate32(x->both, swap * 16);

	p->dir = (uint8_t)swap;
	memcpy(&p->key, &head, sizeof(head));
	memcpy(p->key.port, &ports, sizeof(ports));
	memcpy(p->key.a6[0], a0, sizeof(a0));
	memcpy(p->key.a6[1], a1, sizeof(a1));
	p->hash = hash_words6(seed, head, ports, a0, a1);
}

// Length, protocol, end of the network header at 14. False: odd.
static inline bool parse_plain_network(struct packet *p, uint8_t *version, uint8_t *proto)
{
	const uint8_t *ip = p->data + 14;
	uint32_t type;

	if (p->len < 14 + 20 + 8)
		return false;
	type = parse_be16(p->data + 12);
	if (type == 0x0800) {
		// Version 4, 20 bytes of header; neither "more fragments" nor an offset.
		if (ip[0] != 0x45 || (parse_be16(ip + 6) & 0x3fff) != 0)
			return false;
		*version = 4;
		*proto = ip[9];
		p->ip_len = parse_be16(ip + 2);
		return p->ip_len >= 20 && p->ip_len + 14 <= p->len;
	}
	if (type != 0x86dd || p->len < 14 + 40 + 8 || ip[0] >> 4 != 6)
		return false;
	*version = 6;
	*proto = ip[6];
	p->ip_len = 40u + parse_be16(ip + 4);
	return p->ip_len + 14 <= p->len;
}

// True where p is such a packet: then it is parsed as parse_packet() does, and its hash is made.
static inline bool parse_plain(const struct parser *ps, struct packet *p)
{
	uint8_t version, proto;
	struct parse_ports x;
	uint32_t l4, raw;

	if (p->link != LINK_ETHERNET || !parse_plain_network(p, &version, &proto))
		return false;
	l4 = version == 4 ? 14 + 20 : 14 + 40;
	if (!parse_plain_transport(p, l4, 14 + p->ip_len, proto))
		return false;
	raw = parse_be32(p->data + l4);
	x.sport = (uint16_t)(raw >> 16);
	x.dport = (uint16_t)raw;
	x.both = parse_rotate32(raw, 16);
	if (parse_plain_is_tunnel(proto, x.sport, x.dport))
		return false;
	p->flags = PACKET_IP;
	p->l3_off = 14;
	p->notes = 0;
	if (version == 4)
		parse_plain_ends4(&ps->seed, p, proto, &x);
	else
		parse_plain_ends6(&ps->seed, p, proto, &x);
	return true;
}
