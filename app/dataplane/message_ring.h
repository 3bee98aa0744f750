// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Messages of any length from one thread to one other, without a lock and without a wait.
//
// A ring of bytes: a message stands in a row, so that neither side copies it twice. What would not
// fit before the ring's end begins at its start. The one who puts publishes the end of what is
// written (release) and reads where the taker is (acquire), and the other way round: whoever sees a
// message sees all of it, and nothing is written over before it has been taken. Lamport, Proving
// the Correctness of Multiprocess Programs, IEEE TSE 1977; the two ends' own words lie in lines of
// their own, and each end keeps the last it saw of the other's, as in Lee et al., ANCS 2009.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message_ring {
	uint8_t *data;
	uint64_t size; // a power of two
	struct {       // the one who puts: rw; the other reads head
		_Atomic uint64_t head;
		uint64_t next, tail_seen;
	} put __attribute__((aligned(64)));
	struct { // the one who takes, likewise
		_Atomic uint64_t tail;
		uint64_t next, head_seen;
	} take __attribute__((aligned(64)));
};

// size in bytes, a power of two of at least 4096; pages are touched when used. 0 or -ENOMEM;
// message_ring_fini() of a zeroed struct is fine.
int message_ring_init(struct message_ring *r, size_t size);
void message_ring_fini(struct message_ring *r);

// Room for a message of len bytes, aligned for 8, to be written and then committed; NULL where it
// is full (or len is more than a quarter of the size: it would never fit for sure).
void *message_ring_reserve(struct message_ring *r, size_t len);
void message_ring_commit(struct message_ring *r);
// Whether more than half of it is free. For the one who puts.
bool message_ring_roomy(struct message_ring *r);

// The oldest message, valid until it is taken; NULL: none.
const void *message_ring_peek(struct message_ring *r, size_t *len);
void message_ring_take(struct message_ring *r);
