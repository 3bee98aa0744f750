// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Policies published under workers that evaluate, keep flows and write records, with a writer
// behind them: what a sanitizer sees freed too early fails here. And the slot's rules one by one.
//
// SLOT_PUBLISHES: how many; default 4,000.

#include "app/control/policy_slot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define READERS 3
#define FLOWS   64
#define RING    256

// A record as far as it matters here: words that a writer will read.
struct word {
	const struct policy *policy;
	uint32_t epoch; // that its words must name
};

struct flow {
	bool open;
	uint16_t generation;
	uint32_t epoch;
};

struct reader {
	struct stage *stage;
	struct policy_reader *reader;
	_Atomic uint64_t put, taken;
	struct word ring[RING];
	uint64_t evaluated;
	pthread_t thread;
};

struct stage {
	struct policy_slot slot;
	struct reader readers[READERS];
	_Atomic bool stop, stop_writer;
	_Atomic uint64_t pass, written;
	uint64_t retired, hits;
};

static struct policy *make_policy(unsigned version)
{
	struct diag_list diag;
	struct policy *p;
	char text[1024];

	snprintf(text, sizeof(text),
		"{\"schema\":\"egress-policy/1\",\"meta\":{\"id\":\"t\",\"version\":%u,"
		"\"issuer\":\"x\",\"not_before\":\"2025-01-01T00:00:00Z\","
		"\"expires\":\"2090-01-01T00:00:00Z\",\"timezone\":\"UTC\"},\"home\":[\"CN\"],"
		"\"tenants\":{\"a\":{\"prefixes\":[\"10.0.0.0/8\"]}},\"apps\":{},"
		"\"defaults\":{\"action\":\"allow\",\"reason\":\"NO_RULE\","
		"\"min_confidence\":\"cache\",\"block_with\":\"drop\",\"pending\":{\"action\":"
		"\"pass\",\"max_packets\":{\"tcp\":80,\"udp\":24},\"max_bytes_out\":10000,"
		"\"max_ms\":3000},\"on_expiry\":\"block\",\"boot_without_policy\":\"block\"},"
		"\"rules\":[{\"id\":\"r%u\",\"match\":{\"dports\":[\"9\"]},\"action\":\"block\","
		"\"reason\":\"R%u\"}]}",
		version, version, version);
	diag_init(&diag, "test");
	p = policy_load(text, strlen(text), POLICY_ANY_TIME, NULL, &diag);
	diag_clear(&diag);
	assert_non_null(p);
	return p;
}

static void evaluate(struct reader *r, const struct policy_generation *g, uint16_t dport)
{
	struct policy_facts f = {.inside = {.version = 4, .b = {10, 0, 0, 1}},
		.remote = {.version = 4, .b = {198, 51, 100, 1}},
		.proto = 6,
		.dport = dport,
		.final = true};
	struct policy_verdict v;

	f.tenant = policy_tenant(g->policy, &f.inside, 0, POLICY_VNI_NONE);
	policy_eval(g->policy, &f, 1790000000, &v);
	if (v.action != (dport == 9 ? POLICY_BLOCK : POLICY_ALLOW))
		abort();
	policy_slot_count(g, r->reader, v.rule)->hits++;
	r->evaluated++;
}

// The words of the policy that was published as the epoch-th.
static void check_words(const struct policy *p, uint32_t epoch)
{
	struct policy_rule_info info;

	policy_rule(p, 0, &info);
	if (info.id[0] != 'r' || strtoul(info.id + 1, NULL, 10) != epoch || info.reason[0] != 'R')
		abort();
}

// Lost where the ring is full.
static void put_record(struct reader *r, const struct policy *p, uint32_t epoch)
{
	uint64_t at = atomic_load_explicit(&r->put, memory_order_relaxed);

	if (at - atomic_load_explicit(&r->taken, memory_order_acquire) == RING)
		return;
	r->ring[at % RING] = (struct word){p, epoch};
	atomic_store_explicit(&r->put, at + 1, memory_order_release);
}

// A flow's last record goes into the ring before the flow lets go of its policy.
static void end_flow(struct reader *r, struct flow *flow)
{
	const struct policy *p = policy_slot_words(&r->stage->slot, flow->generation);

	check_words(p, flow->epoch);
	put_record(r, p, flow->epoch);
	policy_slot_unref(r->reader, flow->generation);
	flow->open = false;
}

static void *run_reader(void *arg)
{
	struct reader *r = arg;
	struct flow flows[FLOWS] = {0};
	uint32_t last = 0;
	unsigned n = 0;

	while (!atomic_load_explicit(&r->stage->stop, memory_order_relaxed)) {
		const struct policy_generation *g = policy_slot_enter(&r->stage->slot, r->reader);

		if (g->epoch < last)
			abort();
		last = g->epoch;
		for (unsigned i = 0; i < 8; i++, n += 7) {
			struct flow *flow = &flows[n % FLOWS];

			evaluate(r, g, n & 1 ? 9 : 80);
			if (flow->open)
				end_flow(r, flow);
			policy_slot_ref(r->reader, g->number);
			*flow = (struct flow){true, g->number, g->epoch};
		}
		if (n % 1024 == 0)
			usleep(50); // an idle worker: others go on
	}
	policy_slot_enter(&r->stage->slot, r->reader);
	for (unsigned i = 0; i < FLOWS; i++)
		if (flows[i].open)
			end_flow(r, &flows[i]);
	return NULL;
}

static void *run_writer(void *arg)
{
	struct stage *s = arg;

	while (!atomic_load(&s->stop_writer)) {
		for (unsigned i = 0; i < READERS; i++) {
			struct reader *r = &s->readers[i];
			uint64_t at = atomic_load_explicit(&r->taken, memory_order_relaxed),
				 end = atomic_load_explicit(&r->put, memory_order_acquire);

			for (; at != end; at++) {
				const struct word *w = &r->ring[at % RING];

				check_words(w->policy, w->epoch);
				atomic_fetch_add_explicit(&s->written, 1, memory_order_relaxed);
			}
			atomic_store_explicit(&r->taken, at, memory_order_release);
		}
		atomic_fetch_add(&s->pass, 1);
	}
	return NULL;
}

static void retired(void *ctx, const struct policy_generation *g)
{
	struct stage *s = ctx;

	s->retired++;
	for (unsigned i = 0; i < READERS; i++)
		for (unsigned k = 0; k < g->n_counts; k++)
			s->hits += g->counts[i][k].hits;
}

static unsigned publishes(void)
{
	const char *s = getenv("SLOT_PUBLISHES");

	return s != NULL ? (unsigned)strtoul(s, NULL, 10) : 4000;
}

static void test_threads(void **state)
{
	struct stage *s = aligned_alloc(64, (sizeof(*s) + 63) & ~(size_t)63);
	unsigned n = publishes(), most = 0;
	uint64_t evaluated = 0;
	pthread_t writer;

	memset(s, 0, sizeof(*s));
	policy_slot_init(&s->slot);
	s->slot.retired = retired;
	s->slot.retired_ctx = s;
	assert_int_equal(policy_slot_publish(&s->slot, make_policy(1)), 1);
	for (unsigned i = 0; i < READERS; i++) {
		s->readers[i].stage = s;
		s->readers[i].reader = policy_slot_add_reader(&s->slot);
		assert_non_null(s->readers[i].reader);
	}
	assert_int_equal(pthread_create(&writer, NULL, run_writer, s), 0);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(
			pthread_create(&s->readers[i].thread, NULL, run_reader, &s->readers[i]), 0);
	for (unsigned i = 2; i <= n; i++) {
		unsigned kept;

		while (policy_slot_full(&s->slot))
			policy_slot_reclaim(&s->slot, atomic_load(&s->pass));
		assert_int_equal(policy_slot_publish(&s->slot, make_policy(i)), i);
		kept = policy_slot_reclaim(&s->slot, atomic_load(&s->pass));
		most = kept > most ? kept : most;
		if (i % 64 == 0)
			usleep(100); // also with time for the words to go
	}
	atomic_store(&s->stop, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(s->readers[i].thread, NULL);
	for (unsigned tries = 0; policy_slot_reclaim(&s->slot, atomic_load(&s->pass)) != 1;
		tries++) {
		assert_true(tries < 10000);
		usleep(1000);
	}
	atomic_store(&s->stop_writer, true);
	pthread_join(writer, NULL);
	for (unsigned i = 0; i < READERS; i++)
		evaluated += s->readers[i].evaluated;
	retired(s, atomic_load(&s->slot.now)); // the last one counts, too
	assert_int_equal(s->retired, n);
	assert_true(s->hits == evaluated);
	print_message("%u policies, at most %u kept at once, %llu evaluations, %llu records\n", n,
		most, (unsigned long long)evaluated, (unsigned long long)s->written);
	assert_true(s->written > 0);
	assert_true(most < n); // some went while others came
	policy_slot_fini(&s->slot);
	free(s);
}

// A generation's engine goes when every reader has seen a later one, its words two passes of the
// writer after its last flow.
static void test_grace(void **state)
{
	struct policy_slot s;
	struct policy_reader *a, *b;
	const struct policy_generation *g;

	policy_slot_init(&s);
	assert_int_equal(policy_slot_reclaim(&s, 0), 0);
	assert_int_equal(policy_slot_publish(&s, make_policy(1)), 1);
	a = policy_slot_add_reader(&s);
	b = policy_slot_add_reader(&s);
	g = policy_slot_enter(&s, a);
	policy_slot_enter(&s, b);
	policy_slot_ref(a, g->number);
	assert_int_equal(policy_slot_publish(&s, make_policy(2)), 2);
	assert_int_equal(policy_slot_reclaim(&s, 10), 2);
	assert_false(g->engine_freed); // neither has looked
	assert_int_equal(policy_slot_enter(&s, a)->epoch, 2);
	assert_int_equal(policy_slot_reclaim(&s, 11), 2);
	assert_false(g->engine_freed); // b evaluates by it
	assert_int_equal(policy_slot_publish(&s, make_policy(3)), 3);
	policy_slot_enter(&s, b);
	assert_int_equal(policy_slot_reclaim(&s, 12), 3); // a by the second one
	assert_true(g->engine_freed);                     // its words stay: a flow of a names them
	assert_ptr_equal(policy_slot_words(&s, g->number), g->policy);
	policy_slot_unref(a, g->number);
	// Pass 20 may have been counted long before the flow was gone.
	assert_int_equal(policy_slot_reclaim(&s, 20), 3);
	for (uint64_t pass = 25; pass < 27; pass++)
		assert_int_equal(policy_slot_reclaim(&s, pass), 3);
	assert_int_equal(policy_slot_reclaim(&s, 27), 2);
	policy_slot_enter(&s, a);
	assert_int_equal(policy_slot_reclaim(&s, 28), 2);
	assert_int_equal(policy_slot_reclaim(&s, 28), 2);
	assert_int_equal(policy_slot_reclaim(&s, 30), 1);
	policy_slot_fini(&s);
}

// A candidate's slot: empty, filled, emptied again; what was counted of one is its own.
static void test_candidate(void **state)
{
	struct policy_slot s;
	struct policy_reader *a;
	const struct policy_generation *g;

	policy_slot_init(&s);
	assert_int_equal(policy_slot_publish(&s, NULL), 1);
	a = policy_slot_add_reader(&s);
	g = policy_slot_enter(&s, a);
	assert_null(g->policy);
	assert_int_equal(g->n_counts, 0);
	assert_null(policy_slot_count(g, a, 0));
	assert_int_equal(policy_slot_publish(&s, make_policy(7)), 2);
	g = policy_slot_enter(&s, a);
	assert_int_equal(policy_info(g->policy)->version, 7);
	policy_slot_moves(g, a)->flows[POLICY_ALLOW][POLICY_BLOCK] = 5;
	policy_slot_count(g, a, POLICY_RULE_DEFAULT)->hits = 3;
	policy_slot_count(g, a, 0)->hits = 2;
	assert_int_equal(policy_slot_moves(g, a)->flows[POLICY_ALLOW][POLICY_BLOCK], 5);
	assert_int_equal(policy_slot_moves(g, a)->flows[POLICY_ALLOW][POLICY_ALLOW], 0);
	assert_int_equal(policy_slot_reclaim(&s, UINT64_MAX), 1); // the empty one is gone
	assert_int_equal(policy_slot_publish(&s, NULL), 3);
	assert_int_equal(policy_slot_reclaim(&s, 1), 2);
	assert_false(g->engine_freed); // a may be evaluating
	policy_slot_enter(&s, a);
	assert_int_equal(policy_slot_reclaim(&s, 2), 2);
	assert_true(g->engine_freed);
	assert_non_null(g->policy); // a record in a ring may name it for two passes more
	assert_int_equal(policy_slot_reclaim(&s, 3), 2);
	assert_int_equal(policy_slot_reclaim(&s, 5), 1);
	assert_null(policy_slot_enter(&s, a)->policy);
	policy_slot_fini(&s);
}

// As many old policies as there are numbers, each held by a flow: the next one is refused and stays
// the caller's, the last one stays in force, and numbers that have come free are used again.
static void test_full(void **state)
{
	struct policy_slot s;
	struct policy_reader *r;
	struct policy *p;

	policy_slot_init(&s);
	assert_int_equal(policy_slot_publish(&s, policy_builtin(POLICY_ALLOW, "A")), 1);
	r = policy_slot_add_reader(&s);
	for (unsigned i = 0; i < POLICY_GENERATIONS; i++) {
		policy_slot_ref(r, policy_slot_enter(&s, r)->number);
		if (i + 1 < POLICY_GENERATIONS)
			assert_int_equal(
				policy_slot_publish(&s, policy_builtin(POLICY_ALLOW, "A")), i + 2);
	}
	assert_true(policy_slot_full(&s));
	p = policy_builtin(POLICY_BLOCK, "B");
	assert_int_equal(policy_slot_publish(&s, p), 0);
	assert_int_equal(policy_slot_enter(&s, r)->epoch, POLICY_GENERATIONS);
	assert_int_equal(policy_slot_reclaim(&s, UINT64_MAX), POLICY_GENERATIONS);
	policy_slot_unref(r, 17);
	assert_int_equal(policy_slot_reclaim(&s, UINT64_MAX), POLICY_GENERATIONS - 1);
	assert_false(policy_slot_full(&s));
	assert_int_equal(policy_slot_publish(&s, p), POLICY_GENERATIONS + 1);
	assert_int_equal(policy_slot_enter(&s, r)->number, 17);
	policy_slot_fini(&s);
}

static void test_counts(void **state)
{
	struct policy_slot s;
	struct policy_reader *r;
	const struct policy_generation *g;

	policy_slot_init(&s);
	policy_slot_publish(&s, make_policy(1));
	r = policy_slot_add_reader(&s); // after the publish: it has counters all the same
	g = policy_slot_enter(&s, r);
	assert_int_equal(g->n_counts, 2);
	assert_ptr_equal(policy_slot_count(g, r, 0), &g->counts[r->number][0]);
	assert_ptr_equal(policy_slot_count(g, r, POLICY_RULE_DEFAULT), &g->counts[r->number][1]);
	assert_null(policy_slot_count(g, r, 1));
	assert_null(policy_slot_count(g, r, POLICY_RULE_NONE));
	assert_int_equal((uintptr_t)g->counts[r->number] % 64, 0);
	for (unsigned i = 1; i < POLICY_MAX_READERS; i++)
		assert_non_null(policy_slot_add_reader(&s));
	assert_null(policy_slot_add_reader(&s));
	policy_slot_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grace),
		cmocka_unit_test(test_candidate),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
