// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The log in its directory and stream: numbers, rotation, restarts, the lock.

#include "log_steps.h"
#include "sample.h"
#include "scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_numbers_and_counters(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct flowlog *l = steps_open(&c);
	struct flowlog_stats st;
	char path[256], *text;
	size_t len;

	steps_start(l, SAMPLE_T);
	steps_write(l, 10, SAMPLE_T, 1000);
	flowlog_lost(l, 5, "ring_full", SAMPLE_T + 20000);
	steps_write(l, 1, SAMPLE_T + 30000, 0);
	steps_stop(l, SAMPLE_T + 40000);
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 40000), 0);
	flowlog_get_stats(l, &st);
	assert_int_equal(st.attempted, 19); // start, 10, 5 lost, gap, 1, stop
	assert_int_equal(st.written, 14);
	assert_int_equal(st.lost_ring, 5);
	assert_int_equal(st.lost_disk, 0);
	assert_int_equal(st.gaps, 1);
	assert_int_equal(st.next_seq, 20);
	steps_close(l);
	assert_int_equal(scratch_validate(s->dir), 0);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 1);
	assert_string_equal(path + strlen(s->dir), "/flow-20261124T090000Z-000001.jsonl.zst");
	text = scratch_lines(path, &len);
	assert_int_equal(len, st.bytes);
	assert_non_null(strstr(text, "\"gw\":\"gw \\\"a1\\\"\",\"seq\":17,\"t0\":1795510800020000,"
				     "\"t1\":1795510800020000,\"cause\":\"ring_full\",\"lost\":5,"
				     "\"from\":12,\"to\":16}\n"));
	assert_non_null(
		strstr(text, "\"attempted\":19,\"written\":14,\"lost_ring\":5,\"lost_disk\":0"));
	free(text);
}

// A block of n records at t. Each flush a second later hands it on.
static void block(struct flowlog *l, unsigned n, int64_t t)
{
	assert_int_equal(flowlog_flush(l, t), 0);
	steps_write(l, n, t, 0);
	assert_int_equal(flowlog_flush(l, t + 1000000), 0);
}

static void test_rotation_by_size(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct flowlog_stats st;
	struct flowlog *l;
	char path[256], *text;
	size_t len;
	unsigned files;

	c.segment_bytes = 10000;
	l = steps_open(&c);
	steps_start(l, SAMPLE_T);
	for (unsigned i = 0; i < 40; i++) {
		block(l, 3, SAMPLE_T + i * 2000000);
	}
	steps_stop(l, SAMPLE_T + 80000000);
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 80000000), 0);
	flowlog_get_stats(l, &st);
	assert_int_equal(st.written, 122);
	steps_close(l);
	files = scratch_find(s->dir, SEGMENT_SUFFIX, 0, NULL);
	assert_in_range(files, 4, 10);
	assert_int_equal(st.segments, files - 1);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, NULL), 0);
	for (unsigned i = 0; i < files; i++) {
		scratch_find(s->dir, SEGMENT_SUFFIX, i, path);
		text = scratch_read(path, &len);
		// The footer comes on top: 48 bytes a block.
		assert_in_range(len, i + 1 < files ? 8500 : 1, 10600);
		free(text);
	}
	assert_int_equal(scratch_validate(s->dir), 0);
	steps_verify(s->dir, NULL, 3);
}

static void test_rotation_by_time(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct flowlog *l;
	char path[256];

	c.segment_s = 60;
	l = steps_open(&c);
	for (unsigned i = 0; i < 5; i++) { // at 0, 20, 40 | 60, 80 s
		block(l, 1, SAMPLE_T + i * 20000000);
	}
	// A record of a flow that was quiet for long does not go back in time.
	steps_write(l, 1, SAMPLE_T - 300000000, 0);
	// Nothing comes any more, but the file ends in its time.
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 119000000), 0);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, NULL), 1);
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 120000000), 0);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, NULL), 0);
	steps_write(l, 1, SAMPLE_T + 200000000, 0);
	steps_close(l);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 1, path), 3);
	assert_string_equal(path + strlen(s->dir), "/flow-20261124T090100Z-000002.jsonl.zst");
	scratch_find(s->dir, SEGMENT_SUFFIX, 2, path);
	assert_string_equal(path + strlen(s->dir), "/flow-20261124T090320Z-000003.jsonl.zst");
	assert_int_equal(scratch_validate(s->dir), 0);
	steps_verify(s->dir, NULL, 3);
}

// The oldest files go, the newest closed one never; what is left still verifies. What the last
// segment's end gave up is there still: no block came to state it.
static unsigned prune(const struct scratch *s, uint32_t days, uint64_t bytes)
{
	struct flowlog_config c = steps_config(s);
	struct verify_report r;
	struct flowlog *l;
	unsigned left;

	c.segment_s = 3600;
	c.retain_days = days;
	c.retain_bytes = bytes;
	l = steps_open(&c);
	for (unsigned i = 0; i < 100; i++) { // over four days and a bit
		block(l, 1, SAMPLE_T + i * 3600000000ll);
	}
	steps_close(l);
	left = scratch_find(s->dir, SEGMENT_SUFFIX, 0, NULL);
	r = steps_verify(s->dir, NULL, 3);
	assert_int_equal(r.redaction.status, VERIFY_PRUNED);
	assert_int_equal(r.pruned, 100 - left);
	assert_int_equal(r.integrity.status, VERIFY_GOOD);
	assert_int_equal(r.attempted, 100);
	return left;
}

static void test_retention_by_age(void **state)
{
	assert_int_equal(prune(*state, 1, 0), 26);
}

static void test_retention_by_size(void **state)
{
	assert_in_range(prune(*state, 0, 8000), 5, 8); // of about 1.3 kB
}

static void test_retention_keeps_the_newest(void **state)
{
	assert_int_equal(prune(*state, 0, 1), 2);
}

// Times that no clock should give still name a file.
static void test_odd_times(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct flowlog *l = steps_open(&c);
	char path[256];

	block(l, 1, -5000000);
	steps_write(l, 1, INT64_MAX, 0);
	steps_close(l);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 2);
	assert_string_equal(path + strlen(s->dir), "/flow-19700101T000000Z-000001.jsonl.zst");
	scratch_find(s->dir, SEGMENT_SUFFIX, 1, path);
	assert_string_equal(path + strlen(s->dir), "/flow-99991231T235959Z-000002.jsonl.zst");
}

static void test_restart_goes_on(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct flowlog_stats st;

	for (unsigned run = 0; run < 3; run++) {
		struct flowlog *l = steps_open(&c);

		steps_start(l, SAMPLE_T + run);
		steps_write(l, 8, SAMPLE_T + run, 0);
		steps_stop(l, SAMPLE_T + run);
		flowlog_get_stats(l, &st);
		assert_int_equal(st.attempted, 10);
		assert_int_equal(st.next_seq, 10 * (run + 1) + 1);
		steps_close(l);
	}
	assert_int_equal(scratch_find(s->dir, "3.jsonl.zst", 0, NULL), 1);
	assert_int_equal(scratch_validate(s->dir), 0);
	steps_verify(s->dir, NULL, 3);
}

static void test_lock(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct flowlog *l = steps_open(&c);
	char err[512], expected[64];

	assert_null(flowlog_open(&c, err, sizeof(err)));
	snprintf(expected, sizeof(expected), ": process %ld writes this log already",
		(long)getpid());
	assert_non_null(strstr(err, expected));
	steps_close(l);
	l = steps_open(&c);
	steps_close(l);
}

static void test_bad_places(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	char path[128], err[512];

	c.dir = NULL;
	assert_null(flowlog_open(&c, err, sizeof(err)));
	assert_non_null(strstr(err, "neither a directory nor a file"));
	scratch_path(s, "no/such/dir", path);
	c.dir = path;
	assert_null(flowlog_open(&c, err, sizeof(err)));
	assert_non_null(strstr(err, "no/such/dir: cannot make the directory"));
	c.dir = NULL;
	c.records = path;
	assert_null(flowlog_open(&c, err, sizeof(err)));
	assert_non_null(strstr(err, "no/such/dir: cannot open for records"));
	scratch_path(s, "file", path);
	scratch_write(path, "x", 1);
	c.records = NULL;
	c.dir = path;
	assert_null(flowlog_open(&c, err, sizeof(err)));
	assert_non_null(strstr(err, "file: cannot open the directory: Not a directory"));
}

// A directory is made, and a stream beside it gets the same bytes; twice the same.
static void test_stream_beside_directory(void **state)
{
	const struct scratch *s = *state;
	char dir[2][128], file[2][128], path[256], *text[4];
	size_t len[4];

	for (unsigned run = 0; run < 2; run++) {
		struct flowlog_config c = steps_config(s);
		struct flowlog *l;
		struct record_sink sink;
		struct record r = sample_record();

		scratch_path(s, run == 0 ? "a" : "b", dir[run]);
		scratch_path(s, run == 0 ? "a.jsonl" : "b.jsonl", file[run]);
		scratch_write(file[run], "old", 3);
		c.dir = dir[run];
		c.records = file[run];
		l = steps_open(&c);
		sink = flowlog_sink(l);
		for (unsigned i = 0; i < 2000; i++) { // past the size of one push
			r.fid = i;
			assert_int_equal(sink.emit(sink.ctx, &r), 0);
		}
		steps_close(l);
		assert_int_equal(scratch_find(dir[run], SEGMENT_SUFFIX, 0, path), 1);
		text[2 * run] = scratch_lines(path, &len[2 * run]);
		text[2 * run + 1] = scratch_read(file[run], &len[2 * run + 1]);
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_true(len[i] > 1000000);
		assert_int_equal(len[i], len[0]);
		assert_memory_equal(text[i], text[0], len[0]);
	}
	for (unsigned i = 0; i < 4; i++) {
		free(text[i]);
	}
	// The files too are the same, byte for byte.
	for (unsigned i = 0; i < 4; i++) {
		static const char *const names[] = {"/entries", "/checkpoint", "/checkpoints",
			"/flow-20261124T090001Z-000001.jsonl.zst"};

		for (unsigned run = 0; run < 2; run++) {
			snprintf(path, sizeof(path), "%s%s", dir[run], names[i]);
			text[run] = scratch_read(path, &len[run]);
		}
		assert_int_equal(len[0], len[1]);
		assert_memory_equal(text[0], text[1], len[0]);
		free(text[0]);
		free(text[1]);
	}
}

static void test_reader_went_away(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct record r = sample_record();
	struct flowlog_stats st;
	char path[32], err[512];
	struct flowlog *l;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[1]);
	c.dir = NULL;
	c.records = path;
	l = steps_open(&c);
	close(fds[1]);
	assert_int_equal(flowlog_write(l, &r), 0);
	assert_int_equal(flowlog_flush(l, 0), 0);
	close(fds[0]);
	assert_int_equal(flowlog_write(l, &r), 0); // waits in memory
	assert_int_equal(flowlog_flush(l, 0), -EPIPE);
	assert_int_equal(flowlog_write(l, &r), -EPIPE);
	assert_int_equal(flowlog_flush(l, 0), -EPIPE);
	flowlog_get_stats(l, &st);
	assert_int_equal(st.written, 1);
	assert_int_equal(st.lost_disk, 1);
	assert_int_equal(flowlog_close(l, err, sizeof(err)), -EPIPE);
	assert_non_null(strstr(err, "cannot write records: Broken pipe; 2 of them are lost"));
	signal(SIGPIPE, SIG_DFL);
}

struct long_word {
	char *text;
};

static const char *long_risk(void *ctx, unsigned bit)
{
	const struct long_word *w = ctx;

	return w->text;
}

// Lines longer than the buffer make it grow, up to a point.
static void test_long_lines(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct long_word word = {malloc(1100001)};
	struct record r = sample_record();
	struct flowlog *l;
	char path[256], *text;
	size_t len;

	assert_non_null(word.text);
	memset(word.text, 'r', 1100000);
	c.words = (struct record_words){.ctx = &word, .risk = long_risk};
	l = steps_open(&c);
	word.text[40000] = '\0';
	assert_int_equal(flowlog_write(l, &r), 0);
	r.risks = UINT64_MAX; // 2.5 MB
	assert_int_equal(flowlog_write(l, &r), 0);
	word.text[40000] = 'r';
	word.text[1100000] = '\0';
	assert_int_equal(flowlog_write(l, &r), -EMSGSIZE); // 70 MB
	r.risks = 0;
	assert_int_equal(flowlog_write(l, &r), 0);
	steps_close(l);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 1);
	text = scratch_lines(path, &len);
	assert_in_range(len, 64 * 40000, 64 * 40100);
	assert_non_null(strstr(text, "\"seq\":4,\"t0\":1795510801500000,\"t1\":1795510801500000,"
				     "\"cause\":\"too_long\",\"lost\":1,\"from\":3,\"to\":3}\n"));
	free(text);
	free(word.text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_numbers_and_counters),
		TEST(test_rotation_by_size),
		TEST(test_rotation_by_time),
		TEST(test_retention_by_age),
		TEST(test_retention_by_size),
		TEST(test_retention_keeps_the_newest),
		TEST(test_odd_times),
		TEST(test_restart_goes_on),
		TEST(test_lock),
		TEST(test_bad_places),
		TEST(test_stream_beside_directory),
		TEST(test_reader_went_away),
		TEST(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
