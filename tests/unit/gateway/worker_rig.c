// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/gateway/worker_rig.h"

#include "drivers/eal/eal.h"
#include "tests/unit/dataplane/recipe.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define BUFFER 2048

int worker_rig_eal(char *const *args, unsigned n)
{
	static struct eal *eal;
	char first[][32] = {"--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "128",
		"--lcores", ""};
	char *all[32], err[512];
	cpu_set_t cpus;
	unsigned cpu = 0;

	// Three lcores on one processor that there is.
	sched_getaffinity(0, sizeof(cpus), &cpus);
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(first[7], sizeof(first[7]), "(0-2)@%u", cpu);
	for (unsigned i = 0; i < 8; i++)
		all[i] = first[i];
	for (unsigned i = 0; i < n; i++)
		all[8 + i] = args[i];
	if (eal_start(all, 8 + n, &eal, err, sizeof(err)) < 0) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	return 0;
}

static struct policy *make_policy(bool block)
{
	static const char text[] =
		"{\"schema\":\"egress-policy/1\",\"meta\":{\"id\":\"t\",\"version\":1,"
		"\"issuer\":\"x\",\"not_before\":\"2025-01-01T00:00:00Z\","
		"\"expires\":\"2090-01-01T00:00:00Z\",\"timezone\":\"UTC\"},\"home\":[\"CN\"],"
		"\"tenants\":{\"a\":{\"prefixes\":[\"10.0.0.0/8\"]}},\"apps\":{},"
		"\"defaults\":{\"action\":\"allow\",\"reason\":\"NO_RULE\","
		"\"min_confidence\":\"cache\",\"block_with\":\"reset\",\"pending\":{\"action\":"
		"\"pass\",\"max_packets\":{\"tcp\":80,\"udp\":24},\"max_bytes_out\":10000,"
		"\"max_ms\":3000},\"on_expiry\":\"block\",\"boot_without_policy\":\"block\"},"
		"\"rules\":[{\"id\":\"r\",\"match\":{\"dports\":[\"9\"]},\"action\":\"block\","
		"\"reason\":\"R\"}]}";
	struct diag_list diag;
	struct policy *p;

	if (!block)
		return policy_builtin(POLICY_ALLOW, "TEST");
	diag_init(&diag, "test");
	p = policy_load(text, strlen(text), POLICY_ANY_TIME, NULL, &diag);
	diag_clear(&diag);
	return p;
}

// Ports of two rings each; named anew for every rig.
static void make_ports(struct worker_rig *r, const struct worker_rig_options *o)
{
	static unsigned count;
	struct port_config c = {
		.workers = 1, .rx_descriptors = 64, .tx_descriptors = 64, .buffer = BUFFER};
	char name[32], err[256];

	c.pool = r->pool;
	c.rx_only = o->tap;
	for (unsigned i = 0; i < RIG_PORTS; i++) {
		if (o->ports[i] != NULL) {
			snprintf(name, sizeof(name), "%s", o->ports[i]);
		} else {
			snprintf(name, sizeof(name), "rx%u", count);
			r->rx[i] = rte_ring_create(name, RIG_MBUFS + 1, 0, 0);
			snprintf(name, sizeof(name), "tx%u", count);
			r->tx[i] = rte_ring_create(name, RIG_TX_ROOM + 1, 0, 0);
			snprintf(name, sizeof(name), "w%u", count);
			assert_non_null(r->rx[i]);
			assert_non_null(r->tx[i]);
			assert_true(rte_eth_from_rings(name, &r->rx[i], 1, &r->tx[i], 1, 0) >= 0);
			snprintf(name, sizeof(name), "net_ring_w%u", count++);
		}
		if (port_find(&r->ports[i], name, err, sizeof(err)) < 0 ||
			port_start(&r->ports[i], &c, err, sizeof(err)) < 0)
			fail_msg("%s", err);
		assert_true(r->ports[i].id < WORKER_MAX_PORTS);
	}
	for (unsigned i = 0; i < RIG_PORTS; i++)
		r->by_id[r->ports[i].id] = (struct worker_port){.port = &r->ports[i],
			.side = o->tap            ? SIDE_UNKNOWN
				: i == RIG_INSIDE ? SIDE_INSIDE
						  : SIDE_OUTSIDE,
			.peer = o->tap ? -1 : r->ports[!i].id};
	// Both workers send through the one queue that a port has.
	for (unsigned i = 0; i < RIG_PORTS && r->n_workers > 1; i++)
		r->by_id[r->ports[i].id].tx_locks = calloc(1, 64);
}

static void make_pipeline(struct worker_rig *r, struct worker *w)
{
	const struct dpi_config dc = {
		.contexts = 2000, .max_packets_tcp = 80, .max_packets_udp = 24};
	struct pipeline_config c = {
		.worker = w->number,
		.max_flows = 4000,
		.seed = {{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
			0xd6e8feb86659fd93}},
		.timeout_us = {10000000, 300000000, 10000000, 60000000, 10000000, 60000000},
		.slot = &r->slot,
		.n_workers = r->n_workers,
		.tunnels = PARSE_ALL_TUNNELS,
	};
	struct timespec t;
	char err[256];

	clock_gettime(CLOCK_REALTIME, &t);
	c.reader = policy_slot_add_reader(&r->slot);
	c.dpi = r->dpi[w->number] = dpi_create(&dc, err, sizeof(err));
	assert_non_null(c.dpi);
	c.sink = worker_sink(w);
	w->pl = aligned_alloc(64, (sizeof(*w->pl) + 63) & ~(size_t)63);
	assert_int_equal(
		pipeline_init(w->pl, &c, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000), 0);
}

// Queues are dealt out in turn: the first worker polls the inside, the last one the outside.
static void make_workers(struct worker_rig *r, const struct worker_rig_options *o)
{
	static unsigned count;
	char name[32];

	for (unsigned i = 0; i < r->n_workers; i++) {
		struct worker *w = &r->workers[i];

		w->number = i;
		w->n_workers = r->n_workers;
		w->burst = 32;
		w->ports = r->by_id;
		w->pool = r->pool;
		w->ring_size = o->records != 0 ? o->records : 4096;
		w->ring = r->records[i] = record_ring_create(w->ring_size);
		w->stop = &r->stop;
		w->stopped_rx = &r->stopped_rx;
		assert_int_equal(worker_init(w), 0);
		make_pipeline(r, w);
	}
	for (unsigned i = 0; i < RIG_PORTS; i++) {
		struct worker *w = &r->workers[i % r->n_workers];

		w->rx[w->n_rx++] = (struct worker_rx){
			.port = r->ports[i].id, .direct = r->n_workers == 1 || o->rss};
	}
	for (unsigned i = 0; i < r->n_workers; i++) {
		for (unsigned k = 0; k < r->n_workers; k++) {
			if (i == k)
				continue;
			snprintf(name, sizeof(name), "handoff%u", count++);
			r->workers[i].out[k] = r->workers[k].in[i] =
				rte_ring_create(name, o->handoff != 0 ? o->handoff : 1024, 0,
					RING_F_SP_ENQ | RING_F_SC_DEQ);
			assert_non_null(r->workers[i].out[k]);
		}
	}
}

struct worker_rig *worker_rig_new(const struct worker_rig_options *o)
{
	static unsigned count;
	struct worker_rig *r = aligned_alloc(64, (sizeof(*r) + 63) & ~(size_t)63);
	char name[32], err[256];

	memset(r, 0, sizeof(*r));
	r->n_workers = o->n_workers != 0 ? o->n_workers : 1;
	policy_slot_init(&r->slot);
	assert_int_equal(policy_slot_publish(&r->slot, make_policy(o->block)), 1);
	snprintf(name, sizeof(name), "pool%u", count++);
	r->pool = eal_pool_create(name, RIG_MBUFS, BUFFER, 0, err, sizeof(err));
	if (r->pool == NULL)
		fail_msg("%s", err);
	make_ports(r, o);
	make_workers(r, o);
	r->free_before = rte_mempool_avail_count(r->pool);
	return r;
}

void worker_rig_free(struct worker_rig *r)
{
	for (unsigned i = 0; i < RIG_PORTS; i++)
		if (r->tx[i] != NULL)
			worker_rig_drain(r, i);
	assert_int_equal(rte_mempool_avail_count(r->pool), r->free_before);
	for (unsigned i = 0; i < r->n_workers; i++) {
		struct worker *w = &r->workers[i];

		pipeline_fini(w->pl);
		free(w->pl);
		worker_fini(w);
		dpi_free(r->dpi[i]);
		record_ring_free(r->records[i]);
		for (unsigned k = 0; k < r->n_workers; k++)
			rte_ring_free(w->out[k]);
	}
	for (unsigned i = 0; i < RIG_PORTS; i++) {
		free((void *)(uintptr_t)r->by_id[r->ports[i].id].tx_locks);
		port_stop(&r->ports[i]);
		rte_ring_free(r->rx[i]);
		rte_ring_free(r->tx[i]);
	}
	policy_slot_fini(&r->slot);
	rte_mempool_free(r->pool);
	free(r);
}

void worker_rig_put(
	struct worker_rig *r, enum rig_port port, const char *words, bool back, unsigned segment)
{
	struct rte_mbuf *first = NULL;
	struct recipe frame;

	recipe_make(&frame, words, back);
	if (segment == 0)
		segment = BUFFER;
	for (uint32_t at = 0; at < frame.n; at += segment) {
		uint32_t n = frame.n - at < segment ? frame.n - at : segment;
		struct rte_mbuf *m = rte_pktmbuf_alloc(r->pool);

		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), frame.b + at, n);
		if (first == NULL)
			first = m;
		else
			assert_int_equal(rte_pktmbuf_chain(first, m), 0);
	}
	assert_int_equal(rte_ring_enqueue(r->rx[port], first), 0);
}

uint32_t worker_rig_get(struct worker_rig *r, enum rig_port port, uint8_t *out, uint32_t size)
{
	struct rte_mbuf *m;
	const void *bytes;
	uint32_t n;

	if (rte_ring_dequeue(r->tx[port], (void **)&m) != 0)
		return 0;
	n = m->pkt_len;
	assert_true(n <= size);
	bytes = rte_pktmbuf_read(m, 0, n, out);
	if (bytes != out)
		memcpy(out, bytes, n);
	rte_pktmbuf_free(m);
	return n;
}

unsigned worker_rig_drain(struct worker_rig *r, enum rig_port port)
{
	struct rte_mbuf *m;
	unsigned n = 0;

	for (; rte_ring_dequeue(r->tx[port], (void **)&m) == 0; n++)
		rte_pktmbuf_free(m);
	return n;
}

void worker_rig_run(struct worker_rig *r)
{
	unsigned n;

	do {
		n = 0;
		for (unsigned i = 0; i < r->n_workers; i++)
			n += worker_turn(&r->workers[i]);
	} while (n != 0);
}

uint64_t worker_rig_outcome(const struct worker_rig *r, enum reason_outcome o)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < r->n_workers; i++)
		n += r->workers[i].pl->stats.packets[o];
	return n;
}

uint64_t worker_rig_flows(const struct worker_rig *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < r->n_workers; i++)
		n += r->workers[i].pl->stats.flows_begun;
	return n;
}
