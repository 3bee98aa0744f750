// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// One worker's pipeline: a burst of packets in, an outcome for each packet out.
//
// Stages that follow each other at a distance of some packets, so that the misses of one packet
// hide behind the work on others:
//   1. parse and hash, prefetch the bucket
//   2. find the entry by signature, prefetch its hot line
//   3. IPv6: prefetch the addresses
//   4. compare keys, count, give the cached verdict; only a new or undecided flow goes on to
//      classification, country and policy (slow.c)
//
// A pipeline belongs to one thread. It allocates nothing, takes no lock and calls no system call
// for a packet. The same functions serve the gateway's workers, replay, tests and benchmarks.
#pragma once

#include "app/control/policy_slot.h"
#include "app/dataplane/budget.h"
#include "app/dataplane/datagram.h"
#include "app/dataplane/flow_table.h"
#include "app/dataplane/handshake.h"
#include "app/dataplane/lane.h"
#include "app/dataplane/meter.h"
#include "app/dataplane/offload.h"
#include "app/dataplane/order.h"
#include "app/dataplane/parse_plain.h"
#include "app/dataplane/screen.h"
#include "app/dataplane/timer.h"
#include "app/flowlog/flow_capture.h"
#include "app/flowlog/record.h"
#include "drivers/geo/geo.h"
#include "drivers/ndpi/dpi.h"

#include <assert.h>
#include <stdatomic.h>

#define PIPELINE_MAX_BURST 256

enum flow_class { // which timeout holds for a flow
	FLOW_CLASS_TCP_SYN,
	FLOW_CLASS_TCP,
	FLOW_CLASS_TCP_CLOSING,
	FLOW_CLASS_UDP,
	FLOW_CLASS_ICMP,
	FLOW_CLASS_OTHER,
	FLOW_CLASS_COUNT
};

struct pipeline_prefix {
	uint8_t version, len; // len in bits
	uint8_t addr[16];
};

// What happens where something is exhausted or malformed: enum policy_action, POLICY_ALLOW for
// "pass".
struct pipeline_exceptions {
	uint8_t malformed, flow_table_full, dpi_full, record_ring_full, log_disk_full, overload;
};

struct pipeline_config {
	unsigned worker;    // number, part of the flow ids
	uint32_t max_flows; // of this worker
	bool huge;          // see flow_table_init(); and touch what else there is at once (pages.h)
	struct hash_seed seed;
	int64_t timeout_us[FLOW_CLASS_COUNT];
	int64_t update_us;                    // 0: no update records
	bool local_flows;                     // record flows with both ends inside
	bool classify_always;                 // false: only while a rule depends on it
	uint32_t new_share;                   // budget.h, percent; 0: no limit
	uint32_t tunnels;                     // enum parse_tunnels
	const struct pipeline_prefix *inside; // borrowed
	unsigned n_inside;                    // 0: the tenants' prefixes
	struct pipeline_exceptions exceptions;
	struct policy_slot *slot;     // borrowed, as the rest
	struct quota *quota;          // counters of limits, shared; NULL: the pipeline's own
	unsigned n_workers;           // that share them, and the flows; 0: one
	struct policy_reader *reader; // this worker's
	struct policy_slot *shadow;   // of a candidate; NULL: there is never one
	struct policy_reader *shadow_reader;
	struct dpi *dpi;         // NULL where there are lanes
	struct lanes *lanes;     // to lcores that do DPI; NULL: this thread does it
	struct offload *offload; // of flows to the NIC; NULL: there is none
	const struct geo *geo;   // may be NULL: no country is known
	struct record_sink sink;
	struct flow_capture_pool *captures; // for rules with `capture`; NULL: nothing is kept
	const _Atomic bool *log_full;       // set by the control side; may be NULL
};

// Written by the worker only; another thread may read single counters at any time.
struct pipeline_stats {
	uint64_t packets[REASON_OUTCOME_COUNT]; // by outcome
	uint64_t bytes[REASON_OUTCOME_COUNT];   // frames as on the wire
	uint64_t notes[NOTE_COUNT];
	uint64_t flows_begun, flows_live, flows_local;
	uint64_t flows_ended[RECORD_END_STOP + 1];
	uint64_t flow_bytes, flow_packets; // IP bytes and packets that belong to a flow
	uint64_t table_full, dpi_full, ext_full, ring_full, dpi_shed, flows_shed;
	uint64_t dpi_packets, labels, evaluations, caps_reached;
	uint64_t decisions[POLICY_BLOCK + 1];
	uint64_t updates, resets_sent, resets_left_out;
	uint64_t ranges_looked_up; // country look-ups
	uint64_t limits_passed, meters_full, captures_begun;
	uint64_t candidate_evaluations, candidate_differs; // records
	uint64_t handshakes_lost;   // flows whose classification began without theirs
	uint64_t contexts_given_up; // by flows that were idle, to new ones
};

// A frame that the pipeline wants sent: a reset or an ICMP error.
struct pipeline_inject {
	uint8_t wire;
	uint8_t to; // enum packet_side: out of which port
	uint16_t len;
	uint8_t data[252];
};

#define PIPELINE_MAX_INJECTS 64

// Packets of a burst that go through a stage together, and the same where most are IPv6's
// (burst.c).
#define PIPELINE_GROUP  12
#define PIPELINE_GROUP6 8
// The most that pl->mixture comes to. From half of it, versions are taken for mixed (burst.c).
#define PIPELINE_MIXTURE 40

struct pipeline {
	struct pipeline_config c;
	struct parser parser;
	struct flow_table table;
	struct timer_wheel *wheel;
	struct meters meters;
	struct handshakes handshakes;
	uint32_t *holders, n_holders;    // flows, of contexts that are in use
	uint32_t context_hand[LANE_MAX]; // where to look next for one that can be spared
	struct order order;              // TCP segments of flows in classification
	struct datagrams *datagrams;
	struct quota own_quota;
	const struct policy_generation *gen;
	const struct policy_generation *candidate; // NULL: no slot; its policy is NULL: none
	uint32_t stamp; // changes with the policy and with every time at which its rules change
	int64_t next_change; // of the policy's rules, microseconds; INT64_MAX: none
	uint32_t gen_epoch;
	int64_t now; // of the burst; never goes back by itself
	uint64_t next_fid;
	int64_t full_reported;   // when the table was last reported full
	int64_t ring_full_until; // for record_ring_full: block
	uint16_t kept; // which of a flow's packets DPI is given just now, of those that were kept;
		       // 0: none, but the one at hand
	bool ending; // a flow is being decided for its last record: nothing more passes under its
		     // limits
	struct budget budget;
	int64_t shed_reported;  // when a new flow turned away was last reported
	bool can_block;         // the policy in force
	bool overrides, limits; // it has any
	const uint8_t *sieve;   // its table of what may be blocked; NULL: ask, country by country
	const struct screen *screen; // the same by address, roughly; NULL: there is none
	bool mostly6;                // the packets of the last burst were IPv6's
	uint8_t mixture;             // of both versions, in the last bursts (burst.c)
	bool log_full, stop_all;     // as the control side said before this burst
	bool hand_over; // tunnels' packets, to their workers: set by the caller of pipeline_burst()
			// before each call
	unsigned elsewhere; // how many there were in the burst
	unsigned n_injects;
	struct pipeline_inject injects[PIPELINE_MAX_INJECTS];
	struct pipeline_stats stats __attribute__((aligned(64)));
};

static_assert(_Alignof(struct pipeline) == 64 && sizeof(struct pipeline) % 64 == 0,
	"no cache line of a pipeline holds anything else");

// 0 or -ENOMEM. A policy must have been published.
int pipeline_init(struct pipeline *pl, const struct pipeline_config *c, int64_t now);
void pipeline_fini(struct pipeline *pl);

// Parses one packet (stage 1). The worker that distributes packets over others calls it there; the
// key's hash chooses the worker.
static inline void pipeline_parse(const struct pipeline *pl, struct packet *p)
{
	if (parse_plain(&pl->parser, p))
		return;
	if (parse_is_fragment4(p))
		parse_packet(&pl->parser, p, NULL);
	else
		parse_odd(&pl->parser, p);
}

// The worker that serves the packet's flow, by bits of the hash of which neither the bucket nor the
// signature is made. Of a packet without a key: any will do, and this one keeps the order.
static inline unsigned pipeline_owner(const struct pipeline *pl, const struct packet *p)
{
	if (!(p->flags & PACKET_IP) || pl->c.n_workers < 2)
		return pl->c.worker;
	return (unsigned)(((p->hash >> 16 & 0xffff) * pl->c.n_workers) >> 16);
}

// Gives every packet its outcome. parsed: pipeline_parse() has been called for all of them; where
// it has not, the caller has best asked for the first line of each frame. now is the time of the
// burst, microseconds since 1970 UTC; it never goes back (an earlier one counts as the one before).
// n may be 0. Returns whether all of them pass.
//
// With hand_over, packets in tunnels that are another worker's have the outcome REASON_ELSEWHERE
// and nothing is done about them: where a port chooses queues by the outer ends, a flow's
// directions may come to two workers.
bool pipeline_burst(struct pipeline *pl, struct packet *p, unsigned n, int64_t now, bool parsed);

// The time is an earlier one than before (a replay whose captures are not in order). Flows stay as
// they are and age by the new time; one that was seen in what is the future now waits for that to
// come.
void pipeline_set_back(struct pipeline *pl, int64_t now);

// The clock was set by so much (a live gateway): what is known of flows moves with it, so that none
// ends early or late. One walk over the table.
void pipeline_shift(struct pipeline *pl, int64_t by);

// Ageing: looks at up to budget flows that are due. Returns how many.
unsigned pipeline_age(struct pipeline *pl, int64_t now, unsigned budget);

// With lanes: takes up to budget answers from each and decides their flows anew. Returns how many
// there were. To be called between bursts, often.
unsigned pipeline_answers(struct pipeline *pl, int64_t now, unsigned budget);

// With offload: after each burst, with its n packets; one of them is looked at, whether its flow is
// to be offloaded.
void pipeline_offload_sample(struct pipeline *pl, const struct packet *p, unsigned n);
// With offload: takes up to budget answers, and recalls what the policy has changed for. Returns
// how many there were. To be called between bursts, often.
unsigned pipeline_offload_turn(struct pipeline *pl, unsigned budget);

// Ends every flow with its record. With lanes, waits for the last words of DPI at most
// lanes.stop_ms.
void pipeline_stop(struct pipeline *pl);

// ---- between the files of the pipeline

// The policy in force, and the next second at which its own rules change. Where either moved, every
// flow's verdict is old.
void pipeline_refresh(struct pipeline *pl, int64_t now);
// A packet that the fast path cannot serve: new flow (entry FLOW_NONE), undecided, old verdict.
void slow_packet(struct pipeline *pl, struct packet *p, uint32_t entry);
// A packet of a new flow for which there is no room, or no time: the outcome without a flow.
void flow_no_room(struct pipeline *pl, struct packet *p);
void flow_shed(struct pipeline *pl, struct packet *p);
// The same for the packets at these n places of p, where nothing about one must be looked up or
// told. Returns how many are left over; at begins with their places.
unsigned flow_shed_screened(struct pipeline *pl, struct packet *p, uint8_t *at, unsigned n);
// Counts a packet of flow i and gives it the outcome of the verdict.
void flow_count(struct pipeline *pl, struct packet *p, uint32_t i);
// The verdict on flow i as far as it is known; p is the packet at hand or NULL (the flow ends).
void flow_decide(struct pipeline *pl, uint32_t i, const struct packet *p);
// A verdict without a flow: a fragment whose first was not seen, a full table.
enum policy_action flow_decide_stateless(struct pipeline *pl, const struct packet *p);
// Whether that may be POLICY_BLOCK, for little: false is certain.
bool flow_may_be_blocked(struct pipeline *pl, const struct packet *p);
// Which end is inside, whether both are.
struct flow_ends {
	bool inside1, local;
};
struct flow_ends flow_ends_of(const struct pipeline *pl, const struct packet *p, bool opener1);
bool flow_opener1(const struct packet *p);
uint16_t flow_country(struct pipeline *pl, const struct policy_addr *remote, uint8_t *source);
// Gives the packet to DPI. True where the label or the name changed.
bool flow_classify(struct pipeline *pl, uint32_t i, const struct packet *p);
// ---- when a flow gets a context: context.c
// Its first packet: a context, a place for its handshake, or a label that is final without either.
void flow_dpi_open(struct pipeline *pl, uint32_t i, const struct packet *p);
// For a flow that waits. True where the packet needs no context yet, and has been kept.
bool flow_dpi_keep(struct pipeline *pl, uint32_t i, const struct packet *p);
// The flow waits no longer: a context, which is given what was kept. False where the label is final
// now, for want of a context or otherwise. p: the packet that wants one; NULL: there is nothing to
// be seen any more. *changed: what a condition of a rule could see.
bool flow_dpi_begin(struct pipeline *pl, uint32_t i, const struct packet *p, bool *changed);
// A flow that waits does so no longer, for no more packets will come. False where the label is
// final by that.
bool flow_dpi_end_wait(struct pipeline *pl, uint32_t i);
// Its classification ends here, where it goes on. True where the label is final by that.
bool flow_dpi_finish(struct pipeline *pl, uint32_t i);
// Gives DPI a copy of a packet, from its IP header on. True where the label is final now.
bool flow_dpi_copy(struct pipeline *pl, uint32_t i, const uint8_t *ip, uint32_t len, int64_t ts,
	bool *changed);
// Takes the best label there is and frees the flow's context. False where it has been asked for
// and will come (lanes).
bool flow_label_finish(struct pipeline *pl, uint32_t i);
// What DPI tells besides the label.
struct flow_name {
	const char *host;   // its source is DPI_HOST_NONE: none
	uint8_t source;     // enum dpi_host_source
	const uint8_t *ja3; // NULL: none
};
// Takes over what DPI says; true where a condition of a rule could see a difference.
bool flow_label_store(
	struct pipeline *pl, uint32_t i, const struct dpi_label *l, const struct flow_name *name);
// The label is final and the context has been given back.
void flow_label_close(struct pipeline *pl, uint32_t i);
// No room for what DPI needs: the exception dpi_full, where it is none of passing.
void flow_dpi_no_room(struct pipeline *pl, uint32_t i, bool *changed);
// The next of what was kept for DPI, in its turn or not.
const uint8_t *flow_dpi_rest(struct pipeline *pl, uint32_t ctx, uint32_t *len);
// ---- lanes
// A context; FLOW_NONE: none left.
uint32_t flow_lane_open(struct pipeline *pl, uint32_t i, uint64_t hash);
// Sends a packet. True where the lane is full, and the label final for that.
bool flow_lane_packet(
	struct pipeline *pl, uint32_t i, const uint8_t *ip, uint32_t len, int64_t t, bool *changed);
// Asks for the last word. True where the lane is full, and the label final for that. at_packet: the
// packet that is being looked at is the last of those that DPI takes.
bool flow_lane_finish(struct pipeline *pl, uint32_t i, bool at_packet);
// The flow is due to end: true where its end should wait for the last word of DPI.
bool flow_lane_last_word(struct pipeline *pl, uint32_t i);
// It ends, with what is known.
void flow_lane_abandon(struct pipeline *pl, uint32_t i);
// Takes up to budget answers from each lane. Returns how many there were.
unsigned flow_lane_answers(struct pipeline *pl, unsigned budget);
// Waits for the last words about all flows.
void flow_lane_last_words(struct pipeline *pl);
// ---- offload; all for flows that are offloaded
// A packet of flow i that the rules leave to the CPU, or that came before they were there.
void flow_offload_packet(struct pipeline *pl, uint32_t i, const struct packet *p);
// The flow is due to end: true where its end should wait for the last counters.
bool flow_offload_last_word(struct pipeline *pl, uint32_t i);
// It ends, with what is known.
void flow_offload_abandon(struct pipeline *pl, uint32_t i);
// Waits for the last counters of all flows, where there is offload.
void flow_offload_last_words(struct pipeline *pl);
uint64_t flow_packets_seen(const struct pipeline *pl, uint32_t i);
void flow_end(struct pipeline *pl, uint32_t i, enum record_end why);
// Ends a flow's classification between its packets: its label is what was found, and its verdict
// what follows from that. no_room: for want of a context.
void flow_conclude(struct pipeline *pl, uint32_t i, bool no_room);
void flow_tcp(struct pipeline *pl, struct flow_hot *h, uint32_t i, const struct packet *p);
// What a policy is told of flow i.
void flow_facts(struct pipeline *pl, uint32_t i, const struct policy *p, struct policy_facts *f);
// The flow as a record, totals so far.
void flow_snapshot(const struct pipeline *pl, uint32_t i, struct record *r);
// What the gateway's own exception makes of a verdict at least.
uint8_t flow_exception_action(const struct pipeline *pl, uint8_t exception);
// The flow is its link's neighbour discovery, which is never blocked. type: of ICMPv6.
bool flow_keeps_link(const struct policy_facts *f, uint16_t type);
// ---- a candidate policy
// NULL: none.
static inline const struct policy *pipeline_candidate(const struct pipeline *pl)
{
	return pl->candidate != NULL ? pl->candidate->policy : NULL;
}

// Both only where there is one. Fills in what it would have decided, where the record's verdict is
// final and that is another. Counts a flow that ends.
void flow_compare(struct pipeline *pl, uint32_t i, struct record *r);
// The candidate could decide otherwise by a better label.
bool flow_candidate_waits(struct pipeline *pl, uint32_t i);
// Gives the flow's bytes to the rule that decided it; over: the flow ends.
void flow_credit(struct pipeline *pl, uint32_t i, bool over);
// ---- evidence captures: where there are any (c.captures)
// What the verdict asks for: begins to keep the flow's packets, or gives up what is not wanted.
void flow_capture_want(struct pipeline *pl, uint32_t i, const struct policy_verdict *v);
// Keeps the packet where the flow's are kept.
void flow_capture_packet(struct pipeline *pl, uint32_t i, const struct packet *p);
// Still to be kept: the flow's packets must not take the fast path.
bool flow_capture_going_on(const struct pipeline *pl, uint32_t i);
// What goes into a record: complete, or the flow ends. NULL: nothing.
struct flow_capture *flow_capture_take(struct pipeline *pl, uint32_t i, bool end);
// ---- limits
// Puts the flow under the limits that hold for it and says what they raise its verdict to. more:
// bytes that are about to go out.
struct meter_verdict flow_limit(struct pipeline *pl, uint32_t i, const struct policy_facts *f,
	uint16_t rule, uint32_t more);
// Counts an outbound packet that the fast path did not; where a limit was passed by it, the flow
// has been decided anew (and may be blocked now).
void flow_charge(struct pipeline *pl, uint32_t i, const struct packet *p);
// Counts seconds of the flow's life up to now; decides it anew where a limit was passed.
void flow_limit_time(struct pipeline *pl, uint32_t i);
// When that must happen again at the latest, microseconds; INT64_MAX: never.
int64_t flow_limit_due(const struct pipeline *pl, uint32_t i);
void flow_limit_end(struct pipeline *pl, uint32_t i);
void flow_report(
	struct pipeline *pl, uint32_t i, enum record_ev ev, enum record_end why, int64_t t1);
// Moves what is too much for 32 bits out of a flow's counters.
void flow_carry(struct pipeline *pl, uint32_t i);
// Writes the update record where one is due; when the next will be.
int64_t flow_update_due(struct pipeline *pl, uint32_t i);
void flow_report_no_state(struct pipeline *pl, const struct packet *p, enum policy_action action,
	enum record_exception exception);
void inject_refusal(struct pipeline *pl, uint32_t i, const struct packet *p);
// Whether a blocked flow gets no more refusals.
bool inject_refusals_over(const struct pipeline *pl, uint32_t i);

// An address as policies take it; b: of IPv4 four bytes are read.
static inline struct policy_addr flow_addr(uint8_t version, const uint8_t *b)
{
	struct policy_addr a;

	a.version = version;
	addr_store(a.b, version, b);
	return a;
}

// The flow has no context yet, and will get one.
static inline bool flow_dpi_waits(const struct flow_cold *c)
{
	return c->dpi != FLOW_NONE && (c->dpi & FLOW_WAITS);
}

// The flow's context where DPI takes more packets; FLOW_NONE: none, or its last word is awaited.
static inline uint32_t flow_dpi_taking(const struct pipeline *pl, uint32_t i)
{
	uint32_t ctx = pl->table.cold[i].dpi;

	if (ctx & FLOW_WAITS) // FLOW_NONE, too
		return FLOW_NONE;
	if (pl->c.lanes == NULL)
		return ctx;
	return pl->c.lanes->contexts[ctx].state == LANE_OPEN ? ctx : FLOW_NONE;
}

static inline bool flow_is_outbound(const struct flow_hot *h, const struct packet *p)
{
	if (p->side != SIDE_UNKNOWN)
		return p->side == SIDE_INSIDE;
	return p->dir == ((h->flags & FLOW_INSIDE_1) != 0);
}

static inline void flow_count_notes(struct pipeline *pl, uint32_t notes)
{
	while (notes != 0) {
		pl->stats.notes[__builtin_ctz(notes)]++;
		notes &= notes - 1;
	}
}

// The part of flow_screened() that has to do with ports.
bool flow_screened_ports(const struct pipeline *pl, const struct packet *p);

// Whether the screen says that the policy does not block a flow of p's without a label: for next to
// nothing.
static inline bool flow_screened(const struct pipeline *pl, const struct packet *p)
{
	const unsigned end = p->dir ^ (p->side == SIDE_INSIDE);

	if (pl->screen == NULL || p->side == SIDE_UNKNOWN)
		return false;
	if (!screen_may_block(
		    pl->screen, p->key.version, flow_key_addr(&p->key, end), p->key.proto))
		return true;
	return flow_screened_ports(pl, p);
}
