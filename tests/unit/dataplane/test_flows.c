// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Flows over time: who opened them and which end is inside, how a verdict is kept and when it is
// made anew, the pending action's caps, fragments, counters past 32 bits.

#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_SSH                                                                                  \
	"{\"id\":\"b\",\"match\":{\"apps\":[\"ssh\"]},\"action\":\"block\",\"reason\":\"NO_SSH\"}"
#define FLAG_ALL                                                                                   \
	"{\"id\":\"f\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"flag\",\"reason\":"       \
	"\"SEEN\"}"
#define BLOCK_ALL                                                                                  \
	"{\"id\":\"x\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"block\",\"reason\":"      \
	"\"NO\"}"

#define UDP        "eth=0x0800 ip4=17 udp=40000,12345 data=10"
#define TCP(flags) "eth=0x0800 ip4=6 tcp=40000,80 set=47," #flags

static const struct rig_options plain;

static void run(struct rig *r, const char *words, bool back, uint8_t side)
{
	rig_words(r, words, back, side);
	rig_run(r);
}

static void out(struct rig *r, const char *words)
{
	run(r, words, false, SIDE_INSIDE);
}

static void in(struct rig *r, const char *words)
{
	run(r, words, true, SIDE_OUTSIDE);
}

static const struct record *end_of(struct rig *r)
{
	pipeline_stop(r->pl);
	assert_non_null(rig_last(r, RECORD_END));
	return rig_last(r, RECORD_END);
}

// A packet of a flow with a verdict in force is counted, nothing more; each flow is decided anew at
// its own next packet after a publish.
static void test_verdict_kept(void **state)
{
	const struct rig_options lazy = {.lazy = true};
	struct rig *r = rig_new(&lazy);
	uint64_t before;

	for (unsigned i = 0; i < 100; i++)
		out(r, UDP);
	assert_int_equal(dpi_flows_open(r->dpi), 0); // nobody asked for a label
	before = r->pl->stats.evaluations;
	assert_in_range(before, 1, 2);
	rig_publish(r, &lazy);
	assert_int_equal(r->pl->stats.evaluations, before);
	for (unsigned i = 0; i < 100; i++)
		out(r, UDP);
	assert_int_equal(r->pl->stats.evaluations, before + 1);
	assert_int_equal(rig_outcome(r, REASON_PASS_ALLOW), 200);
	assert_int_equal(end_of(r)->op, 200);
	rig_free(r);
}

// A rule that begins to hold at its second changes verdicts without a publish.
static void test_rule_begins(void **state)
{
	const struct rig_options o = {
		.rules = "{\"id\":\"l\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"block\","
			 "\"reason\":\"LATER\",\"valid_from\":\"2026-09-21T14:13:30Z\"}"};
	struct rig *r = rig_new(&o);

	for (unsigned i = 0; i < 10; i++)
		out(r, UDP);
	assert_int_equal(rig_outcome(r, REASON_PASS_ALLOW), 10);
	r->now = RIG_START + 9999999;
	out(r, UDP);
	assert_int_equal(rig_outcome(r, REASON_STOP_BLOCK), 0);
	r->now = RIG_START + 10000000;
	out(r, UDP);
	assert_int_equal(rig_outcome(r, REASON_STOP_BLOCK), 1);
	assert_int_equal(rig_count(r, RECORD_DECISION), 1);
	rig_free(r);
}

static void test_cap_bytes(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH, .max_bytes = 100};
	struct rig *r = rig_new(&o);

	for (unsigned i = 0; i < 5; i++)
		out(r, UDP); // 38 bytes of IP each: the third would be one too many
	assert_int_equal(rig_outcome(r, REASON_PASS_PENDING), 2);
	assert_int_equal(rig_outcome(r, REASON_PASS_ALLOW), 3);
	assert_int_equal(end_of(r)->pb, 76);
	assert_int_equal(rig_last(r, RECORD_END)->pp, 2);
	rig_free(r);
	r = rig_new(&o);
	for (unsigned i = 0; i < 5; i++)
		in(r, UDP); // what comes in is no bytes out
	assert_int_equal(rig_outcome(r, REASON_PASS_PENDING), 5);
	assert_int_equal(end_of(r)->pb, 0);
	rig_free(r);
}

static void test_cap_time(void **state)
{
	const struct rig_options o = {.rules = BLOCK_SSH, .max_ms = 50};
	struct rig *r = rig_new(&o);

	out(r, UDP);
	r->now = RIG_START + 50000;
	out(r, UDP);
	assert_int_equal(rig_outcome(r, REASON_PASS_PENDING), 2);
	r->now = RIG_START + 50001;
	out(r, UDP);
	assert_int_equal(rig_outcome(r, REASON_PASS_ALLOW), 1);
	assert_int_equal(r->pl->stats.caps_reached, 1);
	rig_free(r);
}

// A flow that DPI can say nothing about any more is decided without a cap; blocked flows end by
// their verdict, a while after the last try.
static void test_blocked_end(void **state)
{
	const struct rig_options o = {.rules = BLOCK_ALL};
	struct rig *r = rig_new(&o);

	out(r, UDP);
	rig_wait(r, 50000000);
	out(r, UDP); // tries again: the flow lives on
	rig_wait(r, 50000000);
	assert_int_equal(r->ends, 0);
	assert_int_equal(rig_count(r, RECORD_DECISION), 1);
	rig_wait(r, 11000000);
	assert_int_equal(r->ends, 1);
	assert_int_equal(rig_last(r, RECORD_END)->end, RECORD_END_BLOCK);
	assert_int_equal(rig_last(r, RECORD_END)->dp, 2);
	assert_int_equal(rig_last(r, RECORD_END)->db, 76);
	assert_int_equal(rig_last(r, RECORD_END)->op, 0);
	out(r, UDP);
	assert_int_equal(end_of(r)->end, RECORD_END_STOP);
	rig_free(r);
}

// Which end opened a flow, from its first packet: SYN, SYN with ACK, midstream by the lower port,
// else the sender.
static void opener(const char *words, bool back, uint16_t sport, uint16_t dport)
{
	struct rig *r = rig_new(&plain);
	const struct record *e;

	run(r, words, back, SIDE_UNKNOWN);
	e = end_of(r);
	assert_int_equal(e->sport, sport);
	assert_int_equal(e->dport, dport);
	assert_int_equal(e->src[0], sport == 80 || (back && sport == 12345) ? 198 : 10);
	assert_int_equal(e->init, e->src[0] == 10 ? POLICY_INIT_INSIDE : POLICY_INIT_OUTSIDE);
	assert_int_equal(e->op, !back);
	rig_free(r);
}

static void test_opener(void **state)
{
	opener(TCP(2), false, 40000, 80);
	opener(TCP(2), true, 80, 40000);
	opener(TCP(0x12), true, 40000, 80); // the answer to a SYN that was not seen
	opener(TCP(0x10), false, 40000, 80);
	opener(TCP(0x10), true, 40000, 80); // the lower port is the server's
	opener(UDP, false, 40000, 12345);
	opener(UDP, true, 12345, 40000);
}

// An echo and its answer are one flow; an answer alone was asked for by its receiver.
static void test_echo(void **state)
{
	struct rig *r = rig_new(&plain);
	const struct record *e;

	out(r, "eth=0x0800 ip4=1 icmp=8,0 data=8");
	in(r, "eth=0x0800 ip4=1 icmp=0,0 data=8");
	assert_int_equal(r->pl->stats.flows_begun, 1);
	e = end_of(r);
	assert_int_equal(e->op, 1);
	assert_int_equal(e->rp, 1);
	assert_int_equal(e->sport, 8);
	rig_free(r);
	r = rig_new(&plain);
	in(r, "eth=0x86dd ip6=58 icmp=129,0 data=8");
	e = end_of(r);
	assert_int_equal(e->init, POLICY_INIT_INSIDE);
	assert_int_equal(e->sport, 128);
	rig_free(r);
	// The other version's ICMP is a payload like any, even an empty one: its sender opened the
	// flow.
	r = rig_new(&plain);
	in(r, "eth=0x0800 ip4=58 hex=81");
	assert_int_equal(end_of(r)->init, POLICY_INIT_OUTSIDE);
	rig_free(r);
	r = rig_new(&plain);
	in(r, "eth=0x86dd ip6=1");
	assert_int_equal(end_of(r)->init, POLICY_INIT_OUTSIDE);
	rig_free(r);
}

static void test_local(void **state)
{
	static const struct pipeline_prefix all[] = {{4, 8, {10}}, {4, 24, {198, 51, 100}}};

	for (unsigned told = 0; told < 2; told++) {
		for (uint8_t side = SIDE_UNKNOWN; side <= SIDE_INSIDE; side++) {
			const struct rig_options o = {.rules = BLOCK_ALL,
				.inside = all,
				.n_inside = 2,
				.local_flows = told};
			struct rig *r = rig_new(&o);

			run(r, UDP, false, side);
			run(r, UDP, true, side);
			assert_int_equal(rig_outcome(r, REASON_PASS_LOCAL), 2);
			assert_int_equal(r->pl->stats.flows_local, 1);
			pipeline_stop(r->pl);
			assert_int_equal(r->n_records, told);
			if (told)
				assert_true(rig_last(r, RECORD_END)->local);
			rig_free(r);
		}
	}
}

// Neither end is inside: the one that opened the flow counts as inside.
static void test_both_outside(void **state)
{
	static const struct pipeline_prefix none[] = {{4, 16, {192, 0}}};
	const struct rig_options o = {.inside = none, .n_inside = 1};
	struct rig *r = rig_new(&o);
	const struct record *e;

	run(r, UDP, true, SIDE_UNKNOWN);
	run(r, UDP, false, SIDE_UNKNOWN);
	run(r, UDP, false, SIDE_UNKNOWN);
	e = end_of(r);
	assert_int_equal(e->src[0], 198);
	assert_int_equal(e->init, POLICY_INIT_INSIDE);
	assert_int_equal(e->op, 1);
	assert_int_equal(e->rp, 2);
	assert_false(e->local);
	rig_free(r);
}

// Tags and tunnels of the first packet are in the flow's records, whatever the link.
static void test_details(void **state)
{
	static const struct {
		const char *words;
		uint8_t link, n_vlans, n_tunnels;
		uint32_t id;
	} t[] = {
		{UDP, LINK_ETHERNET, 0, 0, 0},
		{"eth=0x88a8 tag=7,0x8100 tag=8,0x0800 ip4=17 udp=1,2", LINK_ETHERNET, 2, 0, 0},
		{"eth=0x0800 ip4=17 udp=9,4789 vxlan=3 eth=0x0800 ip4=17 udp=1,2", LINK_ETHERNET, 0,
			1, 3},
		{"pppoe=5,0x0021 ip4=17 udp=1,2", LINK_PPPOE, 0, 1, 5},
		{"chdlc=0x8847 mpls=6,1 ip4=17 udp=1,2", LINK_CHDLC, 0, 1, 6},
		{"sll=0x8100 tag=7,0x0800 ip4=17 udp=1,2", LINK_SLL, 1, 0, 0},
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct rig *r = rig_new(&plain);
		const struct record *e;

		rig_words(r, t[i].words, false, SIDE_UNKNOWN);
		r->packets[0].link = t[i].link;
		rig_run(r);
		e = end_of(r);
		assert_int_equal(e->n_vlans, t[i].n_vlans);
		assert_int_equal(e->n_tunnels, t[i].n_tunnels);
		if (e->n_vlans != 0)
			assert_int_equal(e->vlans[0], 7);
		if (e->n_tunnels != 0)
			assert_int_equal(e->tunnels[0].id, t[i].id);
		rig_free(r);
	}
}

// Later fragments count in their datagram's flow, with its verdict; those without a first one in a
// flow of their own.
static void test_fragments(void **state)
{
	const struct rig_options o = {
		.rules = "{\"id\":\"p\",\"match\":{\"dports\":[\"9\"]},\"action\":\"block\","
			 "\"reason\":\"NO\"}"};
	struct rig *r = rig_new(&o);

	out(r, "eth=0x0800 ip4f=17,0,1,7 udp=40000,9 data=16");
	out(r, "eth=0x0800 ip4f=17,3,1,7 data=24");
	out(r, "eth=0x0800 ip4f=17,6,0,7 data=24");
	assert_int_equal(rig_outcome(r, REASON_STOP_BLOCK), 3);
	assert_int_equal(r->pl->stats.flows_begun, 1);
	out(r, "eth=0x0800 ip4f=17,3,0,8 data=24");
	assert_int_equal(r->pl->stats.flows_begun, 2);
	assert_int_equal(r->pl->stats.notes[NOTE_FRAG_ORPHAN], 1);
	assert_int_equal(rig_outcome(r, REASON_PASS_ALLOW), 1);
	pipeline_stop(r->pl);
	assert_int_equal(rig_count(r, RECORD_END), 2);
	rig_free(r);
}

// A malformed packet in a flow that had none: what the exception policy says holds from then on.
static void test_malformed_later(void **state)
{
	for (uint8_t a = POLICY_ALLOW; a <= POLICY_BLOCK; a++) {
		const struct rig_options o = {.lazy = true, .exceptions = {.malformed = a}};
		struct rig *r = rig_new(&o);

		for (unsigned i = 0; i < 3; i++)
			out(r, UDP);
		out(r, UDP " set=39,7"); // a UDP length of less than its header
		out(r, UDP);
		assert_int_equal(r->pl->stats.notes[NOTE_UDP_LENGTH], 1);
		assert_int_equal(rig_outcome(r, REASON_STOP_MALFORMED), a == POLICY_BLOCK);
		assert_int_equal(rig_outcome(r, REASON_PASS_FLAG), a == POLICY_FLAG ? 2 : 0);
		assert_int_equal(rig_count(r, RECORD_DECISION), a == POLICY_FLAG);
		if (a == POLICY_FLAG)
			assert_int_equal(
				rig_last(r, RECORD_DECISION)->exception, RECORD_EXC_MALFORMED);
		rig_free(r);
	}
}

// A flow that begins, ends and begins again within one burst; many packets of one new flow.
static void test_within_a_burst(void **state)
{
	struct rig *r = rig_new(&plain);

	rig_words(r, TCP(2), false, SIDE_INSIDE);
	rig_words(r, TCP(0x14), true, SIDE_OUTSIDE);
	rig_words(r, TCP(2), false, SIDE_INSIDE);
	for (unsigned i = 3; i < RIG_BURST; i++)
		rig_words(r, UDP, i & 1, i & 1 ? SIDE_OUTSIDE : SIDE_INSIDE);
	assert_int_equal(r->n, 0); // the burst ran when it was full
	assert_int_equal(r->pl->stats.flows_begun, 3);
	assert_int_equal(r->ends, 1);
	assert_int_equal(r->pl->stats.flow_packets, RIG_BURST);
	rig_free(r);
}

// Bursts of every size, of IPv4, of IPv6 and of both, by turns: each packet is its own flow's.
static void test_burst_sizes(void **state)
{
	enum {
		FLOWS = 10
	};
	struct rig *r = rig_new(&plain);
	unsigned sent[FLOWS] = {0}, packets = 0, seen = 0;
	char words[64];

	for (unsigned n = 1; n <= 3 * RIG_BURST; n++) {
		for (unsigned k = 0; k < (n - 1) / 3 + 1; k++, packets++) {
			unsigned f = n % 3 == 2 ? packets % FLOWS : packets % FLOWS / 2 * 2 + n % 3;

			snprintf(words, sizeof(words), "eth=0x%s udp=%u,9 data=1",
				f % 2 != 0 ? "86dd ip6=17" : "0800 ip4=17", 1000 + f);
			rig_words(r, words, false, SIDE_INSIDE);
			sent[f]++;
		}
		rig_run(r);
	}
	assert_int_equal(r->pl->stats.flows_begun, FLOWS);
	for (uint32_t i = 0; i < FLOWS; i++) {
		const struct flow_hot *h = &r->pl->table.hot[i];
		unsigned f = (h->port[0] == 9 ? h->port[1] : h->port[0]) - 1000;

		assert_in_range(f, 0, FLOWS - 1);
		assert_int_equal(h->version, f % 2 != 0 ? 6 : 4);
		assert_int_equal(h->packets[0], sent[f]);
		assert_true(sent[f] > 100);
		seen |= 1u << f;
	}
	assert_int_equal(seen, (1u << FLOWS) - 1);
	rig_free(r);
}

// Packets beyond 32 bits, in both directions and of those stopped, with update records and without.
static void test_large_counts(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct rig_options o = {
			.rules = i & 1 ? BLOCK_ALL : "", .no_updates = (i & 2) != 0};
		struct rig *r = rig_new(&o);
		uint32_t entry = 0;
		uint64_t dp = 0, op = 0;

		out(r, UDP);
		for (unsigned k = 0; k < 5; k++) {
			struct flow_hot *h = &r->pl->table.hot[entry];

			if (i & 1) {
				r->pl->table.cold[entry].stopped_packets += 0x90000000u;
			} else {
				h->packets[0] += 0x90000000u;
				h->packets[1] += 0x90000000u;
			}
			for (unsigned s = 0; s < 3; s++) {
				rig_wait(r, 30000000);
				out(r, UDP);
			}
		}
		assert_int_equal(r->pl->stats.flows_begun, 1);
		pipeline_stop(r->pl);
		for (uint64_t n = 0; n < r->n_records; n++) {
			dp += r->records[n].ev == RECORD_UPDATE ? r->records[n].dp : 0;
			op += r->records[n].ev == RECORD_UPDATE ? r->records[n].op : 0;
		}
		assert_true(rig_last(r, RECORD_END)->dp == (i & 1 ? 5 * 0x90000000ull + 16 : 0));
		assert_true(rig_last(r, RECORD_END)->op == (i & 1 ? 0 : 5 * 0x90000000ull + 16));
		assert_true(rig_last(r, RECORD_END)->rp == (i & 1 ? 0 : 5 * 0x90000000ull));
		if (i < 2)
			assert_true((i & 1 ? dp : op) >= 5 * 0x90000000ull);
		else
			assert_true(dp + op == 0);
		rig_free(r);
	}
}

static void add_all(struct rig *r, unsigned n, bool answer)
{
	for (unsigned i = 0; i < n; i++) {
		const struct rig_packet p = {.flow = i, .answer = answer, .proto = 17};

		rig_add(r, &p);
	}
	rig_run(r);
}

// Bursts that are nothing but new flows, in a table that begins with few buckets: none is turned
// away, and each is found again while buckets are split and joined.
static void test_many_come_and_go(void **state)
{
	const struct rig_options o = {.max_flows = 6000};
	struct rig *r = rig_new(&o);
	const struct flow_table *t = &r->pl->table;

	for (unsigned round = 1; round <= 2; round++) {
		add_all(r, 5900, false);
		assert_true(flow_buckets_used(t) > 2 * t->least_buckets);
		add_all(r, 5900, true);
		assert_int_equal(r->pl->stats.flows_begun, round * 5900);
		assert_int_equal(r->pl->stats.flow_packets, round * 2 * 5900);
		assert_int_equal(r->pl->stats.table_full, 0);
		rig_wait(r, 70000000);
		assert_int_equal(t->live, 0);
		for (unsigned i = 0; i < 1000 && flow_buckets_lag(t); i++)
			rig_run(r); // no packets
		assert_int_equal(flow_buckets_used(t), t->least_buckets);
	}
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdict_kept),
		cmocka_unit_test(test_rule_begins),
		cmocka_unit_test(test_cap_bytes),
		cmocka_unit_test(test_cap_time),
		cmocka_unit_test(test_blocked_end),
		cmocka_unit_test(test_opener),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_both_outside),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_malformed_later),
		cmocka_unit_test(test_within_a_burst),
		cmocka_unit_test(test_burst_sizes),
		cmocka_unit_test(test_large_counts),
		cmocka_unit_test(test_many_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
