// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Ports, their buffers, and which worker polls which queue.

#include "app/gateway/gateway.h"
#include "drivers/eal/eal.h"
#include "drivers/eal/interface.h"
#include "drivers/eal/packet_socket.h"

#include <errno.h>
#include <limits.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDOFF_SIZE 4096

static int add_port(struct gateway *g, const char *name, const char *wire, uint8_t side, int peer)
{
	struct gateway_port *p = &g->ports[g->n_ports];
	int rc;

	if (g->n_ports == WORKER_MAX_PORTS) {
		snprintf(g->err, sizeof(g->err), "more than %u ports", WORKER_MAX_PORTS);
		return -E2BIG;
	}
	rc = port_find(&p->port, name, g->err, sizeof(g->err));
	if (rc < 0)
		return rc;
	if (p->port.id >= WORKER_MAX_PORTS) {
		snprintf(g->err, sizeof(g->err), "port %s has DPDK's number %u; at most %u ports",
			name, p->port.id, WORKER_MAX_PORTS);
		return -E2BIG;
	}
	p->wire = wire;
	p->side = side;
	p->peer = peer;
	g->n_ports++;
	return 0;
}

static int find_ports(struct gateway *g)
{
	bool tap = g->config.mode == GATEWAY_TAP;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < g->config.n_wires; i++) {
		const struct gateway_wire *w = &g->config.wires[i];
		int at = (int)g->n_ports;

		rc = add_port(g, w->inside, w->name, SIDE_INSIDE, tap ? -1 : at + 1);
		if (rc == 0)
			rc = add_port(g, w->outside, w->name, SIDE_OUTSIDE, tap ? -1 : at);
	}
	for (size_t i = 0; rc == 0 && i < g->config.n_taps; i++)
		rc = add_port(g, g->config.taps[i].port, g->config.taps[i].name, SIDE_UNKNOWN, -1);
	return rc;
}

static int share_queues(struct gateway *g, unsigned i)
{
	const struct gateway_port *p = &g->ports[i];
	struct worker_port *w = &g->by_id[p->port.id];

	w->port = &p->port;
	w->side = p->side;
	w->wire = (uint8_t)(i / 2); // both ends of a wire stand together
	w->peer = p->peer < 0 ? -1 : g->ports[p->peer].port.id;
	if (p->port.tx_queues >= g->n_workers)
		return 0;
	w->tx_locks = calloc(p->port.tx_queues, 64);
	return w->tx_locks != NULL ? 0 : -ENOMEM;
}

// What the configuration promises or, where that is nothing, what there is room for.
static int largest_mtu(const struct port *p, uint32_t mtu, uint16_t room)
{
	const int now = interface_mtu(p->if_index);

	if (strcmp(p->driver, "net_pcap") == 0)
		return INT_MAX; // makes chains of what is longer
	if (mtu != 0)
		return (int)mtu;
	return now > room - INTERFACE_AF_PACKET_SPARE ? now : room - INTERFACE_AF_PACKET_SPARE;
}

int gateway_open_ports(struct gateway *g)
{
	const struct gateway_workers *c = &g->config.workers;
	struct port_config pc = {
		.workers = (uint16_t)g->n_workers,
		.rx_descriptors = (uint16_t)c->rx_descriptors,
		.tx_descriptors = (uint16_t)c->tx_descriptors,
		.mtu = (uint16_t)c->mtu,
		.buffer = (uint16_t)interface_buffer((int)c->mtu),
	};
	int nodes[WORKER_MAX_PORTS], rc = find_ports(g);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < g->n_ports; i++)
		nodes[i] = g->ports[i].port.socket;
	pools_share(&g->pools, nodes, g->n_ports, c->mbufs);
	rc = pools_make(&g->pools, pc.buffer, g->err, sizeof(g->err));
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < g->n_ports; i++) {
		pc.pool = pools_near(&g->pools, nodes[i]);
		pc.rx_only = g->ports[i].peer < 0;
		rc = port_start(&g->ports[i].port, &pc, g->err, sizeof(g->err));
		if (rc < 0)
			return rc;
		g->ports[i].started = true;
		g->ports[i].up = port_link_up(&g->ports[i].port);
		gateway_link_settle(&g->ports[i]);
		g->ports[i].mtu = largest_mtu(&g->ports[i].port, c->mtu, pc.buffer);
	}
	for (unsigned i = 0; i < g->n_ports; i++) // when all have their MTU
		gateway_look_at_frames(g, &g->ports[i]);
	for (unsigned i = 0; i < g->n_ports && rc == 0; i++)
		rc = share_queues(g, i);
	if (packet_sockets_defragmenting() != 0)
		fprintf(stderr,
			"bridgehead: WARNING: the kernel puts IPv4 fragments together before these "
			"ports see them: they are lost, or leave as one frame\n");
	return rc;
}

static int add_queue(struct gateway *g, struct worker *w, const struct port *p, uint16_t queue)
{
	if (w->n_rx == WORKER_MAX_QUEUES) {
		snprintf(g->err, sizeof(g->err), "worker %u: more than %u receive queues",
			w->number, WORKER_MAX_QUEUES);
		return -E2BIG;
	}
	w->rx[w->n_rx++] = (struct worker_rx){
		.port = p->id, .queue = queue, .direct = p->rss || g->n_workers == 1};
	return 0;
}

// A ring from each worker that polls a queue for all to each other, also where tunnels may hide
// another worker's flows.
static int make_handoff(struct gateway *g)
{
	char name[32];

	for (unsigned from = 0; from < g->n_workers; from++) {
		struct worker *f = &g->workers[from];
		bool needed = g->config.tunnels != 0;

		for (unsigned i = 0; i < f->n_rx; i++)
			needed |= !f->rx[i].direct;
		for (unsigned to = 0; needed && to < g->n_workers; to++) {
			if (to == from)
				continue;
			snprintf(name, sizeof(name), "handoff-%u-%u", from, to);
			f->out[to] = rte_ring_create(name, HANDOFF_SIZE, g->ports[0].port.socket,
				RING_F_SP_ENQ | RING_F_SC_DEQ);
			if (f->out[to] == NULL) {
				snprintf(g->err, sizeof(g->err), "no memory for %s", name);
				return -ENOMEM;
			}
			g->workers[to].in[from] = f->out[to];
		}
	}
	return 0;
}

int gateway_assign_queues(struct gateway *g)
{
	unsigned next = 0;
	int rc = 0;

	for (unsigned i = 0; i < g->n_ports; i++) {
		const struct port *p = &g->ports[i].port;

		for (uint16_t q = 0; q < p->rx_queues && rc == 0; q++) {
			unsigned to = p->rss ? q : next++ % g->n_workers;

			rc = add_queue(g, &g->workers[to], p, q);
		}
	}
	return rc == 0 ? make_handoff(g) : rc;
}
