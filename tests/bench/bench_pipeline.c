// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the worker costs, in cycles of the time stamp counter.
//
// A worker between two ports that are rings; frames are built into their buffers outside the timed
// regions, 1024 at a time, which is what a NIC's ring holds. Timed are the worker's turns
// (worker_turn(): receive, pipeline, send), one burst each. The floor is the same rings and buffers
// with a receive burst and a send burst and nothing between. Rounds of floor and worker alternate.
// A burst that took over OUTLIER times the median was interrupted by the kernel or the hypervisor:
// it counts in the percentiles, not in the mean, and is reported.
//
// One line of JSON for each run on standard output; scripts/bench makes tables of them.

#include "drivers/eal/eal.h"
#include "tests/bench/figures.h"
#include "tests/bench/rig.h"

#include <getopt.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUNDS 101

struct args {
	struct traffic t;
	struct rig_config rig;
	unsigned rounds, bursts; // of a round
	unsigned fresh;          // in a thousand packets: of flows that are new
	bool insert;
	const char *db[8];
	char *eal[16];
	size_t n_eal;
};

struct samples {
	uint32_t *v; // cycles of each burst
	size_t n, max;
	uint64_t packets;
};

struct figures { // of one round, cycles a packet
	double mean, p50;
};

struct summary {
	double floor, gross, net, net_min, net_max; // medians and extremes over rounds
	double p50, p99, p999;                      // of a burst, cycles
	size_t bursts, interrupted;
};

static double percentile(const uint32_t *sorted, size_t n, double p)
{
	size_t i = (size_t)(p * (double)n);

	return n == 0 ? 0 : sorted[i < n ? i : n - 1];
}

// The mean over the bursts from..end, those interrupted left out.
static struct figures round_figures(
	const struct samples *s, size_t from, unsigned burst, size_t *interrupted)
{
	size_t n = s->n - from, kept;
	uint32_t *sorted = malloc(n * sizeof(*sorted));
	struct figures f = {0};

	if (sorted == NULL || n == 0)
		exit(2);
	memcpy(sorted, s->v + from, n * sizeof(*sorted));
	f.mean = mean_of_kept(sorted, n, &kept) / burst;
	f.p50 = (double)sorted[n / 2] / burst;
	*interrupted += n - kept;
	free(sorted);
	return f;
}

static void record(struct samples *s, uint64_t cycles, unsigned packets)
{
	if (packets == 0 || s->n == s->max)
		return;
	s->v[s->n++] = cycles > UINT32_MAX ? UINT32_MAX : (uint32_t)cycles;
	s->packets += packets;
}

static void floor_turns(struct rig *r, unsigned side, struct samples *s)
{
	uint16_t from = r->port[side].id, to = r->port[side ^ 1].id, n, sent;
	struct rte_mbuf *m[PIPELINE_MAX_BURST];

	do {
		uint64_t t = rte_rdtsc_precise();

		n = rte_eth_rx_burst(from, 0, m, r->c.burst);
		sent = n != 0 ? rte_eth_tx_burst(to, 0, m, n) : 0;
		record(s, rte_rdtsc_precise() - t, n);
	} while (n != 0 && sent == n);
	rig_drain(r);
}

static void worker_turns(struct rig *r, struct samples *s)
{
	unsigned n;

	do {
		uint64_t t = rte_rdtsc_precise();

		n = worker_turn(&r->w);
		record(s, rte_rdtsc_precise() - t, n);
	} while (n != 0);
	rig_drain(r);
}

// A receive ring's worth of flows: drawn, some of them new. New ones move the window of those
// alive.
static void draw(struct args *a, uint32_t *flows, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (a->fresh != 0 && (traffic_random(&a->t) >> 32) % 1000 < a->fresh) {
			flows[i] = a->t.first + a->t.flows;
			a->t.first++;
		} else {
			flows[i] = traffic_pick(&a->t);
		}
	}
}

static void round_of(struct rig *r, struct args *a, bool floor, struct samples *s)
{
	unsigned load = RIG_LOAD / r->c.burst * r->c.burst;
	uint32_t flows[RIG_LOAD];

	for (unsigned done = 0, side = 0; done < a->bursts; done += load / r->c.burst, side ^= 1) {
		draw(a, flows, load);
		rig_load(r, &a->t, side, flows, load);
		if (floor)
			floor_turns(r, side, s);
		else
			worker_turns(r, s);
	}
}

// All flows, each once, in no order of their numbers.
static void set_up_flows(struct rig *r, struct args *a, struct samples *s)
{
	unsigned load = RIG_LOAD / r->c.burst * r->c.burst, n = 0;
	uint32_t flows[RIG_LOAD];

	for (uint64_t i = 0; i < a->t.flows; i++) {
		flows[n++] = a->t.first + (uint32_t)(i * 2654435761u % a->t.flows);
		if (n != load && i + 1 != a->t.flows)
			continue;
		rig_load(r, &a->t, 0, flows, n);
		worker_turns(r, s);
		n = 0;
		// The writer keeps up with what it can; the benchmark is not about its limit.
		while (r->writer != NULL && record_ring_put_count(r->w.ring) >
						    record_ring_taken_count(r->w.ring) + 1024)
			usleep(100);
	}
}

static struct samples new_samples(size_t max)
{
	struct samples s = {.v = calloc(max, sizeof(uint32_t)), .max = max};

	if (s.v == NULL)
		exit(2);
	return s;
}

static void summarise(struct summary *x, double *floors, double *gross, double *net,
	unsigned rounds, struct samples *s)
{
	x->floor = median(floors, rounds);
	x->gross = median(gross, rounds);
	x->net = median(net, rounds);
	x->net_min = net[0];
	x->net_max = net[rounds - 1];
	qsort(s->v, s->n, sizeof(*s->v), by_u32);
	x->p50 = percentile(s->v, s->n, 0.5);
	x->p99 = percentile(s->v, s->n, 0.99);
	x->p999 = percentile(s->v, s->n, 0.999);
	x->bursts = s->n;
}

static void established(struct rig *r, struct args *a)
{
	struct samples fl = new_samples((size_t)a->bursts + RIG_LOAD), set = new_samples(1),
		       s = new_samples((size_t)(a->rounds + 1) * (a->bursts + RIG_LOAD));
	double floors[MAX_ROUNDS], gross[MAX_ROUNDS], net[MAX_ROUNDS],
		hz = (double)rte_get_tsc_hz();
	struct summary x = {0};

	set_up_flows(r, a, &set);
	round_of(r, a, false, &s); // warm
	s.n = 0;
	for (unsigned i = 0; i < a->rounds; i++) {
		size_t from = s.n, other = 0;

		fl.n = 0;
		round_of(r, a, true, &fl);
		round_of(r, a, false, &s);
		floors[i] = round_figures(&fl, 0, r->c.burst, &other).mean;
		gross[i] = round_figures(&s, from, r->c.burst, &x.interrupted).mean;
		net[i] = gross[i] - floors[i];
	}
	summarise(&x, floors, gross, net, a->rounds, &s);
	printf("{\"mode\": \"established\", \"flows\": %u, \"order\": \"%s\", \"ip\": %u, "
	       "\"proto\":"
	       " \"%s\", \"size\": %u, \"new_permille\": %u, \"log\": %s, \"burst\": %u, "
	       "\"rounds\":"
	       " %u, \"bursts\": %zu, \"interrupted\": %zu, \"floor\": %.1f, \"gross\": %.1f,"
	       " \"net\": %.1f, \"net_min\": %.1f, \"net_max\": %.1f, \"burst_p50\": %.0f,"
	       " \"burst_p99\": %.0f, \"burst_p999\": %.0f, \"mpps\": %.2f, \"mpps_net\": %.2f,"
	       " \"tsc_mhz\": %.0f, \"live\": %u, \"table_bytes\": %llu, \"evaluations\": %llu}\n",
		a->t.flows, a->t.zipf ? "zipf" : "uniform", a->t.version,
		a->t.mixed ? "mixed"
		: a->t.tcp ? "tcp"
			   : "udp",
		a->t.size, a->fresh, r->writer != NULL ? "true" : "false", r->c.burst, a->rounds,
		x.bursts, x.interrupted, x.floor, x.gross, x.net, x.net_min, x.net_max, x.p50,
		x.p99, x.p999, hz / x.gross / 1e6, hz / x.net / 1e6, hz / 1e6, r->w.pl->table.live,
		(unsigned long long)r->w.pl->table.memory,
		(unsigned long long)r->w.pl->stats.evaluations);
	free(fl.v);
	free(set.v);
	free(s.v);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// Ages every flow away. Cycles a flow.
static double expire(struct rig *r)
{
	struct samples s = new_samples(r->c.max_flows / 64 + 4096);
	struct pipeline *pl = r->w.pl;
	uint32_t flows = pl->table.live;
	size_t interrupted = 0;
	struct figures f;

	usleep((r->c.udp_timeout_s + 1) * 1000000);
	while (pl->table.live != 0) {
		uint64_t t = rte_rdtsc_precise();
		unsigned n = pipeline_age(pl, now_us(), 64);

		record(&s, rte_rdtsc_precise() - t, n == 64 ? n : 0);
		while (r->writer != NULL && record_ring_put_count(r->w.ring) >
						    record_ring_taken_count(r->w.ring) + 1024)
			usleep(100);
	}
	f = round_figures(&s, 0, 64, &interrupted);
	fprintf(stderr, "expired %u flows, %zu bursts interrupted\n", flows, interrupted);
	free(s.v);
	return f.mean;
}

// What flows of this kind touch of the table's mappings: the addresses are IPv6 flows' only, the
// extensions of none here.
static double bytes_per_flow(const struct rig *r, const struct args *a)
{
	const struct flow_table *t = &r->w.pl->table;
	size_t bytes =
		sizeof(*t->hot) + sizeof(*t->cold) + (a->t.version != 4 ? sizeof(*t->addr6) : 0);

	return (double)bytes +
	       (double)(t->n_buckets + t->n_overflow) * sizeof(*t->buckets) / (double)t->max;
}

static void insertion(struct rig *r, struct args *a)
{
	double floors[MAX_ROUNDS], in[MAX_ROUNDS], out[MAX_ROUNDS], sum[MAX_ROUNDS];
	struct samples fl = new_samples((size_t)a->bursts + RIG_LOAD);
	double sum_median;

	for (unsigned i = 0; i < a->rounds; i++) {
		struct samples s = new_samples(a->t.flows / r->c.burst + RIG_LOAD);
		size_t interrupted = 0;

		fl.n = 0;
		round_of(r, a, true, &fl);
		floors[i] = round_figures(&fl, 0, r->c.burst, &interrupted).mean;
		set_up_flows(r, a, &s);
		in[i] = round_figures(&s, 0, r->c.burst, &interrupted).mean - floors[i];
		out[i] = expire(r);
		sum[i] = in[i] + out[i];
		a->t.first += a->t.flows; // new ones
		free(s.v);
	}
	sum_median = median(sum, a->rounds); // sorted from here on
	printf("{\"mode\": \"insert\", \"flows\": %u, \"ip\": %u, \"log\": %s, \"rounds\": %u,"
	       " \"floor\": %.1f, \"insert\": %.1f, \"expire\": %.1f, \"sum\": %.1f, \"sum_min\":"
	       " %.1f, \"sum_max\": %.1f, \"table_bytes\": %llu, \"bytes_per_flow\": %.1f}\n",
		a->t.flows, a->t.version, r->writer != NULL ? "true" : "false", a->rounds,
		median(floors, a->rounds), median(in, a->rounds), median(out, a->rounds),
		sum_median, sum[0], sum[a->rounds - 1], (unsigned long long)r->w.pl->table.memory,
		bytes_per_flow(r, a));
	free(fl.v);
}

static const char usage[] =
	"usage: bench_pipeline [options] [-- EAL arguments]\n"
	"  --flows N --zipf --ip 4|6|46 --tcp|--mixed|--esp --tagged --size BYTES|imix --new "
	"PERMILLE\n"
	"  --insert          new flows and their expiry instead of established ones\n"
	"  --rounds N --bursts N --burst N --no-huge\n"
	"  --policy FILE --candidate FILE --country-db FILE --log DIR\n";

static void take_option(struct args *a, int opt)
{
	unsigned long n = optarg != NULL ? strtoul(optarg, NULL, 10) : 0;

	switch (opt) {
	case 'f':
		a->t.flows = (uint32_t)n;
		break;
	case 'z':
		a->t.zipf = true;
		break;
	case 'i':
		a->t.version = (uint8_t)n;
		break;
	case 't':
		a->t.tcp = true;
		break;
	case 'x':
		a->t.mixed = true;
		break;
	case 'E':
		a->t.esp = true;
		break;
	case 'Q':
		a->t.tagged = true;
		break;
	case 's':
		a->t.size = strcmp(optarg, "imix") == 0 ? TRAFFIC_IMIX : (uint16_t)n;
		break;
	case 'n':
		a->fresh = (unsigned)n;
		break;
	case 'I':
		a->insert = true;
		break;
	case 'r':
		a->rounds = n < 1 ? 1 : n > MAX_ROUNDS ? MAX_ROUNDS : (unsigned)n;
		break;
	case 'b':
		a->bursts = (unsigned)n;
		break;
	case 'B':
		a->rig.burst = n < 1                    ? 1
			       : n > PIPELINE_MAX_BURST ? PIPELINE_MAX_BURST
							: (uint16_t)n;
		break;
	case 'H':
		a->rig.huge = false;
		break;
	case 'p':
		a->rig.policy = optarg;
		break;
	case 'C':
		a->rig.candidate = optarg;
		break;
	case 'c':
		if (a->rig.n_country_db < 8)
			a->db[a->rig.n_country_db++] = optarg;
		break;
	case 'l':
		a->rig.log_dir = optarg;
		break;
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void parse_args(struct args *a, int argc, char **argv)
{
	static const struct option options[] = {
		{"flows", required_argument, NULL, 'f'},
		{"zipf", no_argument, NULL, 'z'},
		{"ip", required_argument, NULL, 'i'},
		{"tcp", no_argument, NULL, 't'},
		{"esp", no_argument, NULL, 'E'},
		{"tagged", no_argument, NULL, 'Q'},
		{"mixed", no_argument, NULL, 'x'},
		{"size", required_argument, NULL, 's'},
		{"new", required_argument, NULL, 'n'},
		{"insert", no_argument, NULL, 'I'},
		{"rounds", required_argument, NULL, 'r'},
		{"bursts", required_argument, NULL, 'b'},
		{"burst", required_argument, NULL, 'B'},
		{"no-huge", no_argument, NULL, 'H'},
		{"policy", required_argument, NULL, 'p'},
		{"candidate", required_argument, NULL, 'C'},
		{"country-db", required_argument, NULL, 'c'},
		{"log", required_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(a, opt);
	for (int i = optind; i < argc && a->n_eal < 16; i++)
		a->eal[a->n_eal++] = argv[i];
	if (a->t.flows < 16 ||
		(a->t.version != 4 && a->t.version != 6 && a->t.version != TRAFFIC_DUAL)) {
		fputs(usage, stderr);
		exit(2);
	}
}

static int run(void *arg)
{
	struct args *a = arg;
	struct rig *r = aligned_alloc(64, (sizeof(*r) + 63) & ~(size_t)63);

	if (r == NULL || rig_init(r, &a->rig) != 0)
		return 2;
	traffic_init(&a->t);
	if (a->insert)
		insertion(r, a);
	else
		established(r, a);
	rig_fini(r);
	free(r);
	return 0;
}

int main(int argc, char **argv)
{
	static struct args a = {
		.t = {.flows = 10000, .version = 4, .size = 60, .state = 0x2545f4914f6cdd1d},
		.rig = {.burst = 64, .huge = true},
		.rounds = 7,
		.bursts = 4096,
	};
	unsigned lcore;
	struct eal *eal; // until the process ends
	char err[256];

	parse_args(&a, argc, argv);
	a.rig.country_db = a.db;
	a.rig.udp_timeout_s = a.insert ? 4 : a.fresh != 0 ? 5 : 60;
	a.rig.max_flows =
		a.t.flows + (a.fresh != 0 ? 2 * a.t.flows + 1000000 : a.t.flows / 64 + 1024);
	if (eal_start(a.eal, a.n_eal, &eal, err, sizeof(err)) < 0) {
		fprintf(stderr, "bench_pipeline: %s\n", err);
		return 2;
	}
	// As in the gateway: the main lcore has other things to do, the worker its own.
	lcore = rte_get_next_lcore(rte_lcore_id(), 1, 0);
	if (lcore == RTE_MAX_LCORE)
		return run(&a);
	rte_eal_remote_launch(run, &a, lcore);
	return rte_eal_wait_lcore(lcore);
}
