// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A pipeline whose elephant flows go to a device that is made of numbers.
#pragma once

#include "app/dataplane/offload_server.h"
#include "tests/unit/dataplane/rig.h"

#define BENCH_RULES       64
#define BENCH_SECOND      INT64_C(1000000)
#define BENCH_MIN_PACKETS 10000
#define BENCH_IDLE_S      10
#define BENCH_FRAME       114 // bytes of every frame that the device counts: 100 of IP

struct fake_rule {
	bool used;
	struct offload_match m;
	struct offload_counts c;
};

struct offload_bench {
	struct rig *r;
	struct offload o;
	struct offload_server s;
	struct fake_rule rules[BENCH_RULES];
	unsigned refuse_from;   // the manieth rule is refused; 0: none
	unsigned made, removed; // in all
	bool blind, keeps;      // cannot count; does not remove
	_Atomic bool stop;
};

// max: flows at once.
struct offload_bench *bench_new(struct rig_options o, uint32_t max);
// With the rules of an elephant, flow 1.
struct offload_bench *bench_with_elephant(struct rig_options o, uint8_t proto);
// No rule may be left.
void bench_free(struct offload_bench *b);

void bench_add(struct offload_bench *b, unsigned flow, uint8_t proto, bool answer, uint8_t flags);
void bench_handshake(struct offload_bench *b, unsigned flow);
// 1.1 seconds of a flow's packets, a burst of 16 a millisecond, of 38 IP bytes over UDP.
void bench_elephant(struct offload_bench *b, unsigned flow, uint8_t proto);
// What both threads do in a while.
void bench_turn(struct offload_bench *b);
// The same for so long.
void bench_wait(struct offload_bench *b, int64_t us);
// How many rules there are.
unsigned bench_rules(const struct offload_bench *b);
// The device takes so many packets of a direction, by each rule.
void bench_hit(struct offload_bench *b, bool from_inside, uint64_t packets);
