// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What is plain but for tags before it or the lack of ports, without the parser's ways around for
// all that a packet may be.

#include "app/dataplane/parse_plain.h"

#define MAX_TAGS 2 // a customer's in a provider's; with more it is odd

static bool is_tag(uint16_t type)
{
	return type == htons(0x8100) || type == htons(0x88a8) || type == htons(0x9100);
}

// What stands for itself behind the IP header: of these the flow is that of the addresses.
static bool has_no_ports(uint8_t proto)
{
	return proto == IPPROTO_GRE || proto == IPPROTO_ESP || proto == IPPROTO_AH;
}

static bool without_ports(
	const struct parser *ps, struct packet *p, uint32_t l2, uint16_t type, uint16_t vlan)
{
	static const struct parse_ports none = {0, 0};
	const uint8_t *ip = p->data + l2;
	uint32_t l3, ip_len;
	uint8_t proto;

	if (type == htons(0x0800)) {
		if (p->len < l2 + 20 || ip[0] != 0x45 || (parse_raw16(ip + 6) & htons(0x3fff)) != 0)
			return false;
		proto = ip[9];
		l3 = 20;
		ip_len = parse_be16(ip + 2);
	} else {
		if (type != htons(0x86dd) || p->len < l2 + 40 || ip[0] >> 4 != 6)
			return false;
		proto = ip[6];
		l3 = 40;
		ip_len = l3 + parse_be16(ip + 4);
	}
	if (!has_no_ports(proto) || ip_len < l3 || l2 + ip_len > p->len)
		return false;
	p->flags = PACKET_IP;
	p->tcp_flags = 0;
	p->ip_len = ip_len;
	p->l3_off = (uint16_t)l2;
	p->l4_off = (uint16_t)(l2 + l3);
	p->payload_off = 0;
	p->notes = 0;
	if (l3 == 20)
		parse_plain_ends4(&ps->seed, p, l2, parse_plain_head(4, proto, vlan), &none);
	else
		parse_plain_ends6(&ps->seed, p, l2, parse_plain_head(6, proto, vlan), &none);
	return true;
}

bool parse_plain_odd(const struct parser *ps, struct packet *p)
{
	const uint8_t *b = p->data;
	uint16_t type, vlan = 0;
	uint32_t l2 = 14;

	if (p->link != LINK_ETHERNET || p->len < 14 + MAX_TAGS * 4 + 20)
		return false;
	type = parse_raw16(b + 12);
	for (unsigned n = 0; n < MAX_TAGS && is_tag(type); n++, l2 += 4) {
		if (vlan == 0) // the outermost one that names a VLAN
			vlan = parse_be16(b + l2) & 0xfff;
		type = parse_raw16(b + l2 + 2);
	}
	if (l2 != 14 && p->len >= l2 + 20 + 8 && parse_plain_ip(ps, p, l2, type, vlan))
		return true;
	return without_ports(ps, p, l2, type, vlan);
}

void parse_odd(const struct parser *ps, struct packet *p)
{
	if (!parse_plain_odd(ps, p))
		parse_packet(ps, p, NULL);
}
