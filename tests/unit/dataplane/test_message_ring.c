// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/message_ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE     4096
#define MESSAGES 20000u

static size_t length_of(uint32_t n)
{
	return (n * 2654435761u >> 20) % (SIZE / 4 + 1);
}

static bool put(struct message_ring *r, uint32_t n)
{
	size_t len = length_of(n);
	uint8_t *p = message_ring_reserve(r, len);

	if (p == NULL)
		return false;
	assert_int_equal((uintptr_t)p % 8, 0);
	memset(p, (int)(n & 0xff), len);
	message_ring_commit(r);
	return true;
}

static bool take(struct message_ring *r, uint32_t n)
{
	size_t len;
	const uint8_t *p = message_ring_peek(r, &len);

	if (p == NULL)
		return false;
	assert_int_equal(len, length_of(n));
	if (len != 0) {
		assert_int_equal(p[0], n & 0xff);
		assert_int_equal(p[len - 1], n & 0xff);
	}
	message_ring_take(r);
	return true;
}

static void test_order(void **state)
{
	struct message_ring r;
	uint32_t in = 0, out = 0;

	assert_int_equal(message_ring_init(&r, SIZE), 0);
	assert_false(take(&r, 0));
	// Full, half empty and empty, over all places where a message may stand.
	while (out < 20000) {
		while (put(&r, in))
			in++;
		for (uint32_t k = 0; k < out % 7 + 1 && out < in; k++)
			assert_true(take(&r, out++));
		if (out % 50 == 0)
			while (out < in)
				assert_true(take(&r, out++));
	}
	message_ring_fini(&r);
}

static void test_limits(void **state)
{
	struct message_ring r;
	unsigned n = 0;
	size_t len;

	assert_int_equal(message_ring_init(&r, SIZE), 0);
	assert_null(message_ring_reserve(&r, SIZE / 4 + 1));
	assert_true(message_ring_roomy(&r));
	assert_non_null(message_ring_reserve(&r, 100)); // given up: nothing is seen of it
	assert_null(message_ring_peek(&r, &len));
	while (message_ring_reserve(&r, 56) != NULL) {
		message_ring_commit(&r);
		n++;
	}
	assert_int_equal(n, SIZE / 64); // none is wasted
	assert_false(message_ring_roomy(&r));
	for (unsigned i = 0; i < n / 2; i++) {
		assert_non_null(message_ring_peek(&r, &len));
		assert_int_equal(len, 56);
		message_ring_take(&r);
	}
	assert_true(message_ring_roomy(&r));
	message_ring_fini(&r);
}

static void *put_all(void *arg)
{
	for (uint32_t n = 0; n < MESSAGES; n++)
		while (!put(arg, n))
			sched_yield();
	return NULL;
}

static void test_threads(void **state)
{
	struct message_ring r;
	pthread_t thread;

	assert_int_equal(message_ring_init(&r, SIZE), 0);
	assert_int_equal(pthread_create(&thread, NULL, put_all, &r), 0);
	for (uint32_t n = 0; n < MESSAGES; n++)
		while (!take(&r, n))
			sched_yield();
	pthread_join(thread, NULL);
	assert_false(take(&r, 0));
	message_ring_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
