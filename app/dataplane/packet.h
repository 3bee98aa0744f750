// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// One packet of a burst on its way through the pipeline, and the key of its flow.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum packet_side {    // where it came in
	SIDE_UNKNOWN, // tap, replay: the addresses tell
	SIDE_INSIDE,
	SIDE_OUTSIDE,
};

// The key of a flow, the same for both directions: the ends are sorted, end 0 before end 1.
// Addresses are in network order; ICMP has the request's type and code in port[0] and port[1].
struct flow_key {
	uint8_t version; // 4 or 6
	uint8_t proto;
	uint16_t vlan; // VID of the outer tag, 0: none
	uint32_t vni;  // UINT32_MAX: none
	uint16_t port[2];
	union {
		uint32_t a4[2];
		uint8_t a6[2][16];
	} __attribute__((aligned(8)));
} __attribute__((aligned(8)));

// The address of end 0 or 1: 4 bytes or 16, as the version says.
static inline const uint8_t *flow_key_addr(const struct flow_key *k, unsigned end)
{
	return k->version == 4 ? (const uint8_t *)&k->a4[end] : k->a6[end];
}

#define FLOW_KEY4_SIZE 24 // of which [12, 16) is no part of the key
_Static_assert(sizeof(struct flow_key) == 48 && offsetof(struct flow_key, a6) == 16,
	"twelve bytes, padding, two addresses");

enum packet_flag {
	PACKET_IP = 1,         // key, hash and lengths are valid
	PACKET_FRAG_FIRST = 2, // has its transport header, more follow
	PACKET_FRAG_LATER = 4, // ports taken from its first fragment, 0 where that was not seen
	PACKET_NO_DPI = 8,     // nothing for nDPI: a later fragment, or cut by the capture
	PACKET_TUNNEL = 16,    // inner packet of a tunnel
};

struct packet {
	// The caller sets these.
	const uint8_t *data; // the frame; linear for as long as len says
	void *cookie;        // the caller's (an mbuf)
	int64_t ts;          // microseconds since 1970 UTC
	uint32_t len;        // bytes in data
	uint32_t wire_len;   // bytes on the wire; more than len where a capture cut it
	uint8_t side;        // enum packet_side
	uint8_t link;        // enum parse_link
	uint8_t wire;        // which wire it came in on

	// parse_packet() sets these.
	uint8_t flags;           // enum packet_flag
	uint8_t dir;             // 0: sent by end 0 of the key
	uint8_t tcp_flags;       // 0 where there is no TCP header
	uint16_t l3_off, l4_off; // of the IP header that makes the flow, and behind it
	uint16_t payload_off;    // 0: none
	uint32_t ip_len;         // of that IP packet: header and payload
	uint32_t notes;          // bits of enum reason_note
	uint32_t outcome;        // enum reason_outcome; pipeline
	uint64_t hash;
	struct flow_key key;
	uint32_t bucket, entry; // where its flow is looked for: the pipeline's, for a burst
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct packet) == 128, "two cache lines");

enum {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_ACK = 16,
};
