// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// New flows for which there is no time (budget.h), and bursts while they are turned away.

#include "tests/unit/dataplane/draw.h"
#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SYN 2

#define BLOCK_ALL                                                                                  \
	"{\"id\":\"x\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"block\",\"reason\":"      \
	"\"NO\"}"
#define BLOCK_UDP                                                                                  \
	"{\"id\":\"u\",\"match\":{\"border\":[\"unknown\"],\"protos\":[\"udp\"]},\"action\":"      \
	"\"block\",\"reason\":\"NO\"}"

static void close_to_new_flows(struct rig *r)
{
	r->pl->budget.behind = true;
	r->pl->budget.credit = -BUDGET_MOST;
}

// No time for a new flow: the exception gives the outcome, one record a second tells, and what a
// rule blocks is blocked whatever the exception says. Established flows go on.
static void test_overload(void **state)
{
	for (unsigned a = POLICY_ALLOW; a <= POLICY_BLOCK; a++) {
		const struct rig_options o = {.exceptions = {.overload = (uint8_t)a}};
		struct rig *r = rig_new(&o);

		rig_udp(r, 1, false);
		close_to_new_flows(r);
		rig_udp(r, 1, true);
		rig_udp(r, 2, false);
		rig_udp(r, 3, false);
		assert_int_equal(r->pl->stats.flows_begun, 1);
		assert_int_equal(r->pl->stats.flows_shed, 2);
		assert_int_equal(rig_outcome(r, REASON_PASS_OVERLOAD), a == POLICY_BLOCK ? 0 : 2);
		assert_int_equal(rig_outcome(r, REASON_STOP_OVERLOAD), a == POLICY_BLOCK ? 2 : 0);
		assert_int_equal(rig_count(r, RECORD_DECISION), 1);
		assert_int_equal(rig_last(r, RECORD_DECISION)->exception, RECORD_EXC_OVERLOAD);
		assert_int_equal(rig_last(r, RECORD_DECISION)->action, a);
		r->now += 1000000;
		rig_udp(r, 3, false);
		assert_int_equal(rig_count(r, RECORD_DECISION), 2);
		r->pl->budget.behind = false; // no packet waits: there is time
		rig_udp(r, 3, false);
		assert_int_equal(r->pl->stats.flows_begun, 2);
		assert_int_equal(r->pl->table.live, 2);
		rig_free(r);
	}
}

static void test_overload_blocked(void **state)
{
	const struct rig_options o = {.rules = BLOCK_ALL};
	struct rig *r = rig_new(&o);

	close_to_new_flows(r);
	rig_udp(r, 1, false);
	rig_udp(r, 2, false); // not the one that the record is for
	assert_int_equal(rig_outcome(r, REASON_STOP_OVERLOAD), 2);
	assert_int_equal(r->pl->table.live, 0);
	rig_free(r);
}

// What tells which packets need an evaluation has three ways, each longer than the one before: all
// say the same.
static void test_overload_ways(void **state)
{
	static const struct pipeline_prefix inside = {.version = 4, .len = 8, .addr = {10}};

	for (unsigned k = 0; k < 16; k++) {
		const bool overridden = k & 1, answer = k & 4, udp = k & 8;
		const struct rig_options o = {.rules = BLOCK_UDP,
			.overrides = overridden ? "{\"prefix\":\"198.51.100.0/24\",\"country\":"
						  "\"DE\",\"note\":\"n\"}"
						: NULL,
			.inside = &inside,
			.n_inside = k >> 1 & 1};
		const struct rig_packet p = {
			.flow = 1, .answer = answer, .proto = udp ? 17 : 6, .flags = SYN};
		struct rig *r = rig_new(&o);
		const bool want = udp && !overridden;

		rig_add(r, &p);
		rig_run(r);
		assert_int_equal(r->pl->sieve == NULL, overridden);
		// An override of a part of a /16: the screen cannot say that nothing is blocked.
		assert_int_equal(flow_screened(r->pl, &r->packets[0]), !udp);
		assert_int_equal(flow_may_be_blocked(r->pl, &r->packets[0]), want);
		r->pl->screen = NULL;
		assert_int_equal(flow_may_be_blocked(r->pl, &r->packets[0]), want);
		r->pl->sieve = NULL;
		assert_int_equal(flow_may_be_blocked(r->pl, &r->packets[0]), want);
		rig_free(r);
	}
}

// A rule for one port: packets to others cost no look at the policy, those to it are stopped,
// whichever end they come from.
static void test_overload_ports(void **state)
{
	const struct rig_options o = {
		.rules = "{\"id\":\"p\",\"match\":{\"border\":[\"unknown\"],\"dports\":"
			 "[\"9\"]},\"action\":\"block\",\"reason\":\"NO\"}"};
	struct rig *r = rig_new(&o);
	uint64_t before;

	close_to_new_flows(r);
	rig_udp(r, 1, false); // which the record is for
	before = r->pl->stats.evaluations;
	for (unsigned i = 0; i < 100; i++) {
		const struct rig_packet p = {
			.flow = i, .answer = i & 1, .proto = i & 2 ? 17 : 6, .flags = SYN};

		rig_add(r, &p);
	}
	rig_run(r);
	assert_int_equal(r->pl->stats.evaluations, before);
	assert_int_equal(rig_outcome(r, REASON_STOP_OVERLOAD), 0);
	assert_int_equal(rig_outcome(r, REASON_PASS_OVERLOAD), 101);
	rig_words(r, "eth=0x0800 ip4=17 udp=1000,9 data=8", 0, SIDE_INSIDE);
	rig_words(r, "eth=0x0800 ip4=17 udp=9,1000 data=8", 0, SIDE_INSIDE);
	rig_run(r);
	assert_int_equal(rig_outcome(r, REASON_STOP_OVERLOAD), 1);
	assert_int_equal(rig_outcome(r, REASON_PASS_OVERLOAD), 102);
	rig_free(r);
}

// Little time: a flow without its label. While packets wait, work on new flows costs credit; time
// earns it, whatever it was spent on.
static void test_budget(void **state)
{
	const struct rig_options o = {.exceptions = {.dpi_full = POLICY_FLAG}};
	struct rig *r = rig_new(&o);
	struct budget *b = &r->pl->budget;

	budget_init(b, 1);
	rig_udp(r, 1, false);
	assert_int_equal(r->pl->stats.dpi_packets, 1);
	b->behind = true;
	b->credit = 1 - BUDGET_FLOOR; // it takes some hundredths of a second to earn that
	b->since = budget_now();
	rig_udp(r, 2, false);
	assert_int_equal(r->pl->stats.flows_begun, 2);
	assert_int_equal(r->pl->stats.dpi_packets, 1);
	assert_int_equal(r->pl->stats.dpi_shed, 1);
	assert_int_equal(r->pl->stats.dpi_full, 0);
	assert_int_equal(rig_last(r, RECORD_DECISION)->exception, RECORD_EXC_DPI_FULL);
	b->credit = -BUDGET_MOST;
	rig_udp(r, 2, true);
	assert_true(b->credit > -BUDGET_MOST);
	budget_draw(b, 1); // since the machine was started
	assert_int_equal(b->credit, -BUDGET_MOST);
	b->credit = 0;
	budget_draw(b, 1);
	assert_int_equal(b->credit, -BUDGET_ONE); // it was interrupted
	b->since = 0;
	budget_earn(b);
	assert_int_equal(b->credit, BUDGET_MOST);
	b->behind = false; // there is time: nothing is drawn
	for (unsigned i = 3; i < 900; i++)
		rig_udp(r, i, false);
	assert_int_equal(b->credit, BUDGET_MOST);
	assert_int_equal(r->pl->stats.flows_begun, 899);
	rig_free(r);
}

// Closed below the floor, open again only when something has been earned above it.
static void test_budget_rise(void **state)
{
	struct budget b;

	budget_init(&b, 100); // a cycle earns a cycle
	b.behind = true;
	b.credit = -BUDGET_FLOOR;
	b.since = budget_now();
	budget_earn(&b);
	assert_false(budget_used_up(&b));
	b.credit = -2 * BUDGET_FLOOR + 1;
	b.since = budget_now();
	assert_true(budget_used_up(&b)); // at once, within a burst
	budget_earn(&b);
	assert_true(b.closed);
	b.percent = 1;
	b.credit = -BUDGET_FLOOR;
	b.since = budget_now() - (uint64_t)BUDGET_RISE * 50; // half of it; more if interrupted
	budget_earn(&b);
	assert_int_equal(b.closed, b.credit < -BUDGET_FLOOR + BUDGET_RISE);
	assert_int_equal(budget_used_up(&b), b.closed);
	b.since = budget_now() - (uint64_t)BUDGET_RISE * 100;
	budget_earn(&b);
	assert_false(budget_used_up(&b));
	assert_false(b.closed);
	b.closed = true;
	b.behind = false;
	assert_false(budget_used_up(&b)); // no packet waits
}

// What it takes to turn new flows away is of their share, too, but a fifth is left to those that
// will be let in.
static void test_budget_turned_away(void **state)
{
	const struct rig_options o = {0};
	struct rig *r = rig_new(&o);
	struct budget *b = &r->pl->budget;
	const int64_t earned = 10 * BUDGET_TURNED_AWAY;

	for (unsigned n = 0; n < 100; n++) {
		const int64_t spent = n < 8 ? n * BUDGET_TURNED_AWAY : 8 * BUDGET_TURNED_AWAY;

		budget_init(b, 1);
		b->behind = true;
		b->since = budget_now() - 100 * (uint64_t)earned;
		b->credit = -BUDGET_MOST;
		budget_earn(b);
		assert_in_range(b->earned, earned, BUDGET_MOST / 2);
		b->credit = -BUDGET_MOST;
		b->earned = earned;
		budget_turned_away(b, n);
		assert_int_equal(b->credit, -BUDGET_MOST - spent);
	}
	close_to_new_flows(r);
	b->since = budget_now() - (uint64_t)BUDGET_FLOOR * 10;
	for (unsigned i = 0; i < 10; i++) {
		const struct rig_packet p = {.flow = i, .proto = 17};

		rig_add(r, &p);
	}
	for (unsigned i = 0; i < 20; i++) // of no flow
		rig_words(r, "eth=0x0806 data=28", 0, SIDE_INSIDE);
	rig_run(r);
	assert_int_equal(r->pl->stats.flows_shed, 10);
	assert_int_equal(b->credit, -BUDGET_MOST + b->earned - 10 * BUDGET_TURNED_AWAY);
	rig_free(r);
}

#define KNOWN 20

// Packet k of a burst: of flows that are there, of strangers (some of which a rule blocks), and odd
// ones.
static void add_any(struct rig *r, uint32_t k)
{
	const uint32_t kind = k % 16;
	const struct rig_packet known = {.flow = (k >> 4) % KNOWN,
		.answer = k >> 10 & 1,
		.proto = 17,
		.payload = "0123456789"};
	const struct rig_packet stranger = {.flow = 1000 + (k >> 4) % 64 + ((k >> 11 & 3) << 16),
		.answer = k >> 13 & 1,
		.proto = k >> 14 & 1 ? 17 : 6,
		.flags = SYN};

	switch (kind) {
	case 0:
		rig_words(r, "eth=0x0806 data=28", k >> 4 & 1, SIDE_INSIDE);
		break;
	case 1: // its header is cut
		rig_words(r, "eth=0x0800 ip4=6 data=4", k >> 4 & 1, SIDE_INSIDE);
		break;
	case 2: // a fragment that nothing went before
		rig_words(r, "eth=0x0800 ip4f=17,100,0,77 data=8", k >> 4 & 1, SIDE_OUTSIDE);
		break;
	default:
		rig_add(r, kind < 9 ? &known : &stranger);
	}
}

static struct rig *rig_with_flows(const struct rig_options *o)
{
	struct rig *r = rig_new(o);

	for (unsigned i = 0; i < KNOWN; i++)
		rig_udp(r, i, false);
	close_to_new_flows(r);
	return r;
}

// A burst of many packets gives each what it gets alone, in whatever company.
static void test_flooded_burst(void **state)
{
	for (unsigned a = POLICY_ALLOW; a <= POLICY_BLOCK; a++) {
		const struct rig_options o = {.rules = BLOCK_UDP,
			.exceptions = {.overload = (uint8_t)a, .malformed = (uint8_t)a},
			.overrides = "{\"prefix\":\"198.51.100.0/31\",\"country\":\"DE\","
				     "\"note\":\"n\"}"};
		struct rig *all = rig_with_flows(&o), *one = rig_with_flows(&o);
		const struct pipeline_stats *s = &all->pl->stats;
		uint32_t state_all = 1 + a, state_one = 1 + a;

		for (unsigned burst = 0; burst < 200; burst++) {
			uint32_t outcomes[RIG_BURST];
			const unsigned n = 1 + burst * 7 % (RIG_BURST - 1);

			for (unsigned i = 0; i < n; i++)
				add_any(all, draw32(&state_all));
			rig_run(all);
			for (unsigned i = 0; i < n; i++)
				outcomes[i] = all->packets[i].outcome;
			for (unsigned i = 0; i < n; i++) {
				one->now = all->now - 1000;
				add_any(one, draw32(&state_one));
				rig_run(one);
				assert_int_equal(one->packets[0].outcome, outcomes[i]);
			}
		}
		assert_int_equal(s->flows_begun, KNOWN);
		assert_true(s->flows_shed > 1000);
		assert_true(s->notes[NOTE_FRAG_ORPHAN] > 100);
		assert_true(rig_outcome(all, REASON_STOP_OVERLOAD) > 500);
		assert_true(rig_outcome(all, REASON_PASS_NOT_IP) > 100);
		assert_memory_equal(s->packets, one->pl->stats.packets, sizeof(s->packets));
		assert_memory_equal(s->bytes, one->pl->stats.bytes, sizeof(s->bytes));
		assert_memory_equal(s->notes, one->pl->stats.notes, sizeof(s->notes));
		assert_int_equal(s->flow_packets, one->pl->stats.flow_packets);
		assert_int_equal(s->flow_bytes, one->pl->stats.flow_bytes);
		rig_free(all);
		rig_free(one);
	}
}

// Flows in overflow buckets are not taken for strangers.
static void test_flooded_overflow(void **state)
{
	const struct rig_options o = {.max_flows = 1000};
	struct rig *r = rig_new(&o);

	for (unsigned i = 0; i < 1000; i++)
		rig_udp(r, i, false);
	assert_int_equal(r->pl->table.live, 1000);
	assert_true(r->pl->table.fresh_bucket > 0);
	close_to_new_flows(r);
	for (unsigned i = 0; i < 1000; i++) {
		const struct rig_packet p = {.flow = i, .answer = true, .proto = 17};

		rig_add(r, &p);
	}
	rig_run(r);
	assert_int_equal(r->pl->stats.flow_packets, 2000);
	assert_int_equal(r->pl->stats.flows_shed, 0);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overload),
		cmocka_unit_test(test_overload_blocked),
		cmocka_unit_test(test_overload_ways),
		cmocka_unit_test(test_overload_ports),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_budget_rise),
		cmocka_unit_test(test_budget_turned_away),
		cmocka_unit_test(test_flooded_burst),
		cmocka_unit_test(test_flooded_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
