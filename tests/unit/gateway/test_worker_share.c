// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Several workers: a flow has one of them, whichever queue its packets come by, and what is handed
// over between two is served once or lost and counted.

#include "tests/unit/gateway/worker_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UDP "eth=0x0800 ip4=17 udp=40000,12345 data=100"

// Distribution by hash: each flow has one worker, whichever port and direction its packets come by,
// and its packets stay in order. The outside's worker and the inside's are different ones.
static void test_distribution(void **state)
{
	const struct worker_rig_options o = {.n_workers = 2};
	struct worker_rig *r = worker_rig_new(&o);
	const struct worker *w = r->workers;
	char words[128];
	uint32_t last[64] = {0};
	uint8_t got[256];

	for (unsigned round = 1; round <= 20; round++) {
		for (unsigned f = 0; f < 64; f++) { // sequence numbers tell the order
			snprintf(words, sizeof(words), "eth=0x0800 ip4=6 tcp=%u,443 set=41,%u",
				1000 + f, round);
			worker_rig_put(r, RIG_INSIDE, words, false, f % 5 == 0 ? 20 : 0);
			snprintf(words, sizeof(words), "eth=0x0800 ip4=6 tcp=%u,443", 1000 + f);
			worker_rig_put(r, RIG_OUTSIDE, words, true, 0);
		}
		worker_rig_run(r);
		assert_int_equal(worker_rig_drain(r, RIG_INSIDE), 64);
		for (unsigned n = 0; n < 64; n++) {
			unsigned f;

			assert_int_equal(worker_rig_get(r, RIG_OUTSIDE, got, sizeof(got)), 54);
			f = parse_be16(got + 34) - 1000u;
			assert_int_equal(got[41], last[f] + 1);
			last[f] = got[41];
		}
	}
	assert_int_equal(worker_rig_flows(r), 64);
	assert_in_range(w[0].pl->stats.flows_begun, 10, 54);
	assert_int_equal(w[0].stats.handed_over, w[1].stats.taken_over);
	assert_int_equal(w[1].stats.handed_over, w[0].stats.taken_over);
	assert_int_equal(w[0].stats.handed_over + w[1].stats.handed_over, 20 * 64);
	assert_int_equal(worker_rig_outcome(r, REASON_PASS_ALLOW), 20 * 2 * 64);
	worker_rig_free(r);
}

// A port that keeps flows together by their outer ports takes the directions of a flow in a tunnel
// apart: they meet in one worker all the same. What is in no tunnel stays where it came in.
static void test_tunnels(void **state)
{
	const struct worker_rig_options o = {.n_workers = 2, .rss = true};
	struct worker_rig *r = worker_rig_new(&o);
	char words[160];

	for (unsigned f = 0; f < 60; f++) {
		for (unsigned back = 0; back < 2; back++) {
			snprintf(words, sizeof(words),
				"eth=0x0800 ip4=17 udp=%u,4789 vxlan=5 eth=0x0800 ip4=17 "
				"udp=%u,12345 data=10",
				50000 + 100 * back + f, 1000 + f);
			worker_rig_put(r, back ? RIG_OUTSIDE : RIG_INSIDE, words, back, 0);
		}
	}
	worker_rig_run(r);
	assert_int_equal(worker_rig_flows(r), 60);
	assert_in_range(r->workers[0].pl->stats.flows_begun, 10, 50);
	for (unsigned i = 0; i < 2; i++) {
		const struct flow_table *t = &r->workers[i].pl->table;

		for (uint32_t e = 0; e < t->fresh; e++) {
			assert_int_equal(t->hot[e].packets[0], 1);
			assert_int_equal(t->hot[e].packets[1], 1);
		}
	}
	for (unsigned i = 0; i < 50; i++)
		worker_rig_put(r, RIG_INSIDE, UDP, false, 0);
	worker_rig_run(r);
	assert_int_equal(r->workers[0].stats.handed_over + r->workers[1].stats.handed_over, 60);
	assert_int_equal(worker_rig_drain(r, RIG_INSIDE), 60);
	assert_int_equal(worker_rig_drain(r, RIG_OUTSIDE), 110);
	worker_rig_free(r);
}

// The same in a flood: a new flow is turned away by the worker whose it is, once. That is so in the
// second burst and the third of four, which are full and not the first.
static void test_tunnels_in_a_flood(void **state)
{
	const struct worker_rig_options o = {.n_workers = 2, .rss = true};
	struct worker_rig *r = worker_rig_new(&o);
	const struct worker *w = r->workers;
	char words[160];

	for (unsigned f = 0; f < 112; f++) {
		snprintf(words, sizeof(words),
			"eth=0x0800 ip4=17 udp=50000,4789 vxlan=5 eth=0x0800 ip4=17 "
			"udp=%u,12345 data=10",
			1000 + f);
		worker_rig_put(r, RIG_INSIDE, f % 2 == 0 ? words : UDP, false, 0);
	}
	for (unsigned i = 0; i < 2; i++)
		r->workers[i].pl->budget.closed = true;
	worker_rig_run(r);
	assert_in_range(w[0].stats.handed_over, 15, 41);
	assert_int_equal(w[1].stats.taken_over, w[0].stats.handed_over);
	assert_int_equal(w[1].stats.handed_over, 0);
	assert_in_range(w[0].pl->stats.flows_shed, 8, 24); // of 32; the others are w[1]'s, or UDP
	assert_int_equal(w[1].pl->stats.flows_shed, 0);
	assert_int_equal(w[1].pl->stats.flows_begun, w[1].stats.taken_over);
	assert_int_equal(worker_rig_outcome(r, REASON_PASS_OVERLOAD), w[0].pl->stats.flows_shed);
	assert_int_equal(worker_rig_outcome(r, REASON_PASS_ALLOW),
		112 - worker_rig_outcome(r, REASON_PASS_OVERLOAD));
	assert_int_equal(worker_rig_drain(r, RIG_OUTSIDE), 112);
	worker_rig_free(r);
}

// The other worker does not keep up: what its ring has no room for is lost, counted, given back.
static void test_handoff_full(void **state)
{
	const struct worker_rig_options o = {.n_workers = 2, .handoff = 16};
	struct worker_rig *r = worker_rig_new(&o);
	uint64_t lost, handed;
	char words[128];

	for (unsigned f = 0; f < 200; f++) {
		snprintf(words, sizeof(words), "eth=0x0800 ip4=17 udp=%u,12345 data=10", 1000 + f);
		worker_rig_put(r, RIG_INSIDE, words, false, 0);
	}
	while (worker_turn(&r->workers[0]) != 0)
		worker_rig_drain(r, RIG_OUTSIDE);
	lost = worker_rig_outcome(r, REASON_LOST_HANDOFF);
	handed = r->workers[0].stats.handed_over;
	assert_int_equal(handed, 15); // a ring of 16 holds 15
	assert_int_equal(lost + handed + r->workers[0].pl->stats.packets[REASON_PASS_ALLOW], 200);
	assert_true(lost > 20);
	worker_rig_run(r);
	assert_int_equal(r->workers[1].pl->stats.packets[REASON_PASS_ALLOW], 15);
	assert_int_equal(r->workers[1].stats.taken_over, 15);
	worker_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distribution),
		cmocka_unit_test(test_tunnels),
		cmocka_unit_test(test_tunnels_in_a_flood),
		cmocka_unit_test(test_handoff_full),
	};
	int rc = worker_rig_eal(NULL, 0);

	return rc != 0 ? rc : cmocka_run_group_tests(tests, NULL, NULL);
}
