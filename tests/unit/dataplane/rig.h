// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// One pipeline with a policy, the real classifier and a clock of the test's own; its records are
// kept.
#pragma once

#include "app/dataplane/lane_server.h"
#include "app/dataplane/pipeline.h"

#define RIG_START   1790000000000000 // microseconds since 1970 UTC
#define RIG_BURST   64
#define RIG_RECORDS 4096 // the last so many are kept
#define RIG_LANES   4

struct rig {
	struct policy_slot slot, shadow;
	struct policy_reader *reader;
	struct dpi *dpi; // for names only where there are lanes
	struct lanes lanes;
	struct lane_server servers[RIG_LANES];
	_Atomic bool stop_serving;
	struct flow_capture_pool *captures; // NULL: none
	struct pipeline *pl;
	struct packet packets[RIG_BURST];
	uint8_t frames[RIG_BURST][256];
	unsigned n; // packets that wait for rig_run()
	int64_t now;
	bool refuse;      // records: the ring is full
	uint32_t sent[2]; // for a test that counts TCP's numbers, by direction
	_Atomic bool log_full;
	struct record records[RIG_RECORDS];
	uint64_t n_records, ends;
};

// What a rig is made with beyond what is usual (zero: that).
struct rig_options {
	uint32_t max_flows, contexts;
	struct pipeline_exceptions exceptions;
	const char *rules; // of a policy, JSON, with "apps" group "ssh" and tenant "a" (10.0.0.0/8)
	const char *limits;                      // JSON
	const char *overrides;                   // of countries, JSON
	const char *block_with, *pending;        // "reset", "pass"
	unsigned captures;                       // at once; 0: none are kept
	unsigned max_packets, max_bytes, max_ms; // of the pending action
	const struct pipeline_prefix *inside;
	unsigned n_inside;
	bool local_flows, no_updates;
	bool lazy;            // classify only while a rule depends on it
	unsigned dpi_packets; // of a TCP flow that DPI takes; 0: 80
	unsigned lanes;       // 0: the pipeline does DPI itself
	size_t lane_bytes;    // of requests; 0: LANE_REQUEST_BYTES
};

struct rig *rig_new(const struct rig_options *o);
void rig_free(struct rig *r);
void rig_publish(struct rig *r, const struct rig_options *o);
// Makes a policy the candidate; NULL: there is none any more.
void rig_shadow(struct rig *r, const struct rig_options *o);

// Packets for the next burst: IPv4, inside 10.0.0.n, outside 198.51.100.n.
struct rig_packet {
	unsigned flow; // tells flows apart
	bool answer;   // from the outside
	uint8_t proto; // 6 or 17
	uint8_t flags; // TCP
	uint32_t seq, ack;
	uint16_t dport;
	const char *payload; // NULL: none
};
void rig_add(struct rig *r, const struct rig_packet *p);
// A datagram, at once.
void rig_udp(struct rig *r, unsigned flow, bool answer);
// Any frame (recipe.h), from a side.
void rig_words(struct rig *r, const char *words, bool back, uint8_t side);
// Runs what waits.
void rig_run(struct rig *r);
void rig_wait(struct rig *r, int64_t us);

// With lanes: everything that has been asked is answered, and the answers are taken.
void rig_serve(struct rig *r);

// Packets that had an outcome.
uint64_t rig_outcome(const struct rig *r, enum reason_outcome o);

// The last record of a kind; NULL.
const struct record *rig_last(const struct rig *r, enum record_ev ev);
unsigned rig_count(const struct rig *r, enum record_ev ev);
