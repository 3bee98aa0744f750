// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Flows under a clock that goes back, is set, or jumps ahead.

#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define UDP        "eth=0x0800 ip4=17 udp=40000,12345 data=10"
#define TCP(flags) "eth=0x0800 ip4=6 tcp=40000,80 set=47," #flags

static const struct rig_options plain;

static void out(struct rig *r, const char *words)
{
	rig_words(r, words, false, SIDE_INSIDE);
	rig_run(r);
}

// The clock goes back by an hour: flows that begin after that end in their time, the table does not
// fill with what waits for the hour to pass, and a flow from before goes on.
static void test_clock_back(void **state)
{
	const struct rig_options o = {.max_flows = 100};
	struct rig *r = rig_new(&o);
	const int64_t hour = 3600000000;

	for (unsigned i = 1; i <= 10; i++) {
		const struct rig_packet p = {.flow = i, .proto = 17, .payload = "0123456789"};

		rig_add(r, &p);
	}
	rig_run(r);
	r->now -= hour;
	pipeline_set_back(r->pl, r->now);
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned k = 0; k < 50; k++) {
			const struct rig_packet p = {
				.flow = 100 + i * 50 + k, .proto = 17, .payload = "0123456789"};

			rig_add(r, &p);
		}
		rig_run(r);
		rig_wait(r, 61000000);
	}
	assert_int_equal(r->pl->stats.table_full, 0);
	assert_int_equal(r->pl->stats.flows_begun, 10 + 1000);
	assert_int_equal(r->ends, 1000);
	rig_wait(r, hour);
	assert_int_equal(r->ends, 1010);
	rig_free(r);
}

// A gateway whose clock is set: flows move with it, and end in their time by the new one.
static void test_clock_set(void **state)
{
	for (int64_t by = -3600000000; by <= 3600000000; by += 7200000000) {
		struct rig *r = rig_new(&plain);

		out(r, UDP);
		out(r, TCP(0x10));
		pipeline_shift(r->pl, by);
		r->now += by;
		rig_wait(r, 1000000);
		assert_int_equal(r->ends, 0);
		out(r, UDP);
		assert_int_equal(r->pl->stats.flows_begun, 2);
		rig_wait(r, 61000000);
		assert_int_equal(r->ends, 1);
		assert_int_equal(rig_last(r, RECORD_END)->proto, 17);
		assert_in_range(rig_last(r, RECORD_END)->t1 - rig_last(r, RECORD_END)->t0, 1000000,
			1010000);
		assert_in_range(rig_last(r, RECORD_END)->t0 - RIG_START - by, 0, 10000);
		rig_wait(r, 240000000);
		assert_int_equal(r->ends, 2);
		rig_free(r);
	}
}

// A jump ahead ends what is over by then, each flow once.
static void test_clock_ahead(void **state)
{
	struct rig *r = rig_new(&plain);

	out(r, UDP);
	out(r, TCP(2));
	rig_wait(r, INT64_C(86400000000) * 365);
	assert_int_equal(r->ends, 2);
	assert_int_equal(r->pl->stats.flows_ended[RECORD_END_IDLE], 2);
	out(r, UDP);
	assert_int_equal(r->pl->stats.flows_begun, 3);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_back),
		cmocka_unit_test(test_clock_set),
		cmocka_unit_test(test_clock_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
