// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/writer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// A record whose every part tells its number.
static void fill(struct record *r, uint64_t i)
{
	memset(r, 0, sizeof(*r));
	r->fid = i;
	r->t1 = (int64_t)(i * 3);
	r->sport = (uint16_t)i;
	snprintf(r->host, sizeof(r->host), "h%llu.example", (unsigned long long)i);
}

static int differs(const struct record *r, uint64_t i)
{
	struct record expected;

	fill(&expected, i);
	return r->fid != i || r->t1 != expected.t1 || r->sport != expected.sport ||
	       strcmp(r->host, expected.host) != 0;
}

static void test_fill_and_drain(void **state)
{
	struct record_ring *ring = record_ring_create(5); // becomes 8
	struct record r, out[16];
	uint64_t put = 0, taken = 0;

	assert_non_null(ring);
	assert_int_equal(record_ring_get(ring, out, 16), 0);
	for (unsigned round = 0; round < 5; round++) {
		unsigned n;

		for (;;) {
			fill(&r, put);
			if (record_ring_put(ring, &r) != 0) {
				break;
			}
			put++;
		}
		assert_int_equal(put - taken, 8);
		assert_int_equal(record_ring_put(ring, &r), -ENOSPC);
		assert_int_equal(record_ring_lost_count(ring), 2 * (round + 1));
		n = record_ring_get(ring, out, 3 + round);
		assert_int_equal(n, 3 + round);
		for (unsigned i = 0; i < n; i++) {
			assert_false(differs(&out[i], taken++));
		}
		assert_int_equal(record_ring_put_count(ring), put);
		assert_int_equal(record_ring_taken_count(ring), taken);
	}
	record_ring_free(ring);
}

static void test_peek(void **state)
{
	struct record_ring *ring = record_ring_create(4);
	struct record r;

	assert_non_null(ring);
	for (uint64_t i = 0; i < 3; i++) {
		fill(&r, i);
		assert_int_equal(record_ring_put(ring, &r), 0);
	}
	assert_int_equal(record_ring_available(ring, 4), 3);
	assert_false(differs(record_ring_peek(ring, 0), 0));
	assert_false(differs(record_ring_peek(ring, 2), 2));
	assert_int_equal(record_ring_taken_count(ring), 0);
	record_ring_release(ring, 2);
	assert_int_equal(record_ring_taken_count(ring), 2);
	assert_false(differs(record_ring_peek(ring, 0), 2));
	record_ring_free(ring);
}

// A host name as long as the field allows, and one that is not terminated, are kept within it.
static void test_long_hosts(void **state)
{
	struct record_ring *ring = record_ring_create(2);
	struct record r, out;

	assert_non_null(ring);
	fill(&r, 1);
	memset(r.host, 'x', sizeof(r.host));
	assert_int_equal(record_ring_put(ring, &r), 0);
	assert_int_equal(record_ring_get(ring, &out, 1), 1);
	assert_int_equal(strlen(out.host), RECORD_HOST_MAX);
	record_ring_free(ring);
}

#define MANY 1000000

static void *produce(void *arg)
{
	struct record_sink sink = record_ring_sink(arg);
	uint64_t refused = 0;
	struct record r;

	for (uint64_t i = 0; i < MANY; i++) {
		fill(&r, i);
		while (sink.emit(sink.ctx, &r) != 0) {
			refused++;
			sched_yield();
		}
	}
	return (void *)(uintptr_t)refused;
}

static void test_two_threads(void **state)
{
	struct record_ring *ring = record_ring_create(1024);
	static struct record out[64];
	pthread_t thread;
	uint64_t expected = 0, wrong = 0;
	void *refused;

	assert_non_null(ring);
	assert_int_equal(pthread_create(&thread, NULL, produce, ring), 0);
	while (expected < MANY) {
		unsigned n = record_ring_get(ring, out, 64);

		for (unsigned i = 0; i < n; i++) {
			wrong += (uint64_t)differs(&out[i], expected++);
		}
		if (n == 0) {
			sched_yield();
		}
	}
	pthread_join(thread, &refused);
	assert_int_equal(wrong, 0);
	assert_int_equal(record_ring_put_count(ring), MANY);
	assert_int_equal(record_ring_taken_count(ring), MANY);
	assert_int_equal(record_ring_lost_count(ring), (uintptr_t)refused);
	record_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill_and_drain),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_long_hosts),
		cmocka_unit_test(test_two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
