// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Workers between two ports made of rings, without privileges: what is put into a port's receive
// ring comes out of its peer's transmit ring, or does not.
#pragma once

#include "app/gateway/worker.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#define RIG_WORKERS 2
#define RIG_MBUFS   2047
#define RIG_TX_ROOM 127 // of a transmit ring

enum rig_port {
	RIG_INSIDE,
	RIG_OUTSIDE,
	RIG_PORTS
};

struct worker_rig_options {
	unsigned n_workers;   // 0: one
	unsigned handoff;     // size of the rings between workers, a power of two; 0: 1024
	bool rss;             // the ports keep flows in one queue, or say so
	bool tap;             // the ports are taps
	bool block;           // UDP and TCP to port 9 with a reset
	unsigned records;     // size of the record rings; 0: 4096
	const char *ports[2]; // DPDK's names of other devices; NULL: rings
};

struct worker_rig {
	struct policy_slot slot;
	struct port ports[RIG_PORTS];
	struct rte_ring *rx[RIG_PORTS], *tx[RIG_PORTS]; // NULL: other devices
	struct worker_port by_id[WORKER_MAX_PORTS];
	struct worker workers[RIG_WORKERS];
	struct record_ring *records[RIG_WORKERS];
	struct dpi *dpi[RIG_WORKERS];
	struct rte_mempool *pool;
	unsigned n_workers, free_before;
	_Atomic bool stop;
	_Atomic unsigned stopped_rx;
};

// Starts the EAL, once; further arguments as the program's. 0, or what main() shall return.
int worker_rig_eal(char *const *args, unsigned n);

struct worker_rig *worker_rig_new(const struct worker_rig_options *o);
// Ends the flows where end; checks that every buffer has come back.
void worker_rig_free(struct worker_rig *r);

// A frame by recipe.h into a port's receive ring, in buffers of at most `segment` bytes; segment 0:
// one buffer.
void worker_rig_put(
	struct worker_rig *r, enum rig_port port, const char *words, bool back, unsigned segment);
// What comes out of a port, its bytes in a row: its length, 0: nothing.
uint32_t worker_rig_get(struct worker_rig *r, enum rig_port port, uint8_t *out, uint32_t size);
// Frames that wait in a port's transmit ring go, and how many they were.
unsigned worker_rig_drain(struct worker_rig *r, enum rig_port port);
// Turns of all workers until none of them has anything to do.
void worker_rig_run(struct worker_rig *r);
// Sums over the workers.
uint64_t worker_rig_outcome(const struct worker_rig *r, enum reason_outcome o);
uint64_t worker_rig_flows(const struct worker_rig *r);
