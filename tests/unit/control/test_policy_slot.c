// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Publishing while workers evaluate. What a worker was handed stays valid as long as the slot
// promises, which AddressSanitizer and ThreadSanitizer see where it is not so.

#include "app/control/policy_slot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define READERS 3
#define FLOWS   16
#define PUSHES  3000

struct reader {
	struct policy_slot *slot;
	struct policy_reader *reader;
	_Atomic bool *end;
	pthread_t thread;
	unsigned seed, wrong, back, seen;
};

// Its words tell its number, its verdict too.
static struct policy *numbered(unsigned n)
{
	char reason[32];

	snprintf(reason, sizeof(reason), "R_%u", n);
	return policy_builtin(n % 2 ? POLICY_FLAG : POLICY_BLOCK, reason);
}

static unsigned number_in(const struct policy *p, uint16_t rule)
{
	struct policy_rule_info info;

	policy_rule(p, rule, &info);
	return (unsigned)strtoul(info.reason + 2, NULL, 10);
}

static void *work(void *arg)
{
	struct reader *r = arg;
	const struct policy_facts facts = {.inside.version = 4, .remote.version = 4, .proto = 6};
	struct {
		bool open;
		uint16_t generation;
		unsigned number;
	} flows[FLOWS] = {0};
	unsigned last = 0;

	while (!atomic_load(r->end)) {
		const struct policy_generation *g = policy_slot_enter(r->slot, r->reader);
		unsigned i = (unsigned)rand_r(&r->seed) % FLOWS;
		struct policy_verdict v;

		policy_eval(g->policy, &facts, 0, &v);
		r->wrong +=
			v.action != (number_in(g->policy, v.rule) % 2 ? POLICY_FLAG : POLICY_BLOCK);
		r->wrong += number_in(g->policy, v.rule) != g->epoch;
		r->back += g->epoch < last;
		r->seen += g->epoch != last;
		last = g->epoch;
		policy_slot_count(g, r->reader, v.rule)->hits++;
		if (flows[i].open) { // its words are still those of the policy that decided it
			const struct policy *p = policy_slot_words(r->slot, flows[i].generation);

			r->wrong += number_in(p, POLICY_RULE_DEFAULT) != flows[i].number;
			policy_slot_unref(r->reader, flows[i].generation);
		}
		flows[i].open = !flows[i].open;
		if (flows[i].open) {
			flows[i].generation = g->number;
			flows[i].number = number_in(g->policy, v.rule);
			policy_slot_ref(r->reader, g->number);
		}
	}
	policy_slot_enter(r->slot, r->reader);
	for (unsigned i = 0; i < FLOWS; i++)
		if (flows[i].open)
			policy_slot_unref(r->reader, flows[i].generation);
	return NULL;
}

static void retired(void *ctx, const struct policy_generation *g)
{
	uint64_t *hits = ctx;

	for (unsigned i = 0; i < READERS; i++)
		*hits += g->counts[i][g->n_counts - 1].hits;
}

static void publishing_while_workers_evaluate(void **state)
{
	static struct reader readers[READERS];
	struct policy_slot slot;
	_Atomic bool end = false;
	uint64_t hits = 0, pass = 0;
	unsigned kept = 0, most = 0;

	(void)state;
	policy_slot_init(&slot);
	slot.retired = retired;
	slot.retired_ctx = &hits;
	for (unsigned i = 0; i < READERS; i++) {
		readers[i] = (struct reader){.slot = &slot,
			.reader = policy_slot_add_reader(&slot),
			.end = &end,
			.seed = i};
		assert_non_null(readers[i].reader);
	}
	assert_int_equal(policy_slot_publish(&slot, numbered(1)), 1);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i].thread, NULL, work, &readers[i]), 0);
	for (unsigned n = 2; n <= PUSHES; n++) {
		while (policy_slot_full(&slot))
			policy_slot_reclaim(&slot, pass++);
		assert_int_equal(policy_slot_publish(&slot, numbered(n)), n);
		kept = policy_slot_reclaim(&slot, pass++);
		most = kept > most ? kept : most;
	}
	atomic_store(&end, true);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].wrong, 0);
		assert_int_equal(readers[i].back, 0);
		assert_true(readers[i].seen > 0);
	}
	assert_true(most > 1);
	// With no flow left all but the one in force go, two passes of the log's writer later.
	for (unsigned i = 0; i < 4; i++)
		kept = policy_slot_reclaim(&slot, pass++);
	assert_int_equal(kept, 1);
	assert_true(hits > 0);
	policy_slot_fini(&slot);
}

static void a_flow_keeps_its_words(void **state)
{
	const struct policy_generation *g;
	struct policy_slot slot;
	struct policy_reader *r;
	uint16_t old;

	(void)state;
	policy_slot_init(&slot);
	r = policy_slot_add_reader(&slot);
	policy_slot_publish(&slot, numbered(1));
	old = policy_slot_enter(&slot, r)->number;
	policy_slot_ref(r, old);
	policy_slot_publish(&slot, numbered(2));
	assert_int_equal(policy_slot_reclaim(&slot, 1), 2); // nobody has entered the second yet
	assert_false(slot.generations[old]->engine_freed);
	g = policy_slot_enter(&slot, r);
	assert_int_equal(g->epoch, 2);
	for (uint64_t pass = 2; pass < 20; pass++)
		assert_int_equal(policy_slot_reclaim(&slot, pass), 2);
	assert_true(slot.generations[old]->engine_freed);
	assert_int_equal(number_in(policy_slot_words(&slot, old), POLICY_RULE_DEFAULT), 1);
	policy_slot_unref(r, old);
	policy_slot_reclaim(&slot, 20);
	assert_int_equal(policy_slot_reclaim(&slot, 20), 2); // its last record may wait in a ring
	policy_slot_reclaim(&slot, 21);
	assert_int_equal(policy_slot_reclaim(&slot, 23), 1);
	policy_slot_fini(&slot);
}

static void prepared_is_not_in_force(void **state)
{
	struct policy_slot slot;
	struct policy_reader *r;
	struct policy_generation *g;

	(void)state;
	policy_slot_init(&slot);
	r = policy_slot_add_reader(&slot);
	policy_slot_publish(&slot, numbered(1));
	g = policy_slot_prepare(&slot, numbered(2));
	assert_non_null(g);
	assert_int_equal(g->epoch, 2);
	assert_int_equal(policy_slot_enter(&slot, r)->epoch, 1);
	assert_int_equal(policy_slot_reclaim(&slot, UINT64_MAX), 1);
	policy_slot_commit(&slot, g);
	assert_ptr_equal(policy_slot_enter(&slot, r), g);
	assert_int_equal(policy_slot_publish(&slot, numbered(3)), 3);
	policy_slot_fini(&slot);
}

static void every_generation_in_use(void **state)
{
	struct policy_slot slot;
	struct policy_reader *r;
	struct policy *p;

	(void)state;
	policy_slot_init(&slot);
	r = policy_slot_add_reader(&slot);
	for (unsigned n = 1; n <= POLICY_GENERATIONS; n++) {
		assert_false(policy_slot_full(&slot));
		assert_int_equal(policy_slot_publish(&slot, numbered(n)), n);
		policy_slot_ref(r, policy_slot_enter(&slot, r)->number);
		policy_slot_reclaim(&slot, UINT64_MAX);
	}
	assert_true(policy_slot_full(&slot));
	p = numbered(1);
	assert_int_equal(policy_slot_publish(&slot, p), 0); // the one before stays in force
	assert_int_equal(policy_slot_enter(&slot, r)->epoch, POLICY_GENERATIONS);
	policy_free(p);
	policy_slot_fini(&slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publishing_while_workers_evaluate),
		cmocka_unit_test(a_flow_keeps_its_words),
		cmocka_unit_test(prepared_is_not_in_force),
		cmocka_unit_test(every_generation_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
