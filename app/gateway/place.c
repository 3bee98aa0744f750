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
