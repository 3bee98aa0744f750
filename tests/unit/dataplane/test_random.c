// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A pipeline that is short of everything under random traffic, damaged frames, publishes and a
// clock that jumps. Whatever happens, the sums agree: every packet has one outcome, every flow
// begun is live or ended, the last records add up to what was counted, and at the end nothing is
// held.
//
// RANDOM_SEED: where it begins; default 1.

#include "tests/unit/dataplane/draw.h"
#include "tests/unit/dataplane/recipe.h"
#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BURSTS   20000
#define CAPTURES 30

static uint64_t rng;

static uint32_t below(uint32_t n)
{
	return (uint32_t)(draw64(&rng) >> 16) % n;
}

static const char *const rules[] = {
	"",
	"{\"id\":\"a\",\"match\":{\"dports\":[\"9\"]},\"action\":\"block\",\"reason\":\"A\","
	"\"capture\":{\"packets\":3,\"snap\":96}}",
	"{\"id\":\"b\",\"match\":{\"apps\":[\"ssh\"]},\"action\":\"block\",\"reason\":\"B\","
	"\"capture\":{\"packets\":5,\"snap\":1500}}",
	"{\"id\":\"c\",\"match\":{\"border\":[\"unknown\"],\"dports\":[\"1000-3000\"]},"
	"\"action\":\"flag\",\"reason\":\"C\"},"
	"{\"id\":\"a\",\"match\":{\"dports\":[\"9\"]},\"action\":\"block\",\"reason\":\"A\"}",
	"{\"id\":\"d\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"block\",\"reason\":"
	"\"D\",\"valid_from\":\"2026-09-21T14:43:30Z\"}",
};

static const char *const limits[] = {
	"",
	"{\"id\":\"l\",\"match\":{\"border\":[\"unknown\"]},\"per\":\"flow\",\"bytes_out\":300,"
	"\"then\":\"flag\","
	"\"reason\":\"L\"}",
	"{\"id\":\"l\",\"match\":{\"border\":[\"unknown\"]},\"per\":\"flow\",\"seconds\":30,"
	"\"then\":\"block\","
	"\"reason\":\"L\"},"
	"{\"id\":\"m\",\"match\":{\"border\":[\"unknown\"]},\"per\":\"tenant\",\"window\":\"hour\","
	"\"bytes_out\":50000,"
	"\"seconds\":5000,\"flows\":2000,\"then\":\"block\",\"reason\":\"M\"}",
};

static const char *const frames[] = {
	"eth=0x0800 ip4=17 udp=%u,%u data=20",
	"eth=0x0800 ip4=6 tcp=%u,%u set=47,2",
	"eth=0x0800 ip4=6 tcp=%u,%u data=12",
	"eth=0x0800 ip4=6 tcp=%u,%u set=47,17",
	"eth=0x0800 ip4=6 tcp=%u,%u set=47,4",
	"eth=0x86dd ip6=6 tcp=%u,%u data=12",
	"eth=0x86dd ip6=17 udp=%u,%u data=20",
	"eth=0x8100 tag=5,0x86dd ip6=17 udp=%u,%u data=20",
	"eth=0x0800 ip4f=17,0,1,5 udp=%u,%u data=16",
	"eth=0x0800 ip4f=17,3,0,5 data=%u data=1 set=0,%u",
	"eth=0x0800 ip4=1 icmp=8,0 data=%u hex=00 set=0,%u",
	"eth=0x0806 data=28 set=20,%u set=21,%u",
	"eth=0x0800 ip4=17 udp=7,4789 vxlan=3 eth=0x0800 ip4=17 udp=%u,%u data=5",
	"eth=0x0800 ip4=6 tcp=%u,%u hex=5353482d322e302d4f70656e5353485f392e320d0a",
};

static void add_frame(struct rig *r)
{
	static const unsigned dports[] = {9, 22, 80, 443, 12345};
	const char *form = frames[below(sizeof(frames) / sizeof(frames[0]))];
	unsigned sport = strstr(form, "set=0,") != NULL || strstr(form, "set=20") != NULL
				 ? below(100)
				 : 1000 + below(below(4) == 0 ? 4000 : 20);
	bool back = below(3) == 0;
	char words[256];

	snprintf(
		words, sizeof(words), form, sport, dports[below(5)] % (sport < 1000 ? 254 : 65535));
	if (below(8) == 0) // damaged
		snprintf(words + strlen(words), sizeof(words) - strlen(words), " set=%u,%u",
			12 + below(40), below(256));
	rig_words(r, words, back, back ? SIDE_OUTSIDE : SIDE_INSIDE);
}

static void set_clock(struct rig *r)
{
	int64_t by = ((int64_t)below(7200) - 3600) * 1000000;

	pipeline_shift(r->pl, by);
	r->now += by;
}

static void check_sums(const struct rig *r, uint64_t packets)
{
	const struct pipeline_stats *s = &r->pl->stats;
	uint64_t outcomes = 0, ended = 0, flow = 0;

	for (unsigned i = 0; i < REASON_OUTCOME_COUNT; i++)
		outcomes += s->packets[i];
	for (unsigned i = 0; i <= RECORD_END_STOP; i++)
		ended += s->flows_ended[i];
	for (unsigned i = REASON_PASS_ALLOW; i <= REASON_PASS_LOCAL; i++)
		flow += s->packets[i];
	flow += s->packets[REASON_STOP_BLOCK] + s->packets[REASON_STOP_PENDING];
	assert_int_equal(outcomes, packets);
	assert_int_equal(s->flows_begun - ended, r->pl->table.live);
	assert_int_equal(s->flow_packets, flow);
}

struct totals {
	uint64_t packets, bytes, ends;
};

// The rig keeps the last records only: they are taken after every burst.
static void take_ends(const struct rig *r, uint64_t *from, struct totals *t)
{
	assert_true(r->n_records - *from <= RIG_RECORDS);
	for (; *from < r->n_records; ++*from) {
		const struct record *e = &r->records[*from % RIG_RECORDS];

		if (e->ev != RECORD_END)
			continue;
		t->packets += e->op + e->rp + e->dp;
		t->bytes += e->ob + e->rb + e->db;
		t->ends++;
		assert_true(e->pp <= e->op + e->dp);
		assert_true(e->t1 >= e->t0);
	}
}

static void run(struct rig *r, struct totals *t)
{
	uint64_t packets = 0, from = 0;

	for (unsigned b = 0; b < BURSTS; b++) {
		unsigned n = 1 + below(RIG_BURST - 1);

		for (unsigned i = 0; i < n; i++)
			add_frame(r);
		rig_run(r);
		packets += n;
		if (below(200) == 0) {
			const struct rig_options o = {.rules = rules[below(5)],
				.limits = limits[below(3)],
				.block_with = below(2) ? "reset" : NULL,
				.pending = below(3) == 0 ? "block" : NULL,
				.max_packets = 1 + below(5),
				.max_bytes = 100 + below(2000)};
			const struct rig_options candidate = {
				.rules = rules[below(5)], .limits = limits[below(3)]};

			rig_publish(r, &o);
			policy_slot_reclaim(&r->slot, b);
			// And a candidate, the first of them after a while.
			rig_shadow(r, b > BURSTS / 4 && below(4) != 0 ? &candidate : NULL);
			policy_slot_reclaim(&r->shadow, b);
		}
		if (below(50) == 0)
			rig_wait(r, below(90) * 1000000);
		if (below(2000) == 0)
			set_clock(r);
		if (below(300) == 0)
			atomic_store(&r->log_full, below(3) == 0);
		pipeline_age(r->pl, r->now, below(32));
		take_ends(r, &from, t);
		if (b % 64 == 0)
			check_sums(r, packets);
	}
	pipeline_stop(r->pl);
	take_ends(r, &from, t);
	check_sums(r, packets);
}

static void check_nothing_held(struct rig *r, const struct totals *t)
{
	struct pipeline *pl = r->pl;

	assert_int_equal(t->ends, pl->stats.flows_begun);
	assert_int_equal(t->packets, pl->stats.flow_packets);
	assert_int_equal(t->bytes, pl->stats.flow_bytes);
	assert_int_equal(pl->table.live, 0);
	assert_int_equal(pl->table.live_ext, 0);
	assert_int_equal(pl->meters.live, 0);
	assert_int_equal(dpi_flows_open(r->dpi), 0);
	for (unsigned i = 0; i < CAPTURES; i++) // every capture has come back
		assert_non_null(flow_capture_begin(r->captures, 1, 64, 1));
	pipeline_age(pl, r->now + 1000000000, 64);
	for (uint64_t pass = 0; pass < 3; pass++)
		policy_slot_reclaim(&r->slot, BURSTS + pass * 2);
	assert_int_equal(policy_slot_reclaim(&r->slot, BURSTS + 10), 1);
	rig_shadow(r, NULL);
	pipeline_burst(pl, NULL, 0, r->now, true);
	for (uint64_t pass = 0; pass < 3; pass++)
		policy_slot_reclaim(&r->shadow, BURSTS + 20 + pass * 2);
	assert_int_equal(policy_slot_reclaim(&r->shadow, BURSTS + 30), 1);
	assert_true(pl->stats.candidate_differs > 0);
	for (uint32_t b = 0; b < pl->table.n_buckets; b++)
		assert_int_equal(pl->table.buckets[b].next, FLOW_NONE);
}

static void random_traffic(uint64_t seed)
{
	struct rig_options o = {.max_flows = 300, .contexts = 40, .captures = CAPTURES};
	struct totals t = {0};
	struct rig *r;

	rng = seed * 0x9e3779b97f4a7c15 | 1;
	o.rules = rules[below(5)];
	o.lazy = below(2);
	o.exceptions = (struct pipeline_exceptions){(uint8_t)below(3), (uint8_t)below(3),
		(uint8_t)below(3), (uint8_t)below(3), (uint8_t)below(3)};
	r = rig_new(&o);
	run(r, &t);
	check_nothing_held(r, &t);
	print_message("seed %llu: %llu packets of %llu flows, %llu decisions to block, table full "
		      "%llu, contexts full %llu, resets %llu, caps %llu, captures %llu, limits "
		      "passed %llu\n",
		(unsigned long long)seed, (unsigned long long)t.packets, (unsigned long long)t.ends,
		(unsigned long long)r->pl->stats.decisions[POLICY_BLOCK],
		(unsigned long long)r->pl->stats.table_full,
		(unsigned long long)r->pl->stats.dpi_full,
		(unsigned long long)r->pl->stats.resets_sent,
		(unsigned long long)r->pl->stats.caps_reached,
		(unsigned long long)r->pl->stats.captures_begun,
		(unsigned long long)r->pl->stats.limits_passed);
	rig_free(r);
}

static void test_random(void **state)
{
	const char *s = getenv("RANDOM_SEED");
	uint64_t first = s != NULL ? strtoull(s, NULL, 10) : 1;

	for (uint64_t i = first; i < first + 4; i++)
		random_traffic(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
