// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A segment that a crash left open, cut at every byte of its last 64 KiB: each time the next run
// keeps the whole blocks, tells exactly what is missing, and the log verifies.
//
// BRIDGEHEAD_CUT_STEP: only every so many bytes, and those around the ends of frames (default 64;
// 1: all).

#include "app/evidence/segment_read.h"
#include "app/flowlog/progress.h"
#include "log_steps.h"
#include "sample.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RANGE     65536
#define BLOCKS    30
#define A_BLOCK   20
#define IN_MEMORY 7
#define MAX_ENDS  (3 * BLOCKS)

static const char *const kept[] = {
	FILE_ENTRIES, FILE_CHECKPOINT, FILE_CHECKPOINTS, FILE_TREE, FILE_PROGRESS};
#define N_KEPT (sizeof(kept) / sizeof(kept[0]))

struct image {                    // of the directory after the crash
	char first[64], last[64]; // names of the closed and the open segment
	char *first_text, *last_text, *kept[N_KEPT];
	size_t first_len, last_len, kept_len[N_KEPT];
	uint64_t next; // number that would have been given
	size_t ends[MAX_ENDS];
	uint64_t seq_at[MAX_ENDS]; // last number that is whole up to there
	unsigned n_ends;
};

static void write_block(struct flowlog *l, unsigned seed, unsigned n, int64_t t)
{
	struct record r = sample_record();

	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < 250; k++) { // nothing that packs well
			seed = seed * 1103515245 + 12345;
			r.host[k] = (char)('a' + (seed >> 16) % 26);
		}
		r.host[250] = '\0';
		r.t0 = r.t1 = t;
		assert_int_equal(flowlog_write(l, &r), 0);
	}
}

// A run that ends, and one that dies with a full segment open and records in memory.
static void make_log(const struct scratch *s)
{
	struct flowlog_config c = steps_config(s);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		return;
	}
	for (unsigned run = 0; run < 2; run++) {
		struct flowlog *l = steps_open(&c);
		int64_t t = SAMPLE_T;

		flowlog_flush(l, t);
		steps_start(l, t);
		for (unsigned i = 0; i < (run == 0 ? 5 : BLOCKS); i++, t += 1000000) {
			write_block(l, i, A_BLOCK, t);
			flowlog_flush(l, t + 1000000);
		}
		write_block(l, 0, IN_MEMORY, t);
		if (run == 1)
			_exit(0);
		steps_stop(l, t);
		steps_close(l);
	}
}

static void find_ends(struct image *m, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct segment_reader *r = segment_reader_new(fd);
	struct segment_block b;

	assert_non_null(r);
	while (segment_reader_next(r, &b) == SEGMENT_BLOCK) {
		m->ends[m->n_ends] = (size_t)b.offset + b.size;
		m->seq_at[m->n_ends++] = b.entry.attempted;
	}
	segment_reader_free(r);
	close(fd);
}

static void take_image(const struct scratch *s, struct image *m)
{
	char path[256];

	memset(m, 0, sizeof(*m));
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX, 0, path), 1);
	snprintf(m->first, sizeof(m->first), "%s", path + strlen(s->dir) + 1);
	m->first_text = scratch_read(path, &m->first_len);
	assert_int_equal(scratch_find(s->dir, SEGMENT_SUFFIX_OPEN, 0, path), 1);
	snprintf(m->last, sizeof(m->last), "%s", path + strlen(s->dir) + 1);
	m->last_text = scratch_read(path, &m->last_len);
	assert_true(m->last_len > RANGE + 20000);
	find_ends(m, path);
	assert_int_equal(m->n_ends, BLOCKS);
	for (unsigned i = 0; i < N_KEPT; i++) {
		scratch_path(s, kept[i], path);
		m->kept[i] = scratch_read(path, &m->kept_len[i]);
	}
	memcpy(&m->next, m->kept[N_KEPT - 1] + offsetof(struct progress, next), sizeof(m->next));
}

static void free_image(struct image *m)
{
	free(m->first_text);
	free(m->last_text);
	for (unsigned i = 0; i < N_KEPT; i++)
		free(m->kept[i]);
}

static void lay_out(const struct scratch *s, const struct image *m, size_t cut)
{
	char path[128];

	scratch_path(s, "cut", path);
	assert_true(mkdir(path, 0700) == 0);
	scratch_path(s, "cut/", path);
	strcat(path, m->first);
	scratch_write(path, m->first_text, m->first_len);
	scratch_path(s, "cut/", path);
	strcat(path, m->last);
	scratch_write(path, m->last_text, cut);
	for (unsigned i = 0; i < N_KEPT; i++) {
		scratch_path(s, "cut/", path);
		strcat(path, kept[i]);
		scratch_write(path, m->kept[i], m->kept_len[i]);
	}
}

static void clear(const struct scratch *s)
{
	char path[256], dir[128];

	scratch_path(s, "cut", dir);
	while (scratch_find(dir, "", 2, path) > 2) // after "." and ".."
		assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void check_cut(const struct scratch *s, const struct image *m, size_t cut)
{
	struct flowlog_config c = steps_config(s);
	uint64_t whole = 0, at = 0;
	struct verify_report r;
	struct flowlog *l;
	char dir[128];

	for (unsigned i = 0; i < m->n_ends && m->ends[i] <= cut; i++) {
		whole = m->seq_at[i];
		at = m->ends[i];
	}
	lay_out(s, m, cut);
	scratch_path(s, "cut", dir);
	r = steps_verify(dir, NULL, 3); // as it stands
	assert_int_equal(r.integrity.status, VERIFY_GOOD);
	c.dir = dir;
	l = steps_open(&c);
	steps_start(l, SAMPLE_T + 3600000000ll);
	steps_stop(l, SAMPLE_T + 3600000000ll);
	steps_close(l);
	r = steps_verify(dir, NULL, 3);
	assert_int_equal(r.integrity.status, VERIFY_GOOD);
	assert_int_equal(r.completeness.status, VERIFY_GOOD);
	assert_int_equal(r.attempted, m->next - 1 + 3); // gap, start, stop
	assert_int_equal(r.lost, m->next - 1 - whole);
	assert_int_equal(r.gaps, 1);
	assert_int_equal(scratch_find(dir, SEGMENT_SUFFIX_TORN, 0, NULL), cut != at);
	clear(s);
}

static bool is_near_an_end(const struct image *m, size_t cut)
{
	for (unsigned i = 0; i < m->n_ends; i++) {
		if (cut + 3 >= m->ends[i] && cut <= m->ends[i] + 12)
			return true;
	}
	return false;
}

static void test_cut_at_every_byte(void **state)
{
	const struct scratch *s = *state;
	const char *text = getenv("BRIDGEHEAD_CUT_STEP");
	const size_t step = text != NULL && atoi(text) > 0 ? (size_t)atoi(text) : 64;
	struct image m;
	unsigned cuts = 0;

	make_log(s);
	take_image(s, &m);
	for (size_t back = 0; back <= RANGE; back++) {
		if (back % step == 0 || is_near_an_end(&m, m.last_len - back)) {
			check_cut(s, &m, m.last_len - back);
			cuts++;
		}
	}
	print_message("%u cuts\n", cuts);
	free_image(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_cut_at_every_byte, scratch_make_fast, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
