// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/dpi_lcore.h"

#define TURN 32 // requests of one worker before the next one's

int dpi_lcore_run(void *arg)
{
	struct dpi_lcore *d = arg;

	worker_idle_begin(&d->idle);
	while (!atomic_load_explicit(d->stop, memory_order_relaxed)) {
		d->stats.loops++;
		if (lane_server_turn(&d->server, TURN) == 0) {
			d->stats.idle_loops++;
			worker_idle_wait(&d->idle);
		} else {
			worker_idle_reset(&d->idle);
		}
	}
	return 0;
}
