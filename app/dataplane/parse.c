// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/parse.h"

#include <string.h>

void parse_packet(const struct parser *ps, struct packet *p, struct parse_detail *detail)
{
	struct parse_state s = {.ps = ps, .p = p, .detail = detail};
	uint32_t off;
	uint16_t type;

	p->flags = 0;
	p->dir = 0;
	p->tcp_flags = 0;
	p->l3_off = p->l4_off = p->payload_off = 0;
	p->ip_len = 0;
	p->notes = 0;
	memset(&p->key, 0, sizeof(p->key));
	p->key.vni = UINT32_MAX;
	if (detail != NULL)
		detail->n_vlans = detail->n_tunnels = 0;
	// What nearly all odd packets are, too, without the ways around for all others.
	if (p->link == LINK_ETHERNET && p->len >= 14 && parse_be16(p->data + 12) == 0x0800) {
		parse_ip(&s, 14);
	} else {
		type = parse_link_header(p, &off);
		parse_ethertype(&s, type, off);
	}
	if (p->flags & PACKET_IP)
		p->hash = hash_key(&ps->seed, &p->key);
}
