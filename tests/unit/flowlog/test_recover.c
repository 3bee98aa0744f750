// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a crash leaves behind, and how the next run goes on from it.

#include "log_steps.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

// A process that dies with the file open; what it had handed over is there.
static void crash(const struct scratch *s, unsigned records)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct flowlog_config c = steps_config(s);
		struct flowlog *l = steps_open(&c);

		if (records != 0) {
			steps_start(l, SAMPLE_T);
			steps_write(l, records, SAMPLE_T, 0);
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
	struct flowlog_config c = steps_config(s);
	struct flowlog *l = steps_open(&c);

	steps_start(l, SAMPLE_T + 60000000);
	steps_stop(l, SAMPLE_T + 60000000);
	steps_close(l);
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
	struct flowlog_config c = steps_config(s);
	char path[128], err[512];

	scratch_path(s, "flow-20261124T090000Z-000001.jsonl", path);
	scratch_write(path, "hello\n", 6);
	assert_null(flowlog_open(&c, err, sizeof(err)));
	assert_non_null(strstr(err, "000001.jsonl: its last line is not a record"));
	assert_null(strchr(err, '\n'));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_crash_with_torn_line),
		TEST(test_crash_with_garbage),
		TEST(test_crash_between_lines),
		TEST(test_crash_before_first_line_is_whole),
		TEST(test_damaged_last_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
