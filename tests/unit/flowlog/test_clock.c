// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A wall clock that jumps does not make a log forget.

#include "app/flowlog/clock_watch.h"
#include "app/flowlog/progress.h"
#include "log_steps.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define MINUTE 60000000ll
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

// ---- the watch itself

static void test_believed(void **state)
{
	struct clock_watch w;

	(void)state;
	clock_watch_begin(&w, SAMPLE_T, 0);
	assert_true(clock_watch_look(&w, SAMPLE_T + DAY, 5));
	// Both go on, for years.
	for (int64_t t = 0; t < 1000 * DAY; t += 7 * HOUR)
		assert_true(clock_watch_look(&w, SAMPLE_T + DAY + t, 5 + t));
	// Small steps either way.
	assert_true(clock_watch_look(&w, SAMPLE_T + 1001 * DAY - HOUR, 5 + 1000 * DAY));
	assert_true(clock_watch_look(&w, SAMPLE_T + 1001 * DAY, 5 + 1000 * DAY));
	assert_true(clock_watch_look(&w, SAMPLE_T + 900 * DAY, 5 + 1000 * DAY));
}

static void test_step(void **state)
{
	struct clock_watch w;

	(void)state;
	clock_watch_begin(&w, 0, 0);
	assert_true(clock_watch_look(&w, SAMPLE_T, 0));
	assert_true(clock_watch_look(&w, SAMPLE_T + HOUR, 1));
	assert_false(clock_watch_look(&w, SAMPLE_T + HOUR + 2, 1));
	assert_false(clock_watch_look(&w, SAMPLE_T + HOUR + DAY, DAY));
	assert_true(clock_watch_look(&w, SAMPLE_T + HOUR + DAY + 1, DAY + 1));
	// Another while one is waited for begins anew.
	assert_false(clock_watch_look(&w, SAMPLE_T + 100 * DAY, 2 * DAY));
	assert_false(clock_watch_look(&w, SAMPLE_T + 100 * DAY + 23 * HOUR, 2 * DAY + 23 * HOUR));
	assert_false(clock_watch_look(&w, SAMPLE_T + 200 * DAY, 3 * DAY - MINUTE));
	assert_false(clock_watch_look(&w, SAMPLE_T + 200 * DAY + 2 * MINUTE, 3 * DAY + MINUTE));
	assert_true(clock_watch_look(&w, SAMPLE_T + 201 * DAY, 4 * DAY - MINUTE));
}

// Many small ones are a large one.
static void test_creeping(void **state)
{
	struct clock_watch w;

	(void)state;
	clock_watch_begin(&w, 0, 0);
	assert_true(clock_watch_look(&w, SAMPLE_T, 0));
	assert_true(clock_watch_look(&w, SAMPLE_T + 40 * MINUTE, 0));
	assert_false(clock_watch_look(&w, SAMPLE_T + 80 * MINUTE, 0));
}

static void test_start(void **state)
{
	struct clock_watch w;

	(void)state;
	clock_watch_begin(&w, SAMPLE_T, 0);
	assert_false(clock_watch_look(&w, SAMPLE_T + DAY + 1, 0));
	assert_false(clock_watch_look(&w, SAMPLE_T + 2 * DAY, DAY - 1));
	assert_true(clock_watch_look(&w, SAMPLE_T + 2 * DAY + 1, DAY));
	// What the run before had still to wait is waited; a page that nobody wrote makes a day of
	// it.
	clock_watch_begin(&w, SAMPLE_T, HOUR);
	assert_false(clock_watch_look(&w, SAMPLE_T, 0));
	assert_true(clock_watch_look(&w, SAMPLE_T + HOUR, HOUR));
	clock_watch_begin(&w, SAMPLE_T, -1);
	assert_false(clock_watch_look(&w, SAMPLE_T, 0));
	assert_int_equal(w.left, DAY);
	clock_watch_begin(&w, SAMPLE_T, INT64_MAX);
	assert_false(clock_watch_look(&w, SAMPLE_T, 0));
	assert_int_equal(w.left, DAY);
	clock_watch_begin(&w, INT64_MIN, 0);
	assert_false(clock_watch_look(&w, INT64_MAX, INT64_MIN));
	clock_watch_begin(&w, 0, 0); // an empty log has nothing to lose
	assert_true(clock_watch_look(&w, SAMPLE_T, 0));
}

// ---- a log

struct bench {
	struct flowlog_config config;
	struct flowlog *log;
	int64_t now, steady;
	atomic_int_least64_t clock; // the log's thread reads it
	uint64_t blocks;
};

static int64_t steady(void *ctx)
{
	struct bench *b = ctx;

	return atomic_load(&b->clock);
}

static void open_log(struct bench *b)
{
	struct flowlog_stats st;

	b->log = steps_open(&b->config);
	flowlog_get_stats(b->log, &st);
	b->blocks = st.blocks;
}

static void begin(struct bench *b, const struct scratch *s, uint32_t days, uint64_t bytes)
{
	memset(b, 0, sizeof(*b));
	b->config = steps_config(s);
	b->config.live = true;
	b->config.retain_days = days;
	b->config.retain_bytes = bytes;
	b->config.steady = steady;
	b->config.steady_ctx = b;
	b->now = SAMPLE_T;
	open_log(b);
}

// A record at this time, until it is in a block and what is due is done.
static struct flowlog_stats put(struct bench *b, int64_t wall, int64_t go_on)
{
	struct flowlog_stats st;

	b->now += wall;
	atomic_fetch_add(&b->clock, go_on);
	flowlog_flush(b->log, b->now);
	nanosleep(&(struct timespec){0, 250000000}, NULL); // of the thread two rounds
	steps_write(b->log, 1, b->now, 0);
	for (unsigned i = 0; i < 500; i++) {
		b->now += 1000000;
		atomic_fetch_add(&b->clock, 1000000);
		flowlog_flush(b->log, b->now);
		flowlog_get_stats(b->log, &st);
		if (st.blocks > b->blocks && st.checkpoint_blocks == st.blocks)
			break;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	assert_true(st.blocks > b->blocks);
	b->blocks = st.blocks;
	return st;
}

static unsigned segments(const struct bench *b)
{
	return scratch_find(b->config.dir, SEGMENT_SUFFIX, 0, NULL);
}

// All would be too old at once; only when the clock has gone on for a day it is.
static void test_jump(void **state)
{
	struct bench b;
	unsigned n;

	begin(&b, *state, 30, 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(put(&b, HOUR, HOUR).ages_wait, 0);
	n = segments(&b);
	assert_in_range(n, 4, 5);
	assert_true(put(&b, 400 * DAY, 1).ages_wait > 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(put(&b, 2 * HOUR, 2 * HOUR).ages_wait > 0);
	assert_true(segments(&b) >= n + 3);
	// Nor does another start end the wait.
	steps_close(b.log);
	open_log(&b);
	assert_true(put(&b, HOUR, HOUR).ages_wait > 15 * HOUR);
	n = segments(&b);
	assert_true(n >= 9);
	assert_int_equal(put(&b, DAY, DAY).ages_wait, 0);
	put(&b, 2 * HOUR, 2 * HOUR);
	put(&b, 2 * HOUR, 2 * HOUR);
	assert_true(segments(&b) < n);
	steps_close(b.log);
	assert_true(steps_verify(b.config.dir, NULL, 3).pruned >= 4);
}

// A start far behind the newest record, and retention by size meanwhile.
static void test_long_away(void **state)
{
	struct bench b;

	begin(&b, *state, 30, 0);
	for (unsigned i = 0; i < 4; i++)
		put(&b, 2 * HOUR, 2 * HOUR);
	steps_close(b.log);
	b.now += 100 * DAY;
	open_log(&b);
	assert_true(put(&b, 0, 0).ages_wait > 23 * HOUR);
	put(&b, 2 * HOUR, 2 * HOUR);
	put(&b, 2 * HOUR, 2 * HOUR);
	assert_true(segments(&b) >= 6);
	steps_close(b.log);
	b.config.retain_bytes = 1;
	open_log(&b);
	for (unsigned i = 0; i < 3; i++)
		assert_true(put(&b, 2 * HOUR, 2 * HOUR).ages_wait > 0);
	assert_true(segments(&b) <= 3);
	steps_close(b.log);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make_fast, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_believed),
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_creeping),
		cmocka_unit_test(test_start),
		TEST(test_jump),
		TEST(test_long_away),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
