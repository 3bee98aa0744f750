// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// rte_power_pause() has been experimental since DPDK 20.11, and unchanged.
#define ALLOW_EXPERIMENTAL_API

#include "app/gateway/worker_idle.h"

#include <rte_cpuflags.h>
#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_power_intrinsics.h>
#include <sys/prctl.h>
#include <time.h>

void worker_idle_begin(const struct worker_idle *x)
{
	// 50 us is what the kernel may add by itself.
	if (x->mode == IDLE_SLEEP)
		prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0); // ns; best effort
}

static void rest(uint32_t us)
{
	uint64_t end = rte_rdtsc() + rte_get_tsc_hz() * us / 1000000;
	struct rte_cpu_intrinsics has;

	rte_cpu_get_intrinsics_support(&has);
	if (has.power_pause && rte_power_pause(end) == 0)
		return;
	while (rte_rdtsc() < end)
		rte_pause();
}

void worker_idle_wait(struct worker_idle *x)
{
	struct timespec t = {0};
	uint32_t doubled, us;

	if (x->empty < IDLE_GRACE + 31)
		x->empty++;
	if (x->mode == IDLE_POLL || x->empty <= IDLE_GRACE) {
		rte_pause();
		return;
	}
	doubled = 1u << (x->empty - IDLE_GRACE - 1);
	us = doubled < x->max_us ? doubled : x->max_us;
	t.tv_nsec = us * 1000L;
	if (x->mode == IDLE_SLEEP)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	else
		rest(us);
	x->waited = true;
	x->waits++;
}
