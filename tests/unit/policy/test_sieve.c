// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// policy_may_block(): by country, protocol and time alone. That it never says no where an
// evaluation blocks is seen with random policies too (tests/model).

#include "tests/unit/policy/small.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TCP  6
#define UDP  17
#define SCTP 132
#define END  1893456000 // 2030-01-01T00:00:00Z

static bool may(const struct policy *p, const char *cc, uint8_t proto)
{
	return policy_may_block(p, POLICY_CC(cc[0], cc[1]), proto, NOW);
}

static void test_places(void **state)
{
	struct policy *p = small_policy(NULL,
		"{\"id\":\"a\",\"match\":{\"countries\":[\"DE\"],\"protos\":[\"tcp\"]},\"action\":"
		"\"block\",\"reason\":\"A\"},"
		"{\"id\":\"b\",\"match\":{\"border\":[\"unknown\"]},\"action\":\"block\","
		"\"reason\":\"A\"},"
		"{\"id\":\"c\",\"match\":{\"countries\":[\"FR\"],\"protos\":[\"sctp\"]},\"action\":"
		"\"block\",\"reason\":\"A\"},"
		"{\"id\":\"d\",\"match\":{\"countries\":[\"US\"]},\"action\":\"allow\","
		"\"reason\":\"A\"}",
		NULL);

	assert_true(may(p, "DE", TCP));
	assert_false(may(p, "DE", UDP));
	assert_false(may(p, "DE", SCTP));
	assert_true(may(p, "XX", TCP) && may(p, "XX", UDP) && may(p, "XX", SCTP));
	assert_true(may(p, "FR", SCTP));
	assert_false(may(p, "FR", TCP) || may(p, "FR", UDP));
	assert_false(may(p, "US", TCP) || may(p, "CN", UDP));
	policy_free(p);
}

// What needs a label, a name or a risk never holds without one; Unknown is what is left.
static void test_labels(void **state)
{
	const char *groups = "\"tenants\":{},\"apps\":{\"s\":{\"apps\":[\"SSH\"]}},";
	struct policy *p = small_policy(groups,
		"{\"id\":\"a\",\"match\":{\"apps\":[\"s\"]},\"action\":\"block\",\"reason\":\"A\"},"
		"{\"id\":\"b\",\"match\":{\"hosts\":[\"*.x.example\"]},\"action\":\"block\","
		"\"reason\":\"A\"},"
		"{\"id\":\"c\",\"match\":{\"risks\":[\"XSS Attack\"]},\"action\":\"block\","
		"\"reason\":\"A\"}",
		NULL);

	assert_false(may(p, "DE", TCP) || may(p, "CN", UDP) || may(p, "XX", SCTP));
	policy_free(p);
	groups = "\"tenants\":{},\"apps\":{\"s\":{\"apps\":[\"Unknown\"]}},";
	p = small_policy(groups,
		"{\"id\":\"a\",\"match\":{\"apps\":[\"s\"],\"countries\":[\"DE\"]},\"action\":"
		"\"block\",\"reason\":\"A\"}",
		NULL);
	assert_true(may(p, "DE", TCP));
	assert_false(may(p, "FR", TCP));
	policy_free(p);
}

static void test_rules_that_do_not_decide(void **state)
{
	struct policy *p = small_policy(NULL,
		"{\"id\":\"a\",\"enabled\":false,\"match\":{\"countries\":[\"DE\"]},\"action\":"
		"\"block\",\"reason\":\"A\"},"
		"{\"id\":\"b\",\"shadow\":true,\"match\":{\"countries\":[\"FR\"]},\"action\":"
		"\"block\",\"reason\":\"A\"},"
		"{\"id\":\"c\",\"valid_from\":\"2027-01-01T00:00:00Z\",\"match\":{\"countries\":["
		"\"US\"]},\"action\":\"block\",\"reason\":\"A\"}",
		NULL);

	assert_false(may(p, "DE", TCP));
	assert_false(may(p, "FR", TCP));
	assert_true(may(p, "US", TCP)); // at some time
	policy_free(p);
}

static void test_defaults(void **state)
{
	struct policy *p = policy_builtin(POLICY_BLOCK, "NO_POLICY");

	assert_true(may(p, "CN", TCP) && may(p, "XX", SCTP));
	policy_free(p);
	p = small_policy(NULL, "", "\"on_expiry\":\"block\",\"boot_without_policy\":\"block\"");
	assert_false(policy_may_block(p, POLICY_CC('D', 'E'), TCP, END - 1));
	assert_true(policy_may_block(p, POLICY_CC('D', 'E'), TCP, END));
	policy_free(p);
	p = small_policy(NULL, "", NULL); // keep_and_flag
	assert_false(policy_may_block(p, POLICY_CC('D', 'E'), TCP, END));
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_rules_that_do_not_decide),
		cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
