// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/gateway/worker.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define AGE_EVERY  64 // turns without a packet
#define VIEW_EVERY 16 // loops; where packets come, a look costs a few percent of the time
#define VIEW_BUSY  16 // flows
#define VIEW_IDLE  256
#define AGE_BUDGET 64 // flows
#define ANSWERS    32 // of a DPI lcore in one loop

#define BEHIND 64 // packets of full bursts in a row: more wait than the worker takes

#define STUCK_TRIES   15000   // of 100 us
#define CLOCK_STEP_US 2000000 // less is left to pass by itself

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// Whole cache lines, zeroed: what two workers write in every burst must not meet in one.
static void *own_lines(size_t size)
{
	void *p;

	size = (size + 63) & ~(size_t)63;
	p = aligned_alloc(64, size);
	return p != NULL ? memset(p, 0, size) : NULL;
}

int worker_init(struct worker *w)
{
	w->tx = own_lines(WORKER_MAX_PORTS * sizeof(*w->tx));
	w->chained = own_lines((size_t)w->burst * WORKER_FRAME_MAX);
	w->packets = own_lines(w->burst * sizeof(*w->packets));
	w->mbufs = own_lines(w->burst * sizeof(struct rte_mbuf *));
	if (w->tx == NULL || w->chained == NULL || w->packets == NULL || w->mbufs == NULL)
		return -ENOMEM;
	w->clock_offset = clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC_COARSE);
	for (unsigned i = 0; i < WORKER_MAX_PORTS; i++)
		if (w->ports[i].port != NULL)
			w->tx[i].queue = (uint16_t)(w->number % w->ports[i].port->tx_queues);
	return 0;
}

void worker_fini(struct worker *w)
{
	free(w->tx);
	free(w->chained);
	free(w->packets);
	free(w->mbufs);
}

// While the gateway runs a full ring is counted and the packet goes on. When it stops there is no
// packet to hold up, and every flow's last record is wanted: as long as the writer takes any.
static void wait_for_writer(struct worker *w)
{
	uint64_t taken = record_ring_taken_count(w->ring);

	for (unsigned i = 0; i < STUCK_TRIES && !w->writer_stuck &&
			     record_ring_put_count(w->ring) - taken >= w->ring_size;
		i++) {
		usleep(100);
		if (record_ring_taken_count(w->ring) != taken) {
			taken = record_ring_taken_count(w->ring);
			i = 0;
		}
	}
	if (record_ring_put_count(w->ring) - taken >= w->ring_size)
		w->writer_stuck = true;
}

static int sink_emit(void *ctx, const struct record *r)
{
	struct worker *w = ctx;

	if (w->stopping)
		wait_for_writer(w);
	return record_ring_put(w->ring, r);
}

struct record_sink worker_sink(struct worker *w)
{
	return (struct record_sink){.ctx = w, .emit = sink_emit};
}

// The wall clock through the vDSO: no system call where the kernel's clock source is the TSC. Where
// it was set meanwhile, flows must neither end all at once nor stay for ever.
static int64_t burst_time(struct worker *w)
{
	int64_t now = clock_us(CLOCK_REALTIME), offset = now - clock_us(CLOCK_MONOTONIC_COARSE);
	int64_t by = offset - w->clock_offset;

	if (by > CLOCK_STEP_US || by < -CLOCK_STEP_US)
		pipeline_shift(w->pl, by);
	w->clock_offset = offset;
	return now;
}

static inline void fill(struct worker *w, struct packet *p, struct rte_mbuf *m, unsigned slot,
	const struct worker_port *port, int64_t now)
{
	const uint32_t len = m->pkt_len;

	p->cookie = m;
	p->ts = now;
	p->wire_len = len;
	p->side = port->side;
	p->wire = port->wire;
	p->link = LINK_ETHERNET;
	if (m->nb_segs == 1) {
		p->data = rte_pktmbuf_mtod(m, const uint8_t *);
		p->len = m->data_len;
		__builtin_prefetch(p->data);
	} else { // a chain: the parser and DPI want the bytes in a row
		uint8_t *room = w->chained + (size_t)slot * WORKER_FRAME_MAX;

		p->len = len < WORKER_FRAME_MAX ? len : WORKER_FRAME_MAX;
		p->data = rte_pktmbuf_read(m, 0, p->len, room);
	}
}

// Packets that came in on one port.
static void pass_on(struct worker *w, const struct packet *p, unsigned n, uint16_t from)
{
	int peer = w->ports[from].peer;

	if (peer >= 0) {
		worker_send(w, p, n, (uint16_t)peer);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		rte_pktmbuf_free(p[i].cookie);
}

// Whether all of them pass.
static bool run_burst(struct worker *w, struct packet *p, unsigned n, int64_t now, bool parsed)
{
	bool all_pass = pipeline_burst(w->pl, p, n, now, parsed);

	if (w->pl->c.offload != NULL)
		pipeline_offload_sample(w->pl, p, n);
	return all_pass;
}

static void send_out(struct worker *w)
{
	if (w->pl->n_injects != 0)
		worker_inject(w);
	worker_flush(w);
}

// Packets that other workers handed over: of several ports, those of one in a row.
static void process_mixed(struct worker *w, struct packet *p, unsigned n, int64_t now)
{
	unsigned from = 0;

	w->pl->hand_over = false; // they have been, whatever this worker's fragments say
	run_burst(w, p, n, now, false);
	for (unsigned i = 0; i < n; i++) {
		const struct rte_mbuf *m = p[from].cookie,
				      *next = i + 1 < n ? p[i + 1].cookie : NULL;

		if (next == NULL || next->port != m->port) {
			pass_on(w, p + from, i + 1 - from, m->port);
			from = i + 1;
		}
	}
	send_out(w);
}

static void hand_over(struct worker *w, struct packet *p, unsigned to, uint16_t from)
{
	struct rte_mbuf *m = p->cookie;
	uint32_t len = m->pkt_len;

	m->port = from; // not every driver says it
	if (rte_ring_sp_enqueue(w->out[to], m) == 0) {
		w->stats.handed_over++;
		return;
	}
	w->pl->stats.packets[REASON_LOST_HANDOFF]++;
	w->pl->stats.bytes[REASON_LOST_HANDOFF] += len;
	rte_pktmbuf_free(m);
}

// Packets with the outcome REASON_ELSEWHERE, to their workers. Returns how many remain.
static unsigned hand_over_all(struct worker *w, struct packet *p, unsigned n, uint16_t from)
{
	unsigned own = 0;

	for (unsigned i = 0; i < n; i++) {
		if (p[i].outcome == REASON_ELSEWHERE)
			hand_over(w, &p[i], pipeline_owner(w->pl, &p[i]), from);
		else if (own++ != i)
			p[own - 1] = p[i];
	}
	return own;
}

// A burst of one port as it came in, w->packets of w->mbufs. Where none is stopped, the burst goes
// out as it is. Where the port keeps a flow in one queue, only what lies in tunnels may be another
// worker's: the port goes by their outer ports, which are not the same in both directions (RFC
// 7348, 5).
static void process_burst(struct worker *w, unsigned n, uint64_t bytes, uint16_t from, int64_t now)
{
	int peer = w->ports[from].peer;
	bool all_pass;

	w->pl->hand_over = w->n_workers > 1;
	all_pass = run_burst(w, w->packets, n, now, false);
	if (all_pass && peer >= 0 && worker_send_burst(w, n, bytes, (uint16_t)peer))
		return;
	if (w->pl->elsewhere != 0)
		n = hand_over_all(w, w->packets, n, from);
	pass_on(w, w->packets, n, from);
	send_out(w);
}

// Keeps this worker's packets of a burst and hands the others over.
static void distribute(struct worker *w, unsigned n, int64_t now, uint16_t from)
{
	for (unsigned i = 0; i < n; i++) {
		struct packet *p = &w->packets[i];

		pipeline_parse(w->pl, p);
		// The pipeline gives what stays an outcome.
		p->outcome = pipeline_owner(w->pl, p) != w->number ? REASON_ELSEWHERE
								   : REASON_PASS_ALLOW;
	}
	n = hand_over_all(w, w->packets, n, from);
	if (n == 0)
		return;
	w->pl->hand_over = false;
	run_burst(w, w->packets, n, now, true);
	pass_on(w, w->packets, n, from);
	send_out(w);
}

// Whether packets wait (budget.h). One burst tells nothing where bursts are small.
static bool is_behind(const struct worker *w, uint32_t *full, unsigned n)
{
	*full = n < w->burst ? 0 : *full < BEHIND ? *full + n : *full;
	return *full >= BEHIND;
}

// What the wire carried is not known: better lost, and counted, than sent on as it is not.
static unsigned lose_cut(struct worker *w, unsigned n, uint16_t port, uint16_t cut_at)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = w->mbufs[i];

		if (m->pkt_len < cut_at) {
			w->mbufs[kept++] = m;
			continue;
		}
		w->stats.rx_packets[port]++;
		w->stats.rx_bytes[port] += m->pkt_len;
		w->pl->stats.packets[REASON_LOST_CUT]++;
		w->pl->stats.bytes[REASON_LOST_CUT] += m->pkt_len;
		rte_pktmbuf_free(m);
	}
	return kept;
}

static unsigned poll_queue(struct worker *w, struct worker_rx *rx)
{
	unsigned n = rte_eth_rx_burst(rx->port, rx->queue, w->mbufs, w->burst);
	const struct worker_port *port = &w->ports[rx->port];
	uint64_t bytes = 0;
	bool behind = is_behind(w, &rx->full, n);
	int64_t now;

	if (n != 0 && port->port->cut_at != 0)
		n = lose_cut(w, n, rx->port, port->port->cut_at);
	if (n == 0)
		return 0;
	now = burst_time(w);
	for (unsigned i = 0; i < n; i++) {
		fill(w, &w->packets[i], w->mbufs[i], i, port, now);
		bytes += w->packets[i].wire_len;
	}
	w->pl->budget.behind = behind;
	w->stats.bursts++;
	w->stats.rx_packets[rx->port] += n;
	w->stats.rx_bytes[rx->port] += bytes;
	if (rx->direct)
		process_burst(w, n, bytes, rx->port, now);
	else
		distribute(w, n, now, rx->port);
	return n;
}

static unsigned poll_ring(struct worker *w, struct rte_ring *ring, uint32_t *full)
{
	unsigned n = rte_ring_sc_dequeue_burst(ring, (void **)w->mbufs, w->burst, NULL);
	bool behind = is_behind(w, full, n);
	int64_t now;

	if (n == 0)
		return 0;
	now = burst_time(w);
	for (unsigned i = 0; i < n; i++)
		fill(w, &w->packets[i], w->mbufs[i], i, &w->ports[w->mbufs[i]->port], now);
	w->pl->budget.behind = behind;
	w->stats.taken_over += n;
	process_mixed(w, w->packets, n, now);
	return n;
}

static unsigned poll_rings(struct worker *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_workers; i++)
		if (w->in[i] != NULL)
			n += poll_ring(w, w->in[i], &w->full_in[i]);
	return n;
}

static void finish(struct worker *w)
{
	unsigned left;

	// No packet is lost in a ring: every worker drains until all have stopped receiving.
	atomic_fetch_add(w->stopped_rx, 1);
	do {
		left = w->n_workers - atomic_load(w->stopped_rx);
		left += poll_rings(w);
	} while (left != 0);
	w->stopping = true;
	pipeline_stop(w->pl);
}

// A few flows between two bursts; more where there is nothing else to do.
static void look_through(struct worker *w, bool idle)
{
	struct view *v = atomic_load_explicit(&w->view, memory_order_acquire);

	worker_idle_reset(&w->idle); // somebody waits for this
	if (v != NULL && (atomic_load_explicit(&w->view_off, memory_order_relaxed) ||
				 view_slice(v, w->pl, idle ? VIEW_IDLE : VIEW_BUSY)))
		atomic_store_explicit(&w->view, NULL, memory_order_release);
}

// What lcores that do DPI have to say; only where there is something, the clock is asked.
static unsigned take_answers(struct worker *w)
{
	if (!lanes_waiting(w->pl->c.lanes))
		return 0;
	return pipeline_answers(w->pl, burst_time(w), ANSWERS);
}

unsigned worker_turn(struct worker *w)
{
	unsigned n = w->pl->c.lanes != NULL ? take_answers(w) : 0;

	for (unsigned i = 0; i < w->n_rx; i++)
		n += poll_queue(w, &w->rx[i]);
	if (w->n_workers > 1)
		n += poll_rings(w);
	if (w->pl->c.offload != NULL)
		pipeline_offload_turn(w->pl, ANSWERS);
	w->stats.loops++;
	if (n == 0)
		w->pl->budget.behind = false;
	// As many looks as packets: however many of them began a flow, expiry keeps up. The burst's
	// time will do; only an idle worker asks the clock.
	if (n != 0)
		pipeline_age(w->pl, w->pl->now, n);
	else if ((++w->stats.idle_loops % AGE_EVERY == 0 || w->idle.waited) &&
		 pipeline_age(w->pl, burst_time(w), AGE_BUDGET) == AGE_BUDGET)
		worker_idle_reset(&w->idle); // there are more
	if ((n == 0 || w->stats.loops % VIEW_EVERY == 0) &&
		atomic_load_explicit(&w->view, memory_order_relaxed) != NULL)
		look_through(w, n == 0);
	return n;
}

int worker_run(void *arg)
{
	struct worker *w = arg;

	worker_idle_begin(&w->idle);
	while (!atomic_load_explicit(w->stop, memory_order_relaxed)) {
		if (worker_turn(w) == 0)
			worker_idle_wait(&w->idle);
		else
			worker_idle_reset(&w->idle);
	}
	finish(w);
	return 0;
}
