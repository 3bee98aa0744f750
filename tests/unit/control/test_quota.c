// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/quota.h"
#include "tests/unit/control/folder.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 8
#define MAX     (64u << 20)

static void names_make_counters(void **state)
{
	struct quota q;
	struct quota_counter *c[5];

	(void)state;
	assert_int_equal(quota_init(&q, 100), 0);
	c[0] = quota_find(&q, "l", NULL, 0, POLICY_WINDOW_DAY);
	c[1] = quota_find(&q, "l", "a", 0, POLICY_WINDOW_DAY);
	c[2] = quota_find(&q, "l", NULL, POLICY_CC('U', 'S'), POLICY_WINDOW_DAY);
	c[3] = quota_find(&q, "l", "a", POLICY_CC('U', 'S'), POLICY_WINDOW_DAY);
	c[4] = quota_find(&q, "la", NULL, 0, POLICY_WINDOW_DAY);
	for (unsigned i = 0; i < 5; i++)
		for (unsigned k = 0; k < i; k++)
			assert_ptr_not_equal(c[i], c[k]);
	assert_ptr_equal(c[3], quota_find(&q, "l", "a", POLICY_CC('U', 'S'), POLICY_WINDOW_DAY));
	assert_int_equal(q.used, 5);
	quota_fini(&q);
}

static void a_full_table_says_so(void **state)
{
	struct quota q;
	char name[16];
	unsigned n = 0;

	(void)state;
	assert_int_equal(quota_init(&q, 64), 0);
	for (unsigned i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		n += quota_find(&q, name, NULL, 0, POLICY_WINDOW_DAY) != NULL;
	}
	assert_int_equal(n, 56);
	assert_int_equal(q.refused, 8);
	assert_non_null(quota_find(&q, "l0", NULL, 0, POLICY_WINDOW_DAY)); // those there are found
	quota_fini(&q);
}

struct job {
	struct quota *q;
	struct quota_counter *seen[100];
	uint64_t got;
	pthread_barrier_t *start;
	pthread_t thread;
};

static void *find_all(void *arg)
{
	struct job *j = arg;
	char name[16];

	pthread_barrier_wait(j->start);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		j->seen[i] = quota_find(j->q, name, "tenant", 0, POLICY_WINDOW_HOUR);
	}
	return NULL;
}

static void run(struct quota *q, struct job jobs[THREADS], void *(*what)(void *))
{
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){.q = q, .start = &start};
		assert_int_equal(pthread_create(&jobs[i].thread, NULL, what, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(jobs[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

static void one_counter_a_name_for_all_threads(void **state)
{
	static struct job jobs[THREADS];

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		struct quota q;

		assert_int_equal(quota_init(&q, 256), 0);
		run(&q, jobs, find_all);
		for (unsigned t = 1; t < THREADS; t++)
			assert_memory_equal(jobs[t].seen, jobs[0].seen, sizeof(jobs[0].seen));
		assert_int_equal(q.used, 100);
		quota_fini(&q);
	}
}

static void *lease_all(void *arg)
{
	struct job *j = arg;
	struct quota_counter *c = quota_find(j->q, "l", NULL, 0, POLICY_WINDOW_DAY);
	uint64_t got;

	pthread_barrier_wait(j->start);
	while ((got = quota_lease(c, MAX, QUOTA_LEASE_MAX, THREADS)) != 0) {
		assert_true(got <= QUOTA_LEASE_MAX);
		j->got += got;
	}
	return NULL;
}

static void leases_never_add_up_to_more(void **state)
{
	static struct job jobs[THREADS];

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		struct quota_counter *c;
		uint64_t sum = 0;
		struct quota q;

		assert_int_equal(quota_init(&q, 64), 0);
		run(&q, jobs, lease_all);
		for (unsigned t = 0; t < THREADS; t++)
			sum += jobs[t].got;
		c = quota_find(&q, "l", NULL, 0, POLICY_WINDOW_DAY);
		assert_int_equal(c->committed, sum);
		assert_true(sum <= MAX && sum > MAX - 2 * THREADS * 2048);
		quota_fini(&q);
	}
}

static void windows_move_on_and_not_back(void **state)
{
	struct quota_counter *c;
	struct quota q;

	(void)state;
	assert_int_equal(quota_init(&q, 64), 0);
	c = quota_find(&q, "l", NULL, 0, POLICY_WINDOW_HOUR);
	quota_enter(c, 3600);
	c->bytes = 5;
	c->committed = 6;
	c->flows = 7;
	c->seconds = 8;
	c->over = true;
	quota_enter(c, 3600); // the same
	quota_enter(c, 0);    // another worker's clock is behind
	assert_int_equal(c->bytes, 5);
	assert_int_equal(c->committed, 6);
	assert_true(c->over);
	quota_enter(c, 7200);
	assert_int_equal(c->begin, 7200);
	assert_int_equal(c->bytes + c->committed + c->flows + c->seconds, 0);
	assert_false(c->over);
	quota_fini(&q);
}

static void saved_and_loaded(void **state)
{
	const char *path = folder_path(state, "limits.json");
	char err[256] = "", name[16];
	struct quota_counter *c;
	struct quota q, r;

	assert_int_equal(quota_init(&q, 4096), 0);
	assert_int_equal(quota_init(&r, 4096), 0);
	assert_int_equal(quota_load(&r, path, 1000000, err, sizeof(err)), 0); // none is no error
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "l%u", i / 2);
		c = quota_find(&q, name, i % 2 ? "tenant" : NULL, i % 3 ? 0 : POLICY_CC('D', 'E'),
			(enum policy_limit_window)(1 + i % 3));
		assert_non_null(c);
		quota_enter(c, -100 + (int64_t)i);
		c->bytes = ((uint64_t)1 << 60) + i;
		c->committed = c->bytes + 77;
		c->flows = 2 * i;
		c->seconds = 3 * i;
		c->over = i % 5 == 0;
	}
	quota_find(&q, "never-entered", NULL, 0, POLICY_WINDOW_DAY); // counts nothing: not kept
	assert_int_equal(quota_save(&q, path), 0);
	assert_int_equal(quota_load(&r, path, 1000000, err, sizeof(err)), 0);
	assert_int_equal(r.used, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "l%u", i / 2);
		c = quota_find(&r, name, i % 2 ? "tenant" : NULL, i % 3 ? 0 : POLICY_CC('D', 'E'),
			(enum policy_limit_window)(1 + i % 3));
		assert_int_equal(c->begin, -100 + (int64_t)i);
		assert_int_equal(c->bytes, ((uint64_t)1 << 60) + i);
		assert_int_equal(c->committed, c->bytes); // what was leased is not used
		assert_int_equal(c->flows, 2 * i);
		assert_int_equal(c->seconds, 3 * i);
		assert_int_equal(c->over, i % 5 == 0);
		assert_int_equal(c->window, 1 + i % 3);
	}
	quota_fini(&q);
	quota_fini(&r);
}

// What is the same as before need not be written again.
static void the_digest_tells_changes(void **state)
{
	struct quota_counter *c;
	struct quota q;
	uint64_t had;

	assert_int_equal(quota_init(&q, 4096), 0);
	had = quota_digest(&q);
	quota_find(&q, "a", NULL, 0, POLICY_WINDOW_DAY);
	assert_int_equal(quota_digest(&q), had); // counts nothing
	c = quota_find(&q, "b", "tenant", POLICY_CC('D', 'E'), POLICY_WINDOW_DAY);
	quota_enter(c, 3600);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t now = quota_digest(&q);

		assert_int_not_equal(now, had);
		assert_int_equal(now, quota_digest(&q));
		had = now;
		c->bytes += i == 0;
		c->flows += i == 1;
		c->seconds += i == 2;
		c->over = i >= 3;
		if (i == 4)
			quota_enter(c, 7200);
	}
	assert_int_not_equal(quota_digest(&q), had);
	had = quota_digest(&q);
	c->committed += 7; // is not written
	assert_int_equal(quota_digest(&q), had);
	quota_fini(&q);
}

// The clock was set back: what counts in a time to come would count for ever.
static void windows_to_come(void **state)
{
	const char *path = folder_path(state, "later.json");
	struct quota_counter *c;
	struct quota q, r;
	char err[256];

	assert_int_equal(quota_init(&q, 64), 0);
	assert_int_equal(quota_init(&r, 64), 0);
	for (int64_t i = 0; i < 3; i++) {
		c = quota_find(&q, "l", NULL, (uint16_t)(i != 0 ? POLICY_CC('D', 'D' + i) : 0),
			POLICY_WINDOW_HOUR);
		quota_enter(c, 3600 * (1 + i));
		c->flows = 7;
	}
	assert_int_equal(quota_save(&q, path), 0);
	assert_int_equal(quota_load(&r, path, 7200, err, sizeof(err)), 1);
	assert_int_equal(r.used, 2);
	assert_int_equal(
		quota_find(&r, "l", NULL, POLICY_CC('D', 'E'), POLICY_WINDOW_HOUR)->flows, 7);
	assert_int_equal(
		quota_find(&r, "l", NULL, POLICY_CC('D', 'F'), POLICY_WINDOW_HOUR)->flows, 0);
	quota_fini(&q);
	quota_fini(&r);
}

static void damaged_files(void **state)
{
	static const char *const bad[] = {"", "[]",
		"{\"format\":\"limit-counters/2\",\"counters\":[]}",
		"{\"format\":\"limit-counters/1\"}",
		"{\"format\":\"limit-counters/1\",\"counters\":{}}",
		"{\"format\":\"limit-counters/1\",\"counters\":[{}]}"};
	static const char *const wrong[][2] = {{"\"bytes\": 5", "\"bytes\": -5"},
		{"\"window\": \"day\"", "\"window\": \"week\""},
		{"\"limit\": \"l\"", "\"limit\": \"\""},
		{"\"country\": \"DE\"", "\"country\": \"DEU\""}, {"\"over\": false", "\"over\": 0"},
		{"\"flows\": 0", "\"flows\": \"0\""}, {"\"tenant\": \"a\"", "\"tenant\": null"}};
	const char *path = folder_path(state, "limits.json");
	char err[256], *whole, *copy;
	struct quota_counter *c;
	struct quota q;

	assert_int_equal(quota_init(&q, 64), 0);
	c = quota_find(&q, "l", "a", POLICY_CC('D', 'E'), POLICY_WINDOW_DAY);
	quota_enter(c, 0);
	c->bytes = 5;
	quota_enter(quota_find(&q, "m", "b", 0, POLICY_WINDOW_DAY), 0);
	assert_int_equal(quota_save(&q, path), 0);
	quota_fini(&q);
	assert_int_equal(quota_init(&q, 64), 0);
	whole = folder_read(state, "limits.json");
	for (size_t n = 0; n < strlen(whole); n++) {
		copy = strndup(whole, n);
		folder_write(state, "limits.json", copy);
		err[0] = '\0';
		assert_int_equal(quota_load(&q, path, 1000000, err, sizeof(err)), -EINVAL);
		assert_non_null(strstr(err, path));
		free(copy);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		folder_write(state, "limits.json", bad[i]);
		assert_int_equal(quota_load(&q, path, 1000000, err, sizeof(err)), -EINVAL);
	}
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *at = strstr(whole, wrong[i][0]);
		size_t len = strlen(whole) + 16;

		if (at == NULL)
			fail_msg("the file has no %s: %s", wrong[i][0], whole);
		copy = malloc(len);
		snprintf(copy, len, "%.*s%s%s", (int)(at - whole), whole, wrong[i][1],
			at + strlen(wrong[i][0]));
		folder_write(state, "limits.json", copy);
		assert_int_equal(quota_load(&q, path, 1000000, err, sizeof(err)), -EINVAL);
		assert_non_null(strstr(err, "damaged"));
		free(copy);
	}
	assert_int_equal(q.used, 0); // nothing was taken of any
	folder_write(state, "limits.json", whole);
	assert_int_equal(quota_load(&q, path, 1000000, err, sizeof(err)), 0);
	assert_int_equal(q.used, 2);
	free(whole);
	quota_fini(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_make_counters),
		cmocka_unit_test(a_full_table_says_so),
		cmocka_unit_test(one_counter_a_name_for_all_threads),
		cmocka_unit_test(leases_never_add_up_to_more),
		cmocka_unit_test(windows_move_on_and_not_back),
		cmocka_unit_test_setup_teardown(saved_and_loaded, folder_make, folder_remove),
		cmocka_unit_test(the_digest_tells_changes),
		cmocka_unit_test_setup_teardown(windows_to_come, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(damaged_files, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
