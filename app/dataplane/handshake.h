// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The first packets of TCP flows that have not carried a byte yet, kept for DPI.
//
// A flow takes a context of DPI when there is something to classify: with its first payload. Until
// then its SYN, the answer and the acknowledgement lie here as they came; then DPI gets them in
// their order and with their times, and sees what it would have seen. So half-open connections,
// however many a flood makes, hold no contexts that connections in earnest need.
//
// A ring: the newest takes the place of the oldest. A flow that has lost its place is classified
// without its handshake, as one whose beginning was not seen.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HANDSHAKE_ROOM 304 // three packets of IPv6 with all of Linux's options

struct handshake {
	uint64_t fid; // the flow whose place this is
	uint16_t used;
	uint8_t bytes[HANDSHAKE_ROOM]; // of each packet: its time, its length, itself
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct handshake) == 320, "whole cache lines");

struct handshakes {
	struct handshake *places;
	uint32_t n, next;
};

// n: at least 1. touch: see pages.h. 0 or -ENOMEM; handshakes_fini() of a zeroed struct is fine.
int handshakes_init(struct handshakes *h, uint32_t n, bool touch);
void handshakes_fini(struct handshakes *h);

// A place for flow fid, 0 .. n - 1.
uint32_t handshakes_open(struct handshakes *h, uint64_t fid);

// The flow's, or NULL where another one has taken its place.
struct handshake *handshakes_at(const struct handshakes *h, uint32_t place, uint64_t fid);

// Keeps a packet, from its IP header on. ts: its time. False where there is no room.
bool handshake_keep(struct handshake *s, const uint8_t *ip, uint32_t len, int64_t ts);

// The packet that begins at *at (0: the first), and *at moved behind it; NULL: there is none.
const uint8_t *handshake_next(const struct handshake *s, uint32_t *at, uint32_t *len, int64_t *ts);
