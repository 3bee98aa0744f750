// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// From a configuration to a running gateway, and back.

#include "app/dataplane/share.h"
#include "app/gateway/gateway_policy.h"
#include "app/gateway/gateway_view.h"
#include "app/gateway/place.h"
#include "drivers/eal/eal.h"

#include <errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_ring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CAPTURE_BLOCKS 8192 // of 4 KiB for each worker, touched when used
#define CAPTURES       4096

static int check_lcores(struct gateway *g, const char *key, const uint32_t *lcores, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t lcore = lcores[i];

		if (lcore >= RTE_MAX_LCORE || !rte_lcore_is_enabled(lcore) ||
			lcore == rte_get_main_lcore()) {
			snprintf(g->err, sizeof(g->err), "workers.%s: lcore %u %s in \"eal\"", key,
				lcore,
				lcore == rte_get_main_lcore()
					? "is the EAL's main lcore, which runs the control side; "
					  "name another one here, or another with --main-lcore"
					: "is not one of the EAL's; give it with -l");
			return -EINVAL;
		}
	}
	return 0;
}

static int make_prefixes(struct gateway *g)
{
	g->inside = calloc(g->config.n_inside + 1, sizeof(*g->inside));
	if (g->inside == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < g->config.n_inside; i++) {
		const struct gateway_prefix *from = &g->config.inside[i];

		g->inside[i].version = from->addr.version;
		g->inside[i].len = from->len;
		memcpy(g->inside[i].addr, from->addr.b, sizeof(g->inside[i].addr));
	}
	return 0;
}

static int make_buffers(void *workers, unsigned i)
{
	return worker_init((struct worker *)workers + i);
}

static int make_workers(struct gateway *g)
{
	g->workers = aligned_alloc(64, g->n_workers * sizeof(*g->workers));
	if (g->workers == NULL)
		return -ENOMEM;
	memset(g->workers, 0, g->n_workers * sizeof(*g->workers));
	for (unsigned i = 0; i < g->n_workers; i++) {
		struct worker *w = &g->workers[i];

		w->number = i;
		w->n_workers = g->n_workers;
		w->lcore = g->config.workers.lcores[i];
		w->burst = (uint16_t)g->config.workers.burst;
		w->idle.mode = g->config.workers.idle;
		w->idle.max_us = g->config.workers.idle_us;
		w->ports = g->by_id;
		w->pool = pools_near(&g->pools, (int)rte_lcore_to_socket_id(w->lcore));
		w->ring_size = g->config.record_ring;
		w->stop = &g->stop;
		w->stopped_rx = &g->stopped_rx;
	}
	return place_each(g->config.workers.lcores, g->n_workers, make_buffers, g->workers);
}

static int64_t seconds(uint32_t s)
{
	return (int64_t)s * 1000000;
}

static void fill_config(const struct gateway *g, struct pipeline_config *c)
{
	const struct gateway_config *from = &g->config;
	const struct gateway_timeouts *t = &from->flows.timeouts;

	memset(c, 0, sizeof(*c));
	c->huge = !from->eal.no_huge;
	c->timeout_us[FLOW_CLASS_TCP_SYN] = seconds(t->tcp_syn);
	c->timeout_us[FLOW_CLASS_TCP] = seconds(t->tcp);
	c->timeout_us[FLOW_CLASS_TCP_CLOSING] = seconds(t->tcp_closing);
	c->timeout_us[FLOW_CLASS_UDP] = seconds(t->udp);
	c->timeout_us[FLOW_CLASS_ICMP] = seconds(t->icmp);
	c->timeout_us[FLOW_CLASS_OTHER] = seconds(t->other);
	c->new_share = from->flows.new_share;
	c->update_us = seconds(from->flows.update_s);
	c->local_flows = from->log.local_flows;
	c->classify_always = from->dpi.classify == GATEWAY_CLASSIFY_ALWAYS;
	c->tunnels = ((from->tunnels & GATEWAY_TUN_IPIP) ? PARSE_IPIP : 0) |
		     ((from->tunnels & GATEWAY_TUN_VXLAN) ? PARSE_VXLAN : 0) |
		     ((from->tunnels & GATEWAY_TUN_GENEVE) ? PARSE_GENEVE : 0) |
		     ((from->tunnels & GATEWAY_TUN_GTPU) ? PARSE_GTPU : 0) |
		     ((from->tunnels & GATEWAY_TUN_TZSP) ? PARSE_TZSP : 0) |
		     ((from->tunnels & GATEWAY_TUN_CAPWAP) ? PARSE_CAPWAP : 0);
	c->inside = g->inside;
	c->n_inside = (unsigned)from->n_inside;
	c->exceptions = (struct pipeline_exceptions){
		.malformed = (uint8_t)from->exceptions.malformed,
		.flow_table_full = (uint8_t)from->exceptions.flow_table_full,
		.dpi_full = (uint8_t)from->exceptions.dpi_full,
		.record_ring_full = (uint8_t)from->exceptions.record_ring_full,
		.log_disk_full = (uint8_t)from->exceptions.log_disk_full,
		.overload = (uint8_t)from->exceptions.overload,
	};
	c->geo = g->geo;
	c->log_full = &g->log_full;
	c->n_workers = g->n_workers;
}

struct making {
	struct gateway *g;
	struct pipeline_config c; // what is the same for all
};

static int make_pipeline(void *ctx, unsigned i)
{
	const struct making *m = ctx;
	struct gateway *g = m->g;
	struct worker *w = &g->workers[i];
	struct pipeline_config c = m->c;

	c.worker = i;
	c.max_flows = share_of(g->config.flows.max, g->n_workers, i);
	c.reader = policy_slot_add_reader(&g->slot);
	c.shadow_reader = policy_slot_add_reader(&g->shadow);
	c.dpi = g->dpi[i];
	c.lanes = g->lanes != NULL ? &g->lanes[i] : NULL;
	c.offload = g->offload != NULL ? &g->offload->workers[i] : NULL;
	c.sink = worker_sink(w);
	c.captures = w->captures = flow_capture_pool_create(CAPTURE_BLOCKS, CAPTURES);
	w->ring = g->rings[i];
	w->pl = aligned_alloc(64, (sizeof(*w->pl) + 63) & ~(size_t)63);
	if (c.reader == NULL || c.shadow_reader == NULL || w->pl == NULL ||
		pipeline_init(w->pl, &c, gateway_now()) < 0) {
		free(w->pl);
		w->pl = NULL;
		return -ENOMEM;
	}
	return 0;
}

int gateway_make_pipelines(struct gateway *g)
{
	struct making m = {.g = g};
	struct pipeline_config *c = &m.c;

	fill_config(g, c);
	c->slot = &g->slot;
	c->shadow = &g->shadow;
	c->quota = &g->quota;
	// One seed for all: the worker that hands packets over and the one that takes them agree.
	if (getrandom(&c->seed, sizeof(c->seed), 0) != sizeof(c->seed)) {
		snprintf(g->err, sizeof(g->err), "no random seed: %s", strerror(errno));
		return -EIO;
	}
	for (unsigned i = 0; i < 4; i++)
		c->seed.s[i] |= 1;
	if (place_each(g->config.workers.lcores, g->n_workers, make_pipeline, &m) < 0) {
		snprintf(g->err, sizeof(g->err), "no memory for %u flows a worker; lower flows.max",
			share_of(g->config.flows.max, g->n_workers, 0));
		return -ENOMEM;
	}
	return 0;
}

static int launch(struct gateway *g)
{
	int rc = gateway_start_dpi(g);

	if (rc == 0)
		rc = gateway_offload_start(g);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < g->n_workers; i++) {
		if (rte_eal_remote_launch(worker_run, &g->workers[i], g->workers[i].lcore) != 0) {
			snprintf(g->err, sizeof(g->err), "lcore %u does not start",
				g->workers[i].lcore);
			// Those that run wait for as many as there are.
			atomic_fetch_add(&g->stopped_rx, g->n_workers - i);
			return -EIO;
		}
		g->n_launched++;
	}
	fprintf(stderr, "bridgehead: %s is forwarding: %s, %zu wires, %zu taps, %u workers",
		g->config.name, g->config.mode == GATEWAY_TAP ? "tap" : "inline", g->config.n_wires,
		g->config.n_taps, g->n_workers);
	if (g->n_dpi_lcores != 0)
		fprintf(stderr, ", %u lcores for DPI", g->n_dpi_lcores);
	fputc('\n', stderr);
	return 0;
}

int gateway_set_up(struct gateway *g)
{
	int rc;

	// First these two: where another gateway has one, that one's ports are not to be touched.
	g->server = control_server_open(
		g->config.control_socket, gateway_request, g, g->err, sizeof(g->err));
	rc = g->server == NULL ? -EIO : 0;
	if (rc == 0)
		rc = port_hold_all(&g->held, &g->config, g->err, sizeof(g->err));
	if (rc == 0)
		rc = eal_start(g->config.eal.args.v, g->config.eal.args.n, &g->eal, g->err,
			sizeof(g->err));
	if (rc == 0)
		rc = check_lcores(
			g, "lcores", g->config.workers.lcores, g->config.workers.n_lcores);
	if (rc == 0)
		rc = check_lcores(g, "dpi_lcores", g->config.workers.dpi_lcores,
			g->config.workers.n_dpi_lcores);
	if (rc == 0)
		rc = gateway_open_ports(g);
	if (rc == 0)
		rc = gateway_offload_open(g, &g->offload);
	if (rc == 0)
		rc = make_prefixes(g);
	if (rc == 0)
		rc = make_workers(g);
	if (rc == 0)
		rc = gateway_assign_queues(g);
	if (rc == 0)
		rc = gateway_open_log(g);
	if (rc == 0)
		rc = gateway_make_dpi(g);
	if (rc == 0)
		rc = gateway_make_pipelines(g);
	if (rc == 0)
		gateway_candidate_boot(g);
	if (rc == 0)
		rc = launch(g);
	if (rc < 0)
		fprintf(stderr, "bridgehead: %s\n", g->err[0] != '\0' ? g->err : "no memory");
	return rc;
}

static void stop_workers(struct gateway *g)
{
	atomic_store(&g->stop, true);
	for (unsigned i = 0; i < g->n_launched; i++)
		rte_eal_wait_lcore(g->workers[i].lcore);
}

uint64_t gateway_missed(const struct gateway *g)
{
	struct port_stats ps;
	uint64_t missed = 0;

	for (unsigned i = 0; i < g->n_ports; i++) {
		if (!g->ports[i].started)
			continue;
		port_get_stats(&g->ports[i].port, &ps);
		missed += ps.rx_missed + ps.rx_no_mbuf;
	}
	return missed;
}

// Frames that never came to a worker.
static void add_offloaded(struct notice_stop *stop, const struct offload_stats *s)
{
	uint64_t packets = s->passed_packets + s->stopped_packets;

	stop->packets += packets;
	stop->bytes += s->passed_bytes + s->stopped_bytes + packets * OFFLOAD_LINK_BYTES;
}

static int stop_log(struct gateway *g, const char *why)
{
	struct notice_stop stop = {.t = gateway_now(), .why = why, .missed = gateway_missed(g)};
	int rc = 0;

	for (unsigned i = 0; i < g->n_workers && g->workers != NULL; i++) {
		const struct pipeline *pl = g->workers[i].pl;

		for (unsigned r = 0; pl != NULL && r < REASON_OUTCOME_COUNT; r++) {
			stop.packets += pl->stats.packets[r];
			stop.bytes += pl->stats.bytes[r];
		}
		if (pl != NULL && pl->c.offload != NULL)
			add_offloaded(&stop, &pl->c.offload->stats);
	}
	if (g->writer != NULL)
		rc = log_writer_stop(g->writer, &stop);
	if (g->log != NULL && flowlog_close(g->log, g->err, sizeof(g->err)) < 0) {
		fprintf(stderr, "bridgehead: %s\n", g->err);
		rc = -EIO;
	}
	return rc;
}

int gateway_tear_down(struct gateway *g, const char *why)
{
	int rc;

	gateway_push_close(g);
	if (g->n_launched != 0)
		stop_workers(g);
	gateway_stop_dpi(g);
	rc = stop_log(g, why);
	control_server_close(g->server);
	gateway_offload_close(g->offload); // its rules before their ports
	for (unsigned i = 0; i < g->n_ports; i++)
		if (g->ports[i].started)
			port_stop(&g->ports[i].port);
	for (unsigned i = 0; g->workers != NULL && i < g->n_workers; i++) {
		if (g->workers[i].pl != NULL)
			pipeline_fini(g->workers[i].pl);
		free(g->workers[i].pl);
		flow_capture_pool_free(g->workers[i].captures);
		for (unsigned to = 0; to < g->n_workers; to++)
			rte_ring_free(g->workers[i].out[to]);
		worker_fini(&g->workers[i]);
	}
	free(g->workers);
	for (unsigned i = 0; g->rings != NULL && i < g->n_workers; i++)
		if (g->rings[i] != NULL)
			record_ring_free(g->rings[i]);
	free(g->rings);
	free(g->pass_marks);
	free(g->inside);
	for (unsigned i = 0; i < WORKER_MAX_PORTS; i++)
		free((bool *)(uintptr_t)g->by_id[i].tx_locks);
	gateway_view_close(g);
	json_decref(g->rule_totals);
	g->slot.retired = NULL;
	gateway_quota_close(g);
	gateway_watch_close(g);
	free(g->keys);
	policy_slot_fini(&g->slot);
	policy_slot_fini(&g->shadow);
	stored_policy_free(&g->candidate);
	geo_free(g->geo);
	gateway_free_dpi(g);
	pools_free(&g->pools);
	eal_stop(g->eal);
	port_release_all(&g->held);
	config_free(&g->config);
	return rc;
}
