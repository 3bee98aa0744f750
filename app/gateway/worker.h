// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A worker: one lcore that polls its receive queues, runs its pipeline over what comes, and sends
// on the other side of the wire.
//
// Share-nothing: a worker has its own flow table, DPI module, parser, record ring and counters.
// Where a port keeps both directions of a flow in one queue (symmetric RSS), each worker polls its
// own queues. Elsewhere, and for what lies in tunnels, the worker that polls a queue hands packets
// over to the one that their flow's hash names, through a ring for each pair of workers.
#pragma once

#include "app/dataplane/pipeline.h"
#include "app/dataplane/view.h"
#include "app/flowlog/writer.h"
#include "app/gateway/worker_idle.h"
#include "drivers/eal/port.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

#define WORKER_MAX        POLICY_MAX_READERS
#define WORKER_MAX_PORTS  32
#define WORKER_MAX_QUEUES 64
static_assert(WORKER_MAX_PORTS <= 32, "ports are bits of one word");
#define WORKER_FRAME_MAX 9728 // bytes of a chained frame that the parser sees

// What workers know of a port, by DPDK's port number. Read-only while they run.
struct worker_port {
	const struct port *port;
	uint8_t side; // enum packet_side
	uint8_t wire;
	int peer;               // DPDK's number of the other end of the wire, -1: a tap
	_Atomic bool *tx_locks; // one for each transmit queue that workers share; NULL: not shared
};

struct worker_rx {
	uint16_t port, queue;
	bool direct;   // the flows of this queue are this worker's, but for those in tunnels
	uint32_t full; // packets of full bursts in a row
};

// Packets on their way out of one port.
struct worker_tx {
	struct rte_mbuf *m[PIPELINE_MAX_BURST + PIPELINE_MAX_INJECTS];
	uint8_t outcome[PIPELINE_MAX_BURST + PIPELINE_MAX_INJECTS];
	uint16_t n, queue;
	uint64_t bytes; // of the n
};

// Counters beside the pipeline's, written by the worker.
struct worker_stats {
	uint64_t loops, idle_loops, bursts;
	uint64_t rx_packets[WORKER_MAX_PORTS], rx_bytes[WORKER_MAX_PORTS]; // by port
	uint64_t tx_packets[WORKER_MAX_PORTS], tx_bytes[WORKER_MAX_PORTS];
	uint64_t handed_over, taken_over;
	uint64_t tx_retries, inject_no_mbuf;
};

struct worker {
	unsigned number, n_workers, lcore;
	uint16_t burst;
	struct worker_rx rx[WORKER_MAX_QUEUES];
	unsigned n_rx;
	const struct worker_port *ports;  // WORKER_MAX_PORTS of them
	struct rte_ring *in[WORKER_MAX];  // from each other worker; NULL: none
	uint32_t full_in[WORKER_MAX];     // packets of full bursts in a row
	struct rte_ring *out[WORKER_MAX]; // to each other worker
	struct rte_mempool *pool;         // for injected frames
	struct record_ring *ring;
	uint32_t ring_size;
	struct pipeline *pl;
	struct flow_capture_pool *captures;
	struct worker_tx *tx;   // by DPDK's port number
	uint32_t tx_waiting;    // bit for each port that has packets in tx
	uint8_t *chained;       // room for the frames of a burst that are chained
	struct packet *packets; // of a burst
	struct rte_mbuf **mbufs;
	const _Atomic bool *stop;
	_Atomic unsigned *stopped_rx; // how many workers receive no more
	struct worker_idle idle;
	bool stopping, writer_stuck;
	int64_t clock_offset; // of the wall clock from the one that nobody sets, microseconds
	_Atomic(struct view *)
		view;          // to be looked through; the worker takes it off when it is done
	_Atomic bool view_off; // nobody waits for that any more: it is to be taken off at once
	struct worker_stats stats __attribute__((aligned(64)));
};

static_assert(_Alignof(struct worker) == 64 && sizeof(struct worker) % 64 == 0,
	"workers stand in an array: none may write to a cache line of the next");

// Allocates what a worker needs for bursts. 0 or -ENOMEM.
int worker_init(struct worker *w);
void worker_fini(struct worker *w);

// The lcore's function (arg: struct worker). Returns when *stop is set, every packet taken in has
// gone out and every flow has its last record.
int worker_run(void *arg);

// One turn of its loop: a burst from each queue and ring, and ageing now and then. Returns how many
// packets there were. worker_run() does nothing else; a benchmark calls it by itself.
unsigned worker_turn(struct worker *w);

// A sink that refuses nothing while the gateway stops: the writer catches up.
struct record_sink worker_sink(struct worker *w);

// ---- between the files of the worker
void worker_send(struct worker *w, const struct packet *p, unsigned n, uint16_t port);
// The burst as it came in, w->mbufs, none of it stopped: bytes in all. False where other packets
// wait for the port: none of it is sent then.
bool worker_send_burst(struct worker *w, unsigned n, uint64_t bytes, uint16_t port);
void worker_flush(struct worker *w);
void worker_inject(struct worker *w);
