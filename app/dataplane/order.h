// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// TCP segments of flows in classification, put in order for DPI.
//
// nDPI takes a flow's bytes as they come: a segment that comes before its turn is lost to its TLS
// buffer, one that comes twice may be read twice. Here every byte of a direction is given on once
// and in order (RFC 9293, 3.4): a segment in its turn as it is, one before its turn as a copy when
// its turn has come. Nothing is forwarded from here and nothing waits: packets go their way at
// once.
//
// - What a direction says first is given on as one segment when it has been said to the end
//   (opening.h), or the other end answers; ordinary openings are one segment anyway.
// - Where segments overlap, the byte that came first counts, as in Windows, and in BSD and Linux
//   unless the later segment begins further in front. An end that takes another one reads other
//   bytes than DPI does: what differs is counted.
// - A gap is waited for until the receiver has acknowledged what lies behind it (the packet was
// lost
//   to us alone), or the flow's classification ends; then what is there is given on as it is.
// - Where a direction keeps too much, what is furthest from its turn goes. Where the pool is used
//   up, the flow that has waited longest loses what it kept, and is told so by order_shed().
//
// One for each pipeline, one context for each of DPI's, under the same number.
#pragma once

#include "app/dataplane/blocks.h"

#define ORDER_SEEN 4 // last segments of a direction whose digests are kept

struct order_config {
	uint32_t contexts; // as many as DPI has
	uint32_t blocks;   // of the pool
	uint16_t segments; // that one direction of a flow may keep
	uint32_t bytes;    // and payload bytes of them; at least 65535
	bool touch;        // see pages.h
};

struct order_stats {
	uint64_t kept;       // segments before their turn
	uint64_t released;   // copies given on: of those, and what overlapping ones had of new
	uint64_t gathered;   // segments in their turn that waited for the rest of an opening
	uint64_t repeated;   // segments without a new byte
	uint64_t overlaps;   // segments of which some bytes had been there
	uint64_t conflicts;  // repeated or overlapping, with other bytes than before
	uint64_t gaps;       // acknowledged by the receiver, never seen here
	uint64_t over_limit; // segments that a direction could not keep
	uint64_t pool_full;  // times that a flow lost what it kept, or could not keep
};

struct order_held { // sorted by seq, without overlaps
	uint32_t next, seq, block;
	uint16_t len, head; // payload bytes; bytes of the headers before them
	uint16_t l4;        // where in the headers TCP's begins
};

struct order_dir {
	uint32_t first;     // kept; BLOCK_NONE: none
	uint32_t isn, next; // of the peer's SYN; the byte whose turn it is
	uint32_t acked;     // by the other end
	uint32_t bytes;     // kept
	uint16_t n;         // kept
	uint8_t flags, at;  // enum order_flag; in seen[]
	struct {            // what was given on last
		uint32_t seq, len, digest;
	} seen[ORDER_SEEN];
};

struct order_context {
	struct order_dir dir[2];
	uint32_t older, newer; // contexts that keep something, by when they began to
	bool shed;
};

struct order {
	struct order_config c;
	struct order_context *contexts;
	struct order_held *held; // one for each block
	struct blocks pool;
	uint32_t free, fresh;     // of held
	uint32_t oldest, newest;  // contexts
	uint8_t *out;             // what order_next() returns
	struct order_stats stats; // written by the worker, read by anyone
};

// 0 or -ENOMEM; order_fini() of a zeroed struct is fine.
int order_init(struct order *o, const struct order_config *c);
void order_fini(struct order *o);

void order_open(struct order *o, uint32_t ctx);
void order_close(struct order *o, uint32_t ctx);

struct order_packet {
	const uint8_t *ip; // IP header, others, TCP header, payload
	uint32_t len;      // of the IP packet, as its header says; at most 65535 + 40
	uint16_t l4;       // where TCP's header begins: its fixed part is there
	uint8_t dir;
	bool cut; // a capture has cut the payload: its bytes count as given on
};

enum order_step {
	ORDER_FEED,   // its turn: give it on as it is
	ORDER_KEPT,   // order_next() will give it
	ORDER_IGNORE, // nothing new in it, or no room for it
};

// What is to be done with a packet of the flow. Before it is given on, call order_next() for the
// other direction; after it, for its own; until they give nothing more.
enum order_step order_take(struct order *o, uint32_t ctx, const struct order_packet *p);

// The next copy whose turn has come, as an IP packet (its checksums are those of the packet that it
// was part of); NULL: none. Valid until the next call. end: whatever is missing.
const uint8_t *order_next(struct order *o, uint32_t ctx, unsigned dir, bool end, uint32_t *len);

// Whether the flow has lost what it kept for want of room; once for each time.
bool order_shed(struct order *o, uint32_t ctx);
