// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How records of one flow are added up, in the cases that a gateway makes and those that it should
// not.

#include "app/console/digest.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct rec {
	const char *ev, *act;
	int minute;
	unsigned out, stopped, before;
	const char *more; // further keys
};

static struct digest *fresh(void)
{
	const struct digest_options o = {.rows = 3};
	struct digest *d = digest_new(&o);

	assert_non_null(d);
	return d;
}

static void put(struct digest *d, const struct rec *r)
{
	char line[512];
	const int n = snprintf(line, sizeof(line),
		"{\"v\":1,\"ev\":\"%s\",\"gw\":\"g\",\"seq\":1,\"fid\":\"00000000000000aa\",\"t1\":"
		"%d,"
		"%s\"act\":\"%s\",\"ob\":%u,\"rb\":0,\"db\":%u,\"pb\":%u}",
		r->ev, r->minute * 60000000, r->more != NULL ? r->more : "\"cc\":\"DE\",", r->act,
		r->out, r->stopped, r->before);

	assert_int_equal(digest_line(d, line, (size_t)n), 0);
}

static void put_all(struct digest *d, const struct rec *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		put(d, &r[i]);
	}
	digest_finish(d);
}

#define PUT_ALL(d, ...)                                                                            \
	do {                                                                                       \
		const struct rec recs[] = {__VA_ARGS__};                                           \
		put_all(d, recs, sizeof(recs) / sizeof(recs[0]));                                  \
	} while (0)

static void an_end_is_the_whole_life(void **state)
{
	struct digest *d = fresh();

	PUT_ALL(d, {"update", "allow", 1, 10}, {"update", "allow", 2, 20}, {"end", "allow", 3, 35});
	assert_int_equal(d->total.out[ACT_ALLOW], 35);
	assert_int_equal(d->total.flows[ACT_ALLOW], 1);
	assert_int_equal(d->still_open, 0);
	digest_free(d);
}

static void a_decision_is_what_was_so_far(void **state)
{
	struct digest *d = fresh();

	// 10 by the update, 15 at the decision: 5 more under the old verdict. The next update's 9
	// are since the update, 5 of them counted.
	PUT_ALL(d, {"update", "allow", 1, 10}, {"decision", "flag", 1, 15},
		{"update", "flag", 2, 9}, {"decision", "block", 3, 21, 0, 2},
		{"end", "block", 3, 21, 100, 2});
	assert_int_equal(d->total.out[ACT_ALLOW], 15);
	assert_int_equal(d->total.out[ACT_FLAG], 6);
	assert_int_equal(d->total.out[ACT_BLOCK], 0);
	assert_int_equal(d->total.before[ACT_FLAG], 2);
	assert_int_equal(d->total.stopped, 100);
	assert_int_equal(d->total.flows[ACT_BLOCK], 1);
	assert_int_equal(sums_flows(&d->total), 1);
	assert_int_equal(d->flagged.n, 0); // it is with the blocked ones now
	assert_int_equal(d->blocked.shown, 1);
	assert_int_equal(d->blocked.items[0].out, 21);
	assert_int_equal(d->blocked.items[0].stopped, 100);
	digest_free(d);
}

static void updates_that_were_lost_come_with_the_end(void **state)
{
	struct digest *d = fresh();

	PUT_ALL(d, {"update", "allow", 1, 10}, {"end", "allow", 9, 900});
	assert_int_equal(d->total.out[ACT_ALLOW], 900);
	digest_free(d);
}

static void an_end_that_says_less_adds_nothing(void **state)
{
	struct digest *d = fresh();

	PUT_ALL(d, {"update", "allow", 1, 10}, {"end", "allow", 2, 4});
	assert_int_equal(d->total.out[ACT_ALLOW], 10);
	assert_int_equal(d->undercounted, 1);
	digest_free(d);
}

static void packets_without_state_are_flows_of_their_own(void **state)
{
	static const char *const more[] = {"\"cc\":\"XX\",\"reason\":\"FLOW_TABLE_FULL\",",
		"\"cc\":\"XX\",\"reason\":\"OVERLOAD\","};

	for (unsigned i = 0; i < 2; i++) {
		struct digest *d = fresh();

		PUT_ALL(d, {"decision", "block", 1, 0, 60, 0, more[i]},
			{"decision", "block", 2, 0, 60, 0, more[i]});
		assert_int_equal(d->total.flows[ACT_BLOCK], 2);
		assert_int_equal(d->total.stopped, 120);
		assert_int_equal(d->still_open, 0);
		digest_free(d);
	}
}

static void local_flows_are_apart(void **state)
{
	struct digest *d = fresh();

	PUT_ALL(d, {"end", "", 1, 50, 0, 0, "\"tn\":\"a\","});
	assert_int_equal(sums_out(&d->total), 0);
	assert_int_equal(sums_flows(&d->total), 0);
	assert_int_equal(sums_out(&d->local), 50);
	digest_free(d);
}

static void lines_that_are_no_records(void **state)
{
	static const char *const bad[] = {"", "{}", "{\"ev\":\"end\"}", "[1]",
		"{\"ev\":\"end\",\"gw\":\"g\",\"t1\":\"1\",\"fid\":\"00000000000000aa\"}",
		"{\"ev\":\"end\",\"gw\":\"g\",\"t1\":1,\"fid\":\"00000000000000ag\"}",
		"{\"ev\":\"end\",\"gw\":7,\"t1\":1,\"fid\":\"00000000000000aa\"}"};
	static const char other[] = "{\"ev\":\"stop\",\"gw\":\"h\",\"t1\":1}";
	struct digest *d = fresh();

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(digest_line(d, bad[i], strlen(bad[i])), -EBADMSG);
	}
	put(d, &(const struct rec){"end", "allow", 1, 5});
	assert_int_equal(digest_line(d, other, strlen(other)), -EXDEV);
	assert_int_equal(d->unreadable, sizeof(bad) / sizeof(bad[0]));
	assert_int_equal(d->lines, 1);
	digest_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_is_the_whole_life),
		cmocka_unit_test(a_decision_is_what_was_so_far),
		cmocka_unit_test(updates_that_were_lost_come_with_the_end),
		cmocka_unit_test(an_end_that_says_less_adds_nothing),
		cmocka_unit_test(packets_without_state_are_flows_of_their_own),
		cmocka_unit_test(local_flows_are_apart),
		cmocka_unit_test(lines_that_are_no_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
