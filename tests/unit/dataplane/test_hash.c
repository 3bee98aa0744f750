// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The hash of a flow's key.

#include "app/dataplane/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct hash_seed seed = {
	{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93}};

static int by_u64(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

// Hashes tell flows apart where both addresses are the same, where only the ports are the other way
// round, and where an address is a neighbour's.
static void flows_apart6(void **state)
{
	enum {
		HOSTS = 32,
		N = HOSTS * (HOSTS + 1) / 2 * 2
	};
	struct flow_key k = {.version = 6, .proto = 17, .vni = UINT32_MAX};
	uint64_t *h = malloc(N * sizeof(*h));
	unsigned n = 0;

	(void)state;
	assert_non_null(h);
	for (uint8_t a = 0; a < HOSTS; a++)
		for (uint8_t b = a; b < HOSTS; b++)
			for (unsigned swap = 0; swap < 2; swap++) {
				k.a6[0][15] = a;
				k.a6[1][15] = b;
				k.port[swap] = 53;
				k.port[!swap] = 4000;
				h[n++] = hash_key(&seed, &k);
			}
	assert_int_equal(n, N);
	qsort(h, N, sizeof(*h), by_u64);
	for (unsigned i = 1; i < N; i++)
		assert_true(h[i - 1] != h[i]);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(flows_apart6)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
