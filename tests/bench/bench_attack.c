// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What an attack takes from established flows.
//
// The same worker, with classification on, gets rounds of bursts of established flows alone (A) and
// rounds in which a share of the packets is an attacker's (B), in turn. Timed are the worker's
// turns; the worker is always behind, as under a flood. Established packets per cycle in B over
// those in A is what is left of their rate; the loss has two parts: the attacker's packets must be
// received, looked up and sent on (share of the packets), and what more they cost.
//
// One line of JSON on standard output; scripts/bench makes a table of several.

#include "drivers/eal/eal.h"
#include "tests/bench/attack.h"
#include "tests/bench/figures.h"
#include "tests/bench/rig.h"

#include <getopt.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTLIER    20 // times the median burst: interrupted by the kernel or the hypervisor
#define MAX_ROUNDS 101
#define MAX_BURSTS 65536
#define WARM       30 // packets of each flow before: its label is final after 24

struct args {
	struct traffic t;
	struct attack attack;
	struct rig_config rig;
	unsigned rounds, bursts, permille, room;
	bool seed_known;
	const char *db[2];
	char *eal[16];
	size_t n_eal;
	_Atomic(struct dpi_lcore *) dpi_lcore; // for the main lcore, when there is one
	_Atomic bool over;                     // there will be none any more
};

struct result {         // of one round
	double cycles;  // a burst
	double victims; // established packets a burst
};

// A receive ring's worth of frames. Returns how many are the attacker's. An attack comes from
// outside, and so does what it hides in.
static unsigned load(struct rig *r, struct args *a, unsigned permille)
{
	unsigned n = RIG_LOAD / r->c.burst * r->c.burst, hostile = 0;
	struct rte_mbuf *m[RIG_LOAD];

	rig_take(r, m, n);
	for (unsigned i = 0; i < n; i++) {
		uint8_t *b = rte_pktmbuf_mtod(m[i], uint8_t *);
		bool bad = (traffic_random(&a->t) >> 32) % 1000 < permille;

		hostile += bad;
		m[i]->data_len = bad ? attack_frame(&a->attack, b)
				     : traffic_frame(&a->t, traffic_pick(&a->t), false, b);
		m[i]->pkt_len = m[i]->data_len;
	}
	rig_put(r, 1, m, n);
	return hostile;
}

// The time that it took to make the frames is not the worker's, and earns it nothing (budget.h).
static void go_on(struct rig *r)
{
	r->w.pl->budget.since = budget_now();
}

static uint64_t received(const struct rig *r)
{
	const uint64_t *rx = r->w.stats.rx_packets;

	return rx[r->port[0].id] + rx[r->port[1].id];
}

static struct result one_round(struct rig *r, struct args *a, unsigned permille, uint32_t *v)
{
	uint64_t hostile = 0, first = received(r), packets, sum = 0, carry = 0;
	size_t n = 0, kept = 0;

	while (n + RIG_LOAD <= MAX_BURSTS && n < a->bursts) {
		unsigned got;

		hostile += load(r, a, permille);
		go_on(r);
		do {
			uint64_t before = received(r), t = rte_rdtsc_precise();

			got = worker_turn(&r->w);
			t = rte_rdtsc_precise() - t + carry;
			carry = 0;
			if (received(r) != before)
				v[n++] = t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
			else if (got != 0) // answers of a DPI lcore: part of the next burst's cost
				carry = t;
		} while (got != 0);
		rig_drain(r);
	}
	packets = received(r) - first;
	qsort(v, n, sizeof(*v), by_u32);
	while (kept < n && v[kept] <= (uint64_t)OUTLIER * v[n / 2])
		sum += v[kept++];
	return (struct result){(double)sum / (double)kept,
		(double)(packets - hostile) / (double)packets * r->c.burst};
}

// The attack is under way: what the worker had saved up for new flows while there was none is used
// up (budget.h), or as much has been sent as would have.
static void lead_in(struct rig *r, struct args *a)
{
	uint64_t shed = r->w.pl->stats.flows_shed;

	for (unsigned i = 0; i < 1000 && r->w.pl->stats.flows_shed - shed < 64; i++) {
		load(r, a, a->permille);
		go_on(r);
		while (worker_turn(&r->w) != 0)
			;
		rig_drain(r);
		if (a->rig.new_share == 0 || a->attack.kind == ATTACK_ELEPHANT)
			break;
	}
}

// A DPI lcore is given time: every flow is to have its label.
static void let_it_catch_up(struct rig *r)
{
	while (r->lanes.n != 0 && !message_ring_roomy(&r->lanes.lane[0].requests)) {
		worker_turn(&r->w);
		usleep(100);
	}
}

static void warm(struct rig *r, struct args *a)
{
	uint32_t flows[RIG_LOAD];

	for (unsigned pass = 0; pass < WARM; pass++)
		for (uint32_t f = 0; f < a->t.flows;) {
			unsigned n = 0;

			// Short of a burst: no packets wait, and every flow is begun.
			while (n + 1 < r->c.burst && f < a->t.flows)
				flows[n++] = f++;
			let_it_catch_up(r);
			rig_load(r, &a->t, pass % 2, flows, n);
			while (worker_turn(&r->w) != 0)
				;
			rig_drain(r);
		}
	// The flows are established when their labels are there.
	for (unsigned i = 0; i < 20000 && r->lanes.open != 0; i++) {
		worker_turn(&r->w);
		usleep(100);
	}
}

static void print_counters(const struct rig *r)
{
	const struct pipeline_stats *s = &r->w.pl->stats;

	printf("\"live\": %u, \"max_flows\": %u, \"dpi_open\": %u, \"dpi_contexts\": %u, "
	       "\"overflow_buckets\": %u, \"flows_begun\": %llu, \"counters\": {",
		r->w.pl->table.live, r->w.pl->table.max,
		r->lanes.n != 0 ? r->lanes.open : dpi_flows_open(r->dpi), r->c.dpi_contexts,
		r->w.pl->table.fresh_bucket, (unsigned long long)s->flows_begun);
	for (unsigned i = 0; i < REASON_OUTCOME_COUNT; i++)
		if (s->packets[i] != 0)
			printf("\"%s\": %llu, ", reason_outcome_name(i),
				(unsigned long long)s->packets[i]);
	for (unsigned i = 0; i < NOTE_COUNT; i++)
		if (s->notes[i] != 0)
			printf("\"%s\": %llu, ", reason_note_name(i),
				(unsigned long long)s->notes[i]);
	printf("\"flow_table_full\": %llu, \"dpi_full\": %llu, \"classification_shed\": %llu, "
	       "\"flows_shed\": %llu, \"labels\": %llu, \"lane_full\": %llu, "
	       "\"unanswered\": %llu}}\n",
		(unsigned long long)s->table_full, (unsigned long long)s->dpi_full,
		(unsigned long long)s->dpi_shed, (unsigned long long)s->flows_shed,
		(unsigned long long)s->labels, (unsigned long long)r->lanes.stats.full,
		(unsigned long long)r->lanes.stats.unanswered);
}

static void measure(struct rig *r, struct args *a)
{
	double left[MAX_ROUNDS], quiet[MAX_ROUNDS], cost[MAX_ROUNDS];
	uint32_t *v = calloc(MAX_BURSTS, sizeof(*v));
	double hz = (double)rte_get_tsc_hz(), speed, rest, each_costs;
	unsigned n = a->rounds;

	if (v == NULL)
		exit(2);
	warm(r, a);
	one_round(r, a, a->permille, v);
	for (unsigned i = 0; i < n; i++) {
		struct result x = one_round(r, a, 0, v), y;
		double each = x.cycles / x.victims;

		lead_in(r, a);
		y = one_round(r, a, a->permille, v);
		quiet[i] = hz / each / 1e6;
		left[i] = (y.victims / y.cycles) * each;
		cost[i] = (y.cycles - y.victims * each) / (r->c.burst - y.victims);
	}
	speed = median(quiet, n);
	rest = median(left, n);
	each_costs = median(cost, n);
	printf("{\"attack\": \"%s\", \"permille\": %u, \"rounds\": %u, \"quiet_mpps\": %.2f, "
	       "\"left\": %.3f, \"left_min\": %.3f, \"left_max\": %.3f, \"cost\": %.0f, "
	       "\"cost_min\": %.0f, \"cost_max\": %.0f, ",
		attack_names[a->attack.kind], a->permille, n, speed, rest, left[0], left[n - 1],
		each_costs, cost[0], cost[n - 1]);
	print_counters(r);
	free(v);
}

static const char usage[] =
	"usage: bench_attack [options] [-- EAL arguments]\n"
	"  --attack syn|scan|fragment|collide|elephant --permille N (attacker's packets)\n"
	"  --ip6 (the attack; syn and scan)\n"
	"  --flows N --room N (flows of the table beyond those) --dpi N (contexts)\n"
	"  --seed-known (collide: the attacker has the worker's seed, which nobody has)\n"
	"  --dpi-lcore (the EAL's main lcore does DPI; another one is the worker's)\n"
	"  --share PERCENT (flows.new_share, 5) --overload-block (exceptions.overload)\n"
	"  --rounds N --bursts N --no-huge --policy FILE --country-db FILE\n";

static void take_option(struct args *a, int opt)
{
	unsigned n = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 0;
	unsigned kind = 0;

	switch (opt) {
	case 'a':
		while (kind < ATTACK_COUNT && strcmp(optarg, attack_names[kind]) != 0)
			kind++;
		a->attack.kind = kind;
		break;
	case 'm':
		a->permille = n;
		break;
	case '6':
		a->attack.version = 6;
		break;
	case 'f':
		a->t.flows = n;
		break;
	case 'R':
		a->room = n;
		break;
	case 'd':
		a->rig.dpi_contexts = n;
		break;
	case 'k':
		a->seed_known = true;
		break;
	case 'D':
		a->rig.dpi_lcore = true;
		break;
	case 'o':
		a->rig.overload = POLICY_BLOCK;
		break;
	case 's':
		a->rig.new_share = n;
		break;
	case 'r':
		a->rounds = n;
		break;
	case 'b':
		a->bursts = n;
		break;
	case 'H':
		a->rig.huge = false;
		break;
	case 'p':
		a->rig.policy = optarg;
		break;
	case 'c':
		if (a->rig.n_country_db < 2)
			a->db[a->rig.n_country_db++] = optarg;
		break;
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void parse_args(struct args *a, int argc, char **argv)
{
	static const struct option options[] = {
		{"attack", required_argument, NULL, 'a'},
		{"permille", required_argument, NULL, 'm'},
		{"ip6", no_argument, NULL, '6'},
		{"flows", required_argument, NULL, 'f'},
		{"room", required_argument, NULL, 'R'},
		{"dpi", required_argument, NULL, 'd'},
		{"dpi-lcore", no_argument, NULL, 'D'},
		{"seed-known", no_argument, NULL, 'k'},
		{"share", required_argument, NULL, 's'},
		{"overload-block", no_argument, NULL, 'o'},
		{"rounds", required_argument, NULL, 'r'},
		{"bursts", required_argument, NULL, 'b'},
		{"no-huge", no_argument, NULL, 'H'},
		{"policy", required_argument, NULL, 'p'},
		{"country-db", required_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(a, opt);
	for (int i = optind; i < argc && a->n_eal < 16; i++)
		a->eal[a->n_eal++] = argv[i];
	if (a->attack.kind == ATTACK_COUNT ||
		(a->attack.version == 6 && a->attack.kind > ATTACK_SCAN) || a->permille > 999 ||
		a->permille == 0 || a->t.flows < 16 || a->rounds < 1 || a->rounds > MAX_ROUNDS ||
		a->bursts < 1 || a->bursts > MAX_BURSTS - RIG_LOAD || a->rig.dpi_contexts == 0) {
		fputs(usage, stderr);
		exit(2);
	}
}

static int run(void *arg)
{
	struct args *a = arg;
	struct rig *r = aligned_alloc(64, (sizeof(*r) + 63) & ~(size_t)63);
	int rc = 2;

	if (r == NULL || rig_init(r, &a->rig) != 0) {
		atomic_store(&a->over, true);
		return 2;
	}
	if (a->rig.dpi_lcore)
		atomic_store(&a->dpi_lcore, &r->dpi_lcore);
	traffic_init(&a->t);
	if (a->seed_known)
		a->attack.aim = r->w.pl->c.seed;
	if (attack_init(&a->attack) == 0) {
		measure(r, a);
		rc = 0;
	}
	attack_fini(&a->attack);
	atomic_store(&r->dpi_stop, true);
	while (a->rig.dpi_lcore && !atomic_load(&a->over)) // the main lcore is still at it
		rte_pause();
	rig_fini(r);
	free(r);
	return rc;
}

// What the main lcore does meanwhile.
static void do_dpi(struct args *a)
{
	struct dpi_lcore *d;

	while ((d = atomic_load(&a->dpi_lcore)) == NULL && !atomic_load(&a->over))
		rte_pause();
	if (d != NULL)
		dpi_lcore_run(d);
	atomic_store(&a->over, true);
}

int main(int argc, char **argv)
{
	static struct args a = {
		.t = {.flows = 10000, .version = 4, .size = 60, .state = 0x2545f4914f6cdd1d},
		.attack = {.version = 4, .state = 0x9e3779b97f4a7c15, .aim = {{3, 5, 7, 11}}},
		.rig = {.burst = 64,
			.huge = true,
			.new_share = 5,
			.dpi_contexts = 65536,
			.udp_timeout_s = 60},
		.permille = 100,
		.room = 1000000,
		.rounds = 7,
		.bursts = 2048,
	};
	unsigned lcore;
	struct eal *eal; // until the process ends
	char err[256];

	parse_args(&a, argc, argv);
	a.rig.country_db = a.db;
	a.rig.max_flows = a.t.flows + a.room;
	if (eal_start(a.eal, a.n_eal, &eal, err, sizeof(err)) < 0) {
		fprintf(stderr, "bench_attack: %s\n", err);
		return 2;
	}
	lcore = rte_get_next_lcore(rte_lcore_id(), 1, 0);
	if (lcore == RTE_MAX_LCORE && a.rig.dpi_lcore) {
		fprintf(stderr, "bench_attack: --dpi-lcore needs two lcores (-l)\n");
		return 2;
	}
	if (lcore == RTE_MAX_LCORE)
		return run(&a);
	rte_eal_remote_launch(run, &a, lcore);
	if (a.rig.dpi_lcore)
		do_dpi(&a);
	return rte_eal_wait_lcore(lcore);
}
