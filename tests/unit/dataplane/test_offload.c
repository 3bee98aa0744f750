// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Elephant flows given to a device that is made of numbers here: which flows are given, that what
// it counts is in the records, and what happens where it refuses, is full, cannot count, does not
// let go, and where the policy changes or the flow ends meanwhile.

#include "tests/unit/dataplane/offload_bench.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BLOCK_UDP                                                                                  \
	"{\"id\":\"no-udp\",\"action\":\"block\",\"reason\":\"NO_UDP\",\"match\":{\"protos\":"     \
	"[\"udp\"]}}"

static void test_rules(void **state)
{
	static const uint8_t inside[4] = {10, 0, 0, 1}, outside[4] = {198, 51, 100, 0};
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 17);

	for (unsigned i = 0; i < 2; i++) {
		const struct offload_match *m = &b->rules[i].m;

		assert_int_equal(m->from_inside, i == 0);
		assert_int_equal(m->version, 4);
		assert_int_equal(m->proto, 17);
		assert_false(m->drop);
		assert_memory_equal(i == 0 ? m->src : m->dst, inside, 4);
		assert_memory_equal(i == 0 ? m->dst : m->src, outside, 4);
		assert_int_equal(i == 0 ? m->sport : m->dport, 40000);
		assert_int_equal(i == 0 ? m->dport : m->sport, 12345);
	}
	bench_elephant(b, 1, 17); // is not asked for twice
	bench_turn(b);
	assert_int_equal(b->made, 2);
	bench_free(b);
}

static void test_counts(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 17);
	uint64_t before = b->r->pl->stats.flow_packets, ob, op, rp, rb;
	const struct record *u, *e;

	bench_hit(b, true, 1000000);
	bench_hit(b, false, 500000);
	bench_wait(b, BENCH_SECOND + BENCH_SECOND / 2);
	assert_int_equal(b->o.stats.passed_packets, 1500000);
	assert_int_equal(b->o.stats.passed_bytes, 150000000);
	assert_int_equal(b->r->pl->stats.flow_packets - before, 1500000);
	for (unsigned i = 0; i < 62;
		i++) { // the minute's update comes, though the CPU sees nothing
		bench_hit(b, true, 10);
		bench_wait(b, BENCH_SECOND);
	}
	assert_int_equal(rig_count(b->r, RECORD_END), 0);
	assert_int_equal(rig_count(b->r, RECORD_UPDATE), 1);
	u = rig_last(b->r, RECORD_UPDATE);
	assert_true(u->op > 1000000);
	// Silence: withdrawn, then ended by the flow's own time.
	bench_wait(b, (BENCH_IDLE_S + 1) * BENCH_SECOND);
	assert_int_equal(bench_rules(b), 0);
	assert_int_equal(b->s.stats.idle, 1);
	assert_int_equal(b->o.stats.withdrawn, 1);
	assert_int_equal(b->o.used, 0);
	bench_wait(b, 62 * BENCH_SECOND);
	e = rig_last(b->r, RECORD_END);
	assert_non_null(e);
	assert_int_equal(e->end, RECORD_END_IDLE);
	op = 1100 * 8 + 1000000 + 620;
	rp = 1100 * 8 + 500000;
	ob = 1100 * 8 * 38 + 100000000 + 62000;
	rb = 1100 * 8 * 38 + 50000000;
	assert_int_equal(e->op, op);
	assert_int_equal(e->rp, rp);
	assert_int_equal(e->ob, ob);
	assert_int_equal(e->rb, rb);
	assert_int_equal(b->r->pl->stats.flow_packets, op + rp);
	assert_int_equal(b->r->pl->stats.flow_bytes, ob + rb);
	bench_free(b);
}

// The flow's time is over before its rules are idle.
static void test_last_word(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 17);
	const struct record *e;
	int64_t start = b->r->now;

	b->s.idle_us = 1000 * BENCH_SECOND;
	bench_hit(b, true, 7);
	bench_wait(b, 2 * BENCH_SECOND);
	// These nobody has read yet when the flow is due: they keep it.
	rig_wait(b->r, 59 * BENCH_SECOND);
	bench_hit(b, true, 5);
	bench_wait(b, 2 * BENCH_SECOND);
	assert_int_equal(rig_count(b->r, RECORD_END), 0);
	assert_int_equal(bench_rules(b), 0);
	bench_wait(b, 62 * BENCH_SECOND);
	e = rig_last(b->r, RECORD_END);
	assert_non_null(e);
	assert_int_equal(e->op, 1100 * 8 + 12);
	assert_in_range(e->t1, start + 59 * BENCH_SECOND, start + 64 * BENCH_SECOND);
	assert_int_equal(b->o.stats.unanswered, 0);
	bench_free(b);
}

static void test_idle_told(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 17);
	int64_t before;

	bench_hit(b, true, 3);
	b->rules[0].c.idle_s = 4;
	rig_wait(b->r, 6 * BENCH_SECOND);
	before = b->r->now;
	bench_turn(b);
	assert_int_equal(b->r->pl->table.hot[0].last, before - 4 * BENCH_SECOND);
	bench_free(b);
}

static void test_refused(void **state)
{
	struct offload_bench *b = bench_new((struct rig_options){0}, 4);

	b->refuse_from = 2;
	bench_elephant(b, 1, 17);
	bench_turn(b);
	assert_int_equal(b->made, 1);
	assert_int_equal(bench_rules(b), 0);
	assert_int_equal(b->o.stats.refused, 1);
	assert_int_equal(b->o.used, 0);
	// Not asked again at once, but later; the flow was on the CPU all the time.
	b->refuse_from = 0;
	bench_elephant(b, 1, 17);
	bench_elephant(b, 1, 17);
	bench_elephant(b, 1, 17);
	bench_turn(b);
	assert_int_equal(bench_rules(b), 2);
	bench_free(b);
}

static void test_uncounted(void **state)
{
	struct offload_bench *b = bench_new((struct rig_options){0}, 4);

	b->blind = true;
	bench_elephant(b, 1, 17);
	bench_turn(b);
	assert_int_equal(b->made, 2);
	assert_int_equal(bench_rules(b), 0);
	assert_int_equal(b->s.stats.uncounted, 1);
	assert_int_equal(b->o.stats.refused, 1);
	bench_free(b);
	b = bench_with_elephant((struct rig_options){0}, 17); // or it stops counting
	bench_hit(b, true, 9);
	bench_wait(b, 2 * BENCH_SECOND);
	b->blind = true;
	bench_wait(b, 2 * BENCH_SECOND);
	assert_int_equal(bench_rules(b), 0);
	assert_int_equal(b->o.stats.passed_packets, 9);
	bench_free(b);
}

static void test_full(void **state)
{
	struct offload_bench *b = bench_new((struct rig_options){0}, 1);

	bench_elephant(b, 1, 17);
	bench_turn(b);
	bench_elephant(b, 2, 17);
	bench_turn(b);
	assert_int_equal(bench_rules(b), 2);
	assert_int_equal(b->o.stats.full, 1);
	assert_int_equal(b->o.stats.live, 1);
	bench_free(b);
}

// Another policy: no rule goes on, what was counted meanwhile is the flow's, and the next packet is
// under the new verdict.
static void test_publish(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 17);
	const struct rig_options block = {.rules = BLOCK_UDP};
	const struct record *d;

	bench_hit(b, true, 11);
	rig_publish(b->r, &block);
	rig_run(b->r); // a worker without packets sees the new policy too
	bench_turn(b);
	assert_int_equal(bench_rules(b), 0);
	assert_int_equal(b->o.stats.recalls, 1);
	assert_int_equal(b->o.stats.live, 0);
	assert_int_equal(b->o.stats.passed_packets, 11);
	bench_add(b, 1, 17, false, 0);
	rig_run(b->r);
	d = rig_last(b->r, RECORD_DECISION);
	assert_non_null(d);
	assert_int_equal(d->action, POLICY_BLOCK);
	assert_int_equal(d->op, 1100 * 8 + 11);
	// Now it is one to be dropped.
	bench_elephant(b, 1, 17);
	bench_turn(b);
	assert_int_equal(bench_rules(b), 2);
	assert_true(b->rules[0].m.drop && b->rules[1].m.drop);
	bench_free(b);
}

// A full log disk that stops everything.
static void test_log_full(void **state)
{
	struct offload_bench *b = bench_with_elephant(
		(struct rig_options){.exceptions = {.log_disk_full = POLICY_BLOCK}}, 17);

	b->r->log_full = true;
	rig_run(b->r);
	bench_turn(b);
	assert_int_equal(bench_rules(b), 0);
	bench_free(b);
}

static void test_block(void **state)
{
	struct offload_bench *b =
		bench_new((struct rig_options){.rules = BLOCK_UDP, .block_with = "drop"}, 4);
	const struct record *e;

	bench_elephant(b, 1, 17);
	bench_turn(b);
	assert_int_equal(bench_rules(b), 2);
	assert_true(b->rules[0].m.drop && b->rules[1].m.drop);
	bench_hit(b, true, 400);
	bench_wait(b, 80 * BENCH_SECOND);
	e = rig_last(b->r, RECORD_END);
	assert_non_null(e);
	assert_int_equal(e->end, RECORD_END_BLOCK);
	assert_int_equal(e->dp, 1100 * 16 + 400);
	assert_int_equal(e->db, 1100 * 16 * 38 + 40000);
	assert_int_equal(e->op + e->rp, 0);
	assert_int_equal(b->o.stats.stopped_packets, 400);
	bench_free(b);
}

static void test_tcp(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 6);
	const struct record *e;

	bench_hit(b, false, 21);
	bench_add(b, 1, 6, false, TCP_ACK | TCP_FIN);
	rig_run(b->r);
	bench_turn(b);
	assert_int_equal(bench_rules(b), 0);
	bench_add(b, 1, 6, true, TCP_ACK | TCP_FIN);
	rig_run(b->r);
	bench_wait(b, 12 * BENCH_SECOND);
	e = rig_last(b->r, RECORD_END);
	assert_non_null(e);
	assert_int_equal(e->end, RECORD_END_FIN);
	assert_int_equal(e->rp, 1 + 1100 * 8 + 1 + 21);
	bench_free(b);
}

// Closed and opened anew before the last word: its counters are no other flow's.
static void test_late(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 6);

	bench_hit(b, true, 13);
	bench_add(b, 1, 6, false, TCP_ACK | TCP_RST);
	rig_run(b->r);
	bench_add(b, 1, 6, false, TCP_SYN);
	rig_run(b->r);
	assert_int_equal(rig_count(b->r, RECORD_END), 1);
	bench_turn(b);
	assert_int_equal(b->o.stats.late_packets, 13);
	assert_int_equal(b->o.stats.unanswered, 1);
	assert_int_equal(b->o.used, 0);
	assert_int_equal(b->r->pl->table.hot[0].packets[0] + b->r->pl->table.hot[0].packets[1], 1);
	bench_free(b);
}

static void test_kept(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 6);

	b->keeps = true;
	bench_hit(b, true, 2);
	bench_add(b, 1, 6, false, TCP_ACK | TCP_FIN);
	rig_run(b->r);
	bench_turn(b);
	assert_int_equal(b->o.stats.live, 1);
	assert_int_not_equal(b->s.stats.remove_errors, 0);
	b->keeps = false;
	bench_hit(b, true, 2); // it went on
	bench_wait(b, BENCH_SECOND + BENCH_SECOND / 2);
	assert_int_equal(b->o.stats.live, 0);
	assert_int_equal(b->o.stats.passed_packets, 4);
	bench_free(b);
}

// Nobody serves: requests find no room, and nothing hangs.
static void test_ring_full(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 6);
	struct offload_request r = {.ask = OFFLOAD_WITHDRAW};

	while (offload_send(&b->o, 3, &r))
		;
	bench_add(b, 1, 6, false, TCP_ACK | TCP_FIN);
	rig_run(b->r);
	pipeline_offload_turn(b->r->pl, UINT32_MAX);
	assert_true(b->o.recall);
	for (unsigned i = 0; i < 200; i++)
		offload_server_turn(&b->s, b->r->now);
	assert_int_equal(bench_rules(b), 2);
	bench_turn(b);
	assert_false(b->o.recall);
	assert_int_equal(bench_rules(b), 0);
	bench_free(b);
}

static void test_not_eligible(void **state)
{
	static const char limit[] =
		"{\"id\":\"l\",\"per\":\"flow\",\"bytes_out\":1000000000,"
		"\"then\":\"flag\",\"reason\":\"MUCH\",\"match\":{\"tenants\":[\"a\"]}}";
	struct offload_bench *b = bench_new((struct rig_options){0}, 4);

	for (unsigned i = 0; i < 3000; i++) { // 1,000 packets a second
		bench_add(b, 1, 17, false, 0);
		rig_run(b->r);
		pipeline_offload_sample(b->r->pl, b->r->packets, 1);
	}
	bench_turn(b);
	assert_int_equal(b->made, 0);
	memset(b->o.kinds, 0, sizeof(b->o.kinds));
	bench_elephant(b, 1, 17); // the device cannot
	bench_turn(b);
	assert_int_equal(b->made, 0);
	memset(b->o.kinds, offload_kind(true, 4, 17) | offload_kind(false, 6, 17), 16);
	bench_elephant(b, 1, 17);
	bench_turn(b);
	assert_int_equal(b->made, 0);
	bench_free(b);
	b = bench_new((struct rig_options){.limits = limit}, 4); // a limit counts its bytes
	bench_elephant(b, 1, 17);
	bench_turn(b);
	assert_int_equal(b->made, 0);
	bench_free(b);
}

static void *serve(void *arg)
{
	struct offload_bench *b = arg;
	int64_t now = b->r->now;

	while (!b->stop) {
		offload_server_turn(&b->s, now);
		usleep(100);
	}
	return NULL;
}

static void test_stop(void **state)
{
	struct offload_bench *b = bench_with_elephant((struct rig_options){0}, 17);
	const struct record *e;
	pthread_t thread;

	bench_hit(b, true, 77);
	assert_int_equal(pthread_create(&thread, NULL, serve, b), 0);
	pipeline_stop(b->r->pl);
	b->stop = true;
	pthread_join(thread, NULL);
	e = rig_last(b->r, RECORD_END);
	assert_non_null(e);
	assert_int_equal(e->end, RECORD_END_STOP);
	assert_int_equal(e->op, 1100 * 8 + 77);
	assert_int_equal(bench_rules(b), 0);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_last_word),
		cmocka_unit_test(test_idle_told),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_uncounted),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_publish),
		cmocka_unit_test(test_log_full),
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_ring_full),
		cmocka_unit_test(test_not_eligible),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
