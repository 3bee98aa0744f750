// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a blocked flow's ends are told: TCP resets to both (RFC 9293, 3.5.2 and 3.5.3; sequence
// numbers that RFC 5961, 3.2 accepts), ICMP "administratively prohibited" to the sender of UDP (RFC
// 1812, 5.2.7.1; RFC 4443, 3.1). The gateway has no address of its own, so the answer comes from
// the address that the packet was for. At most three a flow: who goes on after that is just
// dropped.

#include "app/dataplane/pipeline.h"

#include <netinet/in.h>

#define MAX_REFUSALS 3
#define MAX_L2       64

static uint32_t sum_bytes(uint32_t sum, const uint8_t *b, unsigned len)
{
	for (unsigned i = 0; i + 1 < len; i += 2)
		sum += parse_be16(b + i);
	if (len & 1)
		sum += (uint32_t)b[len - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// The link header of p up to IP, towards its receiver or back to its sender, and an IP header for
// size bytes of proto. Returns where the payload begins, NULL where there is no room.
static uint8_t *begin(
	struct pipeline *pl, const struct packet *p, bool back, uint8_t proto, uint16_t size)
{
	struct pipeline_inject *x;
	const uint8_t *ip = p->data + p->l3_off;
	unsigned alen = p->key.version == 4 ? 4 : 16, header = alen == 4 ? 20 : 40;
	unsigned src = alen == 4 ? 12 : 8;
	uint8_t *o;

	if (pl->n_injects == PIPELINE_MAX_INJECTS || p->l3_off > MAX_L2 ||
		p->l3_off + header + size > (int)sizeof(x->data)) {
		pl->stats.resets_left_out++;
		return NULL;
	}
	x = &pl->injects[pl->n_injects++];
	x->wire = p->wire;
	x->to = back == (p->side == SIDE_INSIDE) ? SIDE_INSIDE : SIDE_OUTSIDE;
	x->len = (uint16_t)(p->l3_off + header + size);
	memset(x->data, 0, x->len);
	memcpy(x->data, p->data, p->l3_off);
	if (back) { // the MAC addresses change places
		memcpy(x->data, p->data + 6, 6);
		memcpy(x->data + 6, p->data, 6);
	}
	o = x->data + p->l3_off;
	memcpy(o + src, ip + src + (back ? alen : 0), alen);
	memcpy(o + src + alen, ip + src + (back ? 0 : alen), alen);
	if (alen == 4) {
		o[0] = 0x45;
		put_be16(o + 2, (uint16_t)(header + size));
		o[6] = 0x40; // do not fragment
		o[8] = 64;
		o[9] = proto;
		put_be16(o + 10, fold(sum_bytes(0, o, 20)));
	} else {
		o[0] = 0x60;
		put_be16(o + 4, size);
		o[6] = proto;
		o[7] = 64;
	}
	pl->stats.resets_sent++;
	return o + header;
}

// The transport checksum with its pseudo header (RFC 9293, 3.1; RFC 8200, 8.1).
static uint16_t checksum(const struct packet *p, const uint8_t *l4, uint8_t proto, uint16_t size)
{
	unsigned alen = p->key.version == 4 ? 4 : 16;

	return fold(
		sum_bytes(sum_bytes(proto + (uint32_t)size, l4 - 2 * alen, 2 * alen), l4, size));
}

static void tcp_reset(struct pipeline *pl, const struct packet *p, bool back)
{
	const uint8_t *tcp = p->data + p->l4_off;
	uint32_t seq = parse_be32(tcp + 4), ack = parse_be32(tcp + 8);
	uint32_t len = p->l3_off + p->ip_len - p->l4_off - (tcp[12] >> 4) * 4u +
		       ((p->tcp_flags & TCP_SYN) != 0) + ((p->tcp_flags & TCP_FIN) != 0);
	uint8_t *o = begin(pl, p, back, IPPROTO_TCP, 20);

	if (o == NULL)
		return;
	memcpy(o, tcp + (back ? 2 : 0), 2);
	memcpy(o + 2, tcp + (back ? 0 : 2), 2);
	o[12] = 0x50;
	o[13] = TCP_RST;
	if (!back) { // in the sender's name
		put_be32(o + 4, seq);
		put_be32(o + 8, ack);
		o[13] |= p->tcp_flags & TCP_ACK;
	} else if (p->tcp_flags & TCP_ACK) {
		put_be32(o + 4, ack);
	} else {
		put_be32(o + 8, seq + len);
		o[13] |= TCP_ACK;
	}
	put_be16(o + 16, checksum(p, o, IPPROTO_TCP, 20));
}

static void icmp_prohibited(struct pipeline *pl, const struct packet *p)
{
	bool v4 = p->key.version == 4;
	const uint8_t *ip = p->data + p->l3_off;
	uint32_t have = p->len - p->l3_off, quote = p->ip_len;
	uint16_t size;
	uint8_t *o;

	// RFC 792: header and eight bytes are enough; RFC 4443 wants as much as fits.
	if (quote > have)
		quote = have;
	if (quote > 128)
		quote = 128;
	size = (uint16_t)(8 + quote);
	o = begin(pl, p, true, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, size);
	if (o == NULL)
		return;
	o[0] = v4 ? 3 : 1;
	o[1] = v4 ? 13 : 1;
	memcpy(o + 8, ip, quote);
	put_be16(o + 2, v4 ? fold(sum_bytes(0, o, size)) : checksum(p, o, IPPROTO_ICMPV6, size));
}

// A refusal can have the frame's link header only where nothing in that counts what follows or is
// meant for one direction: Ethernet with VLAN tags, but no PPPoE, LLC or MPLS.
static bool plain_link(const struct packet *p)
{
	uint32_t at = 12;

	while (at + 6 <= p->l3_off && parse_is_tag(parse_be16(p->data + at)))
		at += 4;
	return at + 2 == p->l3_off;
}

// Nobody is answered who asked many, or who has no address to be reached at (RFC 1122, 3.2.2; RFC
// 4443, 2.4 (e)): a refusal would have a group's address as its source.
static bool between_two(const struct packet *p)
{
	const uint8_t *ip = p->data + p->l3_off, *src = ip + 12, *dst = ip + 16;
	static const uint8_t none[16];

	if ((p->data[0] & 1) != 0) // to a group of the link
		return false;
	if (p->key.version == 4)
		return dst[0] < 224 && src[0] < 224 && src[0] != 127 && memcmp(src, none, 4) != 0;
	src = ip + 8;
	dst = ip + 24;
	return dst[0] != 0xff && src[0] != 0xff && memcmp(src, none, 16) != 0;
}

bool inject_refusals_over(const struct pipeline *pl, uint32_t i)
{
	return policy_info(pl->gen->policy)->block_with != POLICY_BLOCK_RESET ||
	       pl->table.cold[i].resets >= MAX_REFUSALS;
}

void inject_refusal(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct flow_cold *c = &pl->table.cold[i];
	const struct flow_hot *h = &pl->table.hot[i];

	if (inject_refusals_over(pl, i) || (h->flags & FLOW_UNDECIDED))
		return;
	if (p->side == SIDE_UNKNOWN || p->link != LINK_ETHERNET)
		return; // tap and replay send nothing
	// A damaged header has no sequence numbers that anybody would believe.
	if ((p->flags & (PACKET_TUNNEL | PACKET_NO_DPI)) || p->l4_off == 0 ||
		(p->notes & NOTES_MALFORMED) || !plain_link(p) || !between_two(p)) {
		pl->stats.resets_left_out++;
		return;
	}
	if (h->proto == IPPROTO_TCP) {
		if (p->tcp_flags & TCP_RST)
			return; // a reset is not answered (RFC 9293, 3.5.2)
		c->resets++;
		tcp_reset(pl, p, true);
		// The other end holds a connection only where packets had passed before, be it
		// before the gateway was there.
		if (h->packets[0] + h->packets[1] != 0 || !(p->tcp_flags & TCP_SYN))
			tcp_reset(pl, p, false);
	} else if (h->proto == IPPROTO_UDP) {
		c->resets++;
		icmp_prohibited(pl, p);
	}
}
