// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Bursts of both IP versions at random have stages of their own (burst.c). What comes of the
// packets is the same, to the last counter and record, and in the same order.

#include "tests/unit/dataplane/draw.h"
#include "tests/unit/dataplane/recipe.h"
#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BURSTS 400
#define RULES                                                                                      \
	"{\"id\":\"b\",\"match\":{\"dports\":[\"2000\"]},\"action\":\"block\",\"reason\":\"NO\"}," \
	"{\"id\":\"f\",\"match\":{\"dports\":[\"2001\"]},\"action\":\"flag\",\"reason\":\"SEEN\"}"

static uint64_t rng = 0x2545f4914f6cdd1d;

static uint32_t below(uint32_t n)
{
	return (uint32_t)(draw64(&rng) >> 16) % n;
}

// %u: ports, and a byte of an address, that tell flows apart.
static const char *const forms[] = {
	"eth=0x0800 ip4=17 udp=%u,%u data=20 set=29,%u",
	"eth=0x0800 ip4=6 tcp=%u,%u data=9 set=29,%u",
	"eth=0x86dd ip6=17 udp=%u,%u data=20 set=24,%u",
	"eth=0x86dd ip6=6 tcp=%u,%u data=9 set=53,%u",
	"eth=0x86dd ip6=60 ext=17,1 udp=%u,%u data=3",
	"eth=0x86dd ip6=44 frag=17,0,1,7 udp=%u,%u data=16",
	"eth=0x86dd ip6=44 frag=17,3,0,7 data=16",
	"eth=0x0800 ip4f=17,0,1,9 udp=%u,%u data=16",
	"eth=0x0800 ip4f=17,3,0,9 data=16",
	"eth=0x8100 tag=5,0x86dd ip6=17 udp=%u,%u data=20",
	"eth=0x8100 tag=5,0x0800 ip4=17 udp=%u,%u data=20",
	"eth=0x0800 ip4=41 ip6=17 udp=%u,%u data=20",
	"eth=0x86dd ip6=4 ip4=17 udp=%u,%u data=20",
	"eth=0x0806 data=28",
	"eth=0x86dd data=12", // cut
	"eth=0x0800 data=12",
	"eth=0x86dd",
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

// The same frame to both. Mostly of the first four forms.
static void add(struct rig *const r[2])
{
	const unsigned form = below(8) != 0 ? below(4) : below(FORMS);
	const bool back = below(3) == 0;
	char words[128];

	snprintf(words, sizeof(words), forms[form], 1000 + below(10), 2000 + below(4), below(4));
	for (unsigned i = 0; i < 2; i++)
		rig_words(r[i], words, back, back ? SIDE_OUTSIDE : SIDE_INSIDE);
}

static void same_packets(struct rig *const r[2])
{
	for (unsigned i = 0; i < r[0]->n; i++) {
		const struct packet *a = &r[0]->packets[i], *b = &r[1]->packets[i];

		assert_int_equal(a->outcome, b->outcome);
		assert_int_equal(a->notes, b->notes);
		assert_int_equal(a->flags, b->flags);
	}
}

static void same_records(struct rig *const r[2])
{
	assert_int_equal(r[0]->n_records, r[1]->n_records);
	for (uint64_t i = 0; i < r[0]->n_records && i < RIG_RECORDS; i++) {
		const struct record *a = &r[0]->records[i], *b = &r[1]->records[i];

		assert_memory_equal(a, b, offsetof(struct record, vlans));
		assert_memory_equal(a->vlans, b->vlans, a->n_vlans * sizeof(a->vlans[0]));
		assert_memory_equal(&a->tenant, &b->tenant,
			offsetof(struct record, capture) - offsetof(struct record, tenant));
		assert_memory_equal(a->src, b->src, sizeof(a->src) + sizeof(a->dst));
		for (unsigned t = 0; t < a->n_tunnels; t++) {
			assert_int_equal(a->tunnels[t].kind, b->tunnels[t].kind);
			assert_int_equal(a->tunnels[t].id, b->tunnels[t].id);
		}
	}
}

// Every packet against every entry: whose flow it is, of all that differ in little.
static void same_matches(const struct rig *r)
{
	const struct flow_table *t = &r->pl->table;
	unsigned found = 0;

	for (unsigned i = 0; i < r->n; i++) {
		const struct packet *p = &r->packets[i];

		for (uint32_t e = 0; (p->flags & PACKET_IP) && e < t->max; e++) {
			bool is = flow_matches(t, e, p);

			assert_int_equal(is, flow_matches_either(t, e, p));
			found += is;
		}
	}
	assert_true(found > r->n / 2);
}

static void one_burst(struct rig *const r[2], unsigned n)
{
	while (r[0]->n < n)
		add(r);
	for (unsigned i = 0; i < 2; i++) {
		r[i]->pl->mixture = i == 0 ? 0 : PIPELINE_MIXTURE;
		pipeline_burst(r[i]->pl, r[i]->packets, r[i]->n, r[i]->now, false);
	}
	same_packets(r);
	if (r[0]->n == RIG_BURST - 1 && below(8) == 0)
		same_matches(r[1]);
	for (unsigned i = 0; i < 2; i++) {
		r[i]->n = 0;
		r[i]->now += 1000;
	}
}

static void comes_to_the_same(void **state)
{
	const struct rig_options o = {.max_flows = 2000, .rules = RULES};
	struct rig *const r[2] = {rig_new(&o), rig_new(&o)};
	const struct pipeline_stats *s[2] = {&r[0]->pl->stats, &r[1]->pl->stats};

	(void)state;
	for (unsigned n = 0; n < BURSTS; n++)
		one_burst(r, n % 8 == 0 ? below(RIG_BURST - 1) : RIG_BURST - 1);
	assert_true(s[0]->flows_begun > 400);
	assert_true(s[0]->packets[REASON_PASS_ALLOW] > 5000);
	assert_true(s[0]->packets[REASON_PASS_FLAG] > 1000);
	assert_true(s[0]->packets[REASON_STOP_BLOCK] > 1000);
	assert_true(s[0]->notes[NOTE_FRAG_ORPHAN] > 0);
	for (unsigned i = 0; i < 2; i++)
		pipeline_stop(r[i]->pl);
	assert_memory_equal(s[0], s[1], sizeof(*s[0]));
	assert_true(r[0]->n_records < RIG_RECORDS);
	same_records(r);
	for (unsigned i = 0; i < 2; i++)
		rig_free(r[i]);
}

// More packets than a word has bits, of which the last are IPv6's; and short frames, whose type
// lies beyond their end.
static void many(void **state)
{
	static struct packet p[PIPELINE_MAX_BURST];
	struct recipe f[2];
	struct rig *r = rig_new(&(struct rig_options){0});
	unsigned cut = 0;

	(void)state;
	recipe_make(&f[0], forms[0], false);
	recipe_make(&f[1], "eth=0x86dd ip6=17 udp=1000,2003 data=20", false);
	for (unsigned i = 0; i < PIPELINE_MAX_BURST; i++)
		p[i] = (struct packet){.data = f[i >= 190].b,
			.len = i % 64 == 7 ? 13 : f[i >= 190].n,
			.wire_len = i % 64 == 7 ? 13 : f[i >= 190].n,
			.ts = r->now,
			.side = SIDE_INSIDE};
	for (unsigned n = 1; n <= PIPELINE_MAX_BURST; n += 51) {
		r->pl->mixture = PIPELINE_MIXTURE;
		pipeline_burst(r->pl, p, n, r->now, false);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(p[i].key.version, i % 64 == 7 ? 0 : i >= 190 ? 6 : 4);
			cut += i % 64 == 7;
			assert_int_equal(p[i].notes, i % 64 == 7 ? NOTE_BIT(SHORT_FRAME) : 0);
		}
	}
	assert_int_equal(r->pl->stats.notes[NOTE_SHORT_FRAME], cut);
	rig_free(r);
}

// It comes by itself where both versions do, and goes where one stays alone.
static void comes_and_goes(void **state)
{
	struct rig *r = rig_new(&(struct rig_options){0});
	unsigned mixed = 0;

	(void)state;
	for (unsigned n = 0; n < 200; n++) {
		for (unsigned i = 0; i < RIG_BURST - 1; i++)
			rig_words(r, forms[below(4) == 0 ? 2 : 0], false, SIDE_INSIDE);
		rig_run(r);
		mixed += r->pl->mixture >= PIPELINE_MIXTURE / 2;
	}
	assert_true(mixed > 150);
	for (unsigned n = 0; n < PIPELINE_MIXTURE / 2 + 1; n++) {
		for (unsigned i = 0; i < RIG_BURST - 1; i++)
			rig_words(r, forms[0], false, SIDE_INSIDE);
		rig_run(r);
	}
	assert_true(r->pl->mixture < PIPELINE_MIXTURE / 2);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_to_the_same),
		cmocka_unit_test(many),
		cmocka_unit_test(comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
