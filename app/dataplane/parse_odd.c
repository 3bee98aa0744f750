// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What is plain but for tags before it or the lack of ports, without the parser's ways around for
// all that a packet may be.

#include "app/dataplane/parse_plain.h"

#define MAX_TAGS 2 // a customer's in a provider's; with more it is odd

bool parse_plain_odd(const struct parser *ps, struct packet *p)
{
	const uint8_t *b = p->data;
	uint16_t vlan = 0;
	uint32_t l2 = 14;

	if (p->link != LINK_ETHERNET || p->len < 14 + MAX_TAGS * 4 + 20 + 8)
		return false;
	for (unsigned n = 0; n < MAX_TAGS && parse_is_tag(parse_be16(b + l2 - 2)); n++, l2 += 4)
		if (vlan == 0) // the outermost one that names a VLAN
			vlan = parse_be16(b + l2) & 0xfff;
	// What has ports and no tag has been looked at before.
	return parse_plain_ip(ps, p, l2, parse_raw16(b + l2 - 2), vlan,
		l2 == 14 ? PARSE_NO_PORTS : PARSE_PORTS | PARSE_NO_PORTS);
}

void parse_odd(const struct parser *ps, struct packet *p)
{
	if (!parse_plain_odd(ps, p))
		parse_packet(ps, p, NULL);
}
