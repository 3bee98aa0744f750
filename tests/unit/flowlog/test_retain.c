// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Retention: nothing goes before a checkpoint on disk covers an entry that states it.

#include "app/evidence/note.h"
#include "app/evidence/segment_read.h"
#include "app/review/evidence.h"
#include "log_steps.h"
#include "sample.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define HOUR 3600000000ll

// What happens when somebody has opened the checkpoint.
static struct {
	const char *dir, *later; // all of the one is replaced by what the other holds
	unsigned times;
} meanwhile;

static void replace(const char *dir, const char *by)
{
	char command[600];

	snprintf(command, sizeof(command), "rm -rf %s/* && cp -a %s/* %s/", dir, by, dir);
	assert_int_equal(system(command), 0);
}

// In place of libc's.
int openat(int dir_fd, const char *name, int flags, ...)
{
	va_list ap;
	int mode, fd;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, int) : 0;
	va_end(ap);
	fd = (int)syscall(SYS_openat, dir_fd, name, flags, mode);
	if (meanwhile.times != 0 && strcmp(name, FILE_CHECKPOINT) == 0) {
		meanwhile.times--;
		replace(meanwhile.dir, meanwhile.later);
	}
	return fd;
}

// The block that a segment begins with.
static uint64_t first_block(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct segment_reader *r = segment_reader_new(fd);
	struct segment_block b;

	assert_non_null(r);
	assert_int_equal(segment_reader_next(r, &b), SEGMENT_BLOCK);
	segment_reader_free(r);
	close(fd);
	return b.entry.block;
}

// What the last entry states that the checkpoint on disk covers; of each entry, that what it states
// begins one of the segments that there ever were (each has one block) and never goes back.
static uint64_t covered(const struct scratch *s)
{
	char path[128], *text, *note;
	uint64_t kept = 0, n = 0;
	struct checkpoint c = {0};
	struct note read;
	struct entry e;
	size_t len, note_len;

	scratch_path(s, FILE_CHECKPOINT, path);
	if (access(path, F_OK) != 0)
		return 0;
	note = scratch_read(path, &note_len);
	assert_true(note_read(note, note_len, &read, &c));
	free(note);
	scratch_path(s, FILE_ENTRIES, path);
	text = scratch_read(path, &len);
	for (char *line = text, *nl; n < c.size && (nl = strchr(line, '\n')) != NULL;
		line = nl + 1) {
		assert_true(entry_parse(line, (size_t)(nl - line), &e));
		assert_true(e.states_kept && e.kept >= kept && e.kept <= n);
		kept = e.kept;
		n++;
	}
	assert_int_equal(n, c.size);
	free(text);
	return kept;
}

static uint64_t present_from(const struct scratch *s)
{
	char path[256];

	if (scratch_find(s->dir, SEGMENT_SUFFIX, 0, path) == 0)
		assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, path), 1);
	return first_block(path);
}

// A segment of one block an hour, in each of which the promise holds.
static void write_hours(const struct scratch *s, struct flowlog *l, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		steps_write(l, 1, SAMPLE_T + i * HOUR, 0);
		assert_int_equal(flowlog_flush(l, SAMPLE_T + i * HOUR + 1000000), 0);
		if (i != 0)
			assert_true(present_from(s) <= covered(s));
	}
}

static struct flowlog_config config(const struct scratch *s, unsigned days, uint64_t bytes)
{
	struct flowlog_config c = steps_config(s);

	c.segment_s = 3600;
	c.retain_days = days;
	c.retain_bytes = bytes;
	return c;
}

// The segment that is given up stays until what states it is signed.
static void test_stated_first(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config(s, 0, 1);
	struct flowlog *l = steps_open(&c);
	char path[256];

	write_hours(s, l, 0, 4);
	// Given up when block 2 closed the second segment, stated by block 3, which is not signed.
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 3);
	assert_int_equal(first_block(path), 0);
	write_hours(s, l, 4, 5);
	assert_int_equal(covered(s), 1);
	assert_int_equal(present_from(s), 1);
	steps_close(l);
	assert_int_equal(steps_verify(s->dir, NULL, 3).pruned, present_from(s));
}

// A crash before the files went: all that was given up is there, which is good, and goes with the
// next run's first checkpoint.
static void test_taken_up_again(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config(s, 0, 1);
	struct flowlog *l = steps_open(&c);
	char path[2][256], *text[2];
	size_t len[2];

	write_hours(s, l, 0, 4);
	for (unsigned i = 0; i < 2; i++) {
		scratch_find(s->dir, SEGMENT_SUFFIX, i, path[i]);
		text[i] = scratch_read(path[i], &len[i]);
	}
	write_hours(s, l, 4, 5);
	steps_close(l);
	assert_int_equal(present_from(s), 2);
	for (unsigned i = 0; i < 2; i++) {
		scratch_write(path[i], text[i], len[i]);
		free(text[i]);
	}
	assert_int_equal(steps_verify(s->dir, NULL, 3).pruned, 0);
	c.retain_bytes = 0; // whatever this run would keep
	l = steps_open(&c);
	assert_int_equal(present_from(s), 0); // that one may not be on the disk
	write_hours(s, l, 6, 7);
	steps_close(l);
	assert_int_equal(present_from(s), covered(s));
	assert_int_equal(steps_verify(s->dir, NULL, 3).pruned, 2);
}

static void remove_first(const struct scratch *s, unsigned n)
{
	char path[256];

	while (n-- != 0) {
		assert_true(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path) > 1);
		assert_int_equal(unlink(path), 0);
	}
}

// Somebody removes segments: nothing states it, so it is tampering until retention itself would
// have come so far. The log goes on meanwhile.
static void test_removed_by_hand(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config(s, 1, 0);
	struct flowlog *l = steps_open(&c);
	struct verify_report r;

	write_hours(s, l, 0, 10);
	steps_close(l);
	remove_first(s, 3);
	r = steps_verify(s->dir, NULL, 1);
	assert_true(r.has_bad && r.has_kept);
	assert_int_equal(r.bad_block, 0);
	assert_int_equal(r.kept, 0);
	assert_int_equal(r.redaction.status, VERIFY_TAMPERED);
	l = steps_open(&c);
	for (unsigned i = 10; i < 20; i++) {
		steps_write(l, 1, SAMPLE_T + i * HOUR, 0);
		assert_int_equal(flowlog_flush(l, SAMPLE_T + i * HOUR + 1000000), 0);
	}
	steps_close(l);
	r = steps_verify(s->dir, NULL, 1);
	assert_int_equal(r.bad_block, 0);
	l = steps_open(&c);
	for (unsigned i = 20; i < 40; i++) {
		steps_write(l, 1, SAMPLE_T + i * HOUR, 0);
		assert_int_equal(flowlog_flush(l, SAMPLE_T + i * HOUR + 1000000), 0);
	}
	steps_close(l);
	r = steps_verify(s->dir, NULL, 3);
	assert_int_equal(r.redaction.status, VERIFY_PRUNED);
	assert_true(r.pruned >= 10 && r.pruned <= r.kept);
}

struct handed_on {
	unsigned begun;
	uint64_t lines;
};

static void begin_anew(void *ctx)
{
	struct handed_on *h = ctx;

	h->begun++;
	h->lines = 0;
}

static void count_lines(void *ctx, const char *lines, size_t len, size_t size)
{
	struct handed_on *h = ctx;

	assert_true(size != 0);
	for (size_t i = 0; i < len; i++)
		h->lines += lines[i] == '\n';
}

// A log that is pruned between its checkpoint and its segments: what is gone is stated by a newer
// one.
static void test_while_it_is_verified(void **state)
{
	const struct scratch *s = *state;
	char log[128], early[128], later[128];
	struct flowlog_config c = config(s, 0, 4000);
	struct handed_on handed_on = {0};
	const struct verify_options o = {
		.begin = begin_anew, .lines = count_lines, .ctx = &handed_on};
	struct verify_report r, later_on;
	struct flowlog *l;
	const char *why;
	char *text;

	scratch_path(s, "log", log);
	scratch_path(s, "early", early);
	scratch_path(s, "later", later);
	assert_int_equal(mkdir(early, 0750), 0);
	assert_int_equal(mkdir(later, 0750), 0);
	c.dir = log;
	for (unsigned run = 0; run < 2; run++) {
		l = steps_open(&c);
		for (unsigned i = 10 * run; i < 10 * run + 10; i++) {
			steps_write(l, 1, SAMPLE_T + i * HOUR, 0);
			assert_int_equal(flowlog_flush(l, SAMPLE_T + i * HOUR + 1000000), 0);
		}
		steps_close(l);
		replace(run == 0 ? early : later, log);
	}
	replace(log, early);
	r = steps_verify(log, NULL, 3);
	meanwhile.dir = log;
	meanwhile.later = later;
	meanwhile.times = 1;
	assert_in_range(steps_verify(log, NULL, 3).pruned, r.pruned + 1, 20);
	assert_int_equal(meanwhile.times, 0);
	// Who is handed the lines is told that they begin anew.
	replace(log, early);
	meanwhile.times = 1;
	verify_log(log, &o, &later_on);
	assert_int_equal(later_on.integrity.status, VERIFY_GOOD);
	assert_int_equal(handed_on.begun, 2);
	assert_in_range(later_on.records, 1, 20);
	assert_int_equal(handed_on.lines, later_on.records);
	// Who asks for a proof at that time is told that, and nothing worse.
	replace(log, early);
	meanwhile.times = 1;
	assert_int_equal(prove_text(log, r.pruned + 1, &text, &why), 2); // a record a block
	assert_null(text);
	assert_non_null(strstr(why, "removed meanwhile"));
	assert_int_equal(prove_text(log, r.pruned + 1, &text, &why), 1);
	assert_non_null(strstr(why, "removed by retention, as the log states"));
}

// Ages are those of the records: another name makes none older.
static void test_names_do_not_count(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config(s, 1, 0);
	struct flowlog *l = steps_open(&c);
	char path[256], to[300];

	write_hours(s, l, 0, 4);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(scratch_find(s->dir, SEGMENT_SUFFIX, i, path) >= 3);
		snprintf(to, sizeof(to), "%s/flow-20200101T00000%uZ-%06u.jsonl.zst", s->dir, i,
			i + 1);
		assert_int_equal(rename(path, to), 0);
	}
	write_hours(s, l, 4, 10);
	steps_close(l);
	assert_int_equal(covered(s), 0);
	assert_int_equal(steps_verify(s->dir, NULL, 3).pruned, 0);
}

// A file that cannot be read as a segment holds up neither age nor size.
static void test_damaged(void **state)
{
	const struct scratch *s = *state;
	struct flowlog_config c = config(s, 0, 3000);
	struct flowlog *l = steps_open(&c);
	char path[256];

	write_hours(s, l, 0, 3);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 1, path), 2);
	scratch_write(path, "damaged", 7);
	for (unsigned i = 3; i < 12; i++) {
		steps_write(l, 1, SAMPLE_T + i * HOUR, 0);
		assert_int_equal(flowlog_flush(l, SAMPLE_T + i * HOUR + 1000000), 0);
	}
	steps_close(l);
	assert_int_equal(access(path, F_OK), -1);
	assert_in_range(scratch_find(s->dir, SEGMENT_SUFFIX, 0, NULL), 2, 5);
	steps_verify(s->dir, NULL, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make_fast, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stated_first),
		TEST(test_taken_up_again),
		TEST(test_removed_by_hand),
		TEST(test_while_it_is_verified),
		TEST(test_names_do_not_count),
		TEST(test_damaged),
	};

	return cmocka_run_group_tests_name("retain", tests, NULL, NULL);
}
