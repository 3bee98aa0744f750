// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What workers.idle costs in latency and saves in processor time.
//
// One packet after a silence, put into a port's receive ring by the main lcore while the worker
// runs on its own; the time until it comes out of the other port. Modes in turn, round by round.
// The worker's processor time is the process's without the main thread's.
//
// One line of JSON for each mode on standard output.

#include "drivers/eal/eal.h"
#include "tests/bench/figures.h"
#include "tests/bench/rig.h"

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS  5
#define PACKETS 200 // of a round

struct mode {
	const char *name;
	enum idle_mode mode;
	uint32_t max_us, silence_us;
	double us[ROUNDS * PACKETS];
	unsigned n;
	double worker, wall; // seconds
};

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double worker_seconds(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID);
}

static double one_packet(struct rig *r, struct traffic *t)
{
	const uint32_t flow = 0;
	uint64_t from;
	struct rte_mbuf *m;

	// The frame is built before the clock runs: rig_load() is short, but not nothing.
	rig_take(r, &m, 1);
	m->data_len = traffic_frame(t, flow, true, rte_pktmbuf_mtod(m, uint8_t *));
	m->pkt_len = m->data_len;
	from = rte_rdtsc_precise();
	rig_put(r, 0, &m, 1);
	while (rte_ring_empty(r->tx[1]))
		;
	from = rte_rdtsc_precise() - from;
	rig_drain(r);
	return (double)from * 1e6 / (double)rte_get_tsc_hz();
}

static void round_of(struct rig *r, struct traffic *t, struct mode *x, unsigned lcore)
{
	double worker, wall;

	r->w.idle = (struct worker_idle){.mode = x->mode, .max_us = x->max_us};
	atomic_store(&r->stop, false);
	atomic_store(&r->stopped_rx, 0);
	r->w.stopping = false;
	rte_eal_remote_launch(worker_run, &r->w, lcore);
	one_packet(r, t); // runs, and knows the flow
	worker = worker_seconds();
	wall = seconds(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < PACKETS; i++) {
		struct timespec gap = {.tv_nsec = x->silence_us * 1000L};

		clock_nanosleep(CLOCK_MONOTONIC, 0, &gap, NULL);
		x->us[x->n++] = one_packet(r, t);
	}
	x->worker += worker_seconds() - worker;
	x->wall += seconds(CLOCK_MONOTONIC) - wall;
	atomic_store(&r->stop, true);
	rte_eal_wait_lcore(lcore);
}

int main(int argc, char **argv)
{
	static struct mode modes[] = {{"poll", IDLE_POLL, 1, 3000, {0}, 0, 0, 0},
		{"pause", IDLE_PAUSE, 50, 3000, {0}, 0, 0, 0},
		{"sleep", IDLE_SLEEP, 50, 3000, {0}, 0, 0, 0},
		{"sleep", IDLE_SLEEP, 200, 3000, {0}, 0, 0, 0},
		{"sleep", IDLE_SLEEP, 1000, 10000, {0}, 0, 0, 0}};
	const struct rig_config c = {.max_flows = 1024, .burst = 64, .udp_timeout_s = 60};
	struct traffic t = {.flows = 16, .version = 4, .size = 60, .state = 1};
	struct rig *r = aligned_alloc(64, (sizeof(*r) + 63) & ~(size_t)63);
	struct eal *eal; // until the process ends
	unsigned lcore;
	char err[256];

	if (r == NULL || eal_start(argv + 1, (size_t)argc - 1, &eal, err, sizeof(err)) < 0 ||
		(lcore = rte_get_next_lcore(rte_lcore_id(), 1, 0)) == RTE_MAX_LCORE ||
		rig_init(r, &c) != 0) {
		fprintf(stderr, "usage: bench_idle -l MAIN,WORKER [EAL arguments]\n");
		return 2;
	}
	traffic_init(&t);
	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned k = 0; k < sizeof(modes) / sizeof(modes[0]); k++)
			round_of(r, &t, &modes[k], lcore);
	for (unsigned k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
		struct mode *x = &modes[k];

		qsort(x->us, x->n, sizeof(x->us[0]), by_double);
		printf("{\"idle\": \"%s\", \"idle_us\": %u, \"packets\": %u, \"min_us\": %.1f, "
		       "\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, "
		       "\"core\": %.3f}\n",
			x->name, x->max_us, x->n, x->us[0], x->us[x->n / 2], x->us[x->n * 9 / 10],
			x->us[x->n * 99 / 100], x->worker / x->wall);
	}
	rig_fini(r);
	free(r);
	return 0;
}
