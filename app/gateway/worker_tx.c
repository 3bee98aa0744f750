// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/worker.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#define MAX_RETRIES 64 // then the other port is full: the packets are dropped and counted

// It had passed, and was lost here.
static void count_lost(struct worker *w, unsigned outcome, enum reason_outcome why, uint32_t len)
{
	struct pipeline_stats *s = &w->pl->stats;

	s->packets[outcome]--;
	s->bytes[outcome] -= len;
	s->packets[why]++;
	s->bytes[why] += len;
}

static bool too_long(const struct rte_mbuf *m, uint32_t longest)
{
	return m->pkt_len > longest && m->data_len >= 14 &&
	       port_too_long(longest, m->pkt_len, rte_pktmbuf_mtod_offset(m, const uint8_t *, 12));
}

void worker_send(struct worker *w, const struct packet *p, unsigned n, uint16_t port)
{
	const uint32_t longest = port_longest(w->ports[port].port);
	struct rte_mbuf *gone[PIPELINE_MAX_BURST];
	struct worker_tx *t = &w->tx[port];
	uint64_t bytes = t->bytes;
	unsigned at = t->n, n_gone = 0;

	for (unsigned i = 0; i < n; i++) {
		bool stopped = reason_outcome_stopped(p[i].outcome);

		if (longest != 0 && !stopped && too_long(p[i].cookie, longest)) {
			count_lost(w, p[i].outcome, REASON_LOST_MTU, p[i].wire_len);
			stopped = true;
		}
		// Which are stopped nobody can predict: all are written to both, and stay in one.
		t->m[at] = gone[n_gone] = p[i].cookie;
		t->outcome[at] = (uint8_t)p[i].outcome;
		at += !stopped;
		n_gone += stopped;
		bytes += p[i].wire_len & (uint32_t)(stopped - 1);
	}
	rte_pktmbuf_free_bulk(gone, n_gone);
	t->n = (uint16_t)at;
	t->bytes = bytes;
	w->tx_waiting |= 1u << port;
}

static void lock(_Atomic bool *l)
{
	while (atomic_exchange_explicit(l, true, memory_order_acquire))
		while (atomic_load_explicit(l, memory_order_relaxed))
			rte_pause();
}

// What could not be sent was lost here, whatever its verdict.
static void lose(struct worker *w, struct worker_tx *t, uint16_t from)
{
	for (uint16_t i = from; i < t->n; i++) {
		uint32_t len = t->m[i]->pkt_len;

		t->bytes -= len;
		if (t->outcome[i] < REASON_OUTCOME_COUNT) // not an injected frame
			count_lost(w, t->outcome[i], REASON_LOST_TX, len);
		rte_pktmbuf_free(t->m[i]);
	}
}

// Packets to the port, tries so often. Returns how many went.
static uint16_t transmit(
	struct worker *w, uint16_t port, struct rte_mbuf **m, uint16_t n, unsigned tries)
{
	uint16_t queue = w->tx[port].queue, sent = 0;
	_Atomic bool *locks = w->ports[port].tx_locks;

	if (port_is_dark(w->ports[port].port))
		return 0;
	if (locks != NULL)
		lock(&locks[queue]);
	for (unsigned i = 0; sent < n && i < tries; i++) {
		if (i != 0) {
			w->stats.tx_retries++;
			rte_pause();
		}
		sent += rte_eth_tx_burst(port, queue, m + sent, n - sent);
	}
	if (locks != NULL)
		atomic_store_explicit(&locks[queue], false, memory_order_release);
	return sent;
}

static void flush_port(struct worker *w, uint16_t port)
{
	struct worker_tx *t = &w->tx[port];
	uint16_t sent = transmit(w, port, t->m, t->n, 1 + MAX_RETRIES);

	if (sent < t->n)
		lose(w, t, sent);
	w->stats.tx_packets[port] += sent;
	w->stats.tx_bytes[port] += t->bytes;
	t->bytes = 0;
	t->n = 0;
}

bool worker_send_burst(struct worker *w, unsigned n, uint64_t bytes, uint16_t port)
{
	const uint32_t longest = port_longest(w->ports[port].port);
	uint16_t sent;

	if (w->tx_waiting != 0 || w->pl->n_injects != 0)
		return false;
	for (unsigned i = 0; longest != 0 && i < n; i++)
		if (too_long(w->mbufs[i], longest))
			return false;
	sent = transmit(w, port, w->mbufs, (uint16_t)n, 1);
	if (sent < n) { // the rest is tried again, and lost where that fails, as any packets
		worker_send(w, w->packets + sent, n - sent, port);
		bytes -= w->tx[port].bytes;
		w->stats.tx_retries++;
	}
	w->stats.tx_packets[port] += sent;
	w->stats.tx_bytes[port] += bytes;
	worker_flush(w);
	return true;
}

void worker_flush(struct worker *w)
{
	for (; w->tx_waiting != 0; w->tx_waiting &= w->tx_waiting - 1) {
		uint16_t port = (uint16_t)__builtin_ctz(w->tx_waiting);

		if (w->tx[port].n != 0)
			flush_port(w, port);
	}
}

// Which port a wire has on a side.
static int port_of(const struct worker *w, uint8_t wire, uint8_t side)
{
	for (int i = 0; i < WORKER_MAX_PORTS; i++)
		if (w->ports[i].port != NULL && w->ports[i].peer >= 0 && w->ports[i].wire == wire &&
			w->ports[i].side == side)
			return i;
	return -1;
}

static void send_injected(struct worker *w, struct rte_mbuf *m, uint16_t port)
{
	struct worker_tx *t = &w->tx[port];

	t->m[t->n] = m;
	t->outcome[t->n++] = UINT8_MAX;
	t->bytes += m->pkt_len;
	w->tx_waiting |= 1u << port;
}

void worker_inject(struct worker *w)
{
	struct pipeline *pl = w->pl;

	for (unsigned i = 0; i < pl->n_injects; i++) {
		const struct pipeline_inject *x = &pl->injects[i];
		int port = port_of(w, x->wire, x->to);
		struct rte_mbuf *m;
		char *data;

		if (port < 0)
			continue;
		m = rte_pktmbuf_alloc(w->pool);
		data = m != NULL ? rte_pktmbuf_append(m, x->len) : NULL;
		if (data == NULL) {
			w->stats.inject_no_mbuf++;
			rte_pktmbuf_free(m);
			continue;
		}
		memcpy(data, x->data, x->len);
		send_injected(w, m, (uint16_t)port);
	}
	pl->n_injects = 0;
}
