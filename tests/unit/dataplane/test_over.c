// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What holds before a rule has decided, and what does no more when the flow is over: limits on
// undecided flows, verdicts that come with the end.

#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_SSH                                                                                  \
	"{\"id\":\"b\",\"match\":{\"apps\":[\"ssh\"]},\"action\":\"block\",\"reason\":\"NO_SSH\"}"
// A UDP packet of 38 bytes of IP, whose label is open until the end.
#define UDP   "eth=0x0800 ip4=17 udp=40000,12345 data=10"
#define OTHER "eth=0x0800 ip4=17 udp=40001,12345 data=10"
#define LIMIT(id, per, bytes, then)                                                                \
	"{\"id\":\"" id "\",\"match\":{\"border\":[\"unknown\"]},\"per\":\"" per "\"," bytes       \
	",\"then\":\"" then "\",\"reason\":\"PASSED\"}"

static void out(struct rig *r, const char *words, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		rig_words(r, words, false, SIDE_INSIDE);
		rig_run(r);
	}
}

static uint64_t passed(const struct rig *r)
{
	return r->pl->stats.packets[REASON_PASS_PENDING] + r->pl->stats.packets[REASON_PASS_ALLOW] +
	       r->pl->stats.packets[REASON_PASS_FLAG];
}

static const struct record *end_of(struct rig *r)
{
	pipeline_stop(r->pl);
	assert_non_null(rig_last(r, RECORD_END));
	return rig_last(r, RECORD_END);
}

// A limit that blocks does so by whatever rule would decide: an undecided flow is stopped at it.
static void quota_stops_undecided_flows(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH,
		.limits = LIMIT("q", "tenant", "\"window\":\"day\",\"bytes_out\":380", "block")};
	struct rig *r = rig_new(&o);
	const struct record *e;

	(void)state;
	out(r, UDP, 8);
	assert_int_equal(r->pl->stats.packets[REASON_PASS_PENDING], 8);
	out(r, OTHER, 6); // two more fit
	assert_int_equal(passed(r), 10);
	e = end_of(r);
	assert_int_equal(rig_count(r, RECORD_DECISION), 1);
	for (uint64_t i = 0; i < r->n_records; i++) {
		e = &r->records[i];
		if (e->ev != RECORD_END)
			continue;
		assert_false(e->undecided);
		assert_int_equal(e->limit, e->sport == 40001 ? 0 : POLICY_LIMIT_NONE);
		assert_int_equal(e->action, e->sport == 40001 ? POLICY_BLOCK : POLICY_ALLOW);
		assert_int_equal(e->op, e->sport == 40001 ? 2 : 8);
		assert_int_equal(e->dp, e->sport == 40001 ? 4 : 0);
	}
	rig_free(r);
}

// The same where DPI is another lcore's: the block does not wait for its answer.
static void quota_stops_before_the_answer(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH,
		.lanes = 1,
		.limits = LIMIT("q", "tenant", "\"window\":\"day\",\"bytes_out\":100", "block")};
	struct rig *r = rig_new(&o);

	(void)state;
	out(r, UDP, 5);
	assert_int_equal(passed(r), 2);
	rig_serve(r);
	out(r, UDP, 5);
	assert_int_equal(passed(r), 2);
	assert_int_equal(end_of(r)->action, POLICY_BLOCK);
	assert_int_equal(rig_last(r, RECORD_END)->limit, 0);
	rig_free(r);
}

// A limit that flags says so with the verdict, also where that comes with the end.
static void own_limit_is_told_at_the_end(void **state)
{
	const struct rig_options o = {
		.rules = BLOCK_SSH, .limits = LIMIT("f", "flow", "\"bytes_out\":100", "flag")};
	struct rig *r = rig_new(&o);

	(void)state;
	out(r, UDP, 2);
	out(r, OTHER, 3);
	assert_int_equal(passed(r), 5);
	pipeline_stop(r->pl);
	assert_int_equal(rig_count(r, RECORD_DECISION), 1);
	assert_int_equal(rig_last(r, RECORD_DECISION)->sport, 40001);
	assert_int_equal(rig_last(r, RECORD_DECISION)->limit, 0);
	assert_int_equal(rig_last(r, RECORD_DECISION)->action, POLICY_FLAG);
	rig_free(r);
}

// A limit of one rule alone: who was under it shows at the end, and counts all the same.
static void limit_of_a_rule_counts_at_the_end(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH
				      ",{\"id\":\"ok\",\"match\":{\"border\":[\"unknown\"]},"
				      "\"action\":\"allow\",\"reason\":\"OK\"}",
		.limits = "{\"id\":\"q\",\"match\":{\"rules\":[\"ok\"]},\"per\":\"tenant\","
			  "\"window\":\"day\",\"bytes_out\":100,\"then\":\"block\",\"reason\":"
			  "\"P\"}"};
	struct rig *r = rig_new(&o);

	(void)state;
	out(r, UDP, 4);
	assert_int_equal(passed(r), 4);
	rig_wait(r, 100000000);
	assert_int_equal(rig_count(r, RECORD_END), 1);
	assert_int_equal(
		rig_last(r, RECORD_END)->action, POLICY_ALLOW); // what others pass is not its
	assert_int_equal(rig_last(r, RECORD_END)->limit, POLICY_LIMIT_NONE);
	assert_int_equal(r->pl->meters.live, 0);
	out(r, OTHER, 30); // past the cap of 24 packets: decided, and over the limit already
	assert_true(r->pl->stats.packets[REASON_STOP_BLOCK] >= 5);
	assert_int_equal(end_of(r)->limit, 0);
	rig_free(r);
}

// Judged by what held at its last packet, though it is found over a minute later.
static void rule_that_began_later(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH
				      ",{\"id\":\"l\",\"match\":{\"border\":[\"unknown\"]},"
				      "\"action\":\"block\",\"reason\":\"LATER\","
				      "\"valid_from\":\"2026-09-21T14:13:30Z\"}"};
	struct rig *r = rig_new(&o);

	(void)state;
	out(r, UDP, 3);
	rig_wait(r, 100000000);
	assert_int_equal(rig_count(r, RECORD_END), 1);
	assert_int_equal(rig_count(r, RECORD_DECISION), 0);
	assert_int_equal(rig_last(r, RECORD_END)->action, POLICY_ALLOW);
	assert_int_equal(rig_last(r, RECORD_END)->rule, POLICY_RULE_DEFAULT);
	rig_free(r);
}

// A policy that came after its last packet has no say: without a verdict, the flow ends without.
static void policy_that_came_later(void **state)
{
	const struct rig_options one = {.rules = BLOCK_SSH};
	const struct rig_options two = {
		.rules = "{\"id\":\"x\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"block\","
			 "\"reason\":\"NO\"}"};
	struct rig *r = rig_new(&one);

	(void)state;
	out(r, UDP, 3);
	out(r, OTHER, 30); // decided at its cap
	rig_publish(r, &two);
	rig_wait(r, 100000000);
	assert_int_equal(rig_count(r, RECORD_END), 2);
	assert_int_equal(rig_count(r, RECORD_DECISION), 0);
	for (uint64_t i = 0; i < r->n_records; i++) {
		assert_int_equal(r->records[i].action, POLICY_ALLOW);
		assert_int_equal(r->records[i].undecided, r->records[i].sport == 40000);
	}
	rig_free(r);
}

// While two rules could decide, as much is kept as either wants; then as much as the one that did.
static void capture_is_that_of_its_rule(void **state)
{
	const struct rig_options o = {.captures = 4,
		.max_packets = 6,
		.rules = "{\"id\":\"b\",\"match\":{\"apps\":[\"ssh\"]},\"action\":\"block\","
			 "\"reason\":\"NO\",\"capture\":{\"packets\":9,\"snap\":1500}},"
			 "{\"id\":\"k\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"flag\","
			 "\"reason\":\"SEEN\",\"capture\":{\"packets\":2,\"snap\":64}}"};
	struct rig *r = rig_new(&o);
	bool seen = false;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		out(r, UDP, 1);
		for (uint64_t k = 0; k < r->n_records; k++)
			seen |= r->records[k].capture != NULL;
		if (i == 3) // undecided still: all are kept
			assert_int_equal(r->pl->table.ext[0].capture->packets, 4);
	}
	assert_true(seen || r->pl->table.ext[0].capture != NULL);
	if (r->pl->table.ext[0].capture != NULL) {
		assert_int_equal(r->pl->table.ext[0].capture->max, 2);
		assert_int_equal(r->pl->table.ext[0].capture->snap, 64);
	}
	rig_free(r);
}

// Whose end a local flow is at is known like any other's.
static void local_flow_has_a_tenant(void **state)
{
	const struct pipeline_prefix inside[] = {{.version = 4, .len = 8, .addr = {10}},
		{.version = 4, .len = 24, .addr = {198, 51, 100}}};
	const struct rig_options o = {
		.rules = BLOCK_SSH, .inside = inside, .n_inside = 2, .local_flows = true};
	struct rig *r = rig_new(&o);

	(void)state;
	rig_add(r, &(struct rig_packet){.flow = 1, .proto = 17, .payload = "x"});
	rig_run(r);
	assert_true(end_of(r)->local);
	assert_string_equal(policy_tenant_name(rig_last(r, RECORD_END)->policy,
				    rig_last(r, RECORD_END)->tenant),
		"a");
	rig_free(r);
}

// A connection whose verdict is there with its first packet is open when both ends have said so,
// and stays as long as open connections do; one that only asked does not.
static void handshake_is_seen_behind_the_verdict(void **state)
{
	const struct rig_options o = {.lazy = true};
	struct rig *r = rig_new(&o);

	(void)state;
	for (unsigned flow = 1; flow <= 2; flow++)
		rig_add(r, &(struct rig_packet){.flow = flow, .proto = 6, .flags = TCP_SYN});
	rig_run(r);
	assert_int_equal(r->pl->stats.packets[REASON_PASS_ALLOW], 2);
	assert_int_equal(r->pl->stats.labels, 2);
	rig_add(r, &(struct rig_packet){
			   .flow = 1, .answer = true, .proto = 6, .flags = TCP_SYN | TCP_ACK});
	rig_add(r, &(struct rig_packet){.flow = 1, .proto = 6, .flags = TCP_ACK});
	rig_run(r);
	rig_wait(r, 100000000);
	assert_int_equal(r->ends, 1);
	assert_int_equal(rig_last(r, RECORD_END)->op, 1);
	rig_add(r, &(struct rig_packet){
			   .flow = 1, .answer = true, .proto = 6, .flags = TCP_FIN | TCP_ACK});
	rig_add(r, &(struct rig_packet){.flow = 1, .proto = 6, .flags = TCP_FIN | TCP_ACK});
	rig_run(r);
	rig_wait(r, 20000000);
	assert_int_equal(r->ends, 2);
	assert_int_equal(rig_last(r, RECORD_END)->end, RECORD_END_FIN);
	assert_int_equal(rig_last(r, RECORD_END)->op, 3);
	assert_int_equal(rig_last(r, RECORD_END)->rp, 2);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quota_stops_undecided_flows),
		cmocka_unit_test(quota_stops_before_the_answer),
		cmocka_unit_test(own_limit_is_told_at_the_end),
		cmocka_unit_test(limit_of_a_rule_counts_at_the_end),
		cmocka_unit_test(rule_that_began_later),
		cmocka_unit_test(policy_that_came_later),
		cmocka_unit_test(capture_is_that_of_its_rule),
		cmocka_unit_test(local_flow_has_a_tenant),
		cmocka_unit_test(handshake_is_seen_behind_the_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
