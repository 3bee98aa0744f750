// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The flow table against a list that cannot be wrong: random insertions, look-ups and removals of
// IPv4 and IPv6 keys, chains of overflow buckets, signatures that collide, tables that are full,
// buckets that are split and joined.

#include "app/dataplane/flow_table.h"
#include "tests/unit/dataplane/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYS   4000
#define ROUNDS 500000

static const struct hash_seed seed = {
	{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93}};

static uint64_t rng = 88172645463325252;

static uint32_t random32(void)
{
	return (uint32_t)(draw64(&rng) >> 16);
}

// What the test knows of a key: where the table has it, and a mark that its entry bears.
struct known {
	struct packet p;
	uint32_t entry, ext;
	uint64_t mark;
};

static void make_key(struct packet *p, uint32_t n)
{
	struct flow_key *k = &p->key;

	memset(p, 0, sizeof(*p));
	k->version = n % 3 == 0 ? 6 : 4;
	k->proto = n & 1 ? 6 : 17;
	k->vlan = n % 7 == 0 ? 100 : 0;
	k->vni = n % 11 == 0 ? 5 : UINT32_MAX;
	k->port[0] = (uint16_t)(n >> 16);
	k->port[1] = 443;
	if (k->version == 4) {
		k->a4[0] = n & 0xffff;
		k->a4[1] = 0x0100000a;
	} else {
		memcpy(k->a6[0], &n, sizeof(n));
		k->a6[1][15] = 1;
	}
	p->hash = hash_key(&seed, k);
}

static void insert(struct flow_table *t, struct known *x)
{
	x->entry = flow_insert(t, &x->p);
	assert_int_not_equal(x->entry, FLOW_NONE);
	assert_int_equal(t->cold[x->entry].ext, FLOW_NONE);
	assert_int_equal(t->hot[x->entry].packets[0], 0);
	t->cold[x->entry].fid = x->mark = rng;
	if (random32() % 4 == 0) {
		struct flow_ext *e = flow_ext(t, x->entry);

		assert_int_equal(e->host[0], 0);
		memset(e, 0x5a, sizeof(*e));
	}
	x->ext = t->cold[x->entry].ext;
	flow_buckets_follow(t, random32() % 2);
}

static void check(const struct flow_table *t, const struct known *x)
{
	uint8_t a[2][16];

	assert_int_equal(flow_find(t, &x->p), x->entry);
	if (x->entry == FLOW_NONE)
		return;
	assert_true(t->cold[x->entry].fid == x->mark);
	assert_int_equal(t->cold[x->entry].ext, x->ext);
	assert_true(flow_hash(t, x->entry) == x->p.hash);
	for (unsigned end = 0; end < 2; end++)
		flow_end_addr(t, x->entry, end, a[end]);
	assert_memory_equal(a[0],
		x->p.key.version == 4 ? (const void *)&x->p.key.a4[0] : x->p.key.a6[0],
		x->p.key.version == 4 ? 4 : 16);
}

static unsigned slots_used(const struct flow_bucket *b)
{
	return FLOW_PER_BUCKET - (unsigned)__builtin_popcount(flow_sig_mask(b, 0));
}

// Every live flow in one slot, buckets that are not in use empty, none of the reserve lost.
static void check_buckets(const struct flow_table *t)
{
	uint32_t slots = 0, chained = 0, given_back = 0;

	assert_in_range(flow_buckets_used(t), t->least_buckets, t->n_buckets);
	for (uint32_t i = 0; i < t->n_buckets; i++) {
		const struct flow_bucket *b = &t->buckets[i];
		const bool used = i < t->split || (i >= 2 * t->split && i < 2 * t->level);

		if (!used || slots_used(b) == 0)
			assert_int_equal(b->next, FLOW_NONE);
		if (!used)
			assert_int_equal(slots_used(b), 0);
		slots += slots_used(b);
		for (; b->next != FLOW_NONE; chained++) {
			assert_int_equal(slots_used(b), FLOW_PER_BUCKET);
			b = &t->buckets[b->next];
			slots += slots_used(b);
			assert_int_not_equal(slots_used(b), 0);
		}
	}
	for (uint32_t b = t->free_bucket; b != FLOW_NONE; b = t->buckets[b].next)
		given_back++;
	assert_int_equal(slots, t->live);
	assert_int_equal(chained + given_back, t->fresh_bucket);
}

static void check_all(const struct flow_table *t, const struct known *k, unsigned n)
{
	uint32_t live = 0, exts = 0;

	check_buckets(t);
	for (unsigned i = 0; i < n; i++) {
		check(t, &k[i]);
		live += k[i].entry != FLOW_NONE;
		exts += k[i].entry != FLOW_NONE && k[i].ext != FLOW_NONE;
	}
	assert_int_equal(t->live, live);
	assert_int_equal(t->live_ext, exts);
}

static struct known *make_keys(unsigned n)
{
	struct known *k = aligned_alloc(64, (n * sizeof(*k) + 63) & ~(size_t)63);

	for (unsigned i = 0; i < n; i++) {
		make_key(&k[i].p, i * 65521);
		k[i].entry = FLOW_NONE;
	}
	return k;
}

static void toggle(struct flow_table *t, struct known *x)
{
	if (x->entry == FLOW_NONE) {
		insert(t, x);
		return;
	}
	flow_remove(t, x->entry);
	x->entry = FLOW_NONE;
	assert_int_equal(flow_find(t, &x->p), FLOW_NONE);
}

static void test_model(void **state)
{
	struct known *k = make_keys(KEYS);
	struct flow_table t;

	assert_int_equal(flow_table_init(&t, KEYS, &seed, false), 0);
	for (unsigned n = 0; n < ROUNDS; n++) {
		struct known *x = &k[random32() % KEYS];

		// Phases in which the table fills and empties.
		if ((x->entry == FLOW_NONE) == (random32() % 8 < (n / 50000 % 2 ? 2 : 6)))
			toggle(&t, x);
		if (random32() % 4 == 0)
			flow_buckets_follow(&t, random32() % 8);
		check(&t, &k[random32() % KEYS]);
		if (n % 50000 == 0)
			check_all(&t, k, KEYS);
	}
	for (unsigned i = 0; i < KEYS; i++)
		if (k[i].entry != FLOW_NONE)
			toggle(&t, &k[i]);
	assert_int_equal(t.live, 0);
	assert_int_equal(t.live_ext, 0);
	assert_true(t.fresh <= KEYS);
	flow_table_fini(&t);
	free(k);
}

// One step, after which the buckets are as many as they should be and all is where it was.
static void follow(struct flow_table *t, const struct known *k, unsigned n, unsigned i)
{
	flow_buckets_follow(t, 1);
	assert_false(flow_buckets_lag(t));
	check(t, &k[random32() % n]);
	if (i % 997 == 0)
		check_all(t, k, n);
}

// From few buckets to all and back: never more of them behind the flows than one step makes good,
// every flow found at each step, both at the ends of a level and within one.
static void test_follow(void **state)
{
	const unsigned n = 40000; // some levels by the flows' keys, four by what buckets have
	struct known *k = make_keys(n);
	struct flow_table t;

	assert_int_equal(flow_table_init(&t, n, &seed, false), 0);
	assert_true(t.n_buckets >= 32 * t.least_buckets);
	assert_int_equal(flow_buckets_used(&t), t.least_buckets);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < n; i++) {
			insert(&t, &k[i]);
			follow(&t, k, n, i);
		}
		assert_int_equal(flow_buckets_used(&t), t.n_buckets);
		for (unsigned i = 0; i < n; i++) {
			toggle(&t, &k[i]);
			follow(&t, k, n, i);
		}
		assert_int_equal(flow_buckets_used(&t), t.least_buckets);
	}
	flow_table_fini(&t);
	free(k);
}

// As many flows as it says, not one more; every place can be used again.
static void test_full(void **state)
{
	struct known *k = make_keys(2001);
	struct flow_table t;

	assert_int_equal(flow_table_init(&t, 2000, &seed, false), 0);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 2000; i++)
			insert(&t, &k[i]);
		assert_int_equal(flow_insert(&t, &k[2000].p), FLOW_NONE);
		assert_int_equal(t.live, 2000);
		check_all(&t, k, 2001);
		for (unsigned i = 0; i < 2000; i++)
			toggle(&t, &k[i]);
	}
	flow_table_fini(&t);
	free(k);
}

// Keys that all belong to bucket 0, as an attacker who knew the seed would choose them; with a
// signature of their own choice too where same_sig.
static struct known *aimed_keys(const struct flow_table *t, unsigned n, bool same_sig)
{
	struct known *k = aligned_alloc(64, (n * sizeof(*k) + 63) & ~(size_t)63);

	for (uint32_t i = 0, have = 0; have < n; i++) {
		make_key(&k[have].p, i);
		if (flow_bucket_of(t, k[have].p.hash) == 0 &&
			(!same_sig || flow_sig(k[have].p.hash) == 0x1235))
			k[have++].entry = FLOW_NONE;
	}
	return k;
}

static void test_chain(void **state)
{
	const unsigned room = FLOW_PER_BUCKET; // of one bucket
	struct flow_table t;
	struct known *k;
	unsigned n;

	assert_int_equal(flow_table_init(&t, 1000, &seed, false), 0);
	n = room * (1 + t.n_overflow);
	k = aimed_keys(&t, n + 1, false);
	for (unsigned i = 0; i < n; i++)
		insert(&t, &k[i]);
	// The reserve is used up; the table is not, and other buckets have room.
	assert_int_equal(flow_insert(&t, &k[n].p), FLOW_NONE);
	assert_int_equal(t.live, n);
	check_all(&t, k, n + 1);
	for (unsigned i = 0; i < ROUNDS / 50; i++) {
		toggle(&t, &k[random32() % n]);
		if (i % 500 == 0)
			check_all(&t, k, n + 1);
	}
	for (unsigned i = 0; i < n; i++)
		if (k[i].entry != FLOW_NONE)
			toggle(&t, &k[i]);
	assert_int_equal(t.buckets[0].next, FLOW_NONE); // every overflow bucket went back
	for (unsigned i = 0; i < n; i++)
		insert(&t, &k[i]);
	check_all(&t, k, n + 1);
	flow_table_fini(&t);
	free(k);
}

// Chains are split and joined, too.
static void test_follow_chain(void **state)
{
	const unsigned aimed = 80, n = aimed + 3000;
	struct known *k = make_keys(n), *chain;
	struct flow_table t;

	assert_int_equal(flow_table_init(&t, 4000, &seed, false), 0);
	chain = aimed_keys(&t, aimed, false);
	memcpy(k, chain, aimed * sizeof(*k));
	for (unsigned i = aimed; i < n; i++) { // others than those
		k[i].p.key.vlan ^= 0x800;
		k[i].p.hash = hash_key(&seed, &k[i].p.key);
	}
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < n; i++)
			if (k[i].entry == FLOW_NONE && (i < aimed || round % 2 == 0)) {
				insert(&t, &k[i]);
				flow_buckets_follow(&t, 1);
			}
		check_all(&t, k, n);
		assert_int_not_equal(t.buckets[0].next, FLOW_NONE);
		for (unsigned i = 0; i < n; i++)
			if (k[i].entry != FLOW_NONE && (i >= aimed || random32() % 4 == 0)) {
				toggle(&t, &k[i]);
				flow_buckets_follow(&t, 1);
			}
		check_all(&t, k, n);
		assert_int_equal(flow_buckets_used(&t), t.least_buckets);
	}
	flow_table_fini(&t);
	free(chain);
	free(k);
}

// Without a bucket in reserve nothing is joined; it is when there is one again.
static void test_follow_no_reserve(void **state)
{
	struct known *k = make_keys(3000);
	struct flow_table t;
	uint32_t used;

	assert_int_equal(flow_table_init(&t, 4000, &seed, false), 0);
	for (unsigned i = 0; i < 3000; i++)
		insert(&t, &k[i]);
	flow_buckets_follow(&t, UINT32_MAX);
	used = flow_buckets_used(&t);
	assert_true(used > t.least_buckets);
	for (unsigned i = 0; i < 3000; i++)
		toggle(&t, &k[i]);
	t.free_bucket = FLOW_NONE;
	t.fresh_bucket = t.n_overflow;
	assert_true(flow_buckets_lag(&t));
	flow_buckets_follow(&t, UINT32_MAX);
	assert_int_equal(flow_buckets_used(&t), used);
	t.fresh_bucket--;
	flow_buckets_follow(&t, UINT32_MAX);
	assert_int_equal(flow_buckets_used(&t), t.least_buckets);
	assert_false(flow_buckets_lag(&t));
	flow_table_fini(&t);
	free(k);
}

static void test_same_signature(void **state)
{
	struct flow_table t;
	struct known *k;

	assert_int_equal(flow_table_init(&t, 16, &seed, false), 0); // three buckets
	k = aimed_keys(&t, 16, true);
	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		toggle(&t, &k[random32() % 16]);
		check_all(&t, k, 16);
	}
	flow_table_fini(&t);
	free(k);
}

// Keys that differ in one field only are different flows.
static void test_every_field(void **state)
{
	// Protocol, VLAN, VNI, ports, addresses.
	static const uint8_t at[] = {1, 2, 3, 4, 7, 8, 9, 10, 11, 16, 19, 20, 23};
	struct known *k = aligned_alloc(64, 16 * sizeof(*k));
	struct flow_table t;

	assert_int_equal(flow_table_init(&t, 64, &seed, false), 0);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		for (unsigned i = 0; i < sizeof(at) + 1; i++) {
			make_key(&k[i].p, v6 ? 3 : 1);
			if (i != 0)
				((uint8_t *)&k[i].p.key)[at[i - 1]] ^= 1;
			k[i].p.hash = hash_key(&seed, &k[i].p.key);
			insert(&t, &k[i]);
		}
		check_all(&t, k, sizeof(at) + 1);
		for (unsigned i = 0; i < sizeof(at) + 1; i++)
			toggle(&t, &k[i]);
	}
	flow_table_fini(&t);
	free(k);
}

// IPv6 keys of one hash, each with another byte of the addresses: nothing but these tells them
// apart.
static void test_same_hash6(void **state)
{
	struct known *k = aligned_alloc(64, 33 * sizeof(*k));
	struct flow_table t;

	(void)state;
	assert_int_equal(flow_table_init(&t, 64, &seed, false), 0);
	for (unsigned i = 0; i < 33; i++) {
		make_key(&k[i].p, 3);
		if (i != 0)
			k[i].p.key.a6[(i - 1) / 16][(i - 1) % 16] ^= 1;
		k[i].p.hash = k[0].p.hash;
		insert(&t, &k[i]);
	}
	check_all(&t, k, 33);
	for (unsigned i = 0; i < ROUNDS / 100; i++) {
		toggle(&t, &k[random32() % 33]);
		check_all(&t, k, 33);
	}
	flow_table_fini(&t);
	free(k);
}

// The mask of slots, for every slot and signature that is free, equal or another.
static void test_mask(void **state)
{
	struct flow_bucket b;

	for (unsigned n = 0; n < 10000; n++) {
		unsigned want = 0;

		for (unsigned i = 0; i < FLOW_PER_BUCKET; i++) {
			b.sig[i] = (uint16_t)(random32() % 3 * 0x8001); // 0, 0x8001, 2
			want |= (unsigned)(b.sig[i] == 0x8001) << i;
		}
		assert_int_equal(flow_sig_mask(&b, 0x8001), want);
	}
}

// As many flows as were asked for, however few, and not one more.
static void test_small(void **state)
{
	(void)state;
	for (uint32_t max = 1; max <= 40; max++) {
		struct flow_table t;
		struct packet p;

		assert_int_equal(flow_table_init(&t, max, &seed, false), 0);
		for (uint32_t n = 0; n < max; n++) {
			make_key(&p, n);
			assert_int_not_equal(flow_insert(&t, &p), FLOW_NONE);
		}
		make_key(&p, max);
		assert_int_equal(flow_insert(&t, &p), FLOW_NONE);
		assert_int_equal(t.live, max);
		flow_table_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_follow_chain),
		cmocka_unit_test(test_follow_no_reserve),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_same_signature),
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_same_hash6),
		cmocka_unit_test(test_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
