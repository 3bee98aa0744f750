// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// An lcore that does nothing but DPI, for all workers (workers.dpi_lcores).
#pragma once

#include "app/dataplane/lane_server.h"
#include "app/gateway/worker_idle.h"

struct dpi_lcore {
	unsigned lcore;
	struct lane_server server;
	struct worker_idle idle;
	const _Atomic bool *stop; // set when no worker takes answers any more
	struct {                  // written by the lcore, read by anyone
		uint64_t loops, idle_loops;
	} stats __attribute__((aligned(64)));
};

// The lcore's function (arg: struct dpi_lcore). Returns when *stop is set.
int dpi_lcore_run(void *arg);
