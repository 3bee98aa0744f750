// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The thread that makes, reads and removes the rules of all workers' offloaded flows (offload.h).
// It knows devices through a table of functions only.
#pragma once

#include "app/dataplane/offload.h"

#define OFFLOAD_REQUESTS 64 // of a worker in one turn

// Packets that one rule takes: of a flow's one direction, at the port where it comes in.
struct offload_match {
	uint8_t wire;
	bool from_inside; // comes in at the wire's inside port
	bool drop;        // else: out of the wire's other port
	uint8_t version, proto;
	uint16_t sport, dport;
	uint8_t src[16], dst[16]; // network order
};

struct offload_counts { // since the rule was made
	uint64_t packets;
	uint64_t bytes;  // of frames, without their checksum
	uint32_t idle_s; // since the last packet; OFFLOAD_NONE: the device does not tell
};

struct offload_ops {
	void *ctx;
	// NULL: the device refuses.
	void *(*make)(void *ctx, const struct offload_match *m);
	// 0 or -errno.
	int (*query)(void *ctx, void *rule, struct offload_counts *out);
	// 0, or -errno where the rule may still be there.
	int (*remove)(void *ctx, void *rule);
};

struct offload_rules; // of one flow

struct offload_end {             // of one worker
	struct offload *offload; // borrowed
	struct offload_rules *rules;
};

// Written by the thread, read by anyone.
struct offload_server_stats {
	uint64_t made, removed; // rules
	uint64_t queries, query_errors, remove_errors;
	uint64_t uncounted;     // flows that got no rules because their counters could not be read
	uint64_t idle;          // flows withdrawn because nothing came any more
	uint64_t recall_us_max; // the longest that a recall took, from its receipt
};

struct offload_server {
	struct offload_ops ops;
	struct offload_end *ends;
	unsigned n;
	int64_t idle_us;
	int64_t next_sweep;
	uint32_t untold; // flows that are gone, for which there was no room in the answers
	struct offload_server_stats stats __attribute__((aligned(64)));
};

// workers: n of them, borrowed. idle_us: a flow without a packet for so long is withdrawn. 0 or
// -ENOMEM; offload_server_fini() in any case.
int offload_server_init(struct offload_server *s, struct offload *const *workers, unsigned n,
	const struct offload_ops *ops, int64_t idle_us);
// Removes the rules that are left.
void offload_server_fini(struct offload_server *s);

// Does what was asked and, once a second, reads counters. now: microseconds of any clock that is
// never set. Returns how many requests there were.
unsigned offload_server_turn(struct offload_server *s, int64_t now);
