// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The parser's fast path: TCP or UDP in IPv4 without options or IPv6 without extension headers, straight
// on Ethernet, whole, no fragment, no tunnel, nothing odd. Everything else is left to parse_packet(),
// which gives the same result for these too.
#pragma once

#include "app/dataplane/parse.h"

#include <netinet/in.h>
#include <string.h>

static inline uint32_t parse_load32(const uint8_t *b)
{
	uint32_t v;

	memcpy(&v, b, sizeof(v));
	return v;
}

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

static inline bool parse_plain_is_tunnel(uint8_t proto, uint16_t sport, uint16_t dport)
{
	return proto == IPPROTO_UDP &&
		(dport == PARSE_PORT_VXLAN || dport == PARSE_PORT_GENEVE ||
			dport == PARSE_PORT_GTPU || sport == PARSE_PORT_GTPU);
}

// The ends in order; swap without a branch, since directions come in any order.
static inline void parse_plain_ends4(struct packet *p, const uint8_t *ip, uint16_t sport, uint16_t dport)
{
	uint64_t s = (uint64_t)parse_be32(ip + 12) << 16 | sport;
	uint64_t d = (uint64_t)parse_be32(ip + 16) << 16 | dport;
	struct flow_key *k = &p->key;
	bool swap = s > d;

	p->dir = swap;
	k->port[0] = swap ? dport : sport;
	k->port[1] = swap ? sport : dport;
	k->a4[0] = parse_load32(ip + (swap ? 16 : 12));
	k->a4[1] = parse_load32(ip + (swap ? 12 : 16));
}

static inline void parse_plain_ends6(struct packet *p, const uint8_t *ip, uint16_t sport, uint16_t dport)
{
	uint64_t s0 = parse_be64(ip + 8), d0 = parse_be64(ip + 24);
	uint64_t s1 = parse_be64(ip + 16), d1 = parse_be64(ip + 32);
	struct flow_key *k = &p->key;
	bool swap = s0 != d0 ? s0 > d0 : s1 != d1 ? s1 > d1 : sport > dport;

	p->dir = swap;
	k->port[0] = swap ? dport : sport;
	k->port[1] = swap ? sport : dport;
	memcpy(k->a6[0], ip + (swap ? 24 : 8), 16);
	memcpy(k->a6[1], ip + (swap ? 8 : 24), 16);
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
	uint16_t sport, dport;
	uint32_t l4;

	if (p->link != LINK_ETHERNET || !parse_plain_network(p, &version, &proto))
		return false;
	l4 = version == 4 ? 14 + 20 : 14 + 40;
	if (!parse_plain_transport(p, l4, 14 + p->ip_len, proto))
		return false;
	sport = parse_be16(p->data + l4);
	dport = parse_be16(p->data + l4 + 2);
	if (parse_plain_is_tunnel(proto, sport, dport))
		return false;
	p->flags = PACKET_IP;
	p->l3_off = 14;
	p->notes = 0;
	p->key.version = version;
	p->key.proto = proto;
	p->key.vlan = 0;
	p->key.vni = UINT32_MAX;
	if (version == 4)
		parse_plain_ends4(p, p->data + 14, sport, dport);
	else
		parse_plain_ends6(p, p->data + 14, sport, dport);
	p->hash = hash_key(&ps->seed, &p->key);
	return true;
}
