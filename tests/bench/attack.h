// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Frames of an attacker, all different, for the benchmark of established flows under attack.
#pragma once

#include "app/dataplane/hash.h"

#include <stdint.h>

enum attack_kind {
	ATTACK_SYN,      // SYN segments to 443, from random addresses and ports
	ATTACK_SCAN,     // UDP with 18 bytes of noise between random addresses and ports
	ATTACK_FRAGMENT, // tiny first fragments, fragments at offset 8, orphans of one byte
	ATTACK_COLLIDE,  // UDP whose tuples meet in few buckets under aim's seed
	ATTACK_ELEPHANT, // one flow
	ATTACK_COUNT
};

struct attack {
	enum attack_kind kind;
	unsigned version;     // 4; 6: ATTACK_SYN, ATTACK_SCAN
	uint64_t state;       // of the generator, never 0
	struct hash_seed aim; // ATTACK_COLLIDE: the seed that the attacker believes in
	uint32_t n_tuples, next;
	struct attack_tuple { // searched once: finding one takes 4096 hashes
		uint32_t src, dst;
		uint16_t sport, dport;
	} * tuples;
};

extern const char *const attack_names[ATTACK_COUNT];

// 0 or -ENOMEM. Fills tuples where the kind needs them.
int attack_init(struct attack *a);
void attack_fini(struct attack *a);
// Writes a frame of 60 bytes (IPv6: 80), from outside, and returns its length.
uint16_t attack_frame(struct attack *a, uint8_t *b);
