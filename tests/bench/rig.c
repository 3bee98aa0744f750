// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/bench/rig.h"
#include "app/control/policy_file.h"
#include "drivers/eal/eal.h"

#include <errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MBUFS     8191
#define RING_SIZE 4096
#define RECORDS   65536

static int drop_record(void *ctx, const struct record *r)
{
	(void)ctx, (void)r;
	return 0;
}

static int make_port(struct rig *r, unsigned side)
{
	struct port_config pc = {
		.workers = 1, .rx_descriptors = 1024, .tx_descriptors = 1024, .buffer = 2048};
	char name[3][24], dev[RTE_ETH_NAME_MAX_LEN];
	struct worker_port *wp;
	int id;

	snprintf(name[0], sizeof(name[0]), "rx%u-%u", side, r->c.number);
	snprintf(name[1], sizeof(name[1]), "tx%u-%u", side, r->c.number);
	snprintf(name[2], sizeof(name[2]), "%s%u", side == 0 ? "inside" : "outside", r->c.number);
	r->rx[side] = rte_ring_create(name[0], RING_SIZE, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	r->tx[side] = rte_ring_create(name[1], RING_SIZE, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (r->rx[side] == NULL || r->tx[side] == NULL)
		return -ENOMEM;
	id = rte_eth_from_rings(name[2], &r->rx[side], 1, &r->tx[side], 1, 0);
	if (id < 0 || rte_eth_dev_get_name_by_port((uint16_t)id, dev) != 0)
		return -EIO;
	pc.pool = r->pool;
	if (port_find(&r->port[side], dev, r->err, sizeof(r->err)) < 0 ||
		port_start(&r->port[side], &pc, r->err, sizeof(r->err)) < 0)
		return -EIO;
	wp = &r->by_id[id];
	wp->port = &r->port[side];
	wp->side = side == 0 ? SIDE_INSIDE : SIDE_OUTSIDE;
	return 0;
}

static int make_worker(struct rig *r)
{
	struct worker *w = &r->w;

	w->number = r->c.number;
	w->n_workers = r->c.n_workers != 0 ? r->c.n_workers : 1;
	w->burst = r->c.burst;
	w->ports = r->by_id;
	w->pool = r->pool;
	w->ring_size = RECORDS;
	w->stop = &r->stop;
	w->stopped_rx = &r->stopped_rx;
	for (unsigned side = 0; side < 2; side++) {
		r->by_id[r->port[side].id].peer = r->port[side ^ 1].id;
		w->rx[w->n_rx++] = (struct worker_rx){.port = r->port[side].id, .direct = true};
	}
	return worker_init(w);
}

static struct policy *load_file(struct rig *r, const char *path)
{
	struct diag_list diag;
	struct policy *p;

	diag_init(&diag, path);
	p = policy_file_load(path, POLICY_ANY_TIME, r->dpi, &diag);
	policy_file_print(&diag, stderr);
	diag_clear(&diag);
	return p;
}

static int load_policy(struct rig *r)
{
	struct policy *p = r->c.first != NULL    ? NULL
			   : r->c.policy != NULL ? load_file(r, r->c.policy)
						 : policy_builtin(POLICY_ALLOW, "BENCH");
	struct policy *candidate = r->c.candidate != NULL ? load_file(r, r->c.candidate) : NULL;

	policy_slot_init(&r->slot);
	policy_slot_add_screens(&r->slot, screen_build, r->geo);
	policy_slot_init(&r->shadow);
	if (r->c.first != NULL)
		return 0;
	if (p == NULL || (r->c.candidate != NULL && candidate == NULL) ||
		policy_slot_publish(&r->slot, p) == 0 ||
		policy_slot_publish(&r->shadow, candidate) == 0)
		return -EINVAL;
	return 0;
}

static const char *no_word(void *ctx, uint16_t id)
{
	(void)ctx, (void)id;
	return NULL;
}

static const char *no_risk(void *ctx, unsigned bit)
{
	(void)ctx, (void)bit;
	return NULL;
}

static int open_log(struct rig *r)
{
	const struct flowlog_config lc = {
		.gateway = "bench",
		.dir = r->c.log_dir,
		.sync_ms = 1000,
		.words = {.app = no_word, .category = no_word, .risk = no_risk},
	};

	r->w.ring = record_ring_create(RECORDS);
	if (r->w.ring == NULL)
		return -ENOMEM;
	r->log = flowlog_open(&lc, r->err, sizeof(r->err));
	if (r->log == NULL)
		return -EIO;
	r->writer = log_writer_start(r->log, &r->w.ring, 1, r->err, sizeof(r->err));
	return r->writer != NULL ? 0 : -EIO;
}

static int make_pipeline(struct rig *r)
{
	struct rig *owner = r->c.first != NULL ? r->c.first : r;
	struct pipeline_config c = {
		.max_flows = r->c.max_flows,
		.huge = r->c.huge,
		.seed = {{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
			0xd6e8feb86659fd93}},
		.timeout_us = {10000000, 300000000, 10000000, (int64_t)r->c.udp_timeout_s * 1000000,
			10000000, 60000000},
		.update_us = 60000000,
		.new_share = r->c.new_share,
		.exceptions = {.overload = r->c.overload},
		.worker = r->c.number,
		.tunnels = PARSE_ALL_TUNNELS,
		.n_workers = r->w.n_workers,
		.slot = &owner->slot,
		.classify_always = r->c.dpi_contexts != 0,
		.shadow = &owner->shadow,
		.dpi = r->lanes.n == 0 ? r->dpi : NULL,
		.lanes = r->lanes.n != 0 ? &r->lanes : NULL,
		.geo = r->geo,
	};
	struct timespec t;

	c.sink = r->c.log_dir != NULL ? worker_sink(&r->w)
				      : (struct record_sink){.emit = drop_record};
	c.reader = policy_slot_add_reader(&owner->slot);
	c.shadow_reader = policy_slot_add_reader(&owner->shadow);
	r->w.pl = aligned_alloc(64, (sizeof(*r->w.pl) + 63) & ~(size_t)63);
	if (c.reader == NULL || c.shadow_reader == NULL || r->w.pl == NULL)
		return -ENOMEM;
	clock_gettime(CLOCK_REALTIME, &t);
	return pipeline_init(r->w.pl, &c, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

static int make_lanes(struct rig *r, const struct dpi_config *c)
{
	struct lanes *all = &r->lanes;

	if (lanes_init(&r->lanes, 1, c, LANE_REQUEST_BYTES) < 0)
		return -ENOMEM;
	r->dpi_lcore.stop = &r->dpi_stop;
	return lane_server_init(
		&r->dpi_lcore.server, &all, 1, 0, c, &r->dpi_stop, r->err, sizeof(r->err));
}

int rig_init(struct rig *r, const struct rig_config *c)
{
	// Without contexts every flow's label is final at once, by the exception policy "pass": the
	// one that there must be is taken here.
	const struct dpi_config dc = {.contexts = c->dpi_contexts != 0 ? c->dpi_contexts : 1,
		.max_packets_tcp = 80,
		.max_packets_udp = 24,
		.touch = c->huge};
	char pool[24];
	int rc = 0;

	memset(r, 0, sizeof(*r));
	r->c = *c;
	for (unsigned i = 0; i < WORKER_MAX_PORTS; i++)
		r->by_id[i].peer = -1;
	snprintf(pool, sizeof(pool), "frames%u", c->number);
	r->pool = eal_pool_create(pool, MBUFS, 2048, 0, r->err, sizeof(r->err));
	r->dpi = dpi_create(&dc, r->err, sizeof(r->err));
	if (r->pool == NULL || r->dpi == NULL ||
		(c->dpi_contexts == 0 && dpi_flow_open(r->dpi) == NULL))
		rc = -ENOMEM;
	if (rc == 0 && c->dpi_lcore)
		rc = make_lanes(r, &dc);
	if (rc == 0 && c->n_country_db != 0) {
		r->geo = geo_load(c->country_db, c->n_country_db, NULL, 0, r->err, sizeof(r->err));
		rc = r->geo == NULL ? -EINVAL : 0;
	}
	for (unsigned side = 0; rc == 0 && side < 2; side++)
		rc = make_port(r, side);
	if (rc == 0)
		rc = make_worker(r);
	if (rc == 0)
		rc = load_policy(r);
	if (rc == 0 && c->log_dir != NULL)
		rc = open_log(r);
	if (rc == 0)
		rc = make_pipeline(r);
	if (rc != 0)
		fprintf(stderr, "bench: %s\n", r->err[0] != '\0' ? r->err : strerror(-rc));
	return rc;
}

void rig_fini(struct rig *r)
{
	const struct notice_stop stop = {.t = r->w.pl->now, .why = "end of input"};

	if (r->writer != NULL) {
		log_writer_stop(r->writer, &stop);
		flowlog_close(r->log, r->err, sizeof(r->err));
		record_ring_free(r->w.ring);
	}
	pipeline_fini(r->w.pl);
	free(r->w.pl);
	worker_fini(&r->w);
	port_stop(&r->port[0]);
	port_stop(&r->port[1]);
	policy_slot_fini(&r->slot);
	policy_slot_fini(&r->shadow);
	geo_free(r->geo);
	lane_server_fini(&r->dpi_lcore.server);
	lanes_fini(&r->lanes);
	dpi_free(r->dpi);
}

void rig_take(struct rig *r, struct rte_mbuf **m, unsigned n)
{
	if (rte_pktmbuf_alloc_bulk(r->pool, m, n) != 0) {
		fprintf(stderr, "bench: the worker kept buffers\n");
		exit(2);
	}
}

void rig_put(struct rig *r, unsigned side, struct rte_mbuf **m, unsigned n)
{
	rte_ring_enqueue_bulk(r->rx[side], (void *const *)m, n, NULL);
}

void rig_load(struct rig *r, struct traffic *t, unsigned side, const uint32_t *flows, unsigned n)
{
	struct rte_mbuf *m[RIG_LOAD];

	rig_take(r, m, n);
	for (unsigned i = 0; i < n; i++) {
		uint32_t flow = flows != NULL ? flows[i] : traffic_pick(t);

		m[i]->data_len =
			traffic_frame(t, flow, side == 0, rte_pktmbuf_mtod(m[i], uint8_t *));
		m[i]->pkt_len = m[i]->data_len;
	}
	rig_put(r, side, m, n);
}

unsigned rig_drain(struct rig *r)
{
	struct rte_mbuf *m[256];
	unsigned n, sum = 0;

	for (unsigned side = 0; side < 2; side++) {
		while ((n = rte_ring_dequeue_burst(r->tx[side], (void **)m, 256, NULL)) != 0) {
			rte_pktmbuf_free_bulk(m, n);
			sum += n;
		}
	}
	return sum;
}
