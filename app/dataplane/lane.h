// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Lanes: the way of flows' packets from a worker to lcores that do nothing but DPI, and of labels
// back. One lane for each worker and DPI lcore; a flow keeps to the lane that its hash names.
//
// - A worker puts a flow's bytes in order and together as ever (order.h, datagram.h) and sends
//   copies. The packet itself goes its way at once; the flow is undecided, or decided by what is
//   known, until an answer has come.
// - The worker owns the numbers of contexts, the DPI lcore what stands behind them: nDPI's flow. A
//   number counts up a generation with every flow that gets it. What carries an older one, a
//   request or an answer, is about a flow that is gone.
// - A DPI lcore frees nDPI's flow as soon as it has said its last word, or when the number comes
//   with a new generation: no message about the end of a flow has to arrive.
// - Only facts about packets cross: no policy, no verdict. The worker decides by the policy in
//   force when the answer comes.
// - The worker never waits. Where a lane is full, the flow's classification ends with what is known
//   (exception dpi_full), and is counted. The DPI lcore waits for room in the worker's answers, so
//   that none is lost; its requests pile up meanwhile.
#pragma once

#include "app/dataplane/message_ring.h"
#include "drivers/ndpi/dpi.h"

#include <stdint.h>

#define LANE_MAX           32       // DPI lcores
#define LANE_REQUEST_BYTES 1048576u // of requests in one lane: about 12,000 small packets
#define LANE_ANSWER_BYTES  262144u  // about 1,700 answers
#define LANE_LOOKS         4        // of the timer wheel that wait for a last word: about a second
#define LANE_STOP_MS       500      // and so long where the worker stops, which has two seconds
#define LANE_NONE          UINT32_MAX

enum lane_kind {
	LANE_PACKET, // bytes follow
	LANE_FINISH, // no more will come: the best label there is
	LANE_CLOSE,  // nobody wants to know any more
};

struct lane_request {
	uint32_t ctx, gen; // ctx: of the lane
	uint16_t kind;     // enum lane_kind
	uint16_t packet;   // the flow's how manieth this is; 0: none in particular
	uint32_t len;      // of the bytes
	uint64_t ms;       // time of the packet
	uint8_t ip[];
};

struct lane_answer {
	uint32_t ctx, gen;
	struct dpi_label label;
	uint16_t packet;     // of the request that it answers
	uint8_t host_source; // enum dpi_host_source
	bool has_ja3;        // with a final label only
	uint8_t ja3[DPI_JA3_SIZE];
	char host[DPI_HOST_SIZE];
};

struct lane {
	struct message_ring requests, answers;
};

enum lane_state {
	LANE_FREE,
	LANE_OPEN,
	LANE_ASKED, // for its last word
};

struct lane_context {
	uint32_t flow, gen;
	uint32_t next;    // free list
	uint16_t packets; // that came, as dpi_flow_count()
	uint8_t state;    // enum lane_state
	uint8_t looks;    // that the flow's end has waited for the last word
};

// Counted by the worker, read by anyone.
struct lane_stats {
	uint64_t full;       // flows whose classification ended because their lane was full
	uint64_t late;       // answers about flows that were gone
	uint64_t unanswered; // flows that ended without DPI's last word
};

// A worker's lanes.
struct lanes {
	struct lane *lane; // n of them
	unsigned n;
	uint32_t all;                  // contexts that there are
	uint32_t per_lane;             // numbers of a lane's, of which the last may be without one
	struct lane_context *contexts; // by number: lane * per_lane + number in the lane
	uint32_t free[LANE_MAX];       // lists
	uint32_t open;
	uint16_t max_tcp, max_udp; // packets of a flow, as in struct dpi_config
	unsigned stop_ms;          // that a stopping worker waits for last words; LANE_STOP_MS
	struct lane_stats stats __attribute__((aligned(64)));
};

// n lanes; c: contexts of the worker, n or more, shared out over its lanes, and the limits of
// packets. bytes: of a lane's requests. 0 or -ENOMEM; lanes_fini() of a zeroed struct is fine.
int lanes_init(struct lanes *l, unsigned n, const struct dpi_config *c, size_t bytes);
void lanes_fini(struct lanes *l);

// How many numbers of contexts there are.
static inline uint32_t lanes_contexts(const struct lanes *l)
{
	return l->n * l->per_lane;
}

// The lane that a flow keeps to.
static inline unsigned lanes_lane(const struct lanes *l, uint64_t hash)
{
	return (unsigned)((hash & 0xffff) * l->n >> 16);
}

// A context for a flow, in the lane that hash names; LANE_NONE: all of that lane's are in use.
uint32_t lanes_open(struct lanes *l, uint64_t hash, uint32_t flow);
// Gives it back. tell: the DPI lcore has not said its last word and need not.
void lanes_close(struct lanes *l, uint32_t ctx, bool tell);
// One packet, from its IP header on. False where the lane is full.
bool lanes_packet(
	struct lanes *l, uint32_t ctx, const uint8_t *ip, uint32_t len, uint64_t ms, uint16_t n);
// Asks for the last word. False where the lane is full.
bool lanes_finish(struct lanes *l, uint32_t ctx, uint16_t n);
// As dpi_flow_count().
bool lanes_count(struct lanes *l, uint32_t ctx, uint8_t proto);

// The next answer of a lane, valid until lanes_taken(), and its context's number among the
// worker's; NULL: none, after those about flows that are gone have been dropped and counted.
const struct lane_answer *lanes_answer(struct lanes *l, unsigned lane, uint32_t *ctx);
void lanes_taken(struct lanes *l, unsigned lane);
// Whether there are any.
bool lanes_waiting(struct lanes *l);
