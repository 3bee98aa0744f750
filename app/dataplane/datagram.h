// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// IP fragments put together for DPI (RFC 791, 3.2; RFC 8200, 4.5). Copies: the fragments themselves
// are forwarded as they come. That later fragments belong to a flow is frag.h's business; here is
// what they carry.
//
// A datagram whose fragments overlap is dropped, as hosts do (RFC 5722, and Linux for IPv4 too):
// whichever bytes counted here, somebody could aim at the others. Only the very same fragment again
// is harmless. The same for fragments that reach past 65535 bytes or past the last one (teardrop,
// ping of death), that leave no room for the transport header (RFC 1858) or are not a multiple of
// eight bytes.
//
// Bounded: datagrams, their fragments, the bytes of all, and FRAG_TIMEOUT_US. Where room runs out,
// the oldest datagram goes; the flow it belongs to is told by datagram_shed().
#pragma once

#include "app/dataplane/blocks.h"
#include "app/dataplane/hash.h"
#include "app/dataplane/packet.h"

#define DATAGRAM_MAX_HEAD 512 // bytes of headers before a fragment's payload

struct datagram_config {
	uint32_t contexts;  // as many as DPI has
	uint32_t datagrams; // at once
	uint32_t blocks;    // of the pool
	uint32_t fragments; // of one datagram
	struct hash_seed seed;
	bool touch; // see pages.h
};

struct datagram_stats {
	uint64_t kept;      // fragments
	uint64_t whole;     // datagrams put together
	uint64_t repeated;  // the very same fragment again
	uint64_t overlaps;  // datagrams dropped because fragments overlap or do not fit together
	uint64_t malformed; // datagrams dropped because of a fragment by itself
	uint64_t timeouts;  // datagrams that did not become whole in time
	uint64_t pool_full; // datagrams that went for want of room
};

struct datagrams;

// NULL without memory.
struct datagrams *datagrams_create(const struct datagram_config *c);
void datagrams_free(struct datagrams *d);

enum datagram_step {
	DATAGRAM_KEPT,    // or repeated
	DATAGRAM_WHOLE,   // *ip, *len: the datagram without fragment fields, valid until the next
			  // call
	DATAGRAM_DROPPED, // this one and what else comes of its datagram
	DATAGRAM_NO_ROOM, // not kept
};

// Takes a fragment; p is parsed. ctx: the flow's context, UINT32_MAX where it is not known.
enum datagram_step datagram_take(struct datagrams *d, const struct packet *p, uint32_t ctx,
	const uint8_t **ip, uint32_t *len);

// A first fragment of the context whose datagram is not whole, as it came; NULL: none (any more).
// Valid until the next call.
const uint8_t *datagram_rest(struct datagrams *d, uint32_t ctx, uint32_t *len);

// Whether the context has lost one for want of room; once.
bool datagram_shed(struct datagrams *d, uint32_t ctx);
// The context is closed: what is kept for it goes.
void datagram_close(struct datagrams *d, uint32_t ctx);

// The clock was set by so much.
void datagram_shift(struct datagrams *d, int64_t by);

const struct datagram_stats *datagram_stats(const struct datagrams *d);
uint32_t datagrams_waiting(const struct datagrams *d);
