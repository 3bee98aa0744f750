// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The timer wheel against a list of times: nothing early but what lies beyond the wheel, nothing
// late by more than two ticks, nothing twice, nothing forgotten; over jumps of the time in both
// directions.

#include "app/dataplane/timer.h"
#include "tests/unit/dataplane/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define FLOWS 2000
#define SPAN  ((int64_t)TIMER_TICK_US * (TIMER_SLOTS - 1)) // of the wheel
#define START 1790000000000000

struct clockwork {
	struct flow_table table;
	struct timer_wheel wheel;
	int64_t due[FLOWS]; // INT64_MAX: not set
	bool far[FLOWS];    // beyond the wheel when it was set
	int64_t now;
};

static uint64_t rng = 88172645463325252;

static int64_t random_below(int64_t n)
{
	return (int64_t)(draw64(&rng) >> 8) % n;
}

static struct clockwork *new_clockwork(void)
{
	const struct hash_seed seed = {{1, 3, 5, 7}};
	struct clockwork *c = calloc(1, sizeof(*c));

	c->now = START;
	assert_int_equal(flow_table_init(&c->table, FLOWS, &seed, false), 0);
	timer_init(&c->wheel, &c->table, c->now);
	for (unsigned i = 0; i < FLOWS; i++) {
		c->table.cold[i].timer_prev = FLOW_NONE;
		c->due[i] = INT64_MAX;
	}
	return c;
}

static void free_clockwork(struct clockwork *c)
{
	flow_table_fini(&c->table);
	free(c);
}

static void set(struct clockwork *c, uint32_t i, int64_t due)
{
	c->far[i] = due - (int64_t)c->wheel.tick * TIMER_TICK_US > SPAN - TIMER_TICK_US;
	timer_set(&c->wheel, i, due);
	c->due[i] = due;
}

// Takes all that is due; what came early from beyond the wheel is set again.
static unsigned run(struct clockwork *c)
{
	unsigned n = 0;
	uint32_t i;

	while ((i = timer_next(&c->wheel, c->now)) != FLOW_NONE) {
		assert_int_not_equal(c->due[i], INT64_MAX);
		n++;
		if (c->due[i] > c->now) {
			assert_true(c->far[i]);
			set(c, i, c->due[i]);
		} else {
			c->due[i] = INT64_MAX;
		}
	}
	return n;
}

static void check_none_late(const struct clockwork *c)
{
	for (unsigned i = 0; i < FLOWS; i++)
		if (c->due[i] != INT64_MAX)
			assert_true(c->due[i] > c->now - 2 * TIMER_TICK_US);
}

static void test_model(void **state)
{
	static const int64_t spans[] = {1, TIMER_TICK_US, 10000000, 300000000, SPAN, 4 * SPAN};
	struct clockwork *c = new_clockwork();

	for (unsigned round = 0; round < 100000; round++) {
		uint32_t i = (uint32_t)random_below(FLOWS);

		if (c->due[i] == INT64_MAX) {
			set(c, i, c->now + random_below(spans[random_below(6)]));
		} else if (random_below(3) == 0) {
			timer_clear(&c->wheel, i);
			c->due[i] = INT64_MAX;
		}
		if (random_below(4) == 0)
			c->now += random_below(spans[random_below(1000) == 0 ? 5 : 1]);
		if (random_below(16) == 0) {
			run(c);
			check_none_late(c);
		}
	}
	c->now += 5 * SPAN; // everything that waits comes, all of it
	while (run(c) != 0)
		c->now += TIMER_TICK_US;
	for (unsigned i = 0; i < FLOWS; i++)
		assert_int_equal(c->due[i], INT64_MAX);
	free_clockwork(c);
}

// What is due in the past is looked at soon, not never.
static void test_past(void **state)
{
	struct clockwork *c = new_clockwork();

	run(c);
	set(c, 1, c->now - 1000000000);
	set(c, 2, -5);
	c->now += 2 * TIMER_TICK_US;
	assert_int_equal(run(c), 2);
	free_clockwork(c);
}

// A day in one step: one turn of the wheel, and each flow once.
static void test_jump(void **state)
{
	struct clockwork *c = new_clockwork();
	uint64_t tick;

	for (uint32_t i = 0; i < FLOWS; i++)
		set(c, i, c->now + i * 1000000);
	c->now += 86400000000;
	tick = c->wheel.tick;
	assert_int_equal(run(c), FLOWS);
	assert_true(c->wheel.tick > tick + TIMER_SLOTS);
	check_none_late(c);
	free_clockwork(c);
}

// The time is set back by an hour: what is set then is looked at on time by the new clock, and what
// waited before is not lost.
static void test_back(void **state)
{
	struct clockwork *c = new_clockwork();
	int64_t back;

	for (uint32_t i = 0; i < 100; i++)
		set(c, i, c->now + i * 1000000);
	c->now = back = c->now - 3600000000;
	timer_set_back(&c->wheel, c->now);
	for (uint32_t i = 100; i < 200; i++)
		set(c, i, c->now + (i - 100) * 1000000);
	c->now += 101000000;
	for (uint32_t i; (i = timer_next(&c->wheel, c->now)) != FLOW_NONE;)
		c->due[i] = c->due[i] > c->now ? INT64_MAX : 0; // early ones are off the wheel now
	for (uint32_t i = 100; i < 200; i++)
		assert_int_equal(c->due[i], 0);
	for (uint32_t i = 0; i < 100; i++) { // as a pipeline does: set again
		if (c->due[i] == INT64_MAX)
			set(c, i, START + i * 1000000);
	}
	c->now = START + 101000000;
	run(c);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(c->due[i], INT64_MAX);
	assert_true(c->now > back);
	free_clockwork(c);
}

// An empty wheel costs at most a turn, whatever the time does; then nothing.
static void test_bounded(void **state)
{
	struct clockwork *c = new_clockwork();
	uint64_t before;

	c->now += INT64_C(1000000) * 86400 * 365;
	assert_int_equal(timer_next(&c->wheel, c->now), FLOW_NONE);
	before = c->wheel.tick;
	assert_int_equal(before, (uint64_t)c->now / TIMER_TICK_US + 1);
	assert_int_equal(timer_next(&c->wheel, c->now), FLOW_NONE);
	assert_int_equal(c->wheel.tick, before);
	free_clockwork(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_past),
		cmocka_unit_test(test_jump),
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
