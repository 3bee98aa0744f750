// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// DPI on lcores of its own: the same labels as inline, and what happens where answers come late,
// are about flows that are gone, or never come, and where a lane is full.

#include "drivers/pcap/capture.h"
#include "tests/unit/dataplane/rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SSH_BLOCKED                                                                                \
	"{\"id\":\"no-ssh\",\"action\":\"block\",\"reason\":\"NO_SSH\",\"match\":{\"apps\":"       \
	"[\"ssh\"]}}"
#define BANNER  "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
#define PACKETS 8 // more than what DPI takes, so that it is asked for its last word
#define FIRST   ((struct ends){901, 101})

static struct rig *blocking(unsigned lanes, size_t bytes, uint8_t dpi_full)
{
	return rig_new(&(struct rig_options){.rules = SSH_BLOCKED,
		.dpi_packets = PACKETS,
		.lanes = lanes,
		.lane_bytes = bytes,
		.exceptions = {.dpi_full = dpi_full}});
}

struct ends { // the next byte's number of each direction
	uint32_t in, out;
};

static void add(struct rig *r, unsigned flow, bool answer, uint8_t flags, struct ends e,
	const char *payload)
{
	rig_add(r, &(struct rig_packet){.flow = flow,
			   .answer = answer,
			   .proto = 6,
			   .flags = flags,
			   .seq = answer ? e.in : e.out,
			   .ack = flags & TCP_ACK ? answer ? e.out : e.in : 0,
			   .dport = 22,
			   .payload = payload});
}

static void shake(struct rig *r, unsigned flow, struct ends e)
{
	add(r, flow, false, TCP_SYN, (struct ends){0, e.out - 1}, NULL);
	add(r, flow, true, TCP_SYN | TCP_ACK, (struct ends){e.in - 1, e.out}, NULL);
	add(r, flow, false, TCP_ACK, e, NULL);
}

// The banners of both ends, and more, for nDPI reads on for a while.
static void banners(struct rig *r, unsigned flow, struct ends e)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		bool answer = i % 2 == 0;
		const char *payload = i < 2 ? BANNER : "more of it";

		add(r, flow, answer, TCP_ACK, e, payload);
		*(answer ? &e.in : &e.out) += (uint32_t)strlen(payload);
	}
}

// The fields that do not depend on when an answer came.
static void same_label(const struct record *a, const struct record *b)
{
	assert_int_equal(a->ev, b->ev);
	assert_int_equal(a->app, b->app);
	assert_int_equal(a->master, b->master);
	assert_int_equal(a->cat, b->cat);
	assert_int_equal(a->conf, b->conf);
	assert_int_equal(a->risks, b->risks);
	assert_int_equal(a->dpkt, b->dpkt);
	assert_int_equal(a->host_source, b->host_source);
	assert_string_equal(a->host, b->host);
	assert_int_equal(a->has_ja3, b->has_ja3);
	assert_memory_equal(a->ja3, b->ja3, sizeof(a->ja3));
	assert_int_equal(a->action, b->action);
	assert_int_equal(a->rule, b->rule);
	assert_int_equal(a->end, b->end);
	assert_int_equal(a->t1, b->t1);
	assert_int_equal(a->ob + a->db, b->ob + b->db);
	assert_int_equal(a->op + a->rp + a->dp, b->op + b->rp + b->dp);
}

// The capture through a pipeline, a burst a packet; answers after every so many packets.
static struct rig *play(unsigned lanes, unsigned every)
{
	struct rig *r = rig_new(&(struct rig_options){.lanes = lanes, .max_flows = 4000});
	struct capture_packet in;
	struct capture *c;
	char err[256];
	unsigned n = 0;

	c = capture_open(DEMO, err, sizeof(err));
	assert_non_null(c);
	while (capture_next(c, &in, err, sizeof(err)) == 1) {
		struct packet p = {.data = in.data,
			.len = in.caplen,
			.wire_len = in.wirelen,
			.ts = in.ts_us,
			.link = LINK_ETHERNET};

		r->now = in.ts_us;
		pipeline_burst(r->pl, &p, 1, r->now, false);
		if (lanes != 0 && ++n % every == 0)
			rig_serve(r);
	}
	capture_close(c);
	if (lanes != 0)
		rig_serve(r);
	rig_wait(r, INT64_C(400000000)); // asks for the last words
	if (lanes != 0)
		rig_serve(r);
	rig_wait(r, 1000000);
	assert_int_equal(r->pl->table.live, 0);
	return r;
}

static int by_fid(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->fid != y->fid)
		return x->fid < y->fid ? -1 : 1;
	return (x->ev > y->ev) - (x->ev < y->ev);
}

static uint64_t ends_only(struct rig *r)
{
	uint64_t n = 0;

	assert_in_range(r->n_records, 1, RIG_RECORDS);
	for (uint64_t i = 0; i < r->n_records; i++)
		if (r->records[i].ev == RECORD_END)
			r->records[n++] = r->records[i];
	qsort(r->records, n, sizeof(r->records[0]), by_fid);
	return n;
}

static void test_same_as_inline(void **state)
{
	static const unsigned ways[][2] = {{1, 1}, {3, 1}, {4, 50}};
	struct rig *here = play(0, 0);
	uint64_t n = ends_only(here);

	assert_in_range(n, 20, 1000);
	for (unsigned w = 0; w < 3; w++) {
		struct rig *there = play(ways[w][0], ways[w][1]);

		assert_int_equal(ends_only(there), n);
		for (uint64_t i = 0; i < n; i++)
			same_label(&there->records[i], &here->records[i]);
		assert_int_equal(there->lanes.stats.unanswered, 0);
		assert_int_equal(there->lanes.stats.full, 0);
		assert_int_equal(there->lanes.open, 0);
		assert_int_equal(there->pl->stats.labels, here->pl->stats.labels);
		rig_free(there);
	}
	rig_free(here);
}

static void test_answer_late(void **state)
{
	struct rig *r = blocking(2, 0, POLICY_FLAG);
	const struct record *d;

	shake(r, 1, FIRST);
	banners(r, 1, FIRST);
	rig_run(r);
	// Nobody has answered: the pending action holds, and what passes under it is counted.
	assert_int_equal(r->pl->stats.packets[REASON_PASS_PENDING], 3 + PACKETS);
	assert_null(rig_last(r, RECORD_DECISION));
	rig_serve(r);
	d = rig_last(r, RECORD_DECISION);
	assert_non_null(d);
	assert_int_equal(d->action, POLICY_BLOCK);
	assert_string_equal(dpi_app_name(r->dpi, d->app), "SSH");
	assert_int_equal(d->pp, 2 + PACKETS / 2); // outbound
	add(r, 1, false, TCP_ACK, FIRST, "more");
	rig_run(r);
	assert_int_equal(r->pl->stats.packets[REASON_STOP_BLOCK], 1);
	pipeline_stop(r->pl);
	assert_int_equal(rig_last(r, RECORD_END)->dp, 1);
	assert_int_equal(r->lanes.stats.unanswered, 0);
	rig_free(r);
}

// The caps of the pending action do not wait for anybody.
static void test_cap_before_answer(void **state)
{
	struct rig *r = rig_new(&(struct rig_options){.rules = SSH_BLOCKED,
		.dpi_packets = PACKETS,
		.lanes = 1,
		.max_packets = 3,
		.max_bytes = 10000});

	shake(r, 1, FIRST);
	banners(r, 1, FIRST);
	rig_run(r);
	assert_int_equal(r->pl->stats.caps_reached, 1);
	assert_int_equal(r->pl->stats.packets[REASON_PASS_PENDING], 3);
	rig_serve(r); // a label is there after all
	assert_int_equal(rig_last(r, RECORD_DECISION)->action, POLICY_BLOCK);
	rig_free(r);
}

// A flow ends and its number is another's before the answer about it comes.
static void test_flow_gone(void **state)
{
	struct rig *r = blocking(1, 0, POLICY_FLAG);
	const struct record *end;

	shake(r, 1, FIRST);
	banners(r, 1, FIRST);
	add(r, 1, false, TCP_RST, FIRST, NULL);
	rig_run(r);
	r->now += 1000;
	shake(r, 1, (struct ends){7001, 5001}); // the same numbers, another connection
	add(r, 1, true, TCP_ACK, (struct ends){7001, 5001}, BANNER);
	rig_run(r);
	end = rig_last(r, RECORD_END);
	assert_non_null(end);
	assert_int_equal(end->end, RECORD_END_RST);
	assert_int_equal(end->app, 0); // nothing was known
	assert_int_equal(r->lanes.stats.unanswered, 1);
	assert_int_equal(r->lanes.open, 1);
	rig_serve(r);
	assert_in_range(r->lanes.stats.late, 1, 10);
	assert_null(rig_last(r, RECORD_DECISION)); // it was not the new one's label
	banners(r, 1, (struct ends){7001, 5001});
	rig_run(r);
	rig_serve(r);
	assert_int_equal(rig_last(r, RECORD_DECISION)->action, POLICY_BLOCK);
	rig_free(r);
}

// A flow that has grown old waits for the last word, but not for ever.
static void test_last_word(void **state)
{
	struct rig *r = blocking(1, 0, POLICY_FLAG);

	add(r, 1, false, TCP_SYN, (struct ends){0, 100}, NULL);
	rig_run(r);
	rig_wait(r, 11000000);
	assert_int_equal(r->ends, 0);
	assert_int_equal(r->pl->table.live, 1);
	rig_serve(r); // a guess by the port
	assert_int_equal(r->ends, 1);
	assert_string_equal(dpi_app_name(r->dpi, rig_last(r, RECORD_END)->app), "SSH");
	assert_int_equal(rig_last(r, RECORD_END)->conf, DPI_CONF_PORT);
	assert_int_equal(r->lanes.stats.unanswered, 0);

	add(r, 2, false, TCP_SYN, (struct ends){0, 100}, NULL);
	rig_run(r);
	rig_wait(r, 11000000);
	for (unsigned i = 0; i < 2 * LANE_LOOKS; i++)
		rig_wait(r, 300000);
	assert_int_equal(r->ends, 2);
	assert_int_equal(rig_last(r, RECORD_END)->app, 0);
	assert_int_equal(r->lanes.stats.unanswered, 1);
	assert_int_equal(r->lanes.open, 0);
	rig_free(r);
}

static void run_into_full_lane(uint8_t dpi_full, uint8_t action, uint8_t exception)
{
	struct rig *r = blocking(1, 4096, dpi_full);
	const struct record *end;

	for (unsigned i = 0; i < 60; i++)
		add(r, i, true, TCP_ACK, FIRST, BANNER);
	rig_run(r);
	assert_in_range(r->lanes.stats.full, 1, 59);
	assert_int_equal(r->lanes.open, 60 - r->lanes.stats.full);
	assert_int_equal(r->pl->stats.labels, r->lanes.stats.full);
	// The last one found no room.
	if (action != POLICY_ALLOW)
		assert_int_equal(rig_last(r, RECORD_DECISION)->exception, exception);
	assert_int_equal(rig_last(r, RECORD_DECISION) != NULL, action != POLICY_ALLOW);
	rig_serve(r); // room again: the next is classified
	banners(r, 0, FIRST);
	rig_run(r);
	rig_serve(r);
	assert_int_equal(rig_last(r, RECORD_DECISION)->action, POLICY_BLOCK);
	assert_int_equal(rig_last(r, RECORD_DECISION)->exception, RECORD_EXC_NONE);
	r->lanes.stop_ms = 1;
	pipeline_stop(r->pl);
	end = rig_last(r, RECORD_END);
	assert_int_equal(end->exception, exception);
	assert_int_equal(end->action, action);
	rig_free(r);
}

static void test_full_lane(void **state)
{
	run_into_full_lane(POLICY_ALLOW, POLICY_ALLOW, RECORD_EXC_NONE);
	run_into_full_lane(POLICY_FLAG, POLICY_FLAG, RECORD_EXC_DPI_FULL);
}

// A policy that comes while an answer is on its way is the one that decides.
static void test_new_policy(void **state)
{
	struct rig *r = rig_new(&(struct rig_options){.lanes = 1, .dpi_packets = PACKETS});

	shake(r, 1, FIRST);
	banners(r, 1, FIRST);
	rig_run(r);
	rig_publish(r, &(struct rig_options){.rules = SSH_BLOCKED});
	rig_serve(r);
	assert_int_equal(rig_last(r, RECORD_DECISION)->action, POLICY_BLOCK);
	rig_free(r);
}

static void *serve_all(void *arg)
{
	struct rig *r = arg;

	while (!atomic_load(&r->stop_serving))
		for (unsigned i = 0; i < r->lanes.n; i++)
			if (lane_server_turn(&r->servers[i], 32) == 0)
				usleep(20);
	return NULL;
}

// Two threads, as in a gateway: flows come, age and stop while the other one answers.
static void test_threads(void **state)
{
	struct rig *r = blocking(2, 65536, POLICY_FLAG);
	unsigned blocked = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, serve_all, r), 0);
	for (unsigned i = 0; i < 600; i++) {
		shake(r, i, FIRST);
		banners(r, i, FIRST);
		if (i % 2 == 0)
			add(r, i, false, TCP_RST, FIRST, NULL);
		rig_run(r);
		pipeline_answers(r->pl, r->now, 16);
		rig_wait(r, 100000);
	}
	r->lanes.stop_ms = 20000; // a slow machine
	pipeline_stop(r->pl);
	atomic_store(&r->stop_serving, true);
	pthread_join(thread, NULL);
	assert_int_equal(r->pl->table.live, 0);
	assert_int_equal(r->lanes.open, 0);
	assert_int_equal(r->ends, 600);
	for (uint64_t i = 0; i < r->n_records; i++)
		blocked += r->records[i].ev == RECORD_END && r->records[i].action == POLICY_BLOCK;
	// All but those whose lane was full, or that did not get an answer in time.
	assert_in_range(blocked + r->lanes.stats.full + r->lanes.stats.unanswered, 600, 1200);
	assert_in_range(blocked, 1, 600);
	rig_free(r);
}

// Nobody serves: the stop ends all the same.
static void test_stop_unanswered(void **state)
{
	struct rig *r = blocking(1, 0, POLICY_FLAG);

	for (unsigned i = 0; i < 10; i++)
		shake(r, i, FIRST);
	rig_run(r);
	r->lanes.stop_ms = 20;
	pipeline_stop(r->pl);
	assert_int_equal(r->ends, 10);
	assert_int_equal(r->lanes.stats.unanswered, 10);
	assert_int_equal(r->lanes.open, 0);
	rig_free(r);
}

// As many contexts as were asked for, shared out over the lanes.
static void test_shares(void **state)
{
	(void)state;
	for (uint32_t all = 3; all <= 8; all++) {
		const struct dpi_config c = {.contexts = all};
		uint32_t open = 0, most = 0, least = UINT32_MAX;
		struct lanes l;

		assert_int_equal(lanes_init(&l, 3, &c, LANE_REQUEST_BYTES), 0);
		for (uint64_t lane = 0; lane < 3; lane++) {
			const uint64_t hash = (lane << 16) / 3 + 1;
			uint32_t n = 0;

			assert_int_equal(lanes_lane(&l, hash), lane);
			while (lanes_open(&l, hash, 0) != LANE_NONE)
				n++;
			open += n;
			most = n > most ? n : most;
			least = n < least ? n : least;
		}
		assert_int_equal(open, all);
		assert_true(least >= 1 && most - least <= 1);
		lanes_fini(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_inline),
		cmocka_unit_test(test_answer_late),
		cmocka_unit_test(test_cap_before_answer),
		cmocka_unit_test(test_flow_gone),
		cmocka_unit_test(test_last_word),
		cmocka_unit_test(test_full_lane),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_new_policy),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_stop_unanswered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
