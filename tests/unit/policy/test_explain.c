// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The words of explanations. That conditions and verdicts are right is the model's to tell.

#include "policy/engine.h"
#include "policy/explain.h"
#include "tests/unit/policy/names.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1764000000 // 2025-11-24T16:00:00Z

#define TEN(s) s s s s s s s s s s

static const char text[] =
	"{\"schema\":\"egress-policy/1\",\"meta\":{\"id\":\"t\",\"version\":1,\"issuer\":\"x\","
	"\"not_before\":\"2025-01-01T00:00:00Z\",\"expires\":\"2030-01-01T00:00:00Z\","
	"\"timezone\":\"UTC\"},\"home\":[\"CN\"],"
	"\"jurisdictions\":{\"j\":{\"as_of\":\"2025-02-03\",\"countries\":[\"JP\",\"US\"],"
	"\"partial\":[\"US\"]},\"k\":{\"as_of\":\"2025-02-03\",\"countries\":[\"DE\"]}},"
	"\"geo\":{\"overrides\":[{\"prefix\":\"192.0.2.0/24\",\"country\":\"JP\",\"note\":\"n\"},"
	"{\"prefix\":\"198.18.0.0/15\",\"country\":\"US\",\"note\":\"\\u001b[31m\\nx" TEN(
		TEN("\xe7\xad\xbe"))
		TEN(TEN("\xe7\xad\xbe")) "\"}]},"
					 "\"tenants\":{\"a\":{\"prefixes\":[\"10.0.0.0/"
					 "8\"]},\"v\":{\"prefixes\":[\"10.1.0.0/16\"],"
					 "\"vlans\":[7]},\"n\":{\"vnis\":[5]}},"
					 "\"apps\":{\"web\":{\"apps\":[\"TLS\"],\"categories\":["
					 "\"Web\"]}},"
					 "\"defaults\":{\"action\":\"flag\",\"reason\":\"NO_RULE\","
					 "\"min_confidence\":\"cache\","
					 "\"pending\":{\"action\":\"pass\",\"max_packets\":{"
					 "\"tcp\":80,\"udp\":24},"
					 "\"max_bytes_out\":1000,\"max_ms\":3000},\"on_expiry\":"
					 "\"default_only\","
					 "\"boot_without_policy\":\"block\"},\"rules\":["
					 "{\"id\":\"many\",\"match\":{\"countries\":[\"AD\",\"AE\","
					 "\"AF\",\"AG\",\"AI\",\"AL\","
					 "\"AM\",\"AO\"],\"dst\":[],\"jurisdictions\":[\"k\"]},"
					 "\"action\":\"block\",\"reason\":"
					 "\"R\"},"
					 "{\"id\":\"past\",\"match\":{\"protos\":[\"tcp\"]},"
					 "\"action\":\"block\",\"reason\":\"R\","
					 "\"valid_to\":\"2025-06-01T00:00:00Z\"},"
					 "{\"id\":\"wait\",\"match\":{\"jurisdictions\":[\"j\"],"
					 "\"apps\":[\"web\"],"
					 "\"hosts\":[\"*.a.example\"],\"risks\":[\"XSS "
					 "Attack\"]},\"action\":\"block\",\"reason\":\"R\","
					 "\"capture\":{\"packets\":9}},"
					 "{\"id\":\"last\",\"match\":{\"border\":[\"cross\"],"
					 "\"dports\":[\"1-1024\"]},"
					 "\"action\":\"allow\",\"reason\":\"R\"}],"
					 "\"limits\":[{\"id\":\"l\",\"match\":{\"rules\":[\"last\"]"
					 "},\"per\":\"flow\",\"bytes_out\":"
					 "1,"
					 "\"then\":\"flag\",\"reason\":\"L\"}]}";

struct bench {
	struct policy *p;
	struct policy_question q;
	struct policy_explanation e;
};

static struct bench begin(const char *inside, const char *remote, const char *cc)
{
	struct bench b = {.q = {.vni = POLICY_VNI_NONE, .cc = POLICY_CC(cc[0], cc[1]), .now = NOW}};
	struct diag_list d;

	diag_init(&d, "test");
	b.p = policy_load(text, strlen(text), NOW, &test_names, &d);
	for (size_t i = 0; b.p == NULL && i < d.n; i++)
		print_error("%s: %s\n", d.v[i].pointer, d.v[i].what);
	assert_non_null(b.p);
	diag_clear(&d);
	b.q.facts = (struct policy_facts){.sport = 40000, .dport = 443, .proto = 6};
	b.q.facts.inside.version = b.q.facts.remote.version = 4;
	assert_int_equal(inet_pton(AF_INET, inside, b.q.facts.inside.b), 1);
	assert_int_equal(inet_pton(AF_INET, remote, b.q.facts.remote.b), 1);
	return b;
}

static void ask(struct bench *b)
{
	policy_explanation_free(&b->e);
	assert_int_equal(policy_explain(b->p, &b->q, &test_names, &b->e), 0);
	assert_null(b->e.differs);
}

static void end(struct bench *b)
{
	policy_explanation_free(&b->e);
	policy_free(b->p);
}

// What is said of a rule's field.
static void says(const struct bench *b, unsigned rule, const char *field, enum policy_truth is,
	const char *why)
{
	const struct explain_match *m = &b->e.rules[rule].match;

	for (unsigned i = 0; i < m->n; i++)
		if (strcmp(m->conditions[i].field, field) == 0) {
			assert_string_equal(m->conditions[i].why, why);
			assert_int_equal(m->conditions[i].is, is);
			return;
		}
	fail_msg("no condition on %s", field);
}

static void while_it_is_pending(void **state)
{
	struct bench b = begin("10.1.0.7", "192.0.2.9", "US");

	(void)state;
	ask(&b);
	assert_string_equal(b.e.tenant_why, "10.1.0.7 is in 10.0.0.0/8 of a");
	assert_string_equal(b.e.country_why, "the policy's override of 192.0.2.0/24 gives JP (n)");
	says(&b, 0, "countries", POLICY_FALSE, "JP is none of AD, AE, AF, AG, AI, AL and 2 more");
	says(&b, 0, "dst", POLICY_FALSE, "nothing is listed, so nothing matches");
	says(&b, 0, "jurisdictions", POLICY_FALSE, "JP is not in k");
	assert_int_equal(b.e.rules[1].part, EXPLAIN_OFF);
	assert_string_equal(b.e.rules[1].off, "ended at 2025-06-01T00:00:00Z");
	says(&b, 2, "jurisdictions", POLICY_TRUE, "JP is in j, as of 2025-02-03");
	says(&b, 2, "apps", POLICY_PENDING, "no label yet that is final");
	says(&b, 2, "hosts", POLICY_PENDING, "no name seen yet; wanted: *.a.example");
	says(&b, 2, "risks", POLICY_PENDING, "none was found yet of XSS Attack");
	says(&b, 3, "dports", POLICY_TRUE, "443 is in 1-1024");
	assert_int_equal(b.e.rules[2].part, EXPLAIN_CANDIDATE);
	assert_int_equal(b.e.rules[3].part, EXPLAIN_HOLDS);
	assert_int_equal(b.e.verdict.state, POLICY_UNDECIDED);
	assert_int_equal(b.e.verdict.capture_packets, 9);
	assert_int_equal(b.e.holds, 3);
	// The limit waits for the rule.
	assert_int_equal(b.e.n_held, 0);
	assert_int_equal(b.e.limits[0].is, POLICY_PENDING);
	assert_string_equal(
		b.e.limits[0].conditions[0].why, "no rule has decided yet; wanted: last");
	end(&b);
}

static void when_it_is_final(void **state)
{
	struct bench b = begin("10.1.0.7", "198.51.100.9", "US");

	(void)state;
	b.q.facts.final = true;
	b.q.facts.conf = POLICY_CONF_DPI;
	b.q.facts.app = APP_HTTP;
	b.q.facts.master = APP_TLS;
	b.q.facts.cat = CAT_VPN;
	b.q.facts.host = "B.a.Example:8443";
	b.q.facts.risks = 2;
	ask(&b);
	assert_null(b.e.country_why);
	says(&b, 2, "jurisdictions", POLICY_TRUE, "US is in j in part, as of 2025-02-03");
	says(&b, 2, "apps", POLICY_TRUE, "TLS.HTTP of VPN is in web (TLS)");
	says(&b, 2, "hosts", POLICY_TRUE, "b.a.example is below *.a.example");
	says(&b, 2, "risks", POLICY_TRUE, "XSS Attack was found");
	assert_int_equal(b.e.rules[2].part, EXPLAIN_HOLDS);
	assert_int_equal(b.e.rules[3].part, EXPLAIN_BELOW);
	assert_int_equal(b.e.limits[0].is, POLICY_FALSE);
	assert_string_equal(b.e.limits[0].conditions[0].why, "wait decides; not last");
	// A guess from the port is too little.
	b.q.facts.conf = POLICY_CONF_PORT;
	b.q.facts.host = "a.example.";
	ask(&b);
	says(&b, 2, "apps", POLICY_FALSE,
		"TLS.HTTP of VPN, not sure enough, which counts as Unknown, is not in web");
	says(&b, 2, "hosts", POLICY_FALSE, "a.example is not *.a.example");
	assert_int_equal(b.e.n_held, 1);
	assert_string_equal(b.e.limits[0].conditions[0].why, "last decides");
	b.q.facts.proto = 1;
	b.q.cc = POLICY_CC_XX;
	ask(&b);
	says(&b, 3, "dports", POLICY_FALSE, "icmp has no ports");
	says(&b, 3, "border", POLICY_FALSE, "XX is unknown, not cross");
	says(&b, 2, "jurisdictions", POLICY_FALSE,
		"the country is unknown, which is in no group: not in j");
	end(&b);
}

static void networks_tell_tenants_apart(void **state)
{
	struct bench b = begin("10.1.0.7", "198.51.100.9", "US");

	(void)state;
	b.q.vlan = 7;
	ask(&b);
	assert_string_equal(b.e.tenant_why, "10.1.0.7 is in 10.1.0.0/16 of v, VLAN 7");
	b.q.facts.inside.b[0] = 11;
	ask(&b);
	assert_string_equal(b.e.tenant_why, "11.1.0.7 is of no tenant");
	b.q.vni = 5;
	ask(&b);
	assert_string_equal(b.e.tenant_why, "the network is that of n, VNI 5");
	end(&b);
}

// What a policy's author writes neither breaks the line nor drives the terminal, and stays UTF-8.
static void words_of_others_are_one_line(void **state)
{
	struct bench b = begin("10.1.0.7", "198.18.0.9", "US");
	const char *why, *end_of;

	(void)state;
	ask(&b);
	why = b.e.country_why;
	assert_non_null(strstr(why, " gives US (\\x1b[31m\\x0ax\xe7\xad\xbe"));
	assert_null(strpbrk(why, "\033\n"));
	end_of = why + strlen(why) - 3;
	assert_string_equal(end_of, "...");
	assert_int_equal((uint8_t)end_of[-3], 0xe7); // a whole character stands before
	end(&b);
}

// A document that is not what was compiled stands for a mistake in either.
static void a_difference_is_told(void **state)
{
	struct bench b = begin("10.1.0.7", "198.51.100.9", "US");

	(void)state;
	b.q.facts.final = true;
	b.q.facts.dport = 2000;
	ask(&b);
	assert_int_equal(b.e.holds, POLICY_RULE_DEFAULT);
	b.p->doc->rules[3].match.present &= ~(1u << DIM_DPORTS);
	policy_explanation_free(&b.e);
	assert_int_equal(policy_explain(b.p, &b.q, &test_names, &b.e), 0);
	assert_string_equal(b.e.differs, "the engine's verdict is flag by _default (decided), the "
					 "explanation's allow by last "
					 "(decided)");
	end(&b);
}

static void when_the_policy_has_expired(void **state)
{
	struct bench b = begin("10.1.0.7", "198.51.100.9", "US");

	(void)state;
	b.q.now = 1893456000; // 2030-01-01T00:00:00Z
	ask(&b);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(b.e.rules[i].part, EXPLAIN_OFF);
		assert_string_equal(b.e.rules[i].off, "the policy has expired");
	}
	assert_int_equal(b.e.verdict.rule, POLICY_RULE_DEFAULT);
	assert_int_equal(b.e.verdict.expired, 1);
	assert_int_equal(b.e.holds, POLICY_RULE_NONE);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_it_is_pending),
		cmocka_unit_test(when_it_is_final),
		cmocka_unit_test(networks_tell_tenants_apart),
		cmocka_unit_test(words_of_others_are_one_line),
		cmocka_unit_test(a_difference_is_told),
		cmocka_unit_test(when_the_policy_has_expired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
