// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Rings, thread and log together.

#include "app/flowlog/writer.h"
#include "fake_policy.h"
#include "sample.h"
#include "scratch.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define RINGS 2

struct bench {
	struct flowlog *log;
	struct record_ring *rings[RINGS];
	struct log_writer *writer;
};

static void begin(struct bench *b, const struct scratch *s)
{
	// The thread goes by the clock: the samples' time must not make a file old.
	const struct flowlog_config c = {.gateway = "gw-a1",
		.dir = s->dir,
		.segment_s = UINT32_MAX,
		.live = true,
		.words = sample_words()};
	const struct notice_start n = {
		.t = SAMPLE_T, .version = "0.1.0", .mode = "inline", .dpi = "nDPI 4.2.0"};
	char err[256] = "";

	b->log = flowlog_open(&c, err, sizeof(err));
	assert_non_null(b->log);
	assert_int_equal(flowlog_start(b->log, &n), 0);
	for (unsigned i = 0; i < RINGS; i++) {
		b->rings[i] = record_ring_create(256);
		assert_non_null(b->rings[i]);
	}
}

static void start_thread(struct bench *b)
{
	char err[256] = "";

	b->writer = log_writer_start(b->log, b->rings, RINGS, err, sizeof(err));
	assert_non_null(b->writer);
}

static void finish(struct bench *b, struct flowlog_stats *st)
{
	const struct notice_stop stop = {.t = SAMPLE_T, .why = "signal", .packets = 5};
	char err[256] = "";

	assert_int_equal(log_writer_stop(b->writer, &stop), 0);
	flowlog_get_stats(b->log, st);
	assert_int_equal(flowlog_close(b->log, err, sizeof(err)), 0);
	for (unsigned i = 0; i < RINGS; i++) {
		record_ring_free(b->rings[i]);
	}
}

static void put(struct bench *b, unsigned ring, unsigned n)
{
	const struct record_sink sink = record_ring_sink(b->rings[ring]);
	struct record r = sample_record();

	for (unsigned i = 0; i < n; i++) {
		r.fid = i;
		while (sink.emit(sink.ctx, &r) != 0) {
			nanosleep(&(struct timespec){0, 100000}, NULL);
		}
	}
}

static void test_all_are_written(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_stats st;
	struct bench b;
	uint64_t lost;

	begin(&b, s);
	start_thread(&b);
	for (unsigned round = 0; round < 10; round++) {
		put(&b, 0, 300);
		put(&b, 1, 100);
	}
	lost = record_ring_lost_count(b.rings[0]) + record_ring_lost_count(b.rings[1]);
	finish(&b, &st);
	// Each refused try is a lost record to the log: the caller here tries again on its own
	// account.
	assert_int_equal(st.lost_ring, lost);
	assert_int_equal(st.written, 4000 + 2 + st.gaps);
	assert_int_equal(st.attempted, st.written + lost);
	assert_int_equal(scratch_validate(s->dir), 0);
}

static void test_full_ring_is_told(void **state)
{
	const struct scratch *s = *state;
	const struct record r = sample_record();
	struct flowlog_stats st;
	struct bench b;
	char path[256], *text;
	size_t len;

	begin(&b, s);
	for (unsigned i = 0; i < 300; i++) {
		record_ring_put(b.rings[1], &r);
	}
	assert_int_equal(record_ring_lost_count(b.rings[1]), 44);
	start_thread(&b);
	finish(&b, &st);
	assert_int_equal(st.written, 256 + 3);
	assert_int_equal(st.lost_ring, 44);
	assert_int_equal(scratch_validate(s->dir), 0);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 1);
	text = scratch_lines(path, &len);
	assert_non_null(strstr(text, "\"cause\":\"ring_full\",\"lost\":44,"));
	assert_non_null(strstr(text, "\"attempted\":303,\"written\":259,\"lost_ring\":44,"));
	free(text);
}

// A notice that was given before a record stands before it; its strings need not live on.
static void test_notices(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_stats st;
	struct bench b;
	char path[256], *text, id[16];
	size_t len;

	begin(&b, s);
	start_thread(&b);
	for (unsigned i = 0; i < 5; i++) {
		struct notice_policy n = {.t = SAMPLE_T,
			.how = "push",
			.outcome = "published",
			.version = 1,
			.epoch = 1};

		snprintf(id, sizeof(id), "policy-%u", i);
		n.id = id;
		assert_int_equal(log_writer_policy(b.writer, &n), 0);
		memset(id, '?', sizeof(id));
	}
	put(&b, 0, 1);
	finish(&b, &st);
	assert_int_equal(st.written, 8);
	assert_int_equal(scratch_validate(s->dir), 0);
	scratch_find(s->dir, SEGMENT_SUFFIX, 0, path);
	text = scratch_lines(path, &len);
	assert_non_null(
		strstr(text, "\"seq\":2,\"t0\":1795510800000000,\"t1\":1795510800000000,"
			     "\"how\":\"push\",\"outcome\":\"published\",\"id\":\"policy-0\","
			     "\"pol\":1,\"epoch\":1}\n"));
	assert_non_null(strstr(text, "\"id\":\"policy-4\""));
	assert_non_null(strstr(text, "\"ev\":\"end\",\"gw\":\"gw-a1\",\"seq\":7,"));
	free(text);
}

#define ROUNDS 10000

// However the writer's rounds fall between the two: a record of version n stands behind its notice.
static void test_notice_before_its_records(void **state)
{
	const struct scratch *s = *state;
	struct record r = sample_record();
	struct flowlog_stats st;
	unsigned told = 0, records = 0;
	struct bench b;
	char path[256], *text;
	size_t len;

	begin(&b, s);
	start_thread(&b);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		const struct notice_policy n = {.t = SAMPLE_T,
			.how = "push",
			.outcome = "published",
			.id = "p",
			.version = i,
			.epoch = i};

		assert_int_equal(log_writer_policy(b.writer, &n), 0);
		r.fid = i;
		assert_int_equal(record_ring_put(b.rings[i % RINGS], &r), 0);
		// In full rings the two would go in step: let the writer fall asleep again.
		while (i % 100 == 0 &&
			record_ring_put_count(b.rings[0]) != record_ring_taken_count(b.rings[0])) {
			sched_yield();
		}
	}
	finish(&b, &st);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 1);
	text = scratch_lines(path, &len);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		const char *epoch = strstr(line, "\"epoch\":"), *fid = strstr(line, "\"fid\":\"");

		if (strstr(line, "\"ev\":\"policy\"") != NULL && epoch != NULL) {
			assert_int_equal(strtoul(epoch + 8, NULL, 10), ++told);
		} else if (fid != NULL) {
			assert_in_range(strtoul(fid + 7, NULL, 16), 1, told);
			records++;
		}
	}
	assert_int_equal(told, ROUNDS);
	assert_int_equal(records, ROUNDS);
	free(text);
}

// What a worker put reaches the file and the counters without anybody asking.
static void test_flushes_by_itself(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_stats st = {0};
	struct bench b;
	char path[256], *text;
	size_t len;

	begin(&b, s);
	start_thread(&b);
	put(&b, 0, 10);
	for (unsigned i = 0; i < 1000 && st.written < 11; i++) {
		nanosleep(&(struct timespec){0, 10000000}, NULL);
		log_writer_stats(b.writer, &st);
	}
	assert_int_equal(st.written, 11);
	assert_int_equal(record_ring_taken_count(b.rings[0]), 10);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, path), 1);
	text = scratch_lines(path, &len);
	assert_int_equal(len, st.bytes);
	free(text);
	finish(&b, &st);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_are_written),
		TEST(test_full_ring_is_told),
		TEST(test_notices),
		TEST(test_notice_before_its_records),
		TEST(test_flushes_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
