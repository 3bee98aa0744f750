// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Later fragments find the ports of their first one: by both directions, for both versions, in
// their time only, and among as many datagrams as there is room for. The hash they are found by.

#include "tests/unit/dataplane/recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct hash_seed seed = {
	{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93}};

static struct packet parse(struct frag_table *t, const char *words, bool back, int64_t now)
{
	const struct parser ps = {.seed = seed, .frags = t, .tunnels = PARSE_ALL_TUNNELS};
	struct packet p = {.link = LINK_ETHERNET, .ts = now};
	struct recipe r;

	recipe_make(&r, words, back);
	p.data = r.b;
	p.len = p.wire_len = r.n;
	parse_packet(&ps, &p, NULL);
	p.data = NULL;
	return p;
}

static void check_found(const struct packet *first, const struct packet *later)
{
	assert_int_equal(later->notes, NOTE_BIT(FRAG_LATER));
	assert_true(later->flags & PACKET_FRAG_LATER);
	assert_true(later->flags & PACKET_NO_DPI);
	assert_memory_equal(&first->key, &later->key, sizeof(first->key));
	assert_int_equal(first->dir, later->dir);
	assert_true(first->hash == later->hash);
}

static void test_follow(void **state)
{
	static const char *const pairs[][2] = {
		{"eth=0x0800 ip4f=17,0,1,7 udp=5,6 data=16", "eth=0x0800 ip4f=17,3,1,7 data=24"},
		{"eth=0x8100 tag=4,0x0800 ip4f=6,0,1,7 tcp=5,6 data=20",
			"eth=0x8100 tag=4,0x0800 ip4f=6,5,0,7 data=24"},
		{"eth=0x86dd ip6=44 frag=17,0,1,70000 udp=5,6 data=16",
			"eth=0x86dd ip6=44 frag=17,3,0,70000 data=24"},
		// Where more headers follow, only the first says what is behind them (RFC 8200,
		// 4.5).
		{"eth=0x86dd ip6=44 frag=60,0,1,9 ext=17,0 udp=5,6 data=16",
			"eth=0x86dd ip6=44 frag=60,4,0,9 data=24"},
		{"eth=0x0800 ip4=17 udp=1,4789 vxlan=3 eth=0x0800 ip4f=17,0,1,7 udp=5,6 data=16",
			"eth=0x0800 ip4=17 udp=1,4789 vxlan=3 eth=0x0800 ip4f=17,3,0,7 data=24"},
	};

	for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (unsigned back = 0; back < 2; back++) {
			struct frag_table *t = frag_create(16, &seed);
			struct packet first = parse(t, pairs[i][0], back, 1000000);
			struct packet later = parse(t, pairs[i][1], back, 1000001);
			struct packet other;

			check_found(&first, &later);
			other = parse(t, pairs[i][1], !back, 1000002); // of the other direction
			assert_true(other.notes & NOTE_BIT(FRAG_ORPHAN));
			assert_int_equal(other.key.port[0], 0);
			later = parse(t, pairs[i][1], back, 1000000 + FRAG_TIMEOUT_US);
			check_found(&first, &later);
			later = parse(t, pairs[i][1], back, 1000001 + FRAG_TIMEOUT_US);
			assert_true(later.notes & NOTE_BIT(FRAG_ORPHAN));
			frag_free(t);
		}
	}
}

// An inner fragment has no transport header of its own: nothing of the outer one is left over.
static void test_inner_offsets(void **state)
{
	struct frag_table *t = frag_create(16, &seed);
	struct packet p = parse(t,
		"eth=0x0800 ip4=17 udp=1,4789 vxlan=3 eth=0x0800 ip4f=1,3,0,7 data=24", false, 5);

	assert_true(p.flags & PACKET_TUNNEL);
	assert_int_equal(p.l4_off, 0);
	assert_int_equal(p.payload_off, 0);
	assert_int_equal(p.l3_off, 14 + 20 + 8 + 8 + 14);
	frag_free(t);
}

static void test_equal_addresses(void **state)
{
	struct frag_table *t = frag_create(16, &seed);

	for (unsigned swap = 0; swap < 2; swap++) {
		struct flow_key k = {.version = 6, .proto = 17, .vni = UINT32_MAX}, q = k;
		uint8_t dir = 0;

		k.port[0] = 5;
		k.port[1] = 6;
		assert_false(frag_insert(t, &k, (uint8_t)swap, 10 + swap, 50));
		assert_true(frag_find(t, &q, &dir, 10 + swap, 51));
		assert_int_equal(dir, swap);
		assert_memory_equal(&k, &q, sizeof(k));
	}
	frag_free(t);
}

// The oldest goes where a set is full, and that is said; the same datagram again takes its own
// place.
static void test_full(void **state)
{
	struct frag_table *t = frag_create(16, &seed); // four sets of four
	struct flow_key k = {.version = 4, .proto = 17, .vni = UINT32_MAX, .port = {1, 2}};
	unsigned evicted = 0, found = 0;

	for (uint32_t id = 0; id < 100; id++) {
		uint8_t dir = 0;
		struct flow_key q = k;

		evicted += frag_insert(t, &k, 0, id, 1000 + id);
		assert_false(frag_insert(t, &k, 0, id, 1000 + id));
		assert_true(frag_find(t, &q, &dir, id, 1000 + id));
	}
	for (uint32_t id = 0; id < 100; id++) {
		uint8_t dir = 0;
		struct flow_key q = k;

		found += frag_find(t, &q, &dir, id, 2000);
	}
	assert_int_equal(evicted, 100 - 16);
	assert_int_equal(found, 16);
	evicted = 0; // those in the table are past their time: nothing is lost with them
	for (uint32_t id = 100; id < 104; id++)
		evicted += frag_insert(t, &k, 0, id, 3000 + FRAG_TIMEOUT_US);
	assert_int_equal(evicted, 0);
	frag_free(t);
}

// Spread: no bucket, signature or worker gets much more than its share, whichever bits choose.
static void test_hash_spread(void **state)
{
	static uint32_t counts[3][256];
	struct flow_key k = {.version = 4, .proto = 6, .vni = UINT32_MAX, .port = {443, 0}};

	for (uint32_t n = 0; n < 256 * 1000; n++) {
		uint64_t h;

		k.a4[0] = 0x0100000a + ((n & 0xff) << 24); // neighbours, as a subnet's hosts are
		k.port[1] = (uint16_t)(1024 + (n >> 8));
		h = hash_key(&seed, &k);
		counts[0][h >> 56]++;
		counts[1][h >> 24 & 0xff]++;
		counts[2][h >> 4 & 0xff]++;
	}
	for (unsigned b = 0; b < 3; b++)
		for (unsigned i = 0; i < 256; i++)
			assert_in_range(counts[b][i], 800, 1200); // 1000, six sigma
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_inner_offsets),
		cmocka_unit_test(test_equal_addresses),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_hash_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
