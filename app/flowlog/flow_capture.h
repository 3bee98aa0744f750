// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The first packets of a flow, kept in memory as evidence until its record is written (policy.md,
// semantics 8).
//
// A worker has a pool of blocks; nothing is allocated for a packet. A capture travels with the
// flow's record to whoever writes the log, who makes a file of it and gives it back: then the
// blocks are the worker's again. When the pool is used up, a capture ends early and that is
// counted.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_CAPTURE_BLOCK 4080 // bytes of data in a block

struct flow_capture_block {
	struct flow_capture_block *next;
	uint8_t data[FLOW_CAPTURE_BLOCK];
};

struct flow_capture_packet { // stands before each packet's bytes
	int64_t t;           // microseconds since 1970 UTC
	uint32_t len;        // bytes that follow
	uint32_t wire_len;
};

struct flow_capture {
	struct flow_capture_pool *pool;
	struct flow_capture *next; // free, or given back
	struct flow_capture_block *first, *last;
	uint32_t used; // of the last block
	uint32_t bytes;
	uint16_t max, snap; // packets, bytes of each
	uint16_t packets;
	uint16_t dlt;   // link type, as libpcap numbers them
	bool truncated; // the pool was used up
};

struct flow_capture_pool;

// blocks: of 4 KiB; captures: at once. NULL without memory.
struct flow_capture_pool *flow_capture_pool_create(uint32_t blocks, uint32_t captures);
// Every capture must have been given back.
void flow_capture_pool_free(struct flow_capture_pool *p);
// Captures that were refused or cut short for want of room. Any thread.
uint64_t flow_capture_pool_shed(const struct flow_capture_pool *p);

// Worker: a new capture; NULL where none is left (counted).
struct flow_capture *flow_capture_begin(
	struct flow_capture_pool *p, uint16_t max, uint16_t snap, uint16_t dlt);
// Worker: adds a packet, of which len bytes are at hand. Nothing happens when it is complete.
void flow_capture_add(
	struct flow_capture *c, const uint8_t *data, uint32_t len, uint32_t wire_len, int64_t t);
static inline bool flow_capture_complete(const struct flow_capture *c)
{
	return c->packets >= c->max || c->truncated;
}
// Worker: so many packets, so many bytes of each are enough. What is kept beyond stays unread.
static inline void flow_capture_narrow(struct flow_capture *c, uint16_t max, uint16_t snap)
{
	c->max = max < c->max ? max : c->max;
	c->snap = snap < c->snap ? snap : c->snap;
}
// Worker: not wanted after all.
void flow_capture_drop(struct flow_capture *c);

// Any thread: gives a capture back to its worker. NULL does nothing.
void flow_capture_release(struct flow_capture *c);

// Reads a capture's bytes in order: at begins as {0}. False at the end.
struct flow_capture_cursor {
	const struct flow_capture_block *block;
	uint32_t at, left;
	bool begun;
};
bool flow_capture_read(
	const struct flow_capture *c, struct flow_capture_cursor *at, void *out, size_t n);
