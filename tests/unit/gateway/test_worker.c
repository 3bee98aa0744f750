// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Workers on real (virtual) ports: every frame that comes in goes out unchanged and in order, or is
// stopped or lost and counted, and its buffer comes back; a stop loses nothing.

#include "tests/unit/gateway/worker_rig.h"

#include "drivers/pcap/capture.h"
#include "tests/unit/dataplane/recipe.h"

#include <rte_launch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define UDP "eth=0x0800 ip4=17 udp=40000,12345 data=100"

static void check_out(struct worker_rig *r, enum rig_port port, const char *words, bool back)
{
	static uint8_t got[RECIPE_MAX];
	struct recipe want;

	recipe_make(&want, words, back);
	assert_int_equal(worker_rig_get(r, port, got, sizeof(got)), want.n);
	assert_memory_equal(got, want.b, want.n);
}

// Frames of all kinds, whole and in chains that cut every header.
static void test_unchanged(void **state)
{
	static const char *const words[] = {UDP, "eth=0x86dd ip6=6 tcp=40000,443 data=1200",
		"eth=0x0806 data=46", "eth=0x88cc data=100", "ether=38 hex=424203 data=35",
		("eth=0x8100 tag=5,0x0800 ip4=17 udp=40000,4789 vxlan=5 eth=0x86dd ip6=58 "
		 "icmp=128,0 data=8"),
		"eth=0x0800 hex=45", "data=14", "eth=0x0800 ip4=6 tcp=1,2 data=3900"};
	static const unsigned segments[] = {0, 1500, 64, 15, 7};
	const struct worker_rig_options o = {0};
	struct worker_rig *r = worker_rig_new(&o);

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (unsigned k = 0; k < sizeof(segments) / sizeof(segments[0]); k++) {
			if (i == 8 && (segments[k] == 0 || segments[k] < 64))
				continue; // too long for one buffer, and for a chain of the
					  // smallest
			worker_rig_put(r, RIG_INSIDE, words[i], false, segments[k]);
			worker_rig_put(r, RIG_OUTSIDE, words[i], true, segments[k]);
			worker_rig_run(r);
			check_out(r, RIG_OUTSIDE, words[i], false);
			check_out(r, RIG_INSIDE, words[i], true);
		}
	}
	assert_int_equal(worker_rig_drain(r, RIG_INSIDE) + worker_rig_drain(r, RIG_OUTSIDE), 0);
	assert_int_equal(worker_rig_flows(r), 4); // chains are flows like others
	assert_int_equal(r->workers[0].stats.rx_packets[r->ports[0].id],
		r->workers[0].stats.tx_packets[r->ports[1].id]);
	assert_true(r->workers[0].stats.rx_bytes[r->ports[0].id] ==
		    r->workers[0].stats.tx_bytes[r->ports[1].id]);
	worker_rig_free(r);
}

static void test_tap(void **state)
{
	const struct worker_rig_options o = {.tap = true};
	struct worker_rig *r = worker_rig_new(&o);

	for (unsigned i = 0; i < 100; i++)
		worker_rig_put(r, i & 1, UDP, i & 1, 64);
	worker_rig_run(r);
	assert_int_equal(worker_rig_outcome(r, REASON_PASS_ALLOW), 100);
	assert_int_equal(worker_rig_flows(r), 1);
	assert_int_equal(worker_rig_drain(r, RIG_INSIDE) + worker_rig_drain(r, RIG_OUTSIDE), 0);
	worker_rig_free(r);
}

// A blocked flow's packets are stopped; its refusals go out, or are counted where no buffer is
// left.
static void test_refusals(void **state)
{
	static const char syn[] = "eth=0x0800 ip4=6 tcp=40000,9 set=47,2";
	const struct worker_rig_options o = {.block = true};
	struct worker_rig *r = worker_rig_new(&o);
	struct rte_mbuf *all[RIG_MBUFS];
	uint8_t got[256];
	unsigned n = 0;

	worker_rig_put(r, RIG_INSIDE, syn, false, 0);
	worker_rig_run(r);
	assert_int_equal(worker_rig_outcome(r, REASON_STOP_BLOCK), 1);
	assert_int_equal(worker_rig_drain(r, RIG_OUTSIDE), 0);
	assert_int_equal(worker_rig_get(r, RIG_INSIDE, got, sizeof(got)), 54);
	assert_int_equal(got[47], TCP_RST | TCP_ACK);
	worker_rig_put(r, RIG_INSIDE, syn, false, 0);
	worker_rig_put(r, RIG_INSIDE, "eth=0x0800 ip4=17 udp=1,9", false, 0);
	while (n < RIG_MBUFS && (all[n] = rte_pktmbuf_alloc(r->pool)) != NULL)
		n++;
	worker_turn(&r->workers[0]); // stopped packets are given back before refusals are made
	assert_int_equal(worker_rig_outcome(r, REASON_STOP_BLOCK), 3);
	assert_int_equal(worker_rig_drain(r, RIG_INSIDE) + r->workers[0].stats.inject_no_mbuf, 2);
	rte_pktmbuf_free_bulk(all, n);
	worker_rig_free(r);
}

// Bursts of established, new and blocked flows' packets: what passes goes out in its order, whether
// or not a packet of this burst, or of one before, was stopped.
static void test_mixed_bursts(void **state)
{
	static const char *const words[] = {UDP, "eth=0x0800 ip4=17 udp=40001,12345 data=100",
		"eth=0x0800 ip4=17 udp=40001,9 data=60", "eth=0x0806 data=46"};
	static const char *const bursts[] = {
		"01", "00", "0130", "0210", "103", "22", "301", "0", "20", "111222000", "0130"};
	const struct worker_rig_options o = {.block = true};
	struct worker_rig *r = worker_rig_new(&o);
	unsigned stopped = 0;

	for (unsigned i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
		for (const char *k = bursts[i]; *k != '\0'; k++)
			worker_rig_put(r, RIG_INSIDE, words[*k - '0'], false, 0);
		worker_turn(&r->workers[0]);
		for (const char *k = bursts[i]; *k != '\0'; k++) {
			if (*k == '2')
				stopped++;
			else
				check_out(r, RIG_OUTSIDE, words[*k - '0'], false);
		}
		assert_int_equal(worker_rig_drain(r, RIG_OUTSIDE), 0);
		assert_int_equal(worker_rig_outcome(r, REASON_STOP_BLOCK), stopped);
		worker_rig_drain(r, RIG_INSIDE); // refusals
	}
	assert_int_equal(stopped, 7);
	worker_rig_free(r);
}

static void *launch(struct worker_rig *r)
{
	for (unsigned i = 0; i < r->n_workers; i++)
		assert_int_equal(rte_eal_remote_launch(worker_run, &r->workers[i], i + 1), 0);
	return NULL;
}

// Both workers on lcores of their own; then a stop: no packet stays in a ring, every flow has its
// last record.
static void test_stop(void **state)
{
	const struct worker_rig_options o = {.n_workers = 2, .records = 8192};
	struct worker_rig *r = worker_rig_new(&o);
	uint64_t out = 0, records;
	char words[128];

	launch(r);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(words, sizeof(words), "eth=0x0800 ip4=17 udp=%u,12345 data=10",
			1000 + i % 1000);
		while (rte_mempool_avail_count(r->pool) < RIG_MBUFS * 3 / 4) // some are in caches
			out += worker_rig_drain(r, RIG_OUTSIDE) + worker_rig_drain(r, RIG_INSIDE);
		worker_rig_put(r, i & 1, words, i & 1, 0);
	}
	while (rte_ring_count(r->rx[0]) + rte_ring_count(r->rx[1]) != 0)
		out += worker_rig_drain(r, RIG_OUTSIDE) + worker_rig_drain(r, RIG_INSIDE);
	atomic_store(&r->stop, true);
	for (unsigned i = 0; i < r->n_workers; i++)
		rte_eal_wait_lcore(i + 1);
	out += worker_rig_drain(r, RIG_OUTSIDE) + worker_rig_drain(r, RIG_INSIDE);
	assert_int_equal(worker_rig_flows(r), 1000);
	assert_int_equal(out + worker_rig_outcome(r, REASON_LOST_TX) +
				 worker_rig_outcome(r, REASON_LOST_HANDOFF),
		5000);
	records = record_ring_put_count(r->records[0]) + record_ring_put_count(r->records[1]);
	assert_int_equal(records, 1000);
	assert_int_equal(r->workers[0].pl->table.live + r->workers[1].pl->table.live, 0);
	worker_rig_free(r);
}

static void *slow_writer(void *arg)
{
	struct worker_rig *r = arg;
	static struct record rec[16];

	while (record_ring_taken_count(r->records[0]) < 500) {
		usleep(1000);
		record_ring_get(r->records[0], rec, 16);
	}
	return NULL;
}

static void many_flows(struct worker_rig *r, unsigned n)
{
	char words[128];

	for (unsigned f = 0; f < n; f++) {
		snprintf(words, sizeof(words), "eth=0x0800 ip4=17 udp=%u,12345 data=10", 1000 + f);
		worker_rig_put(r, RIG_INSIDE, words, false, 0);
		worker_rig_run(r);
		worker_rig_drain(r, RIG_OUTSIDE);
	}
}

// At a stop a full ring waits for its writer, but not for one that is stuck.
static void test_stop_and_writer(void **state)
{
	const struct worker_rig_options o = {.records = 64};
	struct worker_rig *r = worker_rig_new(&o);
	struct timespec begin, end;
	pthread_t thread;

	many_flows(r, 500);
	atomic_store(&r->stop, true);
	assert_int_equal(pthread_create(&thread, NULL, slow_writer, r), 0);
	worker_run(&r->workers[0]);
	pthread_join(thread, NULL);
	assert_int_equal(record_ring_put_count(r->records[0]), 500);
	assert_int_equal(record_ring_lost_count(r->records[0]), 0);
	worker_rig_free(r);
	r = worker_rig_new(&o);
	many_flows(r, 500);
	atomic_store(&r->stop, true);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	worker_run(&r->workers[0]);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(record_ring_put_count(r->records[0]), 64);
	assert_int_equal(record_ring_lost_count(r->records[0]), 500 - 64);
	assert_true(end.tv_sec - begin.tv_sec < 30); // once, not for each of 436
	worker_rig_free(r);
}

// The clock is set, by an hour in either direction: flows neither end early nor late for it, and an
// open one goes on.
static void clock_is_set(int64_t by)
{
	const struct worker_rig_options o = {0};
	struct worker_rig *r = worker_rig_new(&o);
	struct pipeline *pl = r->workers[0].pl;

	worker_rig_put(r, RIG_INSIDE, UDP, false, 0);
	worker_rig_run(r);
	many_flows(r, 50); // of other ports: they are not seen again
	// As if all that had been by the clock before it was set.
	pipeline_shift(pl, -by);
	r->workers[0].clock_offset -= by;
	worker_rig_put(r, RIG_INSIDE, UDP, false, 0);
	worker_rig_run(r);
	while (pipeline_age(pl, pl->now, 64) != 0)
		;
	assert_int_equal(pl->stats.flows_begun, 51);
	assert_int_equal(pl->table.live, 51);
	pipeline_age(pl, pl->now + 1000000, 64);
	assert_int_equal(pl->table.live, 51);
	assert_int_equal(worker_rig_drain(r, RIG_OUTSIDE), 1);
	pipeline_age(pl, pl->now + 61000000, 64);
	assert_int_equal(pl->stats.flows_ended[RECORD_END_IDLE], 51);
	worker_rig_free(r);
}

static void test_clock(void **state)
{
	clock_is_set(INT64_C(3600000000));
	clock_is_set(-INT64_C(3600000000));
}

// Devices that other people wrote: frames of zeros from net_null, thousands of them.
static void test_null(void **state)
{
	const struct worker_rig_options o = {.ports = {"net_null0", "net_null1"}};
	struct worker_rig *r = worker_rig_new(&o);

	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(worker_turn(&r->workers[0]), 64);
	assert_int_equal(worker_rig_outcome(r, REASON_PASS_NOT_IP), 64000);
	assert_int_equal(r->workers[0].pl->stats.notes[NOTE_LLC], 64000);
	worker_rig_free(r);
}

#define CAPTURED 400

static void make_capture(const char *path)
{
	char err[256], words[128];
	struct capture_writer *w = capture_create(path, 1, 0, err, sizeof(err));
	struct recipe frame;

	assert_non_null(w);
	for (unsigned i = 0; i < CAPTURED; i++) {
		struct capture_packet p = {.ts_us = 1000000 + i};

		snprintf(words, sizeof(words), "eth=0x0800 ip4=17 udp=%u,12345 data=%u",
			1000 + i % 50, i * 9); // up to a chain of two buffers
		recipe_make(&frame, words, false);
		p.data = frame.b;
		p.caplen = p.wirelen = frame.n;
		assert_int_equal(capture_write(w, &p), 0);
	}
	assert_int_equal(capture_writer_close(w, err, sizeof(err)), 0);
}

static void same_captures(const char *path_a, const char *path_b)
{
	char err[256];
	struct capture *a = capture_open(path_a, err, sizeof(err));
	struct capture *b = capture_open(path_b, err, sizeof(err));
	struct capture_packet p, q;
	unsigned n = 0;

	assert_non_null(a);
	assert_non_null(b);
	while (capture_next(a, &p, err, sizeof(err)) == 1) {
		assert_int_equal(capture_next(b, &q, err, sizeof(err)), 1);
		assert_int_equal(p.wirelen, q.wirelen);
		assert_int_equal(p.caplen, q.caplen);
		assert_memory_equal(p.data, q.data, p.caplen);
		n++;
	}
	assert_int_equal(capture_next(b, &q, err, sizeof(err)), 0);
	assert_int_equal(n, CAPTURED);
	capture_close(a);
	capture_close(b);
}

static char capture_folder[] = "/tmp/worker-test-XXXXXX";

static const char *capture_path(const char *name)
{
	static char paths[2][64];
	static unsigned n;

	snprintf(paths[++n % 2], sizeof(paths[0]), "%s/%s", capture_folder, name);
	return paths[n % 2];
}

// From a capture through net_pcap into a capture: the same frames.
static void test_pcap(void **state)
{
	const struct worker_rig_options o = {.ports = {"net_pcap0", "net_pcap1"}};
	struct worker_rig *r = worker_rig_new(&o);

	for (unsigned i = 0; i < CAPTURED && worker_rig_outcome(r, REASON_PASS_ALLOW) < CAPTURED;
		i++)
		worker_turn(&r->workers[0]);
	assert_int_equal(worker_rig_outcome(r, REASON_PASS_ALLOW), CAPTURED);
	assert_int_equal(worker_rig_flows(r), 50);
	worker_rig_free(r); // stops the port, which closes its file
	same_captures(capture_path("in.pcap"), capture_path("out.pcap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_tap),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_mixed_bursts),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_and_writer),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_pcap),
	};
	char vdev[4][128];
	char *args[] = {vdev[0], vdev[1], vdev[2], vdev[3]};
	int rc;

	if (mkdtemp(capture_folder) == NULL)
		return 1;
	make_capture(capture_path("in.pcap"));
	snprintf(vdev[0], sizeof(vdev[0]), "--vdev=net_null0");
	snprintf(vdev[1], sizeof(vdev[1]), "--vdev=net_null1");
	snprintf(vdev[2], sizeof(vdev[2]), "--vdev=net_pcap0,rx_pcap=%s,tx_pcap=%s",
		capture_path("in.pcap"), capture_path("none.pcap"));
	snprintf(vdev[3], sizeof(vdev[3]), "--vdev=net_pcap1,tx_pcap=%s", capture_path("out.pcap"));
	rc = worker_rig_eal(args, 4);
	if (rc == 0)
		rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(capture_path("in.pcap"));
	unlink(capture_path("out.pcap"));
	unlink(capture_path("none.pcap"));
	rmdir(capture_folder);
	return rc;
}
