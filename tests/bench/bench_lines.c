// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What memory alone costs: nothing but the lines that a packet of an established flow cannot do
// without, taken in the stride of the pipeline and from memory of the same kind.
//
//   bench_lines FLOWS ROUNDS BURSTS
//
// For each packet the line of a bucket, which says where the flow's own line lies, which is
// written, and for IPv6 half a line with its addresses: each asked for a group of packets before it
// is used, and then next to no work. What that takes more than where all is in a few lines is what
// the memory takes, however fast the rest is. Rounds with none of these lines, one, two and three
// are in turn.
//
// One line of JSON on standard output; scripts/bench makes a table of such lines.

#include "app/dataplane/pages.h"
#include "app/dataplane/pipeline.h"
#include "tests/bench/figures.h"
#include "tests/bench/traffic.h"

#include <rte_cycles.h>
#include <stdio.h>
#include <stdlib.h>

#define BURST      64
#define MAX_ROUNDS 101
#define KINDS      4 // no line, bucket, and flow, and addresses

struct line {
	uint64_t w[8];
};

struct half {
	uint64_t w[4];
};

struct memory {
	struct line *buckets, *flows;
	struct half *addrs;
	uint32_t at[BURST]; // flows of the burst
	uint64_t seen;      // so that nothing is left out as useless
};

static void *mapped(size_t n, size_t size)
{
	void *p = pages_map_huge(n, size);

	if (p == NULL)
		p = pages_map(n, size, true);
	if (p == NULL)
		exit(2);
	return p;
}

static struct line *bucket_of(const struct memory *m, uint32_t flow)
{
	return &m->buckets[flow / 6];
}

// The bucket of a flow holds the distance to it, which is not known before the line has come.
static uint32_t find(const struct memory *m, uint32_t flow)
{
	return (uint32_t)(flow + bucket_of(m, flow)->w[0]);
}

// lines is a constant where this is called: four loops without a question.
static inline __attribute__((always_inline)) void burst(struct memory *m, unsigned lines)
{
	const unsigned group = lines > 2 ? PIPELINE_GROUP6 : PIPELINE_GROUP;
	uint32_t flow[BURST];
	uint64_t seen = 0;

	for (unsigned i = 0; i < BURST + 3 * group; i += group) {
		for (unsigned j = i; j < i + group && j < BURST; j++)
			if (lines > 0)
				__builtin_prefetch(bucket_of(m, m->at[j]));
		if (i < group)
			continue;
		for (unsigned j = i - group; j < i && j < BURST; j++) {
			flow[j] = lines > 0 ? find(m, m->at[j]) : m->at[j] & 7;
			if (lines > 1)
				__builtin_prefetch(&m->flows[flow[j]], 1);
		}
		if (i < 2 * group)
			continue;
		for (unsigned j = i - 2 * group; j < i - group && j < BURST; j++)
			if (lines > 2)
				__builtin_prefetch(&m->addrs[flow[j]]);
		if (i < 3 * group)
			continue;
		for (unsigned j = i - 3 * group; j < i - 2 * group && j < BURST; j++) {
			struct line *f = &m->flows[lines > 1 ? flow[j] : flow[j] & 7];
			const struct half *a = &m->addrs[lines > 2 ? flow[j] : flow[j] & 7];

			f->w[0]++;
			f->w[1] += 60;
			seen += a->w[0] + a->w[1] + a->w[2] + a->w[3];
		}
	}
	m->seen += seen;
}

static void burst_of(struct memory *m, unsigned lines)
{
	switch (lines) {
	case 0:
		burst(m, 0);
		break;
	case 1:
		burst(m, 1);
		break;
	case 2:
		burst(m, 2);
		break;
	default:
		burst(m, 3);
		break;
	}
}

// Cycles a packet; bursts that were interrupted left out.
static double round_of(struct memory *m, unsigned lines, unsigned bursts, struct traffic *flows)
{
	uint32_t *cycles = malloc(bursts * sizeof(*cycles));
	double mean;
	size_t kept;

	if (cycles == NULL)
		exit(2);
	for (unsigned b = 0; b < bursts; b++) {
		uint64_t t;

		for (unsigned i = 0; i < BURST; i++)
			m->at[i] = traffic_pick(flows);
		t = rte_rdtsc_precise();
		burst_of(m, lines);
		t = rte_rdtsc_precise() - t;
		cycles[b] = t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
	}
	mean = mean_of_kept(cycles, bursts, &kept) / BURST;
	free(cycles);
	return mean;
}

int main(int argc, char **argv)
{
	struct traffic flows = {
		.flows = argc > 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0, .state = 1};
	unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	unsigned bursts = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	static double v[KINDS][MAX_ROUNDS];
	struct memory m = {0};

	if (flows.flows < 8 || rounds < 1 || rounds > MAX_ROUNDS || bursts < 1) {
		fprintf(stderr, "usage: bench_lines FLOWS ROUNDS BURSTS\n");
		return 2;
	}
	m.buckets = mapped(flows.flows / 6 + 1, sizeof(*m.buckets));
	m.flows = mapped(flows.flows, sizeof(*m.flows));
	m.addrs = mapped(flows.flows, sizeof(*m.addrs));
	for (unsigned k = 0; k < KINDS; k++) // warm
		round_of(&m, k, bursts, &flows);
	for (unsigned r = 0; r < rounds; r++)
		for (unsigned k = 0; k < KINDS; k++)
			v[k][r] = round_of(&m, k, bursts, &flows);
	printf("{\"flows\": %u", flows.flows);
	for (unsigned k = 0; k < KINDS; k++) {
		double middle = median(v[k], rounds);

		printf(", \"lines%u\": %.1f, \"lines%u_min\": %.1f, \"lines%u_max\": %.1f", k,
			middle, k, v[k][0], k, v[k][rounds - 1]);
	}
	printf("}\n");
	return m.seen == 1;
}
