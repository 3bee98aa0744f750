// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A disk that fails under the log: a file size limit (needs no rights) and a small tmpfs (needs
// root).

#include "fake_policy.h"
#include "log_steps.h"
#include "sample.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct flowlog *open_log(const char *dir, const char *records)
{
	const struct flowlog_config c = {
		.gateway = "gw-a1", .dir = dir, .records = records, .words = sample_words()};
	char err[512] = "";
	struct flowlog *l = flowlog_open(&c, err, sizeof(err));

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

static void limit_files(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

// The log tries again after a second at the earliest.
static void wait_for_retry(void)
{
	const struct timespec ts = {1, 50000000};

	nanosleep(&ts, NULL);
}

static int write_one(struct flowlog *l)
{
	struct record r = sample_record();

	return flowlog_write(l, &r);
}

// 50 records that do not pack well.
static int write_block(struct flowlog *l, unsigned seed)
{
	struct record r = sample_record();
	int rc = 0;

	for (unsigned i = 0; i < 50; i++) {
		for (unsigned k = 0; k < 250; k++) {
			seed = seed * 1103515245 + 12345;
			r.host[k] = (char)('a' + (seed >> 16) % 26);
		}
		r.host[250] = '\0';
		rc |= flowlog_write(l, &r);
	}
	return rc;
}

// A limit in the middle of a block: the part is cut off and the block goes to the next file.
static void test_file_cannot_grow(void **state)
{
	const struct scratch *s = *state;
	struct flowlog *l = open_log(s->dir, NULL);
	struct flowlog_stats st;
	unsigned files;
	int rc = 0;

	limit_files(30000);
	for (unsigned i = 0; i < 10; i++) {
		rc |= write_block(l, i);
		rc |= flowlog_flush(l, SAMPLE_T + i * 2000000);
	}
	limit_files(RLIM_INFINITY);
	assert_int_equal(rc, 0);
	flowlog_get_stats(l, &st);
	assert_int_equal(st.written, 500);
	close_log(l);
	files = scratch_find(s->dir, SEGMENT_SUFFIX, 0, NULL);
	assert_in_range(files, 3, 6);
	for (unsigned i = 0; i < files; i++) {
		char path[256];
		size_t len;

		scratch_find(s->dir, SEGMENT_SUFFIX, i, path);
		free(scratch_read(path, &len));
		assert_in_range(len, 8000, 30000);
	}
	assert_int_equal(scratch_validate(s->dir), 0);
	steps_verify(s->dir, NULL, 3);
}

// Nothing at all can be written: memory takes a block, then records are lost, then told.
static void fail_and_recover(
	struct flowlog *l, unsigned at_least, unsigned at_most, unsigned *refused)
{
	int rc = 0, flush_rc;
	unsigned kept = 0;

	*refused = 0;
	limit_files(10);
	flush_rc = flowlog_flush(l, SAMPLE_T);
	while (kept < 100000 && (rc = write_one(l)) == 0) {
		kept++;
	}
	for (unsigned i = 0; rc != 0 && i < 100; i++) {
		*refused += write_one(l) != 0;
	}
	flowlog_lost(l, 7, "ring_full", SAMPLE_T + 3000000);
	*refused += write_one(l) != 0;
	limit_files(RLIM_INFINITY);
	assert_int_equal(flush_rc, 0);
	assert_int_equal(rc, -EFBIG);
	assert_in_range(kept, at_least, at_most);
	assert_int_equal(*refused, 101);
	assert_int_equal(write_one(l), -EFBIG); // not a second later yet
	wait_for_retry();
	assert_int_equal(write_one(l), 0);
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 2000000), 0);
}

static void test_nothing_can_be_written(void **state)
{
	const struct scratch *s = *state;
	struct flowlog *l = open_log(s->dir, NULL);
	struct flowlog_stats st;
	char path[256], *text;
	unsigned refused;
	size_t len;

	fail_and_recover(l, 4096, 4096, &refused);
	flowlog_get_stats(l, &st);
	assert_int_equal(st.lost_disk, refused + 2);
	assert_int_equal(st.lost_ring, 7);
	assert_int_equal(st.gaps, 3); // write_error, ring_full, write_error
	assert_int_equal(st.written, st.attempted - st.lost_disk - st.lost_ring);
	assert_false(st.disk_full);
	close_log(l);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 1);
	text = scratch_lines(path, &len);
	assert_non_null(strstr(text, "\"cause\":\"write_error\",\"lost\":101,"));
	assert_non_null(strstr(text, "\"cause\":\"ring_full\",\"lost\":7,"));
	assert_non_null(strstr(text, "\"cause\":\"write_error\",\"lost\":2,"));
	free(text);
	assert_int_equal(scratch_validate(s->dir), 0);
	steps_verify(s->dir, NULL, 3);
}

static void test_stream_recovers_too(void **state)
{
	const struct scratch *s = *state;
	char path[128];
	struct flowlog *l;
	unsigned refused;

	scratch_path(s, "records", path);
	l = open_log(NULL, path);
	fail_and_recover(l, 1000, 3000, &refused); // a megabyte
	close_log(l);
	assert_int_equal(scratch_validate(path), 0);
}

static void test_close_tells_what_is_lost(void **state)
{
	const struct scratch *s = *state;
	struct flowlog *l = open_log(s->dir, NULL);
	char err[512] = "";
	int rc;

	write_one(l);
	write_one(l);
	limit_files(10);
	rc = flowlog_close(l, err, sizeof(err));
	limit_files(RLIM_INFINITY);
	assert_int_equal(rc, -EFBIG);
	assert_non_null(strstr(err, ": cannot write records: File too large; 2 of them are lost"));
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, NULL), 0);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, NULL), 0);
}

static void fill_disk(const char *path)
{
	char block[4096] = {0};
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0) {
	}
	close(fd);
}

static void run_full_disk(const char *dir, const char *filler)
{
	struct flowlog *l = open_log(dir, NULL);
	struct flowlog_stats st;
	unsigned lost = 0;

	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(write_one(l), 0);
	}
	assert_int_equal(flowlog_flush(l, SAMPLE_T), 0);
	fill_disk(filler);
	for (unsigned i = 0; i < 6000; i++) {
		lost += write_one(l) == -ENOSPC;
	}
	flowlog_get_stats(l, &st);
	assert_true(st.disk_full);
	assert_true(lost > 500);
	assert_int_equal(st.lost_disk, lost);
	assert_int_equal(flowlog_flush(l, SAMPLE_T), -ENOSPC);
	assert_int_equal(unlink(filler), 0);
	wait_for_retry();
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 2000000), 0); // the gap record
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 4000000), 0);
	flowlog_get_stats(l, &st);
	assert_false(st.disk_full);
	assert_int_equal(st.gaps, 1);
	assert_int_equal(st.attempted, 6101);
	assert_int_equal(st.written, 6101 - lost);
	close_log(l);
	assert_int_equal(scratch_validate(dir), 0);
	steps_verify(dir, NULL, 3);
}

static bool mount_small(const struct scratch *s, char dir[128], char filler[128])
{
	if (mount("none", s->dir, "tmpfs", 0, "size=4m") != 0) {
		print_message("skipped: mounting a small tmpfs needs root: %s\n", strerror(errno));
		return false;
	}
	scratch_path(s, "log", dir);
	scratch_path(s, "filler", filler);
	return true;
}

// The first gap record of the n-th segment: it lasts from the first record that was lost until it
// could be told.
static void expect_gap(const char *dir, unsigned n, int64_t t0, int64_t t1)
{
	char path[256], times[96], *text, *gap;
	size_t len;

	assert_true(scratch_find(dir, SEGMENT_SUFFIX, n, path) > n);
	text = scratch_lines(path, &len);
	gap = strstr(text, "\"ev\":\"gap\"");
	assert_non_null(gap);
	gap[strcspn(gap, "\n")] = '\0';
	snprintf(times, sizeof(times), "\"t0\":%" PRId64 ",\"t1\":%" PRId64 ",", t0, t1);
	assert_non_null(strstr(gap, times));
	assert_non_null(strstr(gap, "\"cause\":\"disk_full\",\"lost\":"));
	free(text);
}

static void test_disk_full(void **state)
{
	char dir[128], filler[128];

	if (!mount_small(*state, dir, filler))
		skip();
	run_full_disk(dir, filler);
	expect_gap(dir, 0, sample_record().t1, SAMPLE_T + 2000000);
}

// The disk is still full when the run ends as it should: that is no crash to the next one.
static void test_disk_full_to_the_end(void **state)
{
	const struct notice_stop stop = {.t = SAMPLE_T + 3000000, .why = "signal"};
	const struct notice_start start = {
		.t = SAMPLE_T + 9000000, .version = "0.1.0", .mode = "inline", .dpi = "nDPI 4.2.0"};
	char dir[128], filler[128], err[512] = "";
	struct verify_report r;
	struct flowlog *l;

	if (!mount_small(*state, dir, filler))
		skip();
	l = open_log(dir, NULL);
	assert_int_equal(flowlog_start(l, &start), 0);
	assert_int_equal(flowlog_flush(l, SAMPLE_T), 0);
	assert_int_equal(flowlog_flush(l, SAMPLE_T + 2000000), 0);
	fill_disk(filler);
	for (unsigned i = 0; i < 6000; i++)
		write_one(l);
	flowlog_stop(l, &stop);
	assert_int_equal(flowlog_close(l, err, sizeof(err)), -ENOSPC);
	assert_int_equal(unlink(filler), 0);
	l = open_log(dir, NULL);
	assert_int_equal(flowlog_start(l, &start), 0);
	assert_int_equal(flowlog_stop(l, &stop), 0);
	close_log(l);
	expect_gap(dir, 1, sample_record().t1, SAMPLE_T + 9000000);
	assert_int_equal(scratch_validate(dir), 0);
	r = steps_verify(dir, NULL, 3);
	assert_int_equal(r.lost, 6001);
	assert_int_equal(r.attempted, 1 + 6001 + 3);
}

static int unmount(void **state)
{
	const struct scratch *s = *state;

	umount2(s->dir, MNT_DETACH);
	return scratch_remove(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_file_cannot_grow),
		TEST(test_nothing_can_be_written),
		TEST(test_stream_recovers_too),
		TEST(test_close_tells_what_is_lost),
		cmocka_unit_test_setup_teardown(test_disk_full, scratch_make, unmount),
		cmocka_unit_test_setup_teardown(test_disk_full_to_the_end, scratch_make, unmount),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
