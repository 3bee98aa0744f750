// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a crash leaves behind, and how the next run goes on from it.

#include "app/flowlog/progress.h"
#include "log_steps.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

// A process that dies with the file open: a start record and `records` more in a block, `more` in
// memory.
static void crash(const struct scratch *s, unsigned records, unsigned more)
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
		steps_write(l, more, SAMPLE_T, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void add_bytes(const struct scratch *s, const char *bytes, size_t len)
{
	char path[256];
	FILE *f;

	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, path), 1);
	f = fopen(path, "ab");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static struct verify_report go_on(const struct scratch *s)
{
	struct flowlog_config c = steps_config(s);
	struct flowlog *l = steps_open(&c);

	steps_start(l, SAMPLE_T + 60000000);
	steps_stop(l, SAMPLE_T + 60000000);
	steps_close(l);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, NULL), 0);
	assert_int_equal(scratch_validate(s->dir), 0);
	return steps_verify(s->dir, NULL, 3);
}

// The last segment's first record.
static char *first_line(const struct scratch *s, unsigned n)
{
	char path[256], *text;
	size_t len;

	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, n, path), n + 1);
	text = scratch_lines(path, &len);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void test_records_in_memory_are_counted(void **state)
{
	const struct scratch *s = *state;
	struct verify_report r;
	char *line;

	crash(s, 3, 7);
	r = go_on(s);
	assert_int_equal(r.lost, 7);
	assert_int_equal(r.records, 4 + 3);
	line = first_line(s, 1);
	assert_non_null(strstr(line, "\"seq\":12,"));
	assert_non_null(
		strstr(line, "\"cause\":\"crash\",\"lost\":7,\"from\":5,\"to\":11,"
			     "\"detail\":\"the run before wrote no stop record; the count is "
			     "exact; 1 blocks recovered\"}"));
	free(line);
}

static void test_torn_block(void **state)
{
	static const char torn[] = "\x5b\x2a\x4d\x18\x40\x02\0\0BHB1 and then nothing";
	const struct scratch *s = *state;
	char path[256], *text, *line;
	size_t len;

	crash(s, 3, 0);
	add_bytes(s, torn, sizeof(torn) - 1);
	go_on(s);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_TORN, 0, path), 1);
	assert_string_equal(path + strlen(s->dir), "/flow-20261124T090000Z-000001.jsonl.zst.torn");
	text = scratch_read(path, &len);
	assert_int_equal(len, sizeof(torn) - 1);
	assert_memory_equal(text, torn, len);
	free(text);
	line = first_line(s, 1);
	assert_non_null(strstr(line, "\"seq\":5,"));
	assert_non_null(strstr(line, "\"lost\":0,\"detail\":"));
	assert_non_null(strstr(line, "; 29 bytes that are no whole block are in "
				     "flow-20261124T090000Z-000001.jsonl.zst.torn\"}"));
	free(line);
}

// A file that could not get its name while the log went on in others: it gets it, with nothing torn
// and nothing told as lost.
static void test_older_file_left_open(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct flowlog *l;
	char path[256], open[300], *line;
	struct verify_report r;

	c.segment_s = 10;
	l = steps_open(&c);
	steps_start(l, SAMPLE_T);
	steps_write(l, 3, SAMPLE_T, 0);
	flowlog_flush(l, SAMPLE_T);
	steps_write(l, 5, SAMPLE_T + 20000000, 0); // in another file
	steps_stop(l, SAMPLE_T + 20000000);
	steps_close(l);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 2);
	snprintf(open, sizeof(open), "%s.open", path);
	assert_int_equal(rename(path, open), 0);
	r = go_on(s);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.records, 4 + 6 + 2);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_TORN, 0, NULL), 0);
	line = first_line(s, 2);
	assert_non_null(strstr(line, "\"ev\":\"start\","));
	assert_non_null(strstr(line, "\"seq\":11,"));
	free(line);
}

// A file system that lost power can leave zeros.
static void test_zeros(void **state)
{
	static const char zeros[5000];
	const struct scratch *s = *state;
	char path[256], *text;
	size_t len;

	crash(s, 3, 0);
	add_bytes(s, zeros, sizeof(zeros));
	go_on(s);
	scratch_find(s->dir, SEGMENT_SUFFIX_TORN, 0, path);
	text = scratch_read(path, &len);
	assert_int_equal(len, sizeof(zeros));
	free(text);
}

static void test_killed_before_the_first_block(void **state)
{
	const struct scratch *s = *state;
	struct verify_report r;

	crash(s, 0, 0); // nothing to say, nothing left
	crash(s, 0, 5);
	r = go_on(s);
	assert_int_equal(r.lost, 5);
	assert_int_equal(r.attempted, 8);
}

static void test_again_and_again(void **state)
{
	const struct scratch *s = *state;
	struct verify_report r;

	for (unsigned i = 0; i < 5; i++)
		crash(s, 2, i);
	r = go_on(s);
	assert_int_equal(r.lost, 0 + 1 + 2 + 3 + 4);
	assert_int_equal(r.gaps, 5);
}

// After a loss of power the page may be old: nobody knows how many, and the log says so.
static void test_power_was_lost(void **state)
{
	const struct scratch *s = *state;
	char path[128], *line;

	crash(s, 3, 4);
	scratch_path(s, FILE_PROGRESS, path);
	assert_int_equal(unlink(path), 0);
	go_on(s);
	line = first_line(s, 1);
	assert_non_null(strstr(line, "\"seq\":5,"));
	assert_non_null(strstr(line, "\"lost\":0,\"detail\":\"the run before wrote no stop record; "
				     "what it had in memory is not known"));
	free(line);
}

// What the next start tells of a page in which some bytes, or all behind the magic, are others.
static void garbage(const struct scratch *s, size_t from, size_t to)
{
	char path[128], *page, *line;
	size_t len;

	crash(s, 3, 4);
	scratch_path(s, FILE_PROGRESS, path);
	page = scratch_read(path, &len);
	assert_true(len >= sizeof(struct progress));
	for (size_t i = from; i < to; i++)
		page[i] = (char)(page[i] * 7 + (char)i + 0x35);
	scratch_write(path, page, len);
	free(page);
	assert_int_equal(go_on(s).lost, 0);
	line = first_line(s, 1);
	assert_non_null(strstr(line, "\"seq\":5,"));
	assert_non_null(strstr(line, "\"lost\":0,\"detail\":\"the run before wrote no stop record; "
				     "what it had in memory is "
				     "not known, for the page that counts it is damaged"));
	free(line);
}

static void test_garbage_in_the_page(void **state)
{
	garbage(*state, 8, sizeof(struct progress));
}

static void test_garbage_for_what_stays(void **state)
{
	garbage(*state, offsetof(struct progress, kernel), offsetof(struct progress, check));
}

static void test_garbage_for_the_number(void **state)
{
	garbage(*state, offsetof(struct progress, next), offsetof(struct progress, not_next));
}

static void test_garbage_for_those_that_wait(void **state)
{
	garbage(*state, offsetof(struct progress, waiting), offsetof(struct progress, clock_left));
}

static void test_garbage_for_the_magic(void **state)
{
	garbage(*state, 0, 8);
}

// Killed between the two stores of a number: the one that is stored counts.
static void test_torn_number(void **state)
{
	const struct scratch *s = *state;
	char path[128], *page;
	struct progress p;
	size_t len;

	crash(s, 3, 4);
	scratch_path(s, FILE_PROGRESS, path);
	page = scratch_read(path, &len);
	memcpy(&p, page, sizeof(p));
	p.not_next = ~(p.next - 1);
	memcpy(page, &p, sizeof(p));
	scratch_write(path, page, len);
	free(page);
	assert_int_equal(go_on(s).lost, 4);
}

// A page of an earlier run, because a full disk had no room for that of the last: it counts
// nothing.
static void test_page_of_an_earlier_run(void **state)
{
	const struct scratch *s = *state;
	char path[128], *page, *line;
	size_t len;

	go_on(s);
	scratch_path(s, FILE_PROGRESS, path);
	page = scratch_read(path, &len);
	crash(s, 3, 4);
	scratch_write(path, page, len);
	free(page);
	assert_int_equal(go_on(s).lost, 0);
	line = first_line(s, 2);
	assert_non_null(strstr(line, "what it had in memory is not known"));
	free(line);
}

// Entries that say less than the checkpoint, and segments that have copies of them.
static void test_entries_come_back(void **state)
{
	const struct scratch *s = *state;
	char path[128], *text;
	size_t len;

	go_on(s);
	go_on(s);
	scratch_path(s, FILE_ENTRIES, path);
	text = scratch_read(path, &len);
	scratch_write(path, text, len / 2);
	free(text);
	go_on(s);
}

// What a checkpoint covers cannot be taken back: the next run goes on and says so, the verifier
// names it.
static void test_checkpointed_blocks_are_gone(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	struct verify_report r;
	struct flowlog *l;
	char path[256], *text;
	size_t len;

	go_on(s);
	go_on(s); // two blocks each
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 1, path), 2);
	text = scratch_read(path, &len);
	scratch_write(path, text, 100);
	free(text);
	l = steps_open(&c);
	steps_start(l, SAMPLE_T + 120000000);
	steps_stop(l, SAMPLE_T + 120000000);
	steps_close(l);
	text = first_line(s, 2);
	assert_non_null(
		strstr(text, "\"cause\":\"crash\",\"lost\":2,\"from\":3,\"to\":4,\"detail\":"));
	assert_non_null(strstr(text, "; records from 3 on were checkpointed and are gone\"}"));
	free(text);
	r = steps_verify(s->dir, NULL, 1);
	assert_true(r.has_bad);
	assert_int_equal(r.bad_block, 2);
	assert_string_equal(r.bad_segment, path + strlen(s->dir) + 1);
}

static void test_changed_log_is_refused(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	char path[128], err[512], *text;
	size_t len;

	go_on(s);
	scratch_path(s, FILE_TREE, path);
	assert_int_equal(unlink(path), 0);
	scratch_path(s, FILE_ENTRIES, path);
	text = scratch_read(path, &len);
	strstr(text, "\"missed\":0")[9] = '1';
	scratch_write(path, text, len);
	free(text);
	assert_null(flowlog_open(&c, err, sizeof(err)));
	assert_non_null(strstr(err,
		"/entries: the checkpoint is of 2 blocks, but only 1 fit: the log was cut or "
		"changed"));
	assert_null(strchr(err, '\n'));
}

static void test_another_gateways_log(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = steps_config(s);
	char err[512];

	go_on(s);
	c.gateway = "gw-b2";
	assert_null(flowlog_open(&c, err, sizeof(err)));
	assert_non_null(
		strstr(err, ": holds the log of gateway \"gw \\\"a1\\\"\"; choose another"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

// Waits until so many blocks are there and signed ones among them; its time stands still meanwhile.
static void wait_for(struct flowlog *l, int64_t t, uint64_t blocks, uint64_t checkpointed)
{
	struct flowlog_stats st;

	for (unsigned i = 0; i < 500; i++) {
		flowlog_flush(l, t);
		flowlog_get_stats(l, &st);
		if (st.blocks == blocks && st.checkpoint_blocks == checkpointed)
			return;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	print_message("%lu blocks, %lu in the checkpoint\n", (unsigned long)st.blocks,
		(unsigned long)st.checkpoint_blocks);
	_exit(1);
}

// A gateway that ends by a crash seconds after its start, each time: what it wrote is signed.
static void test_crash_loop_is_signed(void **state)
{
	const struct scratch *s = *state;

	for (unsigned life = 0; life < 3; life++) {
		const int64_t t = SAMPLE_T + life * 3000000;
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct flowlog_config c = steps_config(s);
			struct flowlog *l;

			c.live = true;
			l = steps_open(&c);
			if (life != 0) // the one that stood there without a signature
				wait_for(l, t, life * 2, life * 2);
			steps_start(l, t);
			wait_for(l, t + 100000, life * 2 + 1, life * 2 + 1);
			steps_write(l, 3, t + 100000, 0);
			wait_for(l, t + 2000000, life * 2 + 2, life * 2 + 1);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	go_on(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_records_in_memory_are_counted),
		TEST(test_torn_block),
		TEST(test_older_file_left_open),
		TEST(test_zeros),
		TEST(test_killed_before_the_first_block),
		TEST(test_again_and_again),
		TEST(test_power_was_lost),
		TEST(test_garbage_in_the_page),
		TEST(test_garbage_for_what_stays),
		TEST(test_garbage_for_the_number),
		TEST(test_garbage_for_those_that_wait),
		TEST(test_garbage_for_the_magic),
		TEST(test_torn_number),
		TEST(test_page_of_an_earlier_run),
		TEST(test_entries_come_back),
		TEST(test_checkpointed_blocks_are_gone),
		TEST(test_changed_log_is_refused),
		TEST(test_another_gateways_log),
		cmocka_unit_test_setup_teardown(
			test_crash_loop_is_signed, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
