// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// From bytes to the key of a flow. Reads nothing past the end of the packet; what is wrong or odd
// is a note (reason.h), never an error.
//
// Ethernet II and IEEE 802.3 (LLC, SNAP), VLAN tags (802.1Q, 802.1ad), MPLS (RFC 3032), PPPoE (RFC
// 2516), IPv4 (RFC 791), IPv6 with extension headers (RFC 8200), fragments, TCP (RFC 9293), UDP,
// ICMP, ICMPv6, SCTP (RFC 9260); tunnels: IP in IP (RFC 2003, 2473, 4213), VXLAN (RFC 7348), Geneve
// (RFC 8926), GTP-U (3GPP TS 29.281), TZSP, CAPWAP (RFC 5415). A flow is that of the innermost
// packet.
#pragma once

#include "app/dataplane/frag.h"
#include "app/dataplane/packet.h"
#include "app/dataplane/reason.h"
#include "app/flowlog/record.h"

#include <stdbool.h>
#include <stdint.h>

enum parse_link {
	LINK_ETHERNET,
	LINK_RAW, // IPv4 or IPv6 as its version says
	LINK_NULL,
	LINK_SLL,
	LINK_SLL2,
	LINK_PPP,
	LINK_PPPOE, // PPPoE without Ethernet
	LINK_CHDLC,
	LINK_80211,
	LINK_RADIOTAP,
	LINK_80211_SWAP, // the same in CAPWAP, where some controllers swap the frame control's
			 // bytes
};

// The link type of a capture, by its DLT_ number; -1: not known here.
uint16_t parse_dlt_of_link(uint8_t link);
int parse_link_of_dlt(int dlt);

#define PARSE_PORT_GTPU   2152
#define PARSE_PORT_VXLAN  4789
#define PARSE_PORT_CAPWAP 5247 // data channel
#define PARSE_PORT_GENEVE 6081
#define PARSE_PORT_TZSP   37008

enum parse_tunnels {
	PARSE_IPIP = 1,
	PARSE_VXLAN = 2,
	PARSE_GENEVE = 4,
	PARSE_GTPU = 8,
	PARSE_TZSP = 16,
	PARSE_CAPWAP = 32,
	PARSE_ALL_TUNNELS = 63,
};

struct parser {
	struct hash_seed seed;
	struct frag_table *frags; // owned by whoever made the parser
	uint32_t tunnels;         // enum parse_tunnels
};

// What a record says about a flow's packet beyond its key; gathered only when a flow begins.
struct parse_detail {
	uint8_t n_vlans, n_tunnels;
	uint16_t vlans[RECORD_MAX_VLANS];
	struct record_tunnel tunnels[RECORD_MAX_TUNNELS];
};

// Whether that EtherType is a tag's: IEEE 802.1Q and 802.1ad, and what 802.1ad had before it was
// one.
static inline bool parse_is_tag(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

// Fills the parsed part of p. detail may be NULL. With detail, fragments are not remembered again.
void parse_packet(const struct parser *ps, struct packet *p, struct parse_detail *detail);

// ICMP and ICMPv6: is this type the answer to another?
bool parse_icmp_is_reply(uint8_t version, uint8_t type);

// ---- between the files of the parser
struct parse_state {
	const struct parser *ps;
	struct packet *p;
	struct parse_detail *detail;
	unsigned depth; // tunnels entered
};

// From the link header on: where the network header begins and its EtherType; 0: not IP, noted.
uint16_t parse_link_header(struct packet *p, uint32_t *off);
// Tags, labels and PPPoE, then IP.
void parse_ethertype(struct parse_state *s, uint16_t type, uint32_t off);
// True where the packet has a key now.
bool parse_ip(struct parse_state *s, uint32_t off);
// Looks into the packet's payload for a tunnel. True where the packet now is the inner one.
bool parse_tunnel(struct parse_state *s);
bool parse_inner_link(struct parse_state *s, enum parse_link link, uint32_t off);

static inline uint16_t parse_be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t parse_be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

// And written: the low 16, all 32 bits of v.
static inline void put_be16(uint8_t *b, uint32_t v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *b, uint32_t v)
{
	put_be16(b, v >> 16);
	put_be16(b + 2, v);
}
