// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The frames that tell a blocked flow's ends: to whom, with which addresses, numbers and checksums,
// and when there must be none.

#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_9                                                                                    \
	"{\"id\":\"p\",\"match\":{\"dports\":[\"9\"]},\"action\":\"block\",\"reason\":\"NO_\"}"
#define RST_ACK (TCP_RST | TCP_ACK)

// Flags and lengths of a TCP header by recipe: 33 is the flags' offset behind a plain IPv4 header.
#define FLAGS4(f) " set=47," #f
#define FLAGS6(f) " set=67," #f

static const struct rig_options blocking = {.rules = BLOCK_9, .block_with = "reset"},
				allowing = {.block_with = "reset"};

static uint32_t sum16(const uint8_t *b, unsigned n)
{
	uint32_t s = 0;

	for (unsigned i = 0; i < n; i++)
		s += i & 1 ? b[i] : (uint32_t)b[i] << 8;
	return s;
}

static bool is_right(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

// The IP packet of an injected frame: all lengths and checksums hold. l4: its payload.
static void check_packet(const struct pipeline_inject *x, unsigned l3, const uint8_t **l4)
{
	const uint8_t *ip = x->data + l3;
	unsigned v6 = ip[0] >> 4 == 6, head = v6 ? 40 : 20, size = x->len - l3 - head;
	uint8_t proto = ip[v6 ? 6 : 9];

	*l4 = ip + head;
	assert_int_equal(parse_be16(ip + (v6 ? 4 : 2)), v6 ? size : size + 20);
	assert_int_equal(ip[v6 ? 7 : 8], 64);
	if (!v6)
		assert_true(is_right(sum16(ip, 20)));
	if (proto == 1)
		assert_true(is_right(sum16(*l4, size)));
	else
		assert_true(is_right(sum16(ip + head - (v6 ? 32 : 8), v6 ? 32 : 8) + proto + size +
				     sum16(*l4, size)));
}

// An injected TCP reset: its ports, numbers and flags.
static void check_reset(const struct pipeline_inject *x, unsigned l3, uint16_t sport, uint32_t seq,
	uint32_t ack, uint8_t flags)
{
	const uint8_t *tcp;

	check_packet(x, l3, &tcp);
	assert_int_equal(parse_be16(tcp), sport);
	assert_int_equal(parse_be16(tcp + 2), 40009 - sport);
	assert_int_equal(parse_be32(tcp + 4), seq);
	assert_int_equal(parse_be32(tcp + 8), ack);
	assert_int_equal(tcp[13], flags);
	assert_int_equal(tcp[12], 0x50);
}

static struct pipeline *run(struct rig *r, const char *words, bool back)
{
	rig_words(r, words, back, back ? SIDE_OUTSIDE : SIDE_INSIDE);
	rig_run(r);
	return r->pl;
}

// A SYN that is blocked: only its sender is told. RFC 9293, 3.10.7.1: no ACK in the segment, so
// <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>.
static void test_syn(void **state)
{
	struct rig *r = rig_new(&blocking);
	struct pipeline *pl = run(r, "eth=0x0800 ip4=6 tcp=40000,9" FLAGS4(2), false);

	assert_int_equal(pl->n_injects, 1);
	assert_int_equal(pl->injects[0].to, SIDE_INSIDE);
	check_reset(&pl->injects[0], 14, 9, 0, 101, RST_ACK);
	assert_memory_equal(pl->injects[0].data, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", 14);
	rig_free(r);
}

// A flow that had passed and is blocked by a new policy: both ends are told. The sender by
// <SEQ=SEG.ACK><CTL=RST>, the receiver in the sender's name at the sequence number that it expects.
static void established(const char *words, unsigned l3)
{
	struct rig *r = rig_new(&allowing);
	struct pipeline *pl = run(r, words, false);
	uint16_t outer;

	assert_int_equal(pl->n_injects, 0);
	rig_publish(r, &blocking);
	run(r, words, false);
	assert_int_equal(pl->n_injects, 2);
	assert_int_equal(pl->injects[0].to, SIDE_INSIDE);
	assert_int_equal(pl->injects[1].to, SIDE_OUTSIDE);
	check_reset(&pl->injects[0], l3, 9, 200, 0, TCP_RST);
	check_reset(&pl->injects[1], l3, 40000, 100, 200, RST_ACK);
	outer = parse_be16(pl->injects[1].data + 12);
	assert_int_equal(outer, parse_be16(r->frames[0] + 12)); // tags stay
	assert_memory_equal(pl->injects[1].data, r->frames[0], l3);
	rig_free(r);
}

static void test_established(void **state)
{
	established("eth=0x0800 ip4=6 tcp=40000,9 data=10", 14);
	established("eth=0x0800 ip4o=6 tcp=40000,9 data=10", 14);
	established("eth=0x86dd ip6=6 tcp=40000,9 data=11", 14);
	established("eth=0x86dd ip6=0 ext=6,0 tcp=40000,9 data=11", 14);
	established("eth=0x8100 tag=5,0x0800 ip4=6 tcp=40000,9 data=10", 18);
	established("eth=0x88a8 tag=5,0x8100 tag=6,0x86dd ip6=6 tcp=40000,9", 22);
}

// A connection that is older than the gateway: its other end has it, too.
static void test_midstream(void **state)
{
	struct rig *r = rig_new(&blocking);
	struct pipeline *pl = run(r, "eth=0x0800 ip4=6 tcp=40000,9 data=10", false);

	assert_int_equal(pl->n_injects, 2);
	check_reset(&pl->injects[0], 14, 9, 200, 0, TCP_RST);
	check_reset(&pl->injects[1], 14, 40000, 100, 200, RST_ACK);
	rig_free(r);
}

// From the outside it is the other way round.
static void test_answer(void **state)
{
	static const char words[] = "eth=0x0800 ip4=6 tcp=40000,9 data=10";
	struct rig *r = rig_new(&allowing);
	struct pipeline *pl = run(r, words, false);

	rig_publish(r, &blocking);
	run(r, words, true);
	assert_int_equal(pl->n_injects, 2);
	assert_int_equal(pl->injects[0].to, SIDE_OUTSIDE);
	assert_int_equal(pl->injects[1].to, SIDE_INSIDE);
	check_reset(&pl->injects[0], 14, 40000, 200, 0, TCP_RST);
	check_reset(&pl->injects[1], 14, 9, 100, 200, RST_ACK);
	rig_free(r);
}

// FIN and SYN count for one in SEG.LEN, data for its bytes; options do not.
static void test_segment_length(void **state)
{
	struct rig *r = rig_new(&blocking);
	struct pipeline *pl =
		run(r, "eth=0x0800 ip4=6 tcp=40000,9 data=10" FLAGS4(3) " set=46,0x60", false);

	check_reset(&pl->injects[0], 14, 9, 0, 100 + 6 + 2, RST_ACK);
	rig_free(r);
}

static void test_not_answered(void **state)
{
	static const char *const words[] = {
		"eth=0x0800 ip4=6 tcp=40000,9" FLAGS4(4),                  // a reset
		"eth=0x0800 ip4=6 tcp=40000,9 set=46,0x40",                // no such header
		"eth=0x0800 ip4f=17,0,1,1 udp=40000,9 data=16 set=30,224", // to a group
		"eth=0x0800 ip4=17 udp=40000,9 set=30,224",
		"eth=0x0800 ip4=17 udp=40000,9 set=30,255 set=31,255 set=32,255 set=33,255",
		"eth=0x0800 ip4=17 udp=40000,9 set=0,3", // to a group of the link
		"eth=0x0800 ip4=17 udp=40000,9 set=26,0 set=29,0",
		"eth=0x0800 ip4=17 udp=40000,9 set=26,127",
		"eth=0x86dd ip6=17 udp=40000,9 set=38,0xff",
		"eth=0x8864 pppoe=1,0x0021 ip4=6 tcp=40000,9",
		"eth=0x8847 mpls=1,1 ip4=6 tcp=40000,9",
		"ether=70 snap=0x0800 ip4=6 tcp=40000,9",
		"eth=0x0800 ip4=4 ip4=6 tcp=40000,9", // in a tunnel
		"eth=0x0800 ip4=132 sctp=40000,9",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct rig *r = rig_new(&blocking);
		struct pipeline *pl = run(r, words[i], false);

		assert_int_equal(pl->stats.packets[REASON_STOP_BLOCK], 1);
		assert_int_equal(pl->n_injects, 0);
		rig_free(r);
	}
}

// Who is not on a wire is not answered: a tap and a replay send nothing.
static void test_tap(void **state)
{
	struct rig *r = rig_new(&blocking);

	rig_words(r, "eth=0x0800 ip4=6 tcp=40000,9" FLAGS4(2), false, SIDE_UNKNOWN);
	rig_run(r);
	assert_int_equal(r->pl->stats.packets[REASON_STOP_BLOCK], 1);
	assert_int_equal(r->pl->n_injects + r->pl->stats.resets_left_out, 0);
	rig_free(r);
}

// Three a flow; a burst has room for so many, the rest is left out and counted.
static void test_how_many(void **state)
{
	struct rig *r = rig_new(&blocking);
	uint64_t sent = 0;

	for (unsigned i = 0; i < 10; i++)
		sent += run(r, "eth=0x0800 ip4=6 tcp=40000,9" FLAGS4(2), false)->n_injects;
	assert_int_equal(sent, 3);
	for (unsigned i = 0; i < RIG_BURST - 1; i++) {
		const struct rig_packet p = {.flow = i + 10, .proto = 6, .flags = 2, .dport = 9};

		rig_add(r, &p);
	}
	rig_run(r);
	assert_int_equal(r->pl->n_injects, RIG_BURST - 1);
	assert_true(r->pl->n_injects <= PIPELINE_MAX_INJECTS);
	assert_int_equal(r->pl->stats.resets_sent, 3 + RIG_BURST - 1);
	rig_free(r);
}

// The same where the flow's first packet has settled all: its packets are counted on the fast path,
// but not before the last refusal. That path leaves the same behind as the slow one: counters, the
// record, and that the flow was seen.
static void test_settled(void **state)
{
	struct rig_options o = blocking;
	const struct record *e;
	struct rig *r;
	uint64_t sent = 0;

	(void)state;
	o.lazy = true;
	r = rig_new(&o);
	for (unsigned i = 0; i < 10; i++) {
		struct pipeline *pl = run(r, "eth=0x0800 ip4=17 udp=40000,9 data=10", i % 2 == 1);

		sent += pl->n_injects;
		assert_true((pl->table.hot[0].flags & FLOW_SETTLED) != 0);
		rig_wait(r, 50000000); // of 60 s
	}
	assert_int_equal(sent, 3);
	assert_int_equal(r->pl->stats.packets[REASON_STOP_BLOCK], 10);
	assert_int_equal(r->pl->stats.bytes[REASON_STOP_BLOCK], 10 * 52);
	assert_int_equal(r->pl->stats.flow_packets, 10);
	assert_int_equal(r->pl->stats.flow_bytes, 10 * 38);
	assert_int_equal(r->ends, 0);
	rig_publish(r, &allowing);
	run(r, "eth=0x0800 ip4=17 udp=40000,9 data=10", false);
	assert_int_equal(r->pl->stats.packets[REASON_STOP_BLOCK], 10);
	pipeline_stop(r->pl);
	e = rig_last(r, RECORD_END);
	assert_int_equal(e->dp, 10);
	assert_int_equal(e->db, 10 * 38);
	assert_int_equal(e->op, 1);
	rig_free(r);
}

// RFC 1812, 5.2.7.1 (type 3, code 13) and RFC 4443, 3.1 (type 1, code 1), with the beginning of
// what they are about; from the address that the packet was for.
static void prohibited(const char *words, unsigned l3, unsigned quote)
{
	struct rig *r = rig_new(&blocking);
	struct pipeline *pl = run(r, words, false);
	const uint8_t *icmp, *ip = pl->injects[0].data + l3, *was = r->frames[0] + l3;
	bool v6 = was[0] >> 4 == 6;

	assert_int_equal(pl->n_injects, 1);
	assert_int_equal(pl->injects[0].to, SIDE_INSIDE);
	check_packet(&pl->injects[0], l3, &icmp);
	assert_int_equal(ip[v6 ? 6 : 9], v6 ? 58 : 1);
	assert_memory_equal(ip + (v6 ? 8 : 12), was + (v6 ? 24 : 16), v6 ? 16 : 4);
	assert_memory_equal(ip + (v6 ? 24 : 16), was + (v6 ? 8 : 12), v6 ? 16 : 4);
	assert_int_equal(icmp[0], v6 ? 1 : 3);
	assert_int_equal(icmp[1], v6 ? 1 : 13);
	assert_int_equal(parse_be32(icmp + 4), 0);
	assert_int_equal(pl->injects[0].data + pl->injects[0].len - icmp, 8 + quote);
	assert_memory_equal(icmp + 8, was, quote);
	rig_free(r);
}

static void test_prohibited(void **state)
{
	prohibited("eth=0x0800 ip4=17 udp=40000,9 data=10", 14, 38);
	prohibited("eth=0x0800 ip4o=17 udp=40000,9 data=150", 14, 128);
	prohibited("eth=0x0800 ip4=17 udp=40000,9 data=1 hex=0000000000", 14, 34);
	prohibited("eth=0x86dd ip6=17 udp=40000,9 data=10", 14, 58);
	prohibited("eth=0x86dd ip6=17 udp=40000,9 data=100", 14, 128);
	prohibited("eth=0x8100 tag=5,0x86dd ip6=17 udp=40000,9 data=100", 18, 128);
}

// A flow without a verdict yet is not refused, whatever its pending action.
static void test_pending(void **state)
{
	const struct rig_options o = {.rules = "{\"id\":\"b\",\"match\":{\"apps\":[\"ssh\"]},"
					       "\"action\":\"flag\",\"reason\":\"SSH\"}",
		.block_with = "reset",
		.pending = "block"};
	struct rig *r = rig_new(&o);
	struct pipeline *pl = run(r, "eth=0x0800 ip4=6 tcp=40000,22" FLAGS4(2), false);

	assert_int_equal(pl->stats.packets[REASON_STOP_PENDING] +
				 pl->stats.packets[REASON_PASS_PENDING] +
				 pl->stats.packets[REASON_PASS_ALLOW],
		1);
	assert_int_equal(pl->n_injects, 0);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn),
		cmocka_unit_test(test_established),
		cmocka_unit_test(test_midstream),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_segment_length),
		cmocka_unit_test(test_not_answered),
		cmocka_unit_test(test_tap),
		cmocka_unit_test(test_how_many),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_prohibited),
		cmocka_unit_test(test_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
