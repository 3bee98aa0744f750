// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The log in its directory and stream: numbers, rotation, restarts, the lock.

#include "fake_policy.h"
#include "sample.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct flowlog_config config_of(const struct scratch *s)
{
	return (struct flowlog_config){
		.gateway = "gw \"a1\"", .dir = s->dir, .words = sample_words()};
}

static struct flowlog *open_log(const struct flowlog_config *c)
{
	char err[512] = "";
	struct flowlog *l = flowlog_open(c, err, sizeof(err));

	assert_string_equal(err, "");
	assert_non_null(l);
	return l;
}

static void close_log(struct flowlog *l)
{
	char err[512] = "";

	assert_int_equal(flowlog_close(l, err, sizeof(err)), 0);
	assert_string_equal(err, "");
}

static void start(struct flowlog *l, int64_t t)
{
	const struct notice_start n = {
		.t = t, .version = "0.1.0", .mode = "replay", .dpi = "nDPI 4.2.0"};

	assert_int_equal(flowlog_start(l, &n), 0);
}

static void stop(struct flowlog *l, int64_t t)
{
	const struct notice_stop n = {.t = t, .why = "end of input"};

	assert_int_equal(flowlog_stop(l, &n), 0);
}

static void write_records(struct flowlog *l, unsigned n, int64_t t, int64_t step)
{
	struct record r = sample_record();

	for (unsigned i = 0; i < n; i++) {
		r.fid = i;
		r.t0 = r.t1 = t + i * step;
		assert_int_equal(flowlog_write(l, &r), 0);
	}
}

static void test_numbers_and_counters(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
	struct flowlog *l = open_log(&c);
	struct flowlog_stats st;
	char path[256], *text;
	size_t len;

	start(l, SAMPLE_T);
	write_records(l, 10, SAMPLE_T, 1000);
	flowlog_lost(l, 5, "ring_full", SAMPLE_T + 20000);
	write_records(l, 1, SAMPLE_T + 30000, 0);
	stop(l, SAMPLE_T + 40000);
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 40000), 0);
	flowlog_get_stats(l, &st);
	assert_int_equal(st.attempted, 19); // start, 10, 5 lost, gap, 1, stop
	assert_int_equal(st.written, 14);
	assert_int_equal(st.lost_ring, 5);
	assert_int_equal(st.lost_disk, 0);
	assert_int_equal(st.gaps, 1);
	assert_int_equal(st.next_seq, 20);
	close_log(l);
	assert_int_equal(scratch_validate(s->dir), 0);
	assert_int_equal(scratch_find(s->dir, ".jsonl", 0, path), 1);
	assert_string_equal(path + strlen(s->dir), "/flow-20261124T090000Z-000001.jsonl");
	text = scratch_read(path, &len);
	assert_int_equal(len, st.bytes);
	assert_non_null(strstr(text, "\"gw\":\"gw \\\"a1\\\"\",\"seq\":17,\"t0\":1795510800020000,"
				     "\"t1\":1795510800020000,\"cause\":\"ring_full\",\"lost\":5,"
				     "\"from\":12,\"to\":16}\n"));
	assert_non_null(
		strstr(text, "\"attempted\":19,\"written\":14,\"lost_ring\":5,\"lost_disk\":0"));
	free(text);
}

static void test_rotation_by_size(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
	struct flowlog_stats st;
	struct flowlog *l;
	char path[256], *text;
	size_t len;
	unsigned files;

	c.segment_bytes = 10000;
	l = open_log(&c);
	start(l, SAMPLE_T);
	write_records(l, 100, SAMPLE_T, 1);
	stop(l, SAMPLE_T + 1000);
	flowlog_flush(l, SAMPLE_T + 1000);
	flowlog_get_stats(l, &st);
	close_log(l);
	files = scratch_find(s->dir, ".jsonl", 0, NULL);
	assert_in_range(files, 5, 9);
	assert_int_equal(st.segments, files - 1);
	assert_int_equal(scratch_find(s->dir, ".open", 0, NULL), 0);
	for (unsigned i = 0; i < files; i++) {
		scratch_find(s->dir, ".jsonl", i, path);
		text = scratch_read(path, &len);
		assert_in_range(len, i + 1 < files ? 9000 : 1, 10000);
		assert_int_equal(text[len - 1], '\n');
		free(text);
	}
	assert_int_equal(scratch_validate(s->dir), 0);
}

static void test_rotation_by_time(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
	struct flowlog *l;
	char path[256];

	c.segment_s = 60;
	l = open_log(&c);
	write_records(l, 5, SAMPLE_T, 20000000); // at 0, 20, 40 | 60, 80 s
	// A record of a flow that was quiet for long does not go back in time.
	write_records(l, 1, SAMPLE_T - 300000000, 0);
	// Nothing comes any more, but the file ends in its time.
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 119000000), 0);
	assert_int_equal(scratch_find(s->dir, ".open", 0, NULL), 1);
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 120000000), 0);
	assert_int_equal(scratch_find(s->dir, ".open", 0, NULL), 0);
	write_records(l, 1, SAMPLE_T + 200000000, 0);
	close_log(l);
	assert_int_equal(scratch_find(s->dir, ".jsonl", 1, path), 3);
	assert_string_equal(path + strlen(s->dir), "/flow-20261124T090100Z-000002.jsonl");
	scratch_find(s->dir, ".jsonl", 2, path);
	assert_string_equal(path + strlen(s->dir), "/flow-20261124T090320Z-000003.jsonl");
	assert_int_equal(scratch_validate(s->dir), 0);
}

// Times that no clock should give still name a file.
static void test_odd_times(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
	struct flowlog *l = open_log(&c);
	char path[256];

	write_records(l, 1, -5000000, 0);
	write_records(l, 1, INT64_MAX, 0);
	close_log(l);
	assert_int_equal(scratch_find(s->dir, ".jsonl", 0, path), 2);
	assert_string_equal(path + strlen(s->dir), "/flow-19700101T000000Z-000001.jsonl");
	scratch_find(s->dir, ".jsonl", 1, path);
	assert_string_equal(path + strlen(s->dir), "/flow-99991231T235959Z-000002.jsonl");
}

static void test_restart_goes_on(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
	struct flowlog_stats st;

	for (unsigned run = 0; run < 3; run++) {
		struct flowlog *l = open_log(&c);

		start(l, SAMPLE_T + run);
		write_records(l, 8, SAMPLE_T + run, 0);
		stop(l, SAMPLE_T + run);
		flowlog_get_stats(l, &st);
		assert_int_equal(st.attempted, 10);
		assert_int_equal(st.next_seq, 10 * (run + 1) + 1);
		close_log(l);
	}
	assert_int_equal(scratch_find(s->dir, "3.jsonl", 0, NULL), 1);
	assert_int_equal(scratch_validate(s->dir), 0);
}

// A process that dies with the file open; what it had handed over is there.
static void crash(const struct scratch *s, unsigned records)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct flowlog_config c = config_of(s);
		struct flowlog *l = open_log(&c);

		if (records != 0) {
			start(l, SAMPLE_T);
			write_records(l, records, SAMPLE_T, 0);
			flowlog_flush(l, SAMPLE_T);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void add_bytes(const struct scratch *s, const char *bytes, size_t len)
{
	char path[256];
	FILE *f;

	assert_int_equal(scratch_find(s->dir, ".open", 0, path), 1);
	f = fopen(path, "ab");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void go_on(const struct scratch *s)
{
	struct flowlog_config c = config_of(s);
	struct flowlog *l = open_log(&c);

	start(l, SAMPLE_T + 60000000);
	stop(l, SAMPLE_T + 60000000);
	close_log(l);
}

static void test_crash_with_torn_line(void **state)
{
	static const char torn[] = "{\"v\":1,\"ev\":\"end\",\"gw\":\"gw-a1\",\"seq\":5,\"fi";
	const struct scratch *s = *state;
	char path[256], *text;
	size_t len;

	crash(s, 3);
	add_bytes(s, torn, sizeof(torn) - 1);
	go_on(s);
	assert_int_equal(scratch_find(s->dir, ".open", 0, NULL), 0);
	assert_int_equal(scratch_find(s->dir, ".torn", 0, path), 1);
	assert_string_equal(path + strlen(s->dir), "/flow-20261124T090000Z-000001.jsonl.torn");
	text = scratch_read(path, &len);
	assert_string_equal(text, torn);
	free(text);
	assert_int_equal(scratch_validate(s->dir), 0);
	assert_int_equal(scratch_find(s->dir, ".jsonl", 1, path), 2);
	text = scratch_read(path, &len);
	assert_ptr_equal(
		strstr(text, "{\"v\":1,\"ev\":\"gap\",\"gw\":\"gw \\\"a1\\\"\",\"seq\":5,"), text);
	assert_non_null(
		strstr(text, "\"cause\":\"crash\",\"lost\":0,\"detail\":\"the run before wrote "
			     "no stop record; what it had in memory is not known; 42 bytes "
			     "that are no whole record are in "
			     "flow-20261124T090000Z-000001.jsonl.torn\"}\n"));
	free(text);
}

// A file system that lost power can leave zeros, or a line that is not whole in spite of its end.
static void test_crash_with_garbage(void **state)
{
	static const char garbage[] = "\"pb\":0}\n{\"v\":1,\"ev\":\"end\",\"seq\":9\n\0\0\0\n\0\0";
	const struct scratch *s = *state;
	char path[256], *text;
	size_t len;

	crash(s, 3);
	add_bytes(s, garbage, sizeof(garbage) - 1);
	go_on(s);
	scratch_find(s->dir, ".torn", 0, path);
	text = scratch_read(path, &len);
	assert_int_equal(len, sizeof(garbage) - 1);
	assert_memory_equal(text, garbage, len);
	free(text);
	assert_int_equal(scratch_validate(s->dir), 0);
}

static void test_crash_between_lines(void **state)
{
	const struct scratch *s = *state;

	crash(s, 3);
	go_on(s);
	assert_int_equal(scratch_find(s->dir, ".torn", 0, NULL), 0);
	assert_int_equal(scratch_validate(s->dir), 0);
	// Killed before the first record: nothing to say, nothing left.
	crash(s, 0);
	go_on(s);
	assert_int_equal(scratch_find(s->dir, ".jsonl", 0, NULL), 3);
	assert_int_equal(scratch_validate(s->dir), 0);
}

static void test_crash_before_first_line_is_whole(void **state)
{
	const struct scratch *s = *state;
	char path[128], *text, found[256];
	size_t len;

	scratch_path(s, "flow-20261124T090000Z-000007.jsonl.open", path);
	scratch_write(path, "{\"v\":1", 6);
	go_on(s);
	assert_int_equal(scratch_find(s->dir, ".open", 0, NULL), 0);
	assert_int_equal(scratch_find(s->dir, ".torn", 0, NULL), 1);
	assert_int_equal(scratch_find(s->dir, ".jsonl", 0, found), 1);
	assert_non_null(strstr(found, "-000008.jsonl"));
	text = scratch_read(found, &len);
	assert_non_null(strstr(text, "\"seq\":1,"));
	free(text);
	assert_int_equal(scratch_validate(s->dir), 0);
}

static void test_damaged_last_file(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
	char path[128], err[512];

	scratch_path(s, "flow-20261124T090000Z-000001.jsonl", path);
	scratch_write(path, "hello\n", 6);
	assert_null(flowlog_open(&c, err, sizeof(err)));
	assert_non_null(strstr(err, "000001.jsonl: its last line is not a record"));
	assert_null(strchr(err, '\n'));
}

static void test_lock(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
	struct flowlog *l = open_log(&c);
	char err[512], expected[64];

	assert_null(flowlog_open(&c, err, sizeof(err)));
	snprintf(expected, sizeof(expected), ": process %ld writes this log already",
		(long)getpid());
	assert_non_null(strstr(err, expected));
	close_log(l);
	l = open_log(&c);
	close_log(l);
}

static void test_bad_places(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
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
		struct flowlog_config c = config_of(s);
		struct flowlog *l;
		struct record_sink sink;
		struct record r = sample_record();

		scratch_path(s, run == 0 ? "a" : "b", dir[run]);
		scratch_path(s, run == 0 ? "a.jsonl" : "b.jsonl", file[run]);
		scratch_write(file[run], "old", 3);
		c.dir = dir[run];
		c.records = file[run];
		l = open_log(&c);
		sink = flowlog_sink(l);
		for (unsigned i = 0; i < 2000; i++) { // past the size of one push
			r.fid = i;
			assert_int_equal(sink.emit(sink.ctx, &r), 0);
		}
		close_log(l);
		assert_int_equal(scratch_find(dir[run], ".jsonl", 0, path), 1);
		text[2 * run] = scratch_read(path, &len[2 * run]);
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
}

static void test_reader_went_away(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config_of(s);
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
	l = open_log(&c);
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
	struct flowlog_config c = config_of(s);
	struct long_word word = {malloc(1100001)};
	struct record r = sample_record();
	struct flowlog *l;
	char path[256], *text;
	size_t len;

	assert_non_null(word.text);
	memset(word.text, 'r', 1100000);
	c.words = (struct record_words){.ctx = &word, .risk = long_risk};
	l = open_log(&c);
	word.text[40000] = '\0';
	assert_int_equal(flowlog_write(l, &r), 0);
	r.risks = UINT64_MAX; // 2.5 MB
	assert_int_equal(flowlog_write(l, &r), 0);
	word.text[40000] = 'r';
	word.text[1100000] = '\0';
	assert_int_equal(flowlog_write(l, &r), -EMSGSIZE); // 70 MB
	r.risks = 0;
	assert_int_equal(flowlog_write(l, &r), 0);
	close_log(l);
	assert_int_equal(scratch_find(s->dir, ".jsonl", 0, path), 1);
	text = scratch_read(path, &len);
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
		TEST(test_odd_times),
		TEST(test_restart_goes_on),
		TEST(test_crash_with_torn_line),
		TEST(test_crash_with_garbage),
		TEST(test_crash_between_lines),
		TEST(test_crash_before_first_line_is_whole),
		TEST(test_damaged_last_file),
		TEST(test_lock),
		TEST(test_bad_places),
		TEST(test_stream_beside_directory),
		TEST(test_reader_went_away),
		TEST(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
