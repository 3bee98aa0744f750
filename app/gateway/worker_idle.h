// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a worker does between two looks at queues that were empty.
//
// A poll costs a core whether packets come or not. With IDLE_PAUSE and IDLE_SLEEP the time between
// two looks doubles from a microsecond to max_us once IDLE_GRACE looks in a row have found nothing,
// and is nothing again with the next packet: that one may wait max_us longer, those behind it do
// not. No interrupts: what a gateway without a NIC polls (net_af_packet, net_pcap, net_ring) has
// none for its receive queues, nor have the rings between workers.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define IDLE_GRACE  1024 // empty looks in a row: tens of microseconds
#define IDLE_MAX_US 1000

enum idle_mode {
	IDLE_POLL,  // look again at once
	IDLE_PAUSE, // keep the core, at rest: TPAUSE where the CPU has it, PAUSE elsewhere
	IDLE_SLEEP, // give the core back
};

struct worker_idle {
	enum idle_mode mode;
	uint32_t max_us; // 1..IDLE_MAX_US
	uint32_t empty;  // looks in a row that found nothing
	bool waited;     // before this look
	uint64_t waits;  // counter
};

// Once, in the thread that will wait: asks the kernel for timers that are on time.
void worker_idle_begin(const struct worker_idle *x);
// A look has found something to do.
static inline void worker_idle_reset(struct worker_idle *x)
{
	x->empty = 0;
	x->waited = false;
}
// A look has found nothing.
void worker_idle_wait(struct worker_idle *x);
