// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a worker does with frames that the other port does not send: they are lost, counted once,
// and given back.

#include "tests/unit/gateway/worker_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define UDP "eth=0x0800 ip4=17 udp=40000,12345 data=100"

// The other port takes no more: what fits goes, the rest is lost, counted once, and given back.
static void test_back_pressure(void **state)
{
	const struct worker_rig_options o = {0};
	struct worker_rig *r = worker_rig_new(&o);
	const struct worker_stats *s = &r->workers[0].stats;
	uint16_t out = r->ports[RIG_OUTSIDE].id;

	for (unsigned i = 0; i < 300; i++)
		worker_rig_put(r, RIG_INSIDE, UDP, false, i % 3 == 0 ? 64 : 0);
	worker_rig_run(r);
	assert_int_equal(worker_rig_outcome(r, REASON_PASS_ALLOW), RIG_TX_ROOM);
	assert_int_equal(worker_rig_outcome(r, REASON_LOST_TX), 300 - RIG_TX_ROOM);
	assert_int_equal(s->tx_packets[out], RIG_TX_ROOM);
	assert_true(s->tx_bytes[out] == RIG_TX_ROOM * 142);
	assert_true(r->workers[0].pl->stats.bytes[REASON_LOST_TX] == (300 - RIG_TX_ROOM) * 142);
	assert_true(s->tx_retries > 0);
	assert_int_equal(worker_rig_drain(r, RIG_OUTSIDE), RIG_TX_ROOM);
	worker_rig_put(r, RIG_INSIDE, UDP, false, 0); // and it goes on
	worker_rig_run(r);
	assert_int_equal(worker_rig_drain(r, RIG_OUTSIDE), 1);
	worker_rig_free(r);
}

// What the other port's interface would not send is lost before, and counted; a tag is beside its
// MTU, two are not. The rest of the burst goes on.
static void test_longer_than_the_mtu(void **state)
{
	static const char tagged[] = "eth=0x8100 tag=5,0x0800 ip4=17 udp=40000,12345 data=%u";
	const struct worker_rig_options o = {0};
	struct worker_rig *r = worker_rig_new(&o);
	const struct worker_stats *s = &r->workers[0].stats;
	uint16_t out = r->ports[RIG_OUTSIDE].id;
	char words[80];

	r->ports[RIG_OUTSIDE].longest = 142;
	for (unsigned turn = 0; turn < 2; turn++) { // before the flow's verdict is settled, after
		worker_rig_put(r, RIG_INSIDE, UDP, false, 0);
		worker_rig_put(r, RIG_INSIDE, UDP "1", false, 0); // more than a kilobyte
		for (unsigned data = 99; data <= 101; data++) {   // 141 bytes and four
			snprintf(words, sizeof(words), tagged, data);
			worker_rig_put(r, RIG_INSIDE, words, false, 0);
		}
		worker_rig_put(r, RIG_INSIDE,
			"eth=0x88a8 tag=5,0x0800 ip4=17 udp=40000,12345 data=100", false, 0);
		worker_rig_put(r, RIG_INSIDE,
			"eth=0x8100 tag=5,0x8100 tag=6,0x0800 ip4=17 udp=40000,12345 data=97",
			false, 0);
		worker_rig_run(r);
		assert_int_equal(worker_rig_drain(r, RIG_OUTSIDE), 3);
		worker_rig_put(r, RIG_OUTSIDE, UDP "1", true, 0); // its own way has no such end
		worker_rig_run(r);
		assert_int_equal(worker_rig_drain(r, RIG_INSIDE), 1);
	}
	assert_int_equal(worker_rig_outcome(r, REASON_LOST_MTU), 8);
	assert_int_equal(worker_rig_outcome(r, REASON_PASS_ALLOW), 8);
	assert_int_equal(s->tx_packets[out], 6);
	assert_true(s->tx_bytes[out] == 2 * (142 + 145 + 146));
	assert_true(r->workers[0].pl->stats.bytes[REASON_LOST_MTU] == 2 * (1043 + 147 + 146 + 147));
	worker_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back_pressure),
		cmocka_unit_test(test_longer_than_the_mtu),
	};
	int rc = worker_rig_eal(NULL, 0);

	return rc != 0 ? rc : cmocka_run_group_tests(tests, NULL, NULL);
}
