// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A live log whose files go from under it: removed, moved away, replaced.

#include "log_steps.h"
#include "sample.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
	char dir[128], away[128];
	struct flowlog *log;
	int64_t now;
};

static void begin_in(struct bench *b, const struct scratch *s, const char *name)
{
	struct flowlog_config c = steps_config(s);

	scratch_path(s, name, b->dir);
	scratch_path(s, "away", b->away);
	c.dir = b->dir;
	c.live = true;
	b->now = SAMPLE_T;
	b->log = steps_open(&c);
	steps_start(b->log, b->now);
}

static void begin(struct bench *b, const struct scratch *s)
{
	begin_in(b, s, "log");
}

// Time goes on until the log has done what it has to do.
static struct flowlog_stats go_on(struct bench *b, unsigned left)
{
	struct flowlog_stats st;

	for (unsigned i = 0; i < 1000; i++) {
		b->now += 100000;
		flowlog_flush(b->log, b->now);
		flowlog_get_stats(b->log, &st);
		if (st.left >= left && st.gaps >= left && st.error == 0 && st.tick_error == 0 &&
			st.written + st.lost_disk + st.lost_ring == st.attempted)
			return st;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	fail_msg("left %u, error %d %d, %lu written", st.left, st.error, st.tick_error,
		(unsigned long)st.written);
	return st;
}

static void empty(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

// The log may put a file there between the two.
static void remove_whole(const char *dir)
{
	int rc = -1;

	for (unsigned i = 0; i < 100 && rc != 0; i++) {
		empty(dir);
		rc = rmdir(dir);
	}
	assert_int_equal(rc, 0);
}

// In one step: what comes between two the log may notice.
static void swap(const struct bench *b)
{
	assert_int_equal(renameat2(AT_FDCWD, b->dir, AT_FDCWD, b->away, RENAME_EXCHANGE), 0);
}

static void end(struct bench *b, const char *dir, uint64_t lost)
{
	const struct notice_stop n = {.t = b->now, .why = "signal"};
	struct verify_report r;
	char err[512] = "";

	assert_int_equal(flowlog_stop(b->log, &n), 0);
	assert_int_equal(flowlog_flush(b->log, b->now), 0);
	assert_int_equal(flowlog_close(b->log, err, sizeof(err)), 0);
	assert_string_equal(err, "");
	assert_int_equal(scratch_validate(dir), 0);
	r = steps_verify(dir, NULL, 3);
	assert_int_equal(r.lost, lost);
	assert_int_equal(r.attempted - r.lost, r.records);
}

// The gap record is the first line, and tells of all numbers before it.
static void first_is_gap(const char *dir, unsigned lost)
{
	char path[256], want[128], *text;
	size_t len;

	assert_true(scratch_find(dir, SEGMENT_SUFFIX, 0, path) > 0);
	text = scratch_lines(path, &len);
	snprintf(want, sizeof(want), "\"cause\":\"write_error\",\"lost\":%u,\"from\":1,\"to\":%u,",
		lost, lost);
	text[strcspn(text, "\n")] = '\0';
	assert_non_null(strstr(text, want));
	free(text);
}

static void test_removed(void **state)
{
	struct bench b;
	struct flowlog_stats st;

	begin(&b, *state);
	steps_write(b.log, 20, b.now, 0);
	st = go_on(&b, 0);
	assert_int_equal(st.written, 21);
	assert_int_equal(rename(b.dir, b.away), 0);
	remove_whole(b.away);
	st = go_on(&b, 1);
	assert_int_equal(st.left, 1);
	assert_int_equal(st.lost_disk, 21);
	assert_int_equal(st.removed, 21);
	assert_int_equal(st.written, 1);
	steps_write(b.log, 5, b.now, 0);
	go_on(&b, 1);
	end(&b, b.dir, 21);
	first_is_gap(b.dir, 21);
}

// The directory stands, as after "rm -r DIR/*".
static void test_emptied_twice(void **state)
{
	struct bench b;
	struct flowlog_stats st;

	begin(&b, *state);
	steps_write(b.log, 20, b.now, 0);
	go_on(&b, 0);
	empty(b.dir);
	steps_write(b.log, 3, b.now, 0); // in no block yet: they go too
	st = go_on(&b, 1);
	assert_in_range(
		st.lost_disk, 24, 26); // where it is noticed in its midst, a gap record more
	steps_write(b.log, 5, b.now, 0);
	st = go_on(&b, 1);
	assert_in_range(st.written, 6, 7);
	empty(b.dir);
	st = go_on(&b, st.left + 1);
	assert_in_range(st.lost_disk, 30, 34);
	end(&b, b.dir, st.lost_disk);
	first_is_gap(b.dir, (unsigned)st.lost_disk);
}

// What was moved away is whole where it went.
static void test_moved(void **state)
{
	struct bench b;
	struct flowlog_stats st;
	struct verify_report r;

	begin(&b, *state);
	steps_write(b.log, 20, b.now, 0);
	go_on(&b, 0);
	assert_int_equal(mkdir(b.away, 0750), 0);
	swap(&b);
	st = go_on(&b, 1);
	assert_int_equal(st.written, 1);
	r = steps_verify(b.away, NULL, 3);
	assert_int_equal(r.records, 21);
	end(&b, b.dir, 21);
}

// A copy that holds all takes its place: nothing is lost, so nothing is told. What happens to the
// copy is.
static void test_copied(void **state)
{
	struct bench b;
	struct flowlog_stats st;
	char command[1200];
	int rc = -1;

	begin(&b, *state);
	steps_write(b.log, 20, b.now, 0);
	go_on(&b, 0);
	// A file that the log puts into the place of another meanwhile is gone for cp.
	snprintf(command, sizeof(command), "rm -rf %s && cp -a %s %s", b.away, b.dir, b.away);
	for (unsigned i = 0; i < 50 && rc != 0; i++)
		rc = system(command);
	assert_int_equal(rc, 0);
	swap(&b);
	for (unsigned i = 0; i < 50; i++) {
		b.now += 100000;
		flowlog_flush(b.log, b.now);
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	steps_write(b.log, 5, b.now, 0);
	st = go_on(&b, 0);
	assert_int_equal(st.left, 0);
	assert_int_equal(st.lost_disk, 0);
	assert_int_equal(st.written, 26);
	steps_verify(b.dir, NULL, 3);
	empty(b.dir);
	st = go_on(&b, 1);
	assert_in_range(st.lost_disk, 26, 28);
	end(&b, b.dir, st.lost_disk);
}

// A checkpoint that was made while the files went is of entries that are not there: it is put
// aside.
static void test_checkpoint_left_over(void **state)
{
	struct bench b;
	struct flowlog_stats st;
	char command[600];

	begin(&b, *state);
	steps_write(b.log, 20, b.now, 0);
	b.now += 11000000;
	go_on(&b, 0);
	for (unsigned i = 0; i < 500; i++) { // of all blocks
		flowlog_flush(b.log, b.now += 100000);
		flowlog_get_stats(b.log, &st);
		if (st.checkpoint_blocks == st.blocks)
			break;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	assert_int_equal(mkdir(b.away, 0750), 0);
	snprintf(command, sizeof(command), "cp %s/checkpoint %s/", b.dir, b.away);
	assert_int_equal(system(command), 0);
	swap(&b);
	st = go_on(&b, 1);
	assert_in_range(st.lost_disk, 21, 24);
	end(&b, b.dir, st.lost_disk);
	first_is_gap(b.dir, (unsigned)st.lost_disk);
}

// Only the file that is written: the closed ones and the entries stay.
static void test_segment_removed(void **state)
{
	struct bench b;
	struct flowlog_stats st;
	char path[256], *text;
	size_t len;

	begin(&b, *state);
	steps_write(b.log, 20, b.now, 0);
	go_on(&b, 0);
	b.now += 3600000000ll;
	steps_write(b.log, 1, b.now, 0);
	while (scratch_find(b.dir, SEGMENT_SUFFIX, 0, path) == 0)
		go_on(&b, 0); // the first is closed
	steps_write(b.log, 4, b.now, 0);
	go_on(&b, 0);
	assert_int_equal(scratch_find(b.dir, SEGMENT_SUFFIX_OPEN, 0, path), 1);
	assert_int_equal(unlink(path), 0);
	st = go_on(&b, 1);
	assert_in_range(st.lost_disk, 4, 5);
	assert_int_equal(st.written, st.attempted - st.lost_disk);
	assert_int_equal(flowlog_close(b.log, NULL, 0), 0);
	assert_int_equal(scratch_validate(b.dir), 0);
	assert_true(scratch_find(b.dir, SEGMENT_SUFFIX, 1, path) > 1);
	text = scratch_lines(path, &len);
	assert_non_null(strstr(text, "\"cause\":\"write_error\",\"lost\":"));
	free(text);
}

// There is nowhere to go on: all is counted, and said at the end with its number.
static void test_no_place(void **state)
{
	struct bench b;
	struct flowlog_stats st;
	char err[512] = "", up[128];
	int error = 0;

	scratch_path(*state, "up", up);
	assert_int_equal(mkdir(up, 0750), 0);
	begin_in(&b, *state, "up/log");
	steps_write(b.log, 9, b.now, 0);
	go_on(&b, 0);
	assert_int_equal(rename(up, b.away), 0);
	for (unsigned i = 0; i < 500 && error == 0; i++) {
		b.now += 100000;
		flowlog_flush(b.log, b.now);
		flowlog_get_stats(b.log, &st);
		error = st.left == 1 ? st.tick_error : 0;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	assert_int_equal(error, -ENOENT);
	assert_int_equal(st.removed, 10);
	steps_write(b.log, 2, b.now, 0);
	flowlog_flush(b.log, b.now + 2000000);
	assert_int_equal(flowlog_close(b.log, err, sizeof(err)), -ENOENT);
	assert_non_null(strstr(err, "/up/log: cannot write records: No such file or directory; "));
	assert_non_null(strstr(err, " of them are lost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_removed, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(test_emptied_twice, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(test_moved, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(test_copied, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(
			test_checkpoint_left_over, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(test_segment_removed, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(test_no_place, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests_name("left", tests, NULL, NULL);
}
