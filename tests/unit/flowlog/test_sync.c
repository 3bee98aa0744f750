// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What is on the disk when a checkpoint vouches for it: the captures that records name, too.

#include "app/flowlog/flow_capture.h"
#include "log_steps.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static atomic_uint synced;
static char captures[160], checkpoint[160];

// In place of libc's: the log's thread is the only one that calls it here.
int syncfs(int fd)
{
	struct stat st;

	(void)fd;
	if (stat(captures, &st) != 0 || stat(checkpoint, &st) == 0)
		atomic_fetch_add(&synced, 1000); // too early, or too late
	atomic_fetch_add(&synced, 1);
	return 0;
}

static void put(struct flowlog *l, struct flow_capture_pool *pool, int64_t t)
{
	struct record r = sample_record();

	r.t0 = r.t1 = t;
	if (pool != NULL) {
		r.capture = flow_capture_begin(pool, 4, 64, 1);
		flow_capture_add(r.capture, (const uint8_t *)"0123456789", 10, 10, t);
	}
	assert_int_equal(flowlog_write(l, &r), 0);
}

static void run(const struct scratch *s, const char *name, bool with, unsigned want)
{
	struct flow_capture_pool *pool = flow_capture_pool_create(16, 4);
	struct flowlog_config c = steps_config(s);
	struct flowlog *l;
	char dir[128];

	scratch_path(s, name, dir);
	c.dir = dir;
	c.live = true;
	snprintf(captures, sizeof(captures), "%s/captures", dir);
	snprintf(checkpoint, sizeof(checkpoint), "%s/checkpoint", dir);
	atomic_store(&synced, 0);
	l = steps_open(&c);
	put(l, NULL, SAMPLE_T);
	put(l, with ? pool : NULL, SAMPLE_T + 1);
	put(l, NULL, SAMPLE_T + 2);
	steps_close(l);
	assert_int_equal(atomic_load(&synced), want);
	assert_int_equal(access(captures, F_OK) == 0, with);
	assert_int_equal(access(checkpoint, F_OK), 0);
	flow_capture_pool_free(pool);
}

// Before the checkpoint, once, and only where there are any.
static void test_captures(void **state)
{
	run(*state, "without", false, 0);
	run(*state, "with", true, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_captures, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
