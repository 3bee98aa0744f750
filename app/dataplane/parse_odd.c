// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/parse_plain.h"

#define MAX_TAGS 2 // a customer's in a provider's; with more it is odd

static bool is_tag(uint16_t type)
{
	return type == htons(0x8100) || type == htons(0x88a8) || type == htons(0x9100);
}

bool parse_plain_tagged(const struct parser *ps, struct packet *p)
{
	const uint8_t *b = p->data;
	uint16_t type, vlan = 0;
	uint32_t l2 = 14;

	if (p->link != LINK_ETHERNET || p->len < 14 + MAX_TAGS * 4 + 20 + 8)
		return false;
	type = parse_raw16(b + 12);
	for (unsigned n = 0; n < MAX_TAGS && is_tag(type); n++, l2 += 4) {
		if (vlan == 0) // the outermost one that names a VLAN
			vlan = parse_be16(b + l2) & 0xfff;
		type = parse_raw16(b + l2 + 2);
	}
	return l2 != 14 && parse_plain_ip(ps, p, l2, type, vlan);
}

void parse_odd(const struct parser *ps, struct packet *p)
{
	const bool ip4 = p->len >= 14 && parse_raw16(p->data + 12) == htons(0x0800);

	if (ip4 || !parse_plain_tagged(ps, p))
		parse_packet(ps, p, NULL);
}
