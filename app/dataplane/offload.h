// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Elephant flows whose packets a NIC forwards or drops by rules of its own: what a worker and the
// thread that makes the rules (offload_server.h) tell each other.
//
// - A worker looks at one packet of every OFFLOAD_EVERY bursts. A flow that is found to have more
//   than min_packets a second, and a verdict that nothing but another policy can change, is asked
//   for. The packets' own path does not know of it.
// - Rules are made, read and removed by the other thread only: each may take a system call or
//   milliseconds.
// - A rule leaves to the worker what opens and closes a TCP connection (SYN, FIN, RST) and
//   fragments.
// - Its counters are read about once a second and come as differences, the last after its removal:
//   they go into the flow's own counters, and so into its records, updates and expiry. A device
//   that cannot count gets no rules.
// - What changes verdicts (another policy, a rule's time, a full log disk) recalls all rules at
//   once.
// - A flow's place carries a generation, and is free again after the last word about it only: what
//   was counted for a flow that has ended meanwhile is known and counted apart (late).
#pragma once

#include "app/dataplane/message_ring.h"

#include <stdbool.h>
#include <stdint.h>

#define OFFLOAD_WIRES      16
#define OFFLOAD_EVERY      8       // bursts
#define OFFLOAD_SAMPLES    256     // flows that are being measured
#define OFFLOAD_PERIOD_US  1000000 // that a flow is measured for, and between readings of counters
#define OFFLOAD_TIMEOUT_US 5000000 // flows that time out sooner are left alone
#define OFFLOAD_RING_BYTES 262144u
#define OFFLOAD_LOOKS      8   // of the timer wheel that wait for a last word: about two seconds
#define OFFLOAD_STOP_MS    500 // and so long where the worker stops
#define OFFLOAD_NONE       UINT32_MAX
#define OFFLOAD_LINK_BYTES 14 // of a frame that are no IP bytes; flows with tags are left alone

// What a device must be able to do for a flow, as a bit of a byte.
static inline uint8_t offload_kind(bool drop, uint8_t version, uint8_t proto)
{
	return (uint8_t)(1u << ((drop ? 4 : 0) | (version == 6 ? 2 : 0) | (proto == 6 ? 1 : 0)));
}

enum offload_ask {
	OFFLOAD_MAKE,
	OFFLOAD_WITHDRAW,
	OFFLOAD_RECALL, // all of this worker's
};

struct offload_request {
	uint32_t slot, gen;
	uint8_t ask; // enum offload_ask
	bool drop;
	uint8_t wire, version, proto;
	uint16_t port[2];    // of the inside and the outside end
	uint8_t addr[2][16]; // network order
};

enum offload_say {
	OFFLOAD_MADE,
	OFFLOAD_REFUSED, // and there is nothing
	OFFLOAD_COUNTED,
	OFFLOAD_GONE, // counted for the last time, and removed
};

struct offload_answer {
	uint32_t slot, gen;
	uint8_t say;         // enum offload_say
	uint32_t idle_s;     // since the last packet, where the device tells; else 0
	uint64_t packets[2]; // since the answer before; from the inside, from the outside
	uint64_t bytes[2];   // of IP
};

enum offload_state {
	OFFLOAD_FREE,
	OFFLOAD_ASKED,
	OFFLOAD_ACTIVE,
	OFFLOAD_LEAVING, // the last word is awaited
};

struct offload_slot {
	uint32_t flow; // OFFLOAD_NONE: has ended
	uint32_t gen, next;
	uint8_t state; // enum offload_state
	uint8_t looks; // that the flow's end has waited
	bool drop, made;
};

struct offload_sample {
	uint64_t fid; // 0: none
	uint64_t seen;
	int64_t t;
};

// Written by the worker, read by anyone.
struct offload_stats {
	uint64_t live;                         // flows with rules now
	uint64_t made, withdrawn;              // flows
	uint64_t refused;                      // by the device
	uint64_t full;                         // no place: max_flows
	uint64_t ring_full;                    // the other thread was behind
	uint64_t recalls;                      // of all at once
	uint64_t passed_packets, passed_bytes; // by rules; IP bytes
	uint64_t stopped_packets, stopped_bytes;
	uint64_t late_packets, late_bytes; // of these, counted for flows that had ended
	uint64_t unanswered;               // flows that ended without the last word
};

// A worker's end. The other thread touches the rings only.
struct offload {
	struct message_ring requests, answers;
	struct offload_slot *slots;
	uint32_t max, used, free;
	uint32_t min_packets;         // a second
	uint8_t kinds[OFFLOAD_WIRES]; // by wire: what both its ports can do; offload_kind()
	unsigned stop_ms;
	uint32_t bursts;
	uint32_t stamp;        // of the verdicts that the rules go by
	bool recall;           // to be asked for
	bool stopped;          // by the log disk
	int64_t refused_until; // nothing is asked for before
	struct offload_sample samples[OFFLOAD_SAMPLES];
	struct offload_stats stats __attribute__((aligned(64)));
};

// max: flows at once, at least 1. 0 or -ENOMEM; offload_fini() of a zeroed struct is fine.
int offload_init(struct offload *o, uint32_t max, uint32_t min_packets);
void offload_fini(struct offload *o);

// A place for a flow, OFFLOAD_NONE: none.
uint32_t offload_open(struct offload *o, uint32_t flow, bool drop);
void offload_close(struct offload *o, uint32_t slot);
// Sends r about the slot. False where the ring is full, which is counted.
bool offload_send(struct offload *o, uint32_t slot, struct offload_request *r);
// Asks for the end of one flow's rules; where that finds no room, of all.
void offload_withdraw(struct offload *o, uint32_t slot);
// Asks for the end of all that there are, at once or as soon as there is room.
void offload_recall(struct offload *o);
// The next answer about a slot in use, valid until offload_taken(); NULL: none.
const struct offload_answer *offload_answer(struct offload *o);
void offload_taken(struct offload *o);
