// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Meters against a model that counts every packet at once and keeps no lease.

#include "app/dataplane/meter.h"
#include "tests/unit/control/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORKERS 4
#define DAY     86400
#define NOON    (20000ll * DAY + DAY / 2)
#define US      POLICY_CC('U', 'S')
#define DE      POLICY_CC('D', 'E')

#define LIMIT(id, per, window, what, n)                                                            \
	"{\"id\":\"" id "\",\"match\":{\"protos\":[\"tcp\"]},\"per\":\"" per "\"," window          \
	"\"" what "\":" #n ",\"then\":\"block\",\"reason\":\"TEST_LIMIT\"}"
#define IN_DAY "\"window\":\"day\","

struct worker {
	struct meters m;
	unsigned stamp; // moves where flows must be decided anew
};

struct flow {
	struct worker *w;
	uint32_t meter, tenant;
	uint16_t cc;
	unsigned stamp;
	uint64_t sent;
	bool blocked;
};

struct park {
	struct policy *policy;
	struct quota quota;
	struct worker w[WORKERS];
	uint16_t limits[8];
	unsigned n_limits, n_workers;
};

static void park_open(struct park *k, const char *limits, unsigned n_workers)
{
	memset(k, 0, sizeof(*k));
	k->policy = limits_policy(limits);
	k->n_limits = policy_info(k->policy)->n_limits;
	k->n_workers = n_workers;
	for (uint16_t i = 0; i < k->n_limits; i++)
		k->limits[i] = i;
	assert_int_equal(quota_init(&k->quota, 1024), 0);
	for (unsigned i = 0; i < n_workers; i++) {
		assert_int_equal(meters_init(&k->w[i].m, 4096, &k->quota, n_workers, false), 0);
		meters_windows(&k->w[i].m, k->policy, NOON);
	}
}

static void park_close(struct park *k)
{
	for (unsigned i = 0; i < k->n_workers; i++) {
		assert_int_equal(k->w[i].m.live, 0);
		meters_fini(&k->w[i].m);
	}
	quota_fini(&k->quota);
	policy_free(k->policy);
}

static void flow_open(struct park *k, struct flow *f, unsigned worker, uint32_t tenant, uint16_t cc)
{
	bool full;

	*f = (struct flow){.w = &k->w[worker], .tenant = tenant, .cc = cc};
	f->meter = meter_get(&f->w->m, k->policy, 0, tenant, cc, k->limits, k->n_limits, 0, &full);
	assert_int_not_equal(f->meter, METER_NONE);
	meter_join(&f->w->m, f->meter, METER_NONE, 0);
	meter_ref(&f->w->m, f->meter);
	f->stamp = f->w->stamp - 1;
}

static void flow_close(struct flow *f)
{
	meter_unref(&f->w->m, f->meter);
}

static void decide(struct flow *f, uint64_t more)
{
	f->stamp = f->w->stamp;
	f->blocked =
		meter_check(&f->w->m, f->meter, f->sent + more, 0, false).action == POLICY_BLOCK;
}

// As the pipeline does it for each packet of a burst. True: it went out.
static bool packet(struct flow *f, uint32_t len)
{
	struct meters *m = &f->w->m;

	if (f->stamp != f->w->stamp)
		decide(f, len);
	if (!f->blocked && f->sent + len > m->v[f->meter].flow_bytes)
		decide(f, len);
	if (f->blocked)
		return false;
	if (!meter_fast(m, f->meter, f->sent, len) && meter_charge(m, f->meter, len)) {
		f->w->stamp++;
		decide(f, len);
		if (f->blocked) {
			meter_refund(m, f->meter, len);
			return false;
		}
	}
	f->sent += len;
	return true;
}

static uint64_t bytes_of(struct park *k, const char *limit, const char *tenant, uint16_t cc)
{
	struct quota_counter *c = quota_find(&k->quota, limit, tenant, cc, POLICY_WINDOW_DAY);

	assert_non_null(c);
	assert_int_equal(
		atomic_load(&c->committed), atomic_load(&c->bytes)); // nothing is set aside
	return atomic_load(&c->bytes);
}

// ---- random packets of many flows, a packet a burst, workers in turn

#define T_MAX  1000000
#define C_MAX  1300000
#define TC_MAX 400000
#define F_MAX  90000
#define FLOWS  64

struct model {
	uint64_t tenant[3], country[2], both[3][2], flow[FLOWS];
};

static bool would_pass(const struct model *m, const struct flow *f, unsigned i, uint32_t len)
{
	unsigned c = f->cc == DE;

	return m->tenant[f->tenant] + len > T_MAX || m->country[c] + len > C_MAX ||
	       m->both[f->tenant][c] + len > TC_MAX || m->flow[i] + len > F_MAX;
}

static bool is_passed(const struct model *m, const struct flow *f, unsigned i)
{
	const uint32_t packet = 1500; // stopped packets passed it without being counted

	return would_pass(m, f, i, packet);
}

static void random_run(unsigned seed, unsigned n_workers)
{
	struct model model = {0};
	struct flow flows[FLOWS];
	struct park k;
	uint32_t slack = n_workers * 2 * 1500;

	srandom(seed);
	park_open(&k,
		LIMIT("t", "tenant", IN_DAY, "bytes_out", 1000000) "," LIMIT("c", "country", IN_DAY,
			"bytes_out", 1300000) "," LIMIT("tc", "tenant+country", IN_DAY, "bytes_out",
			400000) "," LIMIT("f", "flow", "", "bytes_out", 90000),
		n_workers);
	for (unsigned i = 0; i < FLOWS; i++)
		flow_open(&k, &flows[i], i % n_workers, (uint32_t)random() % 3,
			random() % 2 ? US : DE);
	for (unsigned n = 0; n < 40000; n++) {
		// Some flows send much and others rarely: those keep what they have set aside.
		unsigned i = (unsigned)random() % (random() % 8 ? FLOWS / 4 : FLOWS);
		uint32_t len = 40 + (uint32_t)random() % 1461;
		struct flow *f = &flows[i];
		unsigned c = f->cc == DE;

		for (unsigned w = 0; w < n_workers; w++)
			meters_recall(&k.w[w].m);
		if (packet(f, len)) {
			model.tenant[f->tenant] += len;
			model.country[c] += len;
			model.both[f->tenant][c] += len;
			model.flow[i] += len;
			assert_true(model.tenant[f->tenant] <= T_MAX + slack);
			assert_true(model.country[c] <= C_MAX + slack);
			assert_true(model.both[f->tenant][c] <= TC_MAX + slack);
			assert_true(model.flow[i] <= F_MAX);
		} else {
			assert_true(is_passed(&model, f, i)); // never before it is used
		}
	}
	for (unsigned i = 0; i < FLOWS; i++)
		flow_close(&flows[i]);
	assert_int_equal(bytes_of(&k, "t", "_unlisted", 0), model.tenant[0]);
	assert_int_equal(bytes_of(&k, "t", "a", 0), model.tenant[1]);
	assert_int_equal(bytes_of(&k, "t", "b", 0), model.tenant[2]);
	assert_int_equal(bytes_of(&k, "c", NULL, US), model.country[0]);
	assert_int_equal(bytes_of(&k, "c", NULL, DE), model.country[1]);
	assert_int_equal(bytes_of(&k, "tc", "a", US), model.both[1][0]);
	assert_int_equal(bytes_of(&k, "tc", "b", DE), model.both[2][1]);
	park_close(&k);
}

static void against_a_model(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++)
		random_run(seed, 1 + seed % WORKERS);
}

// ---- what idle flows have set aside

static void an_idle_flow_keeps_nothing_from_others(void **state)
{
	struct flow idle, busy;
	struct park k;
	uint64_t out = 0;

	(void)state;
	for (unsigned n_workers = 1; n_workers <= 2; n_workers++) {
		park_open(&k, LIMIT("t", "tenant", IN_DAY, "bytes_out", 10000000), n_workers);
		flow_open(&k, &idle, 0, 1, US);
		flow_open(&k, &busy, n_workers - 1, 1, DE);
		for (unsigned i = 0; i < 1000; i++) // and not what it has used, either
			assert_true(packet(&idle, 1000));
		for (out = 1000000; packet(&busy, 1000); out += 1000)
			meters_recall(&k.w[0].m);
		assert_int_equal(out, 10000000);
		meters_recall(&k.w[0].m);
		assert_false(packet(&idle, 1000)); // it learns of it at its next packet
		flow_close(&idle);
		flow_close(&busy);
		assert_int_equal(bytes_of(&k, "t", "a", 0), 10000000);
		park_close(&k);
	}
}

// ---- threads

struct thread {
	pthread_t thread;
	struct flow flow;
	pthread_barrier_t *round;
	_Atomic unsigned *going;
	uint64_t out;
};

static void *send_all(void *arg)
{
	struct thread *t = arg;

	atomic_fetch_add(t->going, 1);
	pthread_barrier_wait(t->round);
	for (unsigned running = WORKERS; running != 0;) {
		bool had = t->flow.blocked;

		meters_recall(&t->flow.w->m);
		if (packet(&t->flow, 1000))
			t->out += 1000;
		if (!had && t->flow.blocked)
			atomic_fetch_sub(t->going, 1);
		pthread_barrier_wait(t->round);
		running = atomic_load(t->going);
		pthread_barrier_wait(t->round);
	}
	return NULL;
}

static void workers_share_a_limit(void **state)
{
	static struct thread t[WORKERS];
	const uint64_t max = 5000000;
	pthread_barrier_t round;
	_Atomic unsigned going = 0;
	uint64_t out = 0;
	struct park k;

	(void)state;
	park_open(&k, LIMIT("t", "tenant", IN_DAY, "bytes_out", 5000000), WORKERS);
	pthread_barrier_init(&round, NULL, WORKERS);
	for (unsigned i = 0; i < WORKERS; i++) {
		t[i] = (struct thread){.round = &round, .going = &going};
		flow_open(&k, &t[i].flow, i, 1, i % 2 ? US : DE);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&t[i].thread, NULL, send_all, &t[i]), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		pthread_join(t[i].thread, NULL);
		out += t[i].out;
		flow_close(&t[i].flow);
	}
	// A packet each, and one more for the burst that was under way.
	assert_in_range(out, max - WORKERS * 1000, max + 2 * WORKERS * 1000);
	assert_int_equal(bytes_of(&k, "t", "a", 0), out);
	pthread_barrier_destroy(&round);
	park_close(&k);
}

// ---- windows, flows, seconds

static void the_next_day_begins_at_zero(void **state)
{
	struct flow f;
	struct park k;

	(void)state;
	park_open(&k, LIMIT("t", "tenant", IN_DAY, "bytes_out", 100000), 1);
	flow_open(&k, &f, 0, 1, US);
	for (unsigned day = 0; day < 5; day++) {
		int64_t now = NOON + day * DAY, end;
		unsigned n = 0;

		end = meters_windows(&k.w[0].m, k.policy, now);
		assert_int_equal(end, NOON + day * DAY + DAY / 2);
		k.w[0].stamp++;
		while (n < 200 && packet(&f, 1000))
			n++;
		// The third day is left before its limit: the fourth has nothing of it.
		assert_int_equal(n, 100);
		if (day == 2)
			continue;
		meters_windows(&k.w[0].m, k.policy, now + DAY / 2 - 1);
		k.w[0].stamp++;
		assert_false(packet(&f, 1000)); // the last second of the day
	}
	meters_windows(&k.w[0].m, k.policy, NOON + 5 * DAY);
	k.w[0].stamp++;
	assert_true(packet(&f, 1000)); // within a lease of this day
	meters_windows(&k.w[0].m, k.policy, NOON + 6 * DAY);
	flow_close(&f);
	assert_int_equal(bytes_of(&k, "t", "a", 0), 0); // that is not counted in the next
	park_close(&k);
}

static void flows_and_seconds(void **state)
{
	struct flow f[4];
	struct park k;

	(void)state;
	park_open(&k,
		LIMIT("n", "tenant", IN_DAY, "flows", 3) "," LIMIT(
			"s", "country", IN_DAY, "seconds", 100),
		1);
	for (unsigned i = 0; i < 4; i++) {
		flow_open(&k, &f[i], 0, 1, US);
		decide(&f[i], 0);
		assert_int_equal(f[i].blocked, i == 3);
	}
	assert_true(meter_counts_seconds(&k.w[0].m, f[0].meter));
	flow_close(&f[3]);
	flow_open(&k, &f[3], 0, 2, US); // another tenant, the same country
	assert_false(meter_add_seconds(&k.w[0].m, f[3].meter, 100));
	assert_true(meter_add_seconds(&k.w[0].m, f[3].meter, 1));
	decide(&f[3], 0);
	assert_true(f[3].blocked);
	for (unsigned i = 0; i < 4; i++)
		flow_close(&f[i]);
	park_close(&k);
}

static void no_place_for_a_counter(void **state)
{
	struct meter_verdict v;
	struct flow f;
	struct park k;
	char name[16];

	(void)state;
	park_open(&k, LIMIT("t", "tenant", IN_DAY, "bytes_out", 100000), 1);
	for (unsigned i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "x%u", i);
		quota_find(&k.quota, name, NULL, 0, POLICY_WINDOW_DAY);
	}
	flow_open(&k, &f, 0, 1, US);
	v = meter_check(&k.w[0].m, f.meter, 0, 0, false);
	assert_int_equal(v.action, POLICY_FLAG); // what cannot be counted is at least seen
	assert_int_equal(v.limit, 0);
	flow_close(&f);
	park_close(&k);
}

static void no_place_for_a_meter(void **state)
{
	struct meters m;
	struct park k;
	bool full;
	uint32_t i;

	(void)state;
	park_open(&k, LIMIT("t", "tenant", IN_DAY, "bytes_out", 100000), 1);
	assert_int_equal(meters_init(&m, 2, &k.quota, 1, false), 0); // [0] is none
	meters_windows(&m, k.policy, NOON);
	i = meter_get(&m, k.policy, 0, 1, US, k.limits, 1, 0, &full);
	assert_int_not_equal(i, METER_NONE);
	meter_ref(&m, i);
	assert_int_equal(meter_get(&m, k.policy, 0, 1, US, k.limits, 1, 0, &full), i);
	assert_int_equal(meter_get(&m, k.policy, 0, 2, US, k.limits, 1, 0, &full), METER_NONE);
	assert_true(full);
	meter_unref(&m, i);
	assert_int_not_equal(meter_get(&m, k.policy, 0, 2, US, k.limits, 1, 0, &full), METER_NONE);
	meters_fini(&m);
	park_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_a_model),
		cmocka_unit_test(an_idle_flow_keeps_nothing_from_others),
		cmocka_unit_test(workers_share_a_limit),
		cmocka_unit_test(the_next_day_begins_at_zero),
		cmocka_unit_test(flows_and_seconds),
		cmocka_unit_test(no_place_for_a_counter),
		cmocka_unit_test(no_place_for_a_meter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
