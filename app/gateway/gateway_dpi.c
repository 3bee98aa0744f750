// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Who does DPI: each worker for its own flows, or lcores of their own for all workers.

#include "app/gateway/gateway.h"

#include <errno.h>
#include <rte_launch.h>
#include <stdlib.h>
#include <string.h>

// A module for each worker that does DPI itself, and one for names.
static int make_modules(struct gateway *g, struct dpi_config c)
{
	g->dpi = calloc(g->n_workers + 1, sizeof(struct dpi *));
	if (g->dpi == NULL)
		return -ENOMEM;
	for (unsigned i = g->n_dpi_lcores != 0 ? g->n_workers : 0; i <= g->n_workers; i++) {
		if (i == g->n_workers)
			c.contexts = 1; // for names only
		g->dpi[i] = dpi_create(&c, g->err, sizeof(g->err));
		if (g->dpi[i] == NULL)
			return -EIO;
	}
	return 0;
}

static void *array_of(size_t n, size_t size) // in cache lines of their own, zeroed
{
	void *p = aligned_alloc(64, n * size);

	return p != NULL ? memset(p, 0, n * size) : NULL;
}

static int make_lanes(struct gateway *g, const struct dpi_config *c)
{
	struct lanes *all[WORKER_MAX];

	g->lanes = array_of(g->n_workers, sizeof(*g->lanes));
	g->dpi_lcores = array_of(g->n_dpi_lcores, sizeof(*g->dpi_lcores));
	if (g->lanes == NULL || g->dpi_lcores == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < g->n_workers; i++) {
		if (lanes_init(&g->lanes[i], g->n_dpi_lcores, c, LANE_REQUEST_BYTES) < 0)
			return -ENOMEM;
		all[i] = &g->lanes[i];
	}
	for (unsigned i = 0; i < g->n_dpi_lcores; i++) {
		struct dpi_lcore *d = &g->dpi_lcores[i];
		int rc = lane_server_init(
			&d->server, all, g->n_workers, i, c, &g->dpi_stop, g->err, sizeof(g->err));

		if (rc < 0)
			return rc;
		d->lcore = g->config.workers.dpi_lcores[i];
		d->stop = &g->dpi_stop;
		d->idle.mode = g->config.workers.idle;
		d->idle.max_us = g->config.workers.idle_us;
	}
	return 0;
}

int gateway_make_dpi(struct gateway *g)
{
	const struct dpi_config c = {
		.contexts = g->config.dpi.contexts / g->n_workers + 1,
		.max_packets_tcp = (uint16_t)g->config.dpi.max_packets_tcp,
		.max_packets_udp = (uint16_t)g->config.dpi.max_packets_udp,
		.touch = !g->config.eal.no_huge,
	};
	int rc;

	g->n_dpi_lcores = (unsigned)g->config.workers.n_dpi_lcores;
	rc = make_modules(g, c);
	if (rc == 0 && g->n_dpi_lcores != 0)
		rc = make_lanes(g, &c);
	if (rc < 0)
		fprintf(stderr, "bridgehead: %s\n", g->err[0] != '\0' ? g->err : "no memory");
	return rc;
}

int gateway_start_dpi(struct gateway *g)
{
	for (unsigned i = 0; i < g->n_dpi_lcores; i++) {
		struct dpi_lcore *d = &g->dpi_lcores[i];

		if (rte_eal_remote_launch(dpi_lcore_run, d, d->lcore) != 0) {
			snprintf(g->err, sizeof(g->err), "lcore %u does not start", d->lcore);
			return -EIO;
		}
		g->n_dpi_launched++;
	}
	return 0;
}

void gateway_stop_dpi(struct gateway *g)
{
	atomic_store(&g->dpi_stop, true);
	for (unsigned i = 0; i < g->n_dpi_launched; i++)
		rte_eal_wait_lcore(g->dpi_lcores[i].lcore);
	g->n_dpi_launched = 0;
}

void gateway_free_dpi(struct gateway *g)
{
	for (unsigned i = 0; g->dpi_lcores != NULL && i < g->n_dpi_lcores; i++)
		lane_server_fini(&g->dpi_lcores[i].server);
	for (unsigned i = 0; g->lanes != NULL && i < g->n_workers; i++)
		lanes_fini(&g->lanes[i]);
	for (unsigned i = 0; g->dpi != NULL && i <= g->n_workers; i++)
		dpi_free(g->dpi[i]);
	free(g->dpi_lcores);
	free(g->lanes);
	free(g->dpi);
}
