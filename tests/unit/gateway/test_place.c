// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What lies where: buffers by the nodes of ports, and what lcores make for themselves.

#include "app/gateway/place.h"
#include "app/gateway/pools.h"
#include "tests/unit/gateway/worker_rig.h"

#include <errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void shares(const int *nodes, unsigned n, const unsigned want[][2], unsigned n_want)
{
	struct pools p;
	uint64_t sum = 0;

	pools_share(&p, nodes, n, 65535);
	assert_int_equal(p.n, n_want);
	for (unsigned i = 0; i < n_want; i++) {
		assert_int_equal(p.at[i].node, want[i][0]);
		assert_int_equal(p.at[i].mbufs, want[i][1]);
		assert_null(p.at[i].pool);
		sum += p.at[i].mbufs;
	}
	assert_int_equal(sum, 65535);
}

static void test_shares(void **state)
{
	const int one[] = {1, 1}, two[] = {0, 1}, odd[] = {1, 0, 1, 0, 1, 3};
	int many[20];

	shares(one, 2, (const unsigned[][2]){{1, 65535}}, 1);
	shares(two, 2, (const unsigned[][2]){{0, 32768}, {1, 32767}}, 2);
	shares(odd, 6, (const unsigned[][2]){{1, 32768}, {0, 21845}, {3, 10922}}, 3);
	for (int i = 0; i < 20; i++)
		many[i] = i;
	shares(many, 20,
		(const unsigned[][2]){{0, 42603}, {1, 3276}, {2, 3276}, {3, 3276}, {4, 3276},
			{5, 3276}, {6, 3276}, {7, 3276}},
		POOLS_MAX);
}

static void test_pools(void **state)
{
	const int here[] = {0, 0};
	struct pools p;
	char err[256] = "";

	pools_share(&p, here, 2, 2048);
	assert_int_equal(pools_make(&p, 2048, err, sizeof(err)), 0);
	assert_int_equal(rte_mempool_avail_count(pools_near(&p, 0)), 2048);
	assert_ptr_equal(pools_near(&p, 7), pools_near(&p, 0)); // no ports there
	pools_free(&p);
	pools_share(&p, (const int[]){3, 3, 0}, 3, 3000000);
	assert_int_equal(pools_make(&p, 2048, err, sizeof(err)), -ENOMEM);
	assert_non_null(strstr(err, "2000000 packet buffers of 2048 bytes on NUMA node 3"));
	pools_free(&p);
	pools_free(&p);
}

static int where(void *arg)
{
	*(unsigned *)arg = rte_lcore_id();
	return -EDOM;
}

static int busy(void *arg)
{
	while (!__atomic_load_n((bool *)arg, __ATOMIC_RELAXED))
		;
	return 0;
}

static void test_run(void **state)
{
	const unsigned other = rte_get_next_lcore(-1, 1, 0);
	unsigned at = LCORE_ID_ANY;
	bool stop = false;

	assert_int_equal(place_run(other, where, &at), -EDOM);
	assert_int_equal(at, other);
	assert_int_equal(place_run(rte_get_main_lcore(), where, &at), -EDOM);
	assert_int_equal(at, rte_get_main_lcore());
	assert_int_equal(rte_eal_remote_launch(busy, &stop, other), 0);
	assert_int_equal(place_run(other, where, &at), -EBUSY);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	assert_int_equal(rte_eal_wait_lcore(other), 0);
	assert_int_equal(place_run(other, where, &at), -EDOM);
}

struct visit {
	unsigned at[4], n, fails;
};

static int visit(void *ctx, unsigned i)
{
	struct visit *v = ctx;

	v->at[i] = rte_lcore_id();
	v->n++;
	return i == v->fails ? -EDOM : 0;
}

static void test_each(void **state)
{
	const uint32_t lcores[] = {rte_get_next_lcore(-1, 1, 0), rte_get_main_lcore(),
		rte_get_next_lcore(rte_get_next_lcore(-1, 1, 0), 1, 0)};
	struct visit v = {.fails = 3};

	assert_int_equal(place_each(lcores, 3, visit, &v), 0);
	assert_int_equal(v.n, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(v.at[i], lcores[i]);
	v = (struct visit){.fails = 1};
	assert_int_equal(place_each(lcores, 3, visit, &v), -EDOM);
	assert_int_equal(v.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_each),
	};

	if (worker_rig_eal(NULL, 0) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
