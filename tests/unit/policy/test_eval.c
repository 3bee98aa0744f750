// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Verdicts: those that the example policy must give, and each dimension and rule of the semantics
// by small policies.

#include "policy/jsondoc.h"
#include "tests/unit/policy/names.h"
#include "tests/unit/policy/small.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct policy *load_example(void)
{
	struct jsondoc doc;
	struct diag_list d;
	struct policy *p;

	diag_init(&d, EXAMPLE);
	assert_int_equal(jsondoc_file(&doc, EXAMPLE, &d), 0);
	p = policy_load(doc.text, doc.len, NOW + 86400 * 60, &test_names, &d);
	small_print(&d);
	assert_non_null(p);
	jsondoc_free(&doc);
	diag_clear(&d);
	return p;
}

static void set_addr(struct policy_addr *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	a->version = strchr(text, ':') ? 6 : 4;
	assert_int_equal(inet_pton(a->version == 6 ? AF_INET6 : AF_INET, text, a->b), 1);
}

// TCP to port 443, opened inside, nothing known of the application yet.
static struct policy_facts facts(
	const struct policy *p, const char *inside, const char *remote, const char *cc)
{
	struct policy_facts f = {.sport = 40000, .dport = 443, .proto = 6};

	set_addr(&f.inside, inside);
	set_addr(&f.remote, remote);
	f.cc = POLICY_CC(cc[0], cc[1]);
	policy_override(p, &f.remote, &f.cc);
	f.border = policy_border(p, f.cc);
	f.tenant = policy_tenant(p, &f.inside, POLICY_VLAN_NONE, POLICY_VNI_NONE);
	return f;
}

static void label(struct policy_facts *f, uint16_t app, uint16_t cat, const char *host)
{
	f->final = true;
	f->conf = POLICY_CONF_DPI;
	f->app = app;
	f->cat = cat;
	f->host = host;
}

static void expect(const struct policy *p, const struct policy_facts *f, int64_t now,
	enum policy_state state, enum policy_action action, const char *rule, const char *shadow)
{
	struct policy_rule_info r;
	struct policy_verdict v;

	policy_eval(p, f, now, &v);
	assert_int_equal(v.state, state);
	assert_int_equal(v.action, action);
	policy_rule(p, v.rule, &r);
	if (rule == NULL)
		assert_null(r.id);
	else
		assert_string_equal(r.id, rule);
	policy_rule(p, v.shadow, &r);
	if (shadow == NULL)
		assert_null(r.id);
	else
		assert_string_equal(r.id, shadow);
}

static void test_example(void **state)
{
	struct policy *p = load_example();
	struct policy_facts f = facts(p, "10.20.9.7", "192.0.2.1", "US");
	int64_t now = NOW + 86400 * 60;

	expect(p, &f, now, POLICY_UNDECIDED, POLICY_ALLOW, NULL, NULL);
	label(&f, APP_TLS, CAT_WEB, "diag.oem.example");
	expect(p, &f, now, POLICY_DECIDED, POLICY_ALLOW, "gdl-auto", NULL);
	label(&f, APP_TLS, CAT_WEB, "www.oem.example");
	expect(p, &f, now, POLICY_DECIDED, POLICY_FLAG, "_default", "trial-gdpr");
	f = facts(p, "10.20.200.5", "192.0.2.1", "JP");
	expect(p, &f, now, POLICY_DECIDED, POLICY_BLOCK, "important-rest", NULL);
	f = facts(p, "10.20.200.5", "203.0.113.70", "XX");
	expect(p, &f, now, POLICY_DECIDED, POLICY_ALLOW, "important-assessed", NULL);
	f.proto = 17;
	expect(p, &f, now, POLICY_DECIDED, POLICY_ALLOW, "important-assessed", NULL);
	f.dport = 80;
	expect(p, &f, now, POLICY_DECIDED, POLICY_BLOCK, "important-rest", NULL);
	f = facts(p, "10.20.24.9", "192.0.2.1", "JP");
	label(&f, APP_TLS, CAT_WEB, "anything.example");
	expect(p, &f, now, POLICY_DECIDED, POLICY_ALLOW, "cptpp-business", NULL);
	f = facts(p, "10.20.17.1", "192.0.2.1", "CN");
	expect(p, &f, now, POLICY_DECIDED, POLICY_ALLOW, "domestic", NULL);
	label(&f, APP_BITTORRENT, CAT_NONE, NULL);
	expect(p, &f, now, POLICY_DECIDED, POLICY_ALLOW, "domestic", NULL);
	f = facts(p, "10.99.0.1", "192.0.2.1", "DE");
	label(&f, APP_SSH, CAT_REMOTE, NULL);
	expect(p, &f, now, POLICY_DECIDED, POLICY_FLAG, "bulk-flag", NULL);
	f = facts(p, "10.99.0.1", "2001:db8:77::1", "DE");
	assert_int_equal(f.border, POLICY_BORDER_UNKNOWN);
	label(&f, APP_DNS, CAT_NETWORK, NULL);
	expect(p, &f, now, POLICY_DECIDED, POLICY_FLAG, "unknown-country", NULL);
	label(&f, APP_BITTORRENT, CAT_NONE, NULL);
	expect(p, &f, now, POLICY_DECIDED, POLICY_BLOCK, "p2p-block", NULL);
	policy_free(p);
}

static void test_confidence(void **state)
{
	struct policy *p = small_policy("\"tenants\":{},\"apps\":{\"s\":{\"apps\":[\"SSH\"]}},",
		"{\"id\":\"r\",\"match\":{\"apps\":[\"s\"]},\"action\":\"block\",\"reason\":\"A\"}",
		NULL);
	struct policy_facts f = facts(p, "10.0.0.1", "192.0.2.1", "DE");

	label(&f, APP_SSH, CAT_REMOTE, NULL);
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_BLOCK, "r", NULL);
	f.conf = POLICY_CONF_CACHE;
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_BLOCK, "r", NULL);
	f.conf = POLICY_CONF_IP;
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	f.conf = POLICY_CONF_DPI;
	f.app = APP_DROPBOX;
	f.master = APP_SSH;
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_BLOCK, "r", NULL);
	policy_free(p);
}

static void test_hosts(void **state)
{
	struct policy *p = small_policy(NULL,
		"{\"id\":\"exact\",\"match\":{\"hosts\":[\"a.example\"]},\"action\":\"allow\","
		"\"reason\":\"A\"},"
		"{\"id\":\"suffix\",\"match\":{\"hosts\":[\"*.b.example\",\"*.c.b.example\"]},"
		"\"action\":\"allow\",\"reason\":\"A\"}",
		NULL);
	static const struct {
		const char *host, *rule;
	} cases[] = {{"a.example", "exact"}, {"A.EXAMPLE", "exact"}, {"a.example.", "exact"},
		{"a.example:8443", "exact"}, {"x.a.example", "_default"},
		{"xa.example", "_default"}, {"b.example", "_default"}, {"x.b.example", "suffix"},
		{"y.x.b.example", "suffix"}, {"xb.example", "_default"},
		{"x.c.b.example", "suffix"}, {".b.example", "suffix"}};
	struct policy_facts f = facts(p, "10.0.0.1", "192.0.2.1", "DE");

	expect(p, &f, NOW, POLICY_AGREED, POLICY_FLAG, "_default", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.host = cases[i].host;
		expect(p, &f, NOW, POLICY_DECIDED,
			strcmp(cases[i].rule, "_default") == 0 ? POLICY_FLAG : POLICY_ALLOW,
			cases[i].rule, NULL);
	}
	policy_free(p);
}

static void test_ports(void **state)
{
	struct policy *p = small_policy(NULL,
		"{\"id\":\"r\",\"match\":{\"dports\":[\"443\",\"8000-8010\",\"65535\",\"0\"]},"
		"\"action\":\"block\",\"reason\":\"A\"},"
		"{\"id\":\"s\",\"match\":{\"sports\":[\"53\"]},\"action\":\"block\",\"reason\":"
		"\"A\"}",
		NULL);
	static const uint16_t in[] = {0, 443, 8000, 8005, 8010, 65535},
			      out[] = {1, 442, 444, 7999, 8011, 65534};
	struct policy_facts f = facts(p, "10.0.0.1", "192.0.2.1", "DE");

	for (size_t i = 0; i < 6; i++) {
		f.dport = in[i];
		expect(p, &f, NOW, POLICY_DECIDED, POLICY_BLOCK, "r", NULL);
		f.dport = out[i];
		expect(p, &f, NOW, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	}
	f.sport = 53;
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_BLOCK, "s", NULL);
	f.proto = 1; // ICMP has types and codes there, not ports
	f.dport = 0;
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	policy_free(p);
}

static void test_prefixes(void **state)
{
	struct policy *p = small_policy(NULL,
		"{\"id\":\"one\",\"match\":{\"dst\":[\"192.0.2.128/25\"],\"src\":[\"10.1.0.0/"
		"16\"]},\"action\":\"block\",\"reason\":\"A\"},"
		"{\"id\":\"wide\",\"match\":{\"dst\":[\"192.0.2.0/24\",\"2001:db8::/"
		"32\"]},\"action\":\"allow\",\"reason\":\"A\"},"
		"{\"id\":\"none\",\"match\":{\"dst\":[]},\"action\":\"block\",\"reason\":\"A\"}",
		NULL);
	struct policy_facts f = facts(p, "10.1.0.1", "192.0.2.129", "DE");

	expect(p, &f, NOW, POLICY_DECIDED, POLICY_BLOCK, "one", NULL);
	f = facts(p, "10.2.0.1", "192.0.2.129", "DE");
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_ALLOW, "wide", NULL);
	f = facts(p, "10.1.0.1", "192.0.2.127", "DE");
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_ALLOW, "wide", NULL);
	f = facts(p, "10.1.0.1", "192.0.3.0", "DE");
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	f = facts(p, "10.1.0.1", "2001:db8:ffff::1", "DE");
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_ALLOW, "wide", NULL);
	f = facts(p, "10.1.0.1", "2001:db9::1", "DE");
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	policy_free(p);
}

static void test_tenants(void **state)
{
	struct policy *p = small_policy("\"tenants\":{\"wide\":{\"prefixes\":[\"10.0.0.0/8\"]},"
					"\"near\":{\"prefixes\":[\"10.1.0.0/16\"]},"
					"\"red\":{\"prefixes\":[\"10.1.0.0/16\"],\"vlans\":[100]},"
					"\"blue\":{\"prefixes\":[\"10.1.2.0/24\"],\"vnis\":[7]},"
					"\"net\":{\"vlans\":[200,201]}},",
		"", NULL);
	static const struct {
		const char *addr, *name;
		uint16_t vlan;
		uint32_t vni;
	} cases[] = {
		{"10.9.0.1", "wide", 0, POLICY_VNI_NONE},
		{"10.1.0.1", "near", 0, POLICY_VNI_NONE},
		{"10.1.0.1", "red", 100, POLICY_VNI_NONE},
		{"10.1.0.1", "near", 101, POLICY_VNI_NONE},
		{"10.1.2.1", "blue", 0, 7},
		{"10.1.2.1", "near", 0, 8},
		{"10.1.2.1", "red", 100, 8},
		{"11.0.0.1", "_unlisted", 0, POLICY_VNI_NONE},
		{"11.0.0.1", "net", 200, POLICY_VNI_NONE},
		{"2001:db8::1", "net", 201, POLICY_VNI_NONE},
		{"10.9.0.1", "wide", 200, POLICY_VNI_NONE},
	};
	struct policy_addr a;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_addr(&a, cases[i].addr);
		assert_string_equal(
			policy_tenant_name(p, policy_tenant(p, &a, cases[i].vlan, cases[i].vni)),
			cases[i].name);
	}
	set_addr(&a, "10.255.255.255");
	assert_true(policy_inside(p, &a));
	set_addr(&a, "11.0.0.0");
	assert_false(policy_inside(p, &a));
	policy_free(p);
}

static void test_times(void **state)
{
	struct policy *p = small_policy(NULL,
		"{\"id\":\"r\",\"match\":{\"border\":[\"cross\"]},\"action\":\"allow\",\"reason\":"
		"\"A\","
		"\"valid_from\":\"2026-01-01T08:00:00+08:00\",\"valid_to\":\"2026-01-31T23:59:"
		"59Z\"}",
		NULL);
	const int64_t from = 1767225600, to = 1769903999, expires = 1893456000;
	struct policy_facts f = facts(p, "10.0.0.1", "192.0.2.1", "DE");
	struct policy_verdict v;

	expect(p, &f, from - 1, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	expect(p, &f, from, POLICY_DECIDED, POLICY_ALLOW, "r", NULL);
	expect(p, &f, to, POLICY_DECIDED, POLICY_ALLOW, "r", NULL);
	expect(p, &f, to + 1, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	assert_int_equal(policy_next_change(p, NOW), from);
	assert_int_equal(policy_next_change(p, from), to + 1);
	assert_int_equal(policy_next_change(p, to + 1), expires);
	assert_int_equal(policy_next_change(p, expires), INT64_MAX);
	policy_eval(p, &f, expires - 1, &v);
	assert_int_equal(v.expired, 0);
	policy_free(p);
}

static void expect_expired(const char *on_expiry, const char *cc, enum policy_action action,
	const char *rule, unsigned expired)
{
	char defaults[128];
	struct policy_facts f;
	struct policy_verdict v;
	struct policy_rule_info r;
	struct policy *p;

	snprintf(defaults, sizeof(defaults),
		"\"on_expiry\":\"%s\",\"boot_without_policy\":\"flag\"", on_expiry);
	p = small_policy(NULL,
		"{\"id\":\"r\",\"match\":{\"countries\":[\"DE\"]},\"action\":\"allow\",\"reason\":"
		"\"A\"},"
		"{\"id\":\"b\",\"match\":{\"countries\":[\"US\"]},\"action\":\"block\",\"reason\":"
		"\"A\"}",
		defaults);
	f = facts(p, "10.0.0.1", "192.0.2.1", cc);
	policy_eval(p, &f, 1893456000, &v);
	assert_int_equal(v.state, POLICY_DECIDED);
	assert_int_equal(v.action, action);
	assert_int_equal(v.expired, expired);
	policy_rule(p, v.rule, &r);
	if (rule == NULL)
		assert_null(r.id);
	else
		assert_string_equal(r.id, rule);
	policy_free(p);
}

static void test_expiry(void **state)
{
	expect_expired("keep_and_flag", "DE", POLICY_FLAG, "r", 1);
	expect_expired("keep_and_flag", "US", POLICY_BLOCK, "b", 0);
	expect_expired("default_only", "US", POLICY_FLAG, "_default", 1);
	expect_expired("block", "DE", POLICY_BLOCK, NULL, 1);
}

static void test_pending(void **state)
{
	const char *groups = "\"tenants\":{},\"apps\":{\"s\":{\"apps\":[\"SSH\"]}},";
	struct policy *p = small_policy(groups,
		"{\"id\":\"b\",\"match\":{\"apps\":[\"s\"]},\"action\":\"block\",\"reason\":\"A\"},"
		"{\"id\":\"x\",\"match\":{\"countries\":[\"DE\"]},\"action\":\"block\",\"reason\":"
		"\"B\"},"
		"{\"id\":\"r\",\"match\":{\"risks\":[\"XSS "
		"Attack\"]},\"action\":\"block\",\"reason\":\"C\"}",
		NULL);
	struct policy_facts f = facts(p, "10.0.0.1", "192.0.2.1", "DE");

	expect(p, &f, NOW, POLICY_AGREED, POLICY_BLOCK, "x", NULL);
	f = facts(p, "10.0.0.1", "192.0.2.1", "US");
	expect(p, &f, NOW, POLICY_UNDECIDED, POLICY_ALLOW, NULL, NULL);
	f.risks =
		2; // a risk that is seen is true at once, but SSH may still come first: both block
	expect(p, &f, NOW, POLICY_AGREED, POLICY_BLOCK, "r", NULL);
	label(&f, APP_TLS, CAT_WEB, NULL);
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_BLOCK, "r", NULL);
	f.risks = 0;
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	policy_free(p);
}

static void test_shadow_and_disabled(void **state)
{
	struct policy *p = small_policy(NULL,
		"{\"id\":\"off\",\"enabled\":false,\"match\":{\"border\":[\"cross\"]},\"action\":"
		"\"block\",\"reason\":\"A\"},"
		"{\"id\":\"sh1\",\"shadow\":true,\"match\":{\"border\":[\"cross\"]},\"action\":"
		"\"block\",\"reason\":\"A\"},"
		"{\"id\":\"sh2\",\"shadow\":true,\"match\":{\"border\":[\"cross\"]},\"action\":"
		"\"allow\",\"reason\":\"A\"},"
		"{\"id\":\"r\",\"match\":{\"countries\":[\"DE\"]},\"action\":\"allow\",\"reason\":"
		"\"A\"},"
		"{\"id\":\"sh3\",\"shadow\":true,\"match\":{\"border\":[\"home\"]},\"action\":"
		"\"block\",\"reason\":\"A\"}",
		NULL);
	struct policy_facts f = facts(p, "10.0.0.1", "192.0.2.1", "DE");

	expect(p, &f, NOW, POLICY_DECIDED, POLICY_ALLOW, "r", "sh1");
	f = facts(p, "10.0.0.1", "192.0.2.1", "CN");
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_FLAG, "_default", "sh3");
	policy_free(p);
}

static void test_many_rules(void **state)
{
	char *rules = malloc(4096 * 160);
	size_t used = 0;
	struct policy_facts f;
	struct policy *p;
	char want[16];

	for (unsigned i = 0; i < 120; i++)
		used += (size_t)sprintf(rules + used,
			"%s{\"id\":\"r%u\",\"match\":{\"dports\":[\"%u\"]},\"action\":\"allow\","
			"\"reason\":\"A\"}",
			i == 0 ? "" : ",", i, 1000 + i);
	assert_true(used < 8000 * 2);
	rules[used] = '\0';
	char *text = malloc(used + 2048);
	sprintf(text,
		"{\"schema\":\"egress-policy/"
		"1\",\"meta\":{\"id\":\"t\",\"version\":1,\"issuer\":\"x\","
		"\"not_before\":\"2025-01-01T00:00:00Z\",\"expires\":\"2030-01-01T00:00:00Z\","
		"\"timezone\":\"UTC\"},\"home\":[\"CN\"],\"tenants\":{},"
		"\"defaults\":{\"action\":\"flag\",\"reason\":\"NO_RULE\",\"min_confidence\":"
		"\"cache\","
		"\"pending\":{\"action\":\"pass\",\"max_packets\":{\"tcp\":80,\"udp\":24},"
		"\"max_bytes_out\":1000,\"max_ms\":3000},\"on_expiry\":\"block\","
		"\"boot_without_policy\":\"block\"},\"rules\":[%s]}",
		rules);
	p = small_load(text, NOW);
	f = facts(p, "10.0.0.1", "192.0.2.1", "DE");
	for (unsigned i = 0; i < 120; i++) {
		f.dport = (uint16_t)(1000 + i);
		snprintf(want, sizeof(want), "r%u", i);
		expect(p, &f, NOW, POLICY_DECIDED, POLICY_ALLOW, want, NULL);
	}
	f.dport = 999;
	expect(p, &f, NOW, POLICY_DECIDED, POLICY_FLAG, "_default", NULL);
	policy_free(p);
	free(text);
	free(rules);
}

static void test_builtin(void **state)
{
	struct policy *p = policy_builtin(POLICY_BLOCK, "NO_POLICY");
	struct policy_facts f = facts(p, "10.0.0.1", "192.0.2.1", "DE");
	struct policy_rule_info r;

	expect(p, &f, NOW, POLICY_DECIDED, POLICY_BLOCK, "_default", NULL);
	policy_rule(p, POLICY_RULE_DEFAULT, &r);
	assert_string_equal(r.reason, "NO_POLICY");
	policy_free_engine(p);
	assert_string_equal(policy_tenant_name(p, 0), "_unlisted");
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_confidence),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_tenants),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_shadow_and_disabled),
		cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_builtin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
