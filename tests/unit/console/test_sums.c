// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Sums by key and over time, flows that go on, the largest flows: nothing is lost where room ends.

#include "app/console/flow_list.h"
#include "app/console/open_flows.h"
#include "app/console/tally.h"
#include "app/console/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void tally_keeps_totals(void **state)
{
	struct tally *t = tally_new();
	struct tally_row *rows;
	struct sums rest, one = {.flows = {1}, .out = {10, 1}};
	char key[32];
	size_t n;

	for (unsigned i = 0; i < TALLY_MAX_KEYS + 1000; i++) {
		const int len = snprintf(key, sizeof(key), "key %u", i);
		const uint32_t at = tally_index(t, key, (size_t)len);

		assert_int_equal(at == TALLY_OTHERS, i >= TALLY_MAX_KEYS);
		assert_int_equal(tally_index(t, key, (size_t)len), at);
		one.stopped = i == 4711 ? 1 : 0;
		sums_add(tally_sums(t, at), &one);
	}
	assert_int_equal(tally_keys(t), TALLY_MAX_KEYS);
	rows = tally_top(t, 3, &n, &rest);
	assert_non_null(rows);
	assert_int_equal(n, 3);
	assert_string_equal(rows[0].key, "key 4711"); // of equal bytes out: what was stopped
	assert_string_equal(rows[1].key, "key 0");
	assert_int_equal(sums_flows(&rest), TALLY_MAX_KEYS + 1000 - 3);
	assert_int_equal(sums_out(&rest), 11 * (TALLY_MAX_KEYS + 1000 - 3));
	free(rows);
	tally_free(t);
}

static void sums_do_not_wrap(void **state)
{
	struct sums a = {.out = {UINT64_MAX - 1, 5}}, b = {.out = {2}};

	sums_add(&a, &b);
	assert_int_equal(a.out[0], UINT64_MAX);
	assert_int_equal(sums_out(&a), UINT64_MAX);
}

static void add_at(struct timeline *t, int64_t second)
{
	const struct sums one = {.flows = {1}};

	sums_add(timeline_at(t, second * 1000000), &one);
}

static void time_widens(void **state)
{
	struct timeline t;
	uint64_t all = 0;

	timeline_init(&t, 0);
	for (unsigned i = 0; i < TIMELINE_MAX; i++) {
		add_at(&t, 1000000 + i);
	}
	assert_int_equal(t.width, 1);
	assert_int_equal(t.n, TIMELINE_MAX);
	add_at(&t, 1000000 - 1); // before the first
	assert_int_equal(t.width, 5);
	add_at(&t, 1000000 + 30 * 86400);
	assert_int_equal(t.width, 43200);
	for (unsigned i = 0; i < t.n; i++) {
		all += t.steps[i].flows[0];
		assert_true(timeline_start(&t, i + 1) - timeline_start(&t, i) == 43200);
	}
	assert_int_equal(all, TIMELINE_MAX + 2);
	assert_int_equal(t.steps[t.n - 1].flows[0], 1);
	add_at(&t, INT64_MAX / 1000000); // a clock that was never set
	add_at(&t, INT64_MIN / 1000000);
	all = 0;
	for (unsigned i = 0; i < t.n; i++) {
		all += t.steps[i].flows[0];
	}
	assert_int_equal(all, TIMELINE_MAX + 4);
}

static void days_and_weeks_begin_where_people_begin_them(void **state)
{
	const int64_t tuesday = 1795478400; // 2026-11-24T00:00:00Z
	struct timeline t;

	timeline_init(&t, 8 * 3600);
	add_at(&t, tuesday);
	add_at(&t, tuesday + 40 * 86400);
	assert_int_equal(t.width, 86400);
	assert_int_equal(timeline_start(&t, 0), tuesday - 8 * 3600);
	add_at(&t, tuesday + 200 * 86400);
	assert_int_equal(t.width, 604800);
	assert_int_equal(timeline_start(&t, 0), tuesday - 86400 - 8 * 3600); // Monday
}

static void count_flow(void *ctx, const struct open_flow *f)
{
	*(uint64_t *)ctx += f->weight;
}

static void open_flows_come_and_go(void **state)
{
	enum {
		IDS = 5000
	};
	struct open_flows *o = open_flows_new();
	static uint64_t want[IDS];
	uint64_t sum = 0, left = 0;

	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		const unsigned id = 1 + (unsigned)rand() % (IDS - 1);
		struct open_flow *f = open_flows_find(o, id);

		assert_int_equal(f != NULL, want[id] != 0);
		if (f != NULL) {
			assert_int_equal(f->weight, want[id]);
			open_flows_remove(o, f);
			want[id] = 0;
		} else {
			f = open_flows_add(o, id);
			assert_non_null(f);
			f->weight = want[id] = i + 1;
		}
	}
	for (unsigned i = 0; i < IDS; i++) {
		left += want[i];
	}
	open_flows_drain(o, count_flow, &sum);
	assert_true(left != 0);
	assert_int_equal(sum, left);
	assert_int_equal(open_flows_count(o), 0);
	assert_null(open_flows_find(o, 1));
	open_flows_free(o);
}

static void open_flows_have_an_end(void **state)
{
	struct open_flows *o = open_flows_new();

	for (uint64_t i = 1; i <= OPEN_FLOWS_MAX; i++) {
		assert_non_null(open_flows_add(o, i));
	}
	assert_null(open_flows_add(o, OPEN_FLOWS_MAX + 1));
	open_flows_remove(o, open_flows_find(o, 7));
	assert_non_null(open_flows_add(o, OPEN_FLOWS_MAX + 1));
	open_flows_free(o);
}

static void the_largest_flows_are_listed(void **state)
{
	struct flow_list l;

	assert_int_equal(flow_list_init(&l, 3), 0);
	for (unsigned round = 1; round <= 3; round++) { // weights grow, in any order
		for (unsigned id = 1; id <= 1000; id++) {
			const struct flow_item f = {.id = id * 7919 % 1000 + 1,
				.weight = (id * 7919 % 1000 + 1) * round,
				.line = "{}",
				.len = 2};

			flow_list_offer(&l, &f);
		}
	}
	flow_list_remove(&l, 999);
	flow_list_sort(&l);
	assert_int_equal(l.shown, 3);
	assert_int_equal(l.items[0].id, 1000);
	assert_int_equal(l.items[1].id, 998);
	assert_int_equal(l.items[2].id, 997);
	assert_int_equal(l.items[2].weight, 3 * 997);
	flow_list_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tally_keeps_totals),
		cmocka_unit_test(sums_do_not_wrap),
		cmocka_unit_test(time_widens),
		cmocka_unit_test(days_and_weeks_begin_where_people_begin_them),
		cmocka_unit_test(open_flows_come_and_go),
		cmocka_unit_test(open_flows_have_an_end),
		cmocka_unit_test(the_largest_flows_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
