// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a worker does while no packets come (workers.idle), and that it knows when it is behind.

#include "tests/unit/gateway/worker_rig.h"

#include <rte_launch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define UDP "eth=0x0800 ip4=17 udp=40000,12345 data=100"

static uint64_t looks(const struct worker *w)
{
	return __atomic_load_n(&w->stats.idle_loops, __ATOMIC_RELAXED);
}

// A worker without packets rests, or does not, as it is told; the next packet comes out all the
// same, and what is due meanwhile is done.
static void test_idle(void **state)
{
	for (enum idle_mode mode = IDLE_POLL; mode <= IDLE_SLEEP; mode++) {
		const struct worker_rig_options o = {0};
		struct worker_rig *r = worker_rig_new(&o);
		struct worker *w = &r->workers[0];

		w->idle.mode = mode;
		w->idle.max_us = 100;
		assert_int_equal(rte_eal_remote_launch(worker_run, w, 1), 0);
		for (unsigned i = 0; i < 3; i++) {
			uint64_t from = looks(w);

			while (looks(w) - from < IDLE_GRACE + 32)
				usleep(100);
			worker_rig_put(r, RIG_INSIDE, UDP, false, 0);
			while (worker_rig_drain(r, RIG_OUTSIDE) == 0)
				usleep(100);
		}
		atomic_store(&r->stop, true);
		rte_eal_wait_lcore(1);
		assert_int_equal(w->idle.waits != 0, mode != IDLE_POLL);
		assert_int_equal(worker_rig_flows(r), 1);
		worker_rig_free(r);
	}
}

// After a rest flows age at once, and while there are more of them the worker does not rest.
static void test_idle_age(void **state)
{
	const struct worker_rig_options o = {0};
	struct worker_rig *r = worker_rig_new(&o);
	struct worker *w = &r->workers[0];
	char words[128];

	for (unsigned f = 0; f < 100; f++) {
		snprintf(words, sizeof(words), "eth=0x0800 ip4=17 udp=%u,12345 data=10", 1000 + f);
		worker_rig_put(r, RIG_INSIDE, words, false, 0);
		worker_rig_run(r);
		worker_rig_drain(r, RIG_OUTSIDE);
	}
	for (unsigned i = 0; i < 100; i++)
		w->pl->table.hot[i].last -= 3600000000;
	timer_look_at_all(w->pl->wheel, w->pl->now + 60000000);
	w->pl->now += 60000000;
	w->stats.idle_loops = 1; // not the turn at which a worker that polls looks
	w->idle.mode = IDLE_SLEEP;
	w->idle.empty = IDLE_GRACE;
	worker_turn(w);
	assert_int_equal(w->pl->table.live, 100);
	w->idle.waited = true;
	worker_turn(w);
	assert_int_equal(w->pl->table.live, 36);
	assert_int_equal(w->idle.empty, 0);
	assert_false(w->idle.waited);
	worker_rig_free(r);
}

// Packets wait where full bursts follow each other, whatever their size; the end of them ends it.
static void test_behind(void **state)
{
	static const uint16_t bursts[] = {1, 16, 64};

	for (unsigned k = 0; k < 3; k++) {
		const struct worker_rig_options o = {0};
		struct worker_rig *r = worker_rig_new(&o);
		struct worker *w = &r->workers[0];
		unsigned most = w->burst;

		w->burst = bursts[k] < most ? bursts[k] : (uint16_t)most;
		for (unsigned i = 0; i < 100; i++)
			worker_rig_put(r, RIG_INSIDE, UDP, false, 0);
		for (unsigned n = w->burst; n < 64; n += w->burst) {
			worker_turn(w);
			assert_false(w->pl->budget.behind);
		}
		worker_turn(w);
		assert_true(w->pl->budget.behind);
		worker_rig_run(r);
		assert_false(w->pl->budget.behind); // an empty turn ends it, too
		worker_rig_put(r, RIG_INSIDE, UDP, false, 0);
		worker_turn(w);
		assert_false(w->pl->budget.behind);
		worker_rig_run(r);
		worker_rig_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_idle_age),
		cmocka_unit_test(test_behind),
	};
	int rc = worker_rig_eal(NULL, 0);

	return rc != 0 ? rc : cmocka_run_group_tests(tests, NULL, NULL);
}
