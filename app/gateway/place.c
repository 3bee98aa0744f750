// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/place.h"

#include <errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

int place_run(unsigned lcore, int (*f)(void *arg), void *arg)
{
	if (lcore == rte_lcore_id())
		return f(arg);
	return rte_eal_remote_launch(f, arg, lcore) == 0 ? rte_eal_wait_lcore(lcore) : -EBUSY;
}

struct one {
	int (*f)(void *ctx, unsigned i);
	void *ctx;
	unsigned i;
};

static int run_one(void *arg)
{
	const struct one *o = arg;

	return o->f(o->ctx, o->i);
}

int place_each(const uint32_t *lcores, size_t n, int (*f)(void *ctx, unsigned i), void *ctx)
{
	int rc = 0;

	for (unsigned i = 0; i < n && rc == 0; i++) {
		struct one o = {f, ctx, i};

		rc = place_run(lcores[i], run_one, &o);
	}
	return rc;
}
