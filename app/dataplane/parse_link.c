// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/parse.h"

#define TYPE_IP4    0x0800
#define TYPE_IP6    0x86dd
#define TYPE_ARP    0x0806
#define TYPE_VLAN   0x8100
#define TYPE_QINQ   0x88a8
#define TYPE_QINQ_9 0x9100
#define TYPE_MPLS   0x8847
#define TYPE_MPLS_M 0x8848
#define TYPE_PPPOE  0x8864
#define TYPE_SLOW   0x8809
#define TYPE_LLDP   0x88cc

#define PPP_IP4 0x0021
#define PPP_IP6 0x0057

#define MAX_TAGS   8
#define MAX_LABELS 16

// As libpcap numbers them in files (LINKTYPE_...).
uint16_t parse_dlt_of_link(uint8_t link)
{
	switch ((enum parse_link)link) {
	case LINK_ETHERNET:
		return 1;
	case LINK_RAW:
		return 101;
	case LINK_NULL:
		return 0;
	case LINK_SLL:
		return 113;
	case LINK_SLL2:
		return 276;
	case LINK_PPP:
		return 9;
	case LINK_PPPOE:
		return 51;
	case LINK_CHDLC:
		return 104;
	case LINK_80211:
		return 105;
	case LINK_RADIOTAP:
		return 127;
	default: // packets come with no other
		return 1;
	}
}

int parse_link_of_dlt(int dlt)
{
	switch (dlt) {
	case 1: // DLT_EN10MB
		return LINK_ETHERNET;
	case 12:  // DLT_RAW
	case 14:  // DLT_RAW on OpenBSD
	case 101: // LINKTYPE_RAW
	case 228: // DLT_IPV4
	case 229: // DLT_IPV6
		return LINK_RAW;
	case 0:   // DLT_NULL
	case 108: // DLT_LOOP
		return LINK_NULL;
	case 113:
		return LINK_SLL;
	case 276:
		return LINK_SLL2;
	case 9:  // DLT_PPP
	case 50: // DLT_PPP_SERIAL
		return LINK_PPP;
	case 51: // DLT_PPP_ETHER
		return LINK_PPPOE;
	case 104:
		return LINK_CHDLC;
	case 105:
		return LINK_80211;
	case 127:
		return LINK_RADIOTAP;
	default:
		return -1;
	}
}

static uint16_t short_frame(struct packet *p)
{
	p->notes |= NOTE_BIT(SHORT_FRAME);
	return 0;
}

// LLC and SNAP behind an 802.3 length or an 802.11 header.
static uint16_t llc_type(struct packet *p, uint32_t *off)
{
	const uint8_t *b = p->data + *off;

	if (p->len < *off + 3)
		return short_frame(p);
	if (b[0] == 0xaa && b[1] == 0xaa && b[2] == 3 && p->len >= *off + 8 && b[3] == 0 &&
		b[4] == 0 && (b[5] == 0 || b[5] == 0xf8)) { // 0xf8: RFC 1042's bridge tunnel
		*off += 8;
		return parse_be16(b + 6);
	}
	p->notes |= NOTE_BIT(LLC);
	return 0;
}

static uint16_t ethernet_type(struct packet *p, uint32_t *off)
{
	uint16_t type;

	if (p->len < *off + 14)
		return short_frame(p);
	type = parse_be16(p->data + *off + 12);
	*off += 14;
	return type > 1500 ? type : llc_type(p, off);
}

static uint16_t ppp_type(struct packet *p, uint32_t *off)
{
	const uint8_t *b = p->data + *off;
	uint16_t type;

	if (p->len < *off + 4)
		return short_frame(p);
	if (b[0] == 0x0f || b[0] == 0x8f) { // Cisco HDLC under a PPP link type
		*off += 4;
		return parse_be16(b + 2);
	}
	if (b[0] == 0xff && b[1] == 3) { // address and control (RFC 1662)
		b += 2;
		*off += 2;
	}
	if (b[0] & 1) { // compressed protocol field (RFC 1661, 6.5)
		type = b[0];
		*off += 1;
	} else {
		type = parse_be16(b);
		*off += 2;
	}
	if (type == PPP_IP4)
		return TYPE_IP4;
	if (type == PPP_IP6)
		return TYPE_IP6;
	p->notes |= NOTE_BIT(OTHER_TYPE);
	return 0;
}

static uint16_t wifi_type(struct packet *p, uint32_t *off, bool swap)
{
	const uint8_t *b = p->data + *off;
	uint32_t header = 24;
	uint8_t type, how;

	if (p->len < *off + 24)
		return short_frame(p);
	swap = swap && (b[0] & 0x0c) != 0x08;
	type = b[swap];
	how = b[!swap];
	// Data frames only (IEEE 802.11, 9.2.4.1), not encrypted, not null.
	if ((type & 0x0c) != 0x08 || (type & 0x40) != 0 || (how & 0x40) != 0) {
		p->notes |= NOTE_BIT(OTHER_TYPE);
		return 0;
	}
	if ((how & 3) == 3)
		header += 6;
	if (type & 0x80)
		header += 2;
	*off += header;
	return p->len < *off ? short_frame(p) : llc_type(p, off);
}

// A radio header, little endian (radiotap.org): version, pad, length, words that say what is
// present, then the fields. Frames that came in damaged are no packets.
static uint16_t radiotap_type(struct packet *p, uint32_t *off)
{
	const uint8_t *b = p->data;
	uint32_t skip, at = 4, present;

	if (p->len < 8)
		return short_frame(p);
	skip = (uint32_t)(b[2] | b[3] << 8);
	if (skip < 8 || p->len < skip)
		return short_frame(p);
	present = b[4];
	do
		at += 4;
	while (at + 4 <= skip && (b[at - 1] & 0x80)); // another word follows
	if (present & 1)
		at = (at + 7) / 8 * 8 + 8; // time
	if ((present & 2) && at < skip && (b[at] & 0x40)) {
		p->notes |= NOTE_BIT(OTHER_TYPE);
		return 0;
	}
	*off = skip;
	return wifi_type(p, off, false);
}

static uint16_t link_header(struct packet *p, enum parse_link link, uint32_t *off)
{
	const uint8_t *b = p->data;

	switch (link) {
	case LINK_ETHERNET:
		return ethernet_type(p, off);
	case LINK_RAW:
		return TYPE_IP4; // the version decides
	case LINK_NULL:
		*off = 4;
		return TYPE_IP4;
	case LINK_SLL:
		*off = 16;
		return p->len < 16 ? short_frame(p) : parse_be16(b + 14);
	case LINK_SLL2:
		*off = 20;
		return p->len < 20 ? short_frame(p) : parse_be16(b);
	case LINK_PPP:
		return ppp_type(p, off);
	case LINK_PPPOE:
		return TYPE_PPPOE;
	case LINK_CHDLC:
		*off = 4;
		return p->len < 4 ? short_frame(p) : parse_be16(b + 2);
	case LINK_80211:
		return wifi_type(p, off, false);
	case LINK_80211_SWAP:
		return wifi_type(p, off, true);
	case LINK_RADIOTAP:
		return radiotap_type(p, off);
	}
	return 0; // no other link types
}

uint16_t parse_link_header(struct packet *p, uint32_t *off)
{
	*off = 0;
	return link_header(p, p->link, off);
}

static void add_tunnel(struct parse_detail *d, enum record_tunnel_kind kind, uint32_t id)
{
	if (d != NULL && d->n_tunnels < RECORD_MAX_TUNNELS)
		d->tunnels[d->n_tunnels++] = (struct record_tunnel){.kind = kind, .id = id};
}

// One VLAN tag (IEEE 802.1Q, 9.6). The outermost one that names a VLAN goes into the key.
static uint16_t vlan_tag(struct parse_state *s, uint32_t *off, unsigned *tags)
{
	struct packet *p = s->p;
	uint16_t vid;

	if (p->len < *off + 4) {
		p->notes |= NOTE_BIT(SHORT_TAG);
		return 0;
	}
	if (++*tags > MAX_TAGS) {
		p->notes |= NOTE_BIT(MANY_TAGS);
		return 0;
	}
	vid = parse_be16(p->data + *off) & 0xfff;
	if (s->depth == 0 && p->key.vlan == 0)
		p->key.vlan = vid;
	if (s->detail != NULL && s->depth == 0 && s->detail->n_vlans < RECORD_MAX_VLANS)
		s->detail->vlans[s->detail->n_vlans++] = vid;
	*off += 4;
	return parse_be16(p->data + *off - 2);
}

static uint16_t mpls_stack(struct parse_state *s, uint32_t *off)
{
	struct packet *p = s->p;

	for (unsigned n = 0; n < MAX_LABELS; n++) {
		uint32_t entry;

		if (p->len < *off + 4)
			break;
		entry = parse_be32(p->data + *off);
		if (n == 0)
			add_tunnel(s->detail, RECORD_TUN_MPLS, entry >> 12);
		*off += 4;
		if (!(entry & 0x100))
			continue;
		// Nothing says what a stack carries but the first nibble (RFC 4928, 3): 0 is the
		// control word of a pseudowire.
		if (p->len > *off && p->data[*off] >> 4 != 4 && p->data[*off] >> 4 != 6) {
			p->notes |= NOTE_BIT(OTHER_TYPE);
			return 0;
		}
		return TYPE_IP4;
	}
	p->notes |= NOTE_BIT(SHORT_MPLS);
	return 0;
}

static uint16_t pppoe(struct parse_state *s, uint32_t *off)
{
	struct packet *p = s->p;
	const uint8_t *b = p->data + *off;
	uint16_t type;

	if (p->len < *off + 8) {
		p->notes |= NOTE_BIT(SHORT_PPPOE);
		return 0;
	}
	type = parse_be16(b + 6);
	if (b[0] != 0x11 || b[1] != 0 || (type != PPP_IP4 && type != PPP_IP6)) {
		p->notes |= NOTE_BIT(OTHER_TYPE); // discovery, LCP and the like
		return 0;
	}
	add_tunnel(s->detail, RECORD_TUN_PPPOE, parse_be16(b + 2));
	*off += 8;
	return type == PPP_IP4 ? TYPE_IP4 : TYPE_IP6;
}

void parse_ethertype(struct parse_state *s, uint16_t type, uint32_t off)
{
	struct packet *p = s->p;
	unsigned tags = 0;

	for (;;) {
		switch (type) {
		case TYPE_IP4:
		case TYPE_IP6:
			parse_ip(s, off);
			return;
		case TYPE_VLAN:
		case TYPE_QINQ:
		case TYPE_QINQ_9:
			type = vlan_tag(s, &off, &tags);
			if (type != 0 && type <= 1500)
				type = llc_type(p, &off);
			break;
		case TYPE_MPLS:
		case TYPE_MPLS_M:
			type = mpls_stack(s, &off);
			break;
		case TYPE_PPPOE:
			type = pppoe(s, &off);
			break;
		case TYPE_ARP:
			p->notes |= NOTE_BIT(ARP);
			return;
		case TYPE_LLDP:
			p->notes |= NOTE_BIT(LLDP);
			return;
		case TYPE_SLOW:
			p->notes |= NOTE_BIT(SLOW);
			return;
		case 0: // noted already
			return;
		default:
			p->notes |= NOTE_BIT(OTHER_TYPE);
			return;
		}
	}
}

bool parse_inner_link(struct parse_state *s, enum parse_link link, uint32_t off)
{
	uint16_t type = link_header(s->p, link, &off);

	parse_ethertype(s, type, off);
	return (s->p->flags & PACKET_IP) != 0;
}
