// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a second worker costs the first one: two workers in one process, each with its ports, flow
// table and lcore, under one policy. In turn each works alone and both work at once, each over its
// own flows. Were anything written by one and read by the other, a packet of the first would cost
// more while the second is at work.
//
//     bench_scale FLOWS ROUNDS POLICY|- [EAL arguments with two lcores]
//
// Timed are the turns of the workers alone, not the frames' being built; a burst that took OUTLIER
// times the median was interrupted and is left out. One line of JSON: cycles a packet, medians.

#include "drivers/eal/eal.h"
#include "tests/bench/figures.h"
#include "tests/bench/rig.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_pause.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTLIER    20
#define MAX_ROUNDS 101
#define LOADS      64 // receive rings full of frames, of a round
#define BURST      64

struct side {
	struct rig rig;
	struct traffic t;
	struct side *other;
	_Atomic unsigned begun; // rounds
	double cycles;          // of the round that was last, a packet
	uint32_t bursts[LOADS * (RIG_LOAD / BURST + 1)];
};

static void turns(struct side *s, unsigned *n)
{
	unsigned got;

	do {
		uint64_t t = rte_rdtsc_precise();

		got = worker_turn(&s->rig.w);
		t = rte_rdtsc_precise() - t;
		if (got == BURST)
			s->bursts[(*n)++] = t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
	} while (got != 0);
	rig_drain(&s->rig);
}

static void set_up(struct side *s)
{
	uint32_t flows[RIG_LOAD];
	unsigned n = 0, ignored;

	for (uint32_t i = 0; i < s->t.flows; i++) {
		flows[n++] = i;
		if (n == RIG_LOAD || i + 1 == s->t.flows) {
			ignored = 0;
			rig_load(&s->rig, &s->t, 0, flows, n);
			turns(s, &ignored);
			n = 0;
		}
	}
}

static int work(void *arg)
{
	struct side *s = arg;
	unsigned n = 0, kept = 0;
	uint64_t sum = 0;

	s->begun++;
	while (s->other != NULL && s->other->begun < s->begun)
		rte_pause();
	for (unsigned i = 0; i < LOADS; i++) {
		rig_load(&s->rig, &s->t, i % 2, NULL, RIG_LOAD);
		turns(s, &n);
	}
	qsort(s->bursts, n, sizeof(*s->bursts), by_u32);
	while (kept < n && s->bursts[kept] <= OUTLIER * s->bursts[n / 2])
		sum += s->bursts[kept++];
	s->cycles = (double)sum / kept / BURST;
	return 0;
}

static struct side *make(unsigned number, struct rig *first, uint32_t flows, const char *policy)
{
	struct side *s = aligned_alloc(64, (sizeof(*s) + 63) & ~(size_t)63);
	struct rig_config c = {.max_flows = flows + flows / 64 + 1024,
		.burst = BURST,
		.huge = rte_eal_has_hugepages() != 0,
		.udp_timeout_s = 60,
		.number = number,
		.n_workers = 2,
		.first = first,
		.policy = strcmp(policy, "-") == 0 ? NULL : policy};

	if (s == NULL)
		exit(2);
	memset(s, 0, sizeof(*s));
	s->t = (struct traffic){.flows = flows, .version = 4, .size = 60, .state = 77 + number};
	traffic_init(&s->t);
	if (rig_init(&s->rig, &c) != 0)
		exit(2);
	set_up(s);
	return s;
}

// Cycles of the round, of each while both are at work or it alone.
static void one_round(struct side *a, struct side *b, unsigned lcore, bool at_once, double out[2])
{
	a->other = at_once ? b : NULL;
	b->other = at_once ? a : NULL;
	b->begun = a->begun;
	rte_eal_remote_launch(work, a, lcore);
	if (!at_once)
		rte_eal_wait_lcore(lcore);
	work(b);
	if (at_once)
		rte_eal_wait_lcore(lcore);
	out[0] = a->cycles;
	out[1] = b->cycles;
}

// Each is held against itself: two lcores need not be equally fast, nor two tables equally well
// placed in the caches.
static void measure(struct side *a, struct side *b, unsigned lcore, unsigned rounds)
{
	double alone[MAX_ROUNDS], both[MAX_ROUNDS], ratio[MAX_ROUNDS],
		mhz = (double)rte_get_tsc_hz() / 1e6, one, two, times;

	for (unsigned i = 0; i < rounds; i++) {
		double x[2], y[2];

		one_round(a, b, lcore, false, x);
		one_round(a, b, lcore, true, y);
		alone[i] = (x[0] + x[1]) / 2;
		both[i] = (y[0] + y[1]) / 2;
		ratio[i] = x[0] / y[0] + x[1] / y[1];
	}
	one = median(alone, rounds);
	two = median(both, rounds);
	times = median(ratio, rounds);
	printf("{\"flows\": %u, \"rounds\": %u, \"alone\": %.1f, \"both\": %.1f, \"alone_mpps\": "
	       "%.1f,"
	       " \"both_mpps\": %.1f, \"ratio\": %.3f, \"ratio_min\": %.3f, \"ratio_max\": %.3f}\n",
		a->t.flows, rounds, one, two, mhz / one, 2 * mhz / two, times, ratio[0],
		ratio[rounds - 1]);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 4 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, lcore;
	uint32_t flows = argc > 4 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	struct side *a, *b;
	struct eal *eal; // until the process ends
	char err[256];

	if (rounds == 0 || rounds > MAX_ROUNDS || flows < 16) {
		fprintf(stderr, "use: bench_scale FLOWS ROUNDS POLICY|- EAL arguments\n");
		return 2;
	}
	if (eal_start(argv + 4, (size_t)argc - 4, &eal, err, sizeof(err)) < 0) {
		fprintf(stderr, "bench_scale: %s\n", err);
		return 2;
	}
	lcore = rte_get_next_lcore(rte_lcore_id(), 1, 0);
	if (lcore == RTE_MAX_LCORE) {
		fprintf(stderr, "bench_scale: needs two lcores\n");
		return 2;
	}
	a = make(0, NULL, flows, argv[3]);
	b = make(1, &a->rig, flows, argv[3]);
	measure(a, b, lcore, rounds);
	rig_fini(&b->rig);
	rig_fini(&a->rig);
	free(b);
	free(a);
	return 0;
}
