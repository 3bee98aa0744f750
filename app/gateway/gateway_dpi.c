// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Who does DPI: each worker for its own flows, or lcores of their own for all workers.

#include "app/dataplane/share.h"
#include "app/gateway/gateway.h"
#include "app/gateway/place.h"

#include <errno.h>
#include <rte_launch.h>
#include <stdlib.h>
#include <string.h>

static struct dpi_config config_of(const struct gateway *g, unsigned worker)
{
	return (struct dpi_config){
		.contexts = share_of(g->config.dpi.contexts, g->n_workers, worker),
		.max_packets_tcp = (uint16_t)g->config.dpi.max_packets_tcp,
		.max_packets_udp = (uint16_t)g->config.dpi.max_packets_udp,
		.touch = !g->config.eal.no_huge,
	};
}

int gateway_make_names(struct gateway *g)
{
	struct dpi_config c = config_of(g, 0);

	c.contexts = 1;
	g->dpi = calloc(g->n_workers + 1, sizeof(struct dpi *));
	if (g->dpi != NULL)
		g->dpi[g->n_workers] = dpi_create(&c, g->err, sizeof(g->err));
	if (g->dpi == NULL || g->dpi[g->n_workers] == NULL) {
		fprintf(stderr, "bridgehead: %s\n", g->err[0] != '\0' ? g->err : "no memory");
		return -EIO;
	}
	return 0;
}

static int make_module(void *ctx, unsigned i)
{
	struct gateway *g = ctx;
	const struct dpi_config c = config_of(g, i);

	g->dpi[i] = dpi_create(&c, g->err, sizeof(g->err));
	return g->dpi[i] != NULL ? 0 : -EIO;
}

static void *array_of(size_t n, size_t size) // in cache lines of their own, zeroed
{
	void *p = aligned_alloc(64, n * size);

	return p != NULL ? memset(p, 0, n * size) : NULL;
}

static int make_worker_lanes(void *ctx, unsigned i)
{
	const struct gateway *g = ctx;
	const struct dpi_config c = config_of(g, i);

	return lanes_init(&g->lanes[i], g->n_dpi_lcores, &c, LANE_REQUEST_BYTES);
}

static int make_lane_server(void *ctx, unsigned k)
{
	struct gateway *g = ctx;
	const struct dpi_config c = config_of(g, 0); // of which the lanes say the contexts
	struct lanes *all[WORKER_MAX];

	for (unsigned i = 0; i < g->n_workers; i++)
		all[i] = &g->lanes[i];
	return lane_server_init(&g->dpi_lcores[k].server, all, g->n_workers, k, &c, &g->dpi_stop,
		g->err, sizeof(g->err));
}

static int make_lanes(struct gateway *g)
{
	const struct gateway_workers *w = &g->config.workers;
	int rc;

	g->lanes = array_of(g->n_workers, sizeof(*g->lanes));
	g->dpi_lcores = array_of(g->n_dpi_lcores, sizeof(*g->dpi_lcores));
	if (g->lanes == NULL || g->dpi_lcores == NULL)
		return -ENOMEM;
	rc = place_each(w->lcores, w->n_lcores, make_worker_lanes, g);
	if (rc == 0)
		rc = place_each(w->dpi_lcores, w->n_dpi_lcores, make_lane_server, g);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < g->n_dpi_lcores; i++) {
		struct dpi_lcore *d = &g->dpi_lcores[i];

		d->lcore = w->dpi_lcores[i];
		d->stop = &g->dpi_stop;
		d->idle.mode = w->idle;
		d->idle.max_us = w->idle_us;
	}
	return 0;
}

int gateway_make_dpi(struct gateway *g)
{
	const struct gateway_workers *w = &g->config.workers;

	g->n_dpi_lcores = (unsigned)w->n_dpi_lcores;
	return g->n_dpi_lcores != 0 ? make_lanes(g)
				    : place_each(w->lcores, w->n_lcores, make_module, g);
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
