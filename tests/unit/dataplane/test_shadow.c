// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A candidate policy: what records say of it, that it decides nothing, and what is counted.

#include "tests/unit/dataplane/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RULE(id, match, action, reason)                                                            \
	"{\"id\":\"" id "\",\"match\":{" match "},\"action\":\"" action "\",\"reason\":\"" reason  \
	"\"}"
#define UNKNOWN   "\"border\":[\"unknown\"]"
#define FLAG_ALL  RULE("f", UNKNOWN, "flag", "SEEN")
#define BLOCK_ALL RULE("x", UNKNOWN, "block", "NO")
#define BLOCK_SSH RULE("s", "\"apps\":[\"ssh\"]", "block", "NO_SSH")
#define LIMIT(id, bytes, then)                                                                     \
	"{\"id\":\"" id "\",\"match\":{" UNKNOWN "},\"per\":\"flow\",\"bytes_out\":" bytes         \
	",\"then\":\"" then "\",\"reason\":\"MUCH\"}"
#define UDP "eth=0x0800 ip4=17 udp=40000,12345 data=10"

static const struct rig_options plain;

// The end of the one flow; a record's candidate says this.
static const struct record *end_of(struct rig *r)
{
	pipeline_stop(r->pl);
	return rig_last(r, RECORD_END);
}

static void says(const struct record *r, enum policy_action action, const char *rule,
	const char *reason, uint16_t exception)
{
	struct policy_rule_info info;

	assert_non_null(r);
	assert_non_null(r->candidate);
	assert_int_equal(r->cand_action, action);
	assert_int_equal(r->cand_exception, exception);
	policy_rule(r->candidate, r->cand_rule, &info);
	assert_string_equal(info.id, rule);
	assert_string_equal(
		record_reason(r->candidate, r->cand_rule, r->cand_limit, r->cand_exception),
		reason);
}

static const struct policy_moves *moves(const struct rig *r)
{
	return policy_slot_moves(atomic_load(&r->shadow.now), r->pl->c.shadow_reader);
}

static void test_differs(void **state)
{
	const struct rig_options stricter = {.rules = BLOCK_ALL};
	struct rig *r = rig_new(&plain);
	const struct rule_count *n;

	(void)state;
	rig_shadow(r, &stricter);
	rig_udp(r, 1, false);
	rig_udp(r, 1, false);
	assert_int_equal(r->pl->stats.packets[REASON_PASS_ALLOW], 2);
	assert_int_equal(r->pl->stats.candidate_evaluations, 0); // not one for a packet
	says(end_of(r), POLICY_BLOCK, "x", "NO", RECORD_EXC_NONE);
	assert_int_equal(rig_last(r, RECORD_END)->action, POLICY_ALLOW);
	assert_int_equal(rig_last(r, RECORD_END)->dp, 0);
	assert_int_equal(r->pl->stats.candidate_evaluations, 1);
	assert_int_equal(r->pl->stats.candidate_differs, 1);
	assert_int_equal(moves(r)->flows[POLICY_ALLOW][POLICY_BLOCK], 1);
	assert_int_equal(moves(r)->renamed, 0);
	n = policy_slot_count(atomic_load(&r->shadow.now), r->pl->c.shadow_reader, 0);
	assert_int_equal(n->hits, 1);
	assert_int_equal(n->out, 2 * 38);
	rig_free(r);
}

// The same action, rule and reason is no difference; another name is.
static void test_same_and_renamed(void **state)
{
	static const struct {
		const char *rules;
		bool same;
	} tries[] = {
		{FLAG_ALL, true},
		{BLOCK_SSH "," FLAG_ALL, true}, // has another index
		{RULE("g", UNKNOWN, "flag", "SEEN"), false},
		{RULE("f", UNKNOWN, "flag", "OTHER"), false},
	};
	const struct rig_options o = {.rules = FLAG_ALL};

	(void)state;
	for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const struct rig_options then = {.rules = tries[i].rules};
		struct rig *r = rig_new(&o);

		rig_shadow(r, &then);
		rig_udp(r, 1, false);
		assert_int_equal(end_of(r)->candidate == NULL, tries[i].same);
		assert_int_equal(rig_last(r, RECORD_DECISION)->candidate == NULL,
			// SSH may still show when the decision is written
			i == 1 ? true : tries[i].same);
		assert_int_equal(moves(r)->flows[POLICY_FLAG][POLICY_FLAG], 1);
		assert_int_equal(moves(r)->renamed, !tries[i].same);
		rig_free(r);
	}
}

// It comes, is replaced and goes while the flow lives.
static void test_comes_and_goes(void **state)
{
	const struct rig_options flag = {.rules = FLAG_ALL}, block = {.rules = BLOCK_ALL};
	struct rig *r = rig_new(&plain);

	(void)state;
	rig_udp(r, 1, false);
	rig_wait(r, 70000000);
	assert_int_equal(rig_count(r, RECORD_END), 1); // idle
	assert_null(rig_last(r, RECORD_END)->candidate);
	rig_shadow(r, &flag);
	rig_udp(r, 2, false);
	rig_wait(r, 70000000);
	says(rig_last(r, RECORD_END), POLICY_FLAG, "f", "SEEN", RECORD_EXC_NONE);
	rig_shadow(r, &block);
	rig_udp(r, 3, false);
	rig_wait(r, 70000000);
	says(rig_last(r, RECORD_END), POLICY_BLOCK, "x", "NO", RECORD_EXC_NONE);
	assert_int_equal(moves(r)->flows[POLICY_ALLOW][POLICY_FLAG], 0); // its own, from zero
	rig_shadow(r, NULL);
	rig_udp(r, 4, false);
	assert_null(end_of(r)->candidate);
	assert_int_equal(policy_slot_reclaim(&r->shadow, UINT64_MAX), 1);
	rig_free(r);
}

// A candidate whose rules need the label keeps a flow under classification that the policy in force
// would let go.
static void test_label(void **state)
{
	const struct rig_options lazy = {.lazy = true}, ssh = {.rules = BLOCK_SSH};
	struct rig_packet p = {.flow = 1, .proto = 6, .flags = 2, .seq = 100, .dport = 12345};
	struct rig *r;

	(void)state;
	for (unsigned with = 0; with < 2; with++) {
		r = rig_new(&lazy);
		if (with)
			rig_shadow(r, &ssh);
		p.flags = 2, p.seq = 100, p.ack = 0, p.answer = false, p.payload = NULL;
		rig_add(r, &p);
		rig_run(r);
		p.flags = 18, p.seq = 900, p.ack = 101, p.answer = true;
		rig_add(r, &p);
		rig_run(r);
		p.flags = 24, p.seq = 101, p.ack = 901, p.answer = false;
		p.payload = "SSH-2.0-OpenSSH_9.2\r\n";
		rig_add(r, &p);
		rig_run(r);
		p.seq = 901, p.ack = 122, p.answer = true;
		rig_add(r, &p);
		rig_run(r);
		end_of(r);
		assert_int_equal(rig_last(r, RECORD_END)->action, POLICY_ALLOW);
		if (with)
			says(rig_last(r, RECORD_END), POLICY_BLOCK, "s", "NO_SSH", RECORD_EXC_NONE);
		else
			assert_true(r->pl->stats.dpi_packets <= 1);
		rig_free(r);
	}
}

// Its overrides give the country, not those of the policy in force.
static void test_overrides(void **state)
{
	const char *const to_de =
		"{\"prefix\":\"198.51.100.0/24\",\"country\":\"DE\",\"note\":\"n\"}";
	const char *const by_de = RULE("d", "\"countries\":[\"DE\"]", "block", "IN_DE");
	const struct rig_options has = {.overrides = to_de, .rules = by_de}, not = {.rules = by_de};
	struct rig *r = rig_new(&not );

	(void)state;
	rig_shadow(r, &has);
	rig_udp(r, 1, false);
	says(end_of(r), POLICY_BLOCK, "d", "IN_DE", RECORD_EXC_NONE);
	assert_int_equal(rig_last(r, RECORD_END)->action, POLICY_ALLOW);
	rig_free(r);
	r = rig_new(&has);
	rig_shadow(r, &not );
	rig_udp(r, 1, false);
	says(end_of(r), POLICY_ALLOW, "_default", "NO_RULE", RECORD_EXC_NONE);
	assert_int_equal(rig_last(r, RECORD_END)->action, POLICY_BLOCK);
	rig_free(r);
}

// A limit that was passed holds for a candidate that has it, no wider; one that only the candidate
// has counts nothing.
static void test_limits(void **state)
{
	static const struct {
		const char *now, *then;
		enum policy_action action; // of the candidate
		bool same;
	} tries[] = {
		{LIMIT("l", "50", "flag"), LIMIT("l", "50", "flag"), POLICY_FLAG, true},
		{LIMIT("l", "50", "flag"), LIMIT("l", "40", "block"), POLICY_BLOCK, false},
		{LIMIT("l", "50", "flag"), LIMIT("l", "60", "flag"), POLICY_ALLOW, false},
		{LIMIT("l", "50", "flag"), LIMIT("m", "50", "flag"), POLICY_ALLOW, false},
		{LIMIT("l", "50", "flag"), "", POLICY_ALLOW, false},
		{"", LIMIT("l", "50", "flag"), POLICY_ALLOW, true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const struct rig_options now = {.limits = tries[i].now},
					 then = {.limits = tries[i].then};
		struct rig *r = rig_new(&now);

		rig_shadow(r, &then);
		rig_udp(r, 1, false);
		rig_udp(r, 1, false);
		end_of(r);
		assert_int_equal(rig_last(r, RECORD_END)->candidate == NULL, tries[i].same);
		if (!tries[i].same)
			says(rig_last(r, RECORD_END), tries[i].action, "_default",
				tries[i].action == POLICY_ALLOW ? "NO_RULE" : "MUCH",
				RECORD_EXC_NONE);
		rig_free(r);
	}
}

// An exception of the gateway's own holds against either policy.
static void test_exception(void **state)
{
	const struct rig_options o = {.contexts = 1, .exceptions = {.dpi_full = POLICY_FLAG}};
	const struct rig_options same = {.contexts = 1}, block = {.rules = BLOCK_ALL};
	struct rig *r = rig_new(&o);

	(void)state;
	rig_shadow(r, &same);
	rig_udp(r, 1, false);
	rig_udp(r, 2, false); // no context is left
	assert_int_equal(rig_last(r, RECORD_DECISION)->exception, RECORD_EXC_DPI_FULL);
	assert_null(rig_last(r, RECORD_DECISION)->candidate);
	rig_shadow(r, &block);
	rig_udp(r, 3, false);
	says(rig_last(r, RECORD_DECISION), POLICY_BLOCK, "x", "NO", RECORD_EXC_NONE);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_same_and_renamed),
		cmocka_unit_test(test_comes_and_goes),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_exception),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
