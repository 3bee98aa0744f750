// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Exact lines of records and notices.

#include "app/flowlog/line.h"
#include "fake_policy.h"
#include "sample.h"
#include "scratch.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// What all samples share, in four parts around the fields that tests change.
#define HEAD  "{\"v\":1,\"ev\":\"end\",\"gw\":\"gw-a1\",\"seq\":7,\"fid\":\"0123456789abcdef\","
#define TIMES "\"t0\":1795510800000000,\"t1\":1795510801500000,"
#define ENDS                                                                                       \
	"\"src\":\"10.20.9.7\",\"sport\":50123,\"dst\":\"198.51.100.255\",\"dport\":443,"          \
	"\"proto\":6,"
#define TENANT "\"init\":\"inside\",\"tn\":\"auto-oem\","
#define LABEL  "\"app\":\"Google\",\"master\":\"TLS\",\"cat\":\"Web\",\"conf\":\"dpi\","
#define HOST   "\"host\":\"diag.oem.example\",\"hsrc\":\"sni\","
#define PLACE  "\"asn\":64496,\"cc\":\"US\",\"ccs\":\"db\",\"border\":\"cross\","
#define VERDICT                                                                                    \
	"\"act\":\"allow\",\"rule\":\"gdl-auto\",\"reason\":\"GENERAL_DATA_LIST\","                \
	"\"basis\":[\"GDL-AUTO-AFTERSALES\",\"ASSESS-EXAMPLE-7\"],"
#define COUNTS                                                                                     \
	"\"pol\":412,\"ob\":4321,\"rb\":98765,\"op\":21,\"rp\":80,\"db\":0,\"dp\":0,"              \
	"\"pb\":900,\"pp\":5,\"dpkt\":6"
#define TAIL ",\"end\":\"fin\"}\n"

static const struct line_source source_head = {"\"gw-a1\"", 7, {0}};

static char *line_of(const struct record *r)
{
	static const size_t room = 16384;
	struct line_source source = source_head;
	char *text = malloc(room);
	struct json_out j = {text, text + room, false};

	assert_non_null(text);
	source.words = sample_words();
	line_record(&j, &source, 7, r);
	assert_false(j.full);
	*j.p = '\0';
	return text;
}

static void validate(const char *line)
{
	void *state;
	char path[128];

	scratch_make(&state);
	scratch_path(state, "lines", path);
	scratch_write(path, line, strlen(line));
	assert_int_equal(scratch_validate(path), 0);
	scratch_remove(&state);
}

static void is(const struct record *r, const char *expected)
{
	char *line = line_of(r);

	assert_string_equal(line, expected);
	free(line);
}

static void check(const struct record *r, const char *expected)
{
	is(r, expected);
	validate(expected);
}

static void test_tcp(void **state)
{
	struct record r = sample_record();

	check(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE VERDICT COUNTS TAIL);
}

static void test_events(void **state)
{
	struct record r = sample_record();
	char *line;

	r.ev = RECORD_DECISION; // end is said only by an end record
	line = line_of(&r);
	assert_non_null(strstr(line, "\"ev\":\"decision\""));
	assert_null(strstr(line, "\"end\":"));
	assert_non_null(strstr(line, COUNTS "}\n"));
	validate(line);
	free(line);
	r.ev = RECORD_UPDATE;
	line = line_of(&r);
	assert_non_null(strstr(line, "\"ev\":\"update\""));
	assert_null(strstr(line, "\"end\":"));
	validate(line);
	free(line);
}

static void test_ipv6_outside(void **state)
{
	struct record r = sample_record();

	r.version = 6;
	r.init = POLICY_INIT_OUTSIDE;
	inet_pton(AF_INET6, "2001:db8:0:0:1:0:0:1", r.src);
	inet_pton(AF_INET6, "2001:db8:20:8::7", r.dst);
	r.cc_source = RECORD_CC_OVERRIDE;
	check(&r, HEAD TIMES
		"\"src\":\"2001:db8::1:0:0:1\",\"sport\":50123,"
		"\"dst\":\"2001:db8:20:8::7\",\"dport\":443,\"proto\":6,"
		"\"init\":\"outside\",\"tn\":\"auto-oem\"," LABEL HOST
		"\"asn\":64496,\"cc\":\"US\",\"ccs\":\"override\",\"border\":\"cross\"," VERDICT
			COUNTS TAIL);
}

static void test_icmp(void **state)
{
	struct record r = sample_record();

	r.proto = 1;
	r.sport = 8;
	r.dport = 0;
	r.app = 300; // no name for it
	r.master = 0;
	r.cat = 0;
	r.conf = POLICY_CONF_NONE;
	r.host[0] = '\0';
	r.host_source = RECORD_HOST_NONE;
	r.asn = 0;
	r.dpkt = 0;
	r.end = RECORD_END_IDLE;
	check(&r, HEAD TIMES
		"\"src\":\"10.20.9.7\",\"sport\":8,\"dst\":\"198.51.100.255\",\"dport\":0,"
		"\"proto\":1," TENANT "\"cc\":\"US\",\"ccs\":\"db\",\"border\":\"cross\"," VERDICT
		"\"pol\":412,\"ob\":4321,\"rb\":98765,\"op\":21,\"rp\":80,\"db\":0,"
		"\"dp\":0,\"pb\":900,\"pp\":5,\"end\":\"idle\"}\n");
}

static void test_no_ports(void **state)
{
	struct record r = sample_record();

	r.proto = 50; // ESP
	r.sport = r.dport = 0;
	check(&r, HEAD TIMES
		"\"src\":\"10.20.9.7\",\"dst\":\"198.51.100.255\",\"proto\":50," TENANT LABEL HOST
			PLACE VERDICT COUNTS TAIL);
}

static void test_tags(void **state)
{
	struct record r = sample_record();

	r.n_vlans = 2;
	r.vlans[0] = 100;
	r.vlans[1] = 4094;
	r.n_tunnels = 3;
	r.tunnels[0] = (struct record_tunnel){RECORD_TUN_VXLAN, 42};
	r.tunnels[1] = (struct record_tunnel){RECORD_TUN_GTPU, UINT32_MAX};
	r.tunnels[2] = (struct record_tunnel){RECORD_TUN_IPIP, 9};
	check(&r, HEAD TIMES ENDS "\"vlan\":[100,4094],\"tun\":[\"vxlan:42\",\"gtpu:4294967295\","
				  "\"ipip\"]," TENANT LABEL HOST PLACE VERDICT COUNTS TAIL);
	r.n_vlans = 0;
	r.tunnels[0] = (struct record_tunnel){RECORD_TUN_GENEVE, 1};
	r.tunnels[1] = (struct record_tunnel){RECORD_TUN_PPPOE, 2};
	r.tunnels[2] = (struct record_tunnel){RECORD_TUN_MPLS, 3};
	check(&r, HEAD TIMES ENDS "\"tun\":[\"geneve:1\",\"pppoe:2\",\"mpls:3\"]," TENANT LABEL HOST
			  PLACE VERDICT COUNTS TAIL);
}

static void test_undecided(void **state)
{
	struct record r = sample_record();

	r.undecided = true;
	r.shadow = FAKE_RULE_SHADOW;
	r.severity = POLICY_SEV_HIGH;
	check(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE "\"act\":\"allow\"," COUNTS TAIL);
}

static void test_default_and_shadow(void **state)
{
	struct record r = sample_record();

	r.action = POLICY_FLAG;
	r.rule = POLICY_RULE_DEFAULT;
	r.severity = POLICY_SEV_MEDIUM;
	r.shadow = FAKE_RULE_SHADOW;
	check(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE
		"\"act\":\"flag\",\"rule\":\"_default\",\"reason\":\"NO_RULE\",\"sev\":\"medium\","
		"\"sh\":\"trial-gdpr\"," COUNTS TAIL);
}

static void test_exception(void **state)
{
	struct record r = sample_record();

	r.action = POLICY_FLAG;
	r.rule = POLICY_RULE_NONE;
	r.exception = RECORD_EXC_DPI_FULL;
	check(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE
		"\"act\":\"flag\",\"reason\":\"DPI_CONTEXTS_FULL\"," COUNTS TAIL);
	// Without a policy nothing can be named; the place is as the gateway knows it.
	r.policy = NULL;
	r.exception = RECORD_EXC_FLOW_TABLE_FULL;
	r.cc = 0;
	r.cc_source = RECORD_CC_NONE;
	r.border = POLICY_BORDER_UNKNOWN;
	check(&r, HEAD TIMES ENDS
		"\"init\":\"inside\"," LABEL HOST
		"\"asn\":64496,\"cc\":\"XX\",\"ccs\":\"none\",\"border\":\"unknown\","
		"\"act\":\"flag\",\"reason\":\"FLOW_TABLE_FULL\","
		"\"ob\":4321,\"rb\":98765,\"op\":21,\"rp\":80,\"db\":0,\"dp\":0,"
		"\"pb\":900,\"pp\":5,\"dpkt\":6" TAIL);
}

// What a candidate would have decided stands behind the version of the policy in force.
static void test_candidate(void **state)
{
	struct record r = sample_record();

	r.candidate = r.policy;
	r.cand_action = POLICY_BLOCK;
	r.cand_rule = FAKE_RULE_BLOCK;
	r.cand_limit = POLICY_LIMIT_NONE;
	check(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE VERDICT
		"\"pol\":412,\"sact\":\"block\",\"srule\":\"p2p-block\",\"sreason\":"
		"\"PROHIBITED_APP\",\"spol\":412,\"ob\":4321,\"rb\":98765,\"op\":21,\"rp\":80,"
		"\"db\":0,\"dp\":0,\"pb\":900,\"pp\":5,\"dpkt\":6" TAIL);
	r.cand_action = POLICY_FLAG;
	r.cand_rule = FAKE_RULE_ALLOW;
	r.cand_limit = FAKE_LIMIT; // raises it, so that the reason is its own
	is(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE VERDICT
		"\"pol\":412,\"sact\":\"flag\",\"srule\":\"gdl-auto\",\"sreason\":"
		"\"DECLARED_VOLUME_EXCEEDED\",\"spol\":412,\"ob\":4321,\"rb\":98765,\"op\":21,"
		"\"rp\":80,\"db\":0,\"dp\":0,\"pb\":900,\"pp\":5,\"dpkt\":6" TAIL);
	r.cand_action = POLICY_BLOCK;
	r.cand_rule = POLICY_RULE_NONE;
	r.cand_limit = POLICY_LIMIT_NONE;
	r.cand_exception = RECORD_EXC_POLICY_EXPIRED;
	is(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE VERDICT
		"\"pol\":412,\"sact\":\"block\",\"sreason\":\"POLICY_EXPIRED\",\"spol\":412,"
		"\"ob\":4321,\"rb\":98765,\"op\":21,\"rp\":80,\"db\":0,\"dp\":0,\"pb\":900,"
		"\"pp\":5,\"dpkt\":6" TAIL);
	// Nothing to compare with.
	r.undecided = true;
	is(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE "\"act\":\"allow\"," COUNTS TAIL);
	r.undecided = false;
	r.local = true;
	is(&r, HEAD TIMES ENDS TENANT LABEL HOST COUNTS TAIL);
}

static void test_local(void **state)
{
	struct record r = sample_record();

	r.local = true;
	check(&r, HEAD TIMES ENDS TENANT LABEL HOST COUNTS TAIL);
}

static void test_risks_and_fingerprint(void **state)
{
	struct record r = sample_record();

	r.risks = 1ull << 5 | 1ull << 9 | 1ull << 63; // 9 has no name
	r.has_ja3 = true;
	for (unsigned i = 0; i < sizeof(r.ja3); i++) {
		r.ja3[i] = (uint8_t)(i * 17);
	}
	check(&r, HEAD TIMES ENDS TENANT LABEL HOST
		"\"ja3\":\"00112233445566778899aabbccddeeff\","
		"\"risk\":[\"Known Proto on Non Std Port\",\"Last \\\"risk\\\"\"]," PLACE VERDICT
			COUNTS TAIL);
	r.risks = 1ull << 9;
	r.has_ja3 = false;
	check(&r, HEAD TIMES ENDS TENANT LABEL HOST PLACE VERDICT COUNTS TAIL);
}

static void test_hosts(void **state)
{
	struct record r = sample_record();
	char expected[4096], *line;

	strcpy(r.host, "a\"b\\c\x01\n\xff\xc3\xa9");
	r.host_source = RECORD_HOST_HTTP;
	check(&r, HEAD TIMES ENDS TENANT LABEL
		"\"host\":\"a\\\"b\\\\c\\u0001\\n\xef\xbf\xbd\xc3\xa9\",\"hsrc\":\"http\"," PLACE
			VERDICT COUNTS TAIL);
	memset(r.host, 'h', RECORD_HOST_MAX);
	r.host[RECORD_HOST_MAX] = '\0';
	snprintf(expected, sizeof(expected),
		HEAD TIMES ENDS TENANT LABEL
		"\"host\":\"%s\",\"hsrc\":\"http\"," PLACE VERDICT COUNTS TAIL,
		r.host);
	check(&r, expected);
	// Unterminated, and every byte becomes an escape.
	memset(r.host, 0x02, sizeof(r.host));
	line = line_of(&r);
	assert_non_null(strstr(line, "\\u0002\\u0002\",\"hsrc\""));
	validate(line);
	free(line);
}

// Values that no worker should write still give a line that is whole.
static void test_out_of_range(void **state)
{
	struct record r;
	char *line;

	memset(&r, 0xff, sizeof(r));
	r.policy = r.candidate = NULL;
	r.local = r.undecided = r.has_ja3 = false;
	line = line_of(&r);
	assert_non_null(
		strstr(line, "\"cc\":\"XX\",\"ccs\":\"none\",\"border\":\"unknown\",\"act\":"
			     "\"block\""));
	assert_int_equal(line[strlen(line) - 1], '\n');
	free(line);
}

static const char *notice(char *text, size_t size, void (*put)(struct json_out *j))
{
	struct json_out j = {text, text + size - 1, false};

	put(&j);
	assert_false(j.full);
	*j.p = '\0';
	validate(text);
	return text;
}

static void put_start(struct json_out *j)
{
	static const char *const db[] = {"/usr/share/tor/geoip sha256:ab", "two"};
	const struct notice_start n = {SAMPLE_T, "0.1.0", "replay", "nDPI 4.2.0", db, 2, NULL};

	line_start(j, &source_head, 1, &n);
}

static void put_policy(struct json_out *j)
{
	const struct notice_policy n = {.t = SAMPLE_T,
		.how = "push",
		.who = "uid:0",
		.outcome = "refused",
		.id = "park",
		.version = 413,
		.detail = "line 3: \"x\""};

	line_policy(j, &source_head, 2, &n);
}

static void put_gap(struct json_out *j)
{
	const struct notice_gap n = {
		.t = SAMPLE_T, .cause = "ring_full", .lost = 3, .from = 5, .to = 7};

	line_gap(j, &source_head, 8, &n);
}

static void put_stop(struct json_out *j)
{
	const struct notice_stop n = {SAMPLE_T, "signal", 10, 7, 2, 1, 11, 12, 13};

	line_stop(j, &source_head, 9, &n);
}

#define NOTICE(ev, seq)                                                                            \
	"{\"v\":1,\"ev\":\"" ev "\",\"gw\":\"gw-a1\",\"seq\":" seq ",\"t0\":1795510800000000,"     \
	"\"t1\":1795510800000000,"

static void test_notices(void **state)
{
	char text[2048];

	assert_string_equal(notice(text, sizeof(text), put_start),
		NOTICE("start", "1") "\"ver\":\"0.1.0\",\"mode\":\"replay\",\"dpi\":\"nDPI 4.2.0\","
				     "\"dbs\":[\"/usr/share/tor/geoip sha256:ab\",\"two\"]}\n");
	assert_string_equal(notice(text, sizeof(text), put_policy),
		NOTICE("policy",
			"2") "\"how\":\"push\",\"who\":\"uid:0\",\"outcome\":\"refused\","
			     "\"id\":\"park\",\"pol\":413,\"detail\":\"line 3: \\\"x\\\"\"}\n");
	assert_string_equal(notice(text, sizeof(text), put_gap),
		NOTICE("gap", "8") "\"cause\":\"ring_full\",\"lost\":3,\"from\":5,\"to\":7}\n");
	assert_string_equal(notice(text, sizeof(text), put_stop),
		NOTICE("stop", "9") "\"why\":\"signal\",\"attempted\":10,\"written\":7,"
				    "\"lost_ring\":2,\"lost_disk\":1,\"pkts\":11,\"bytes\":12,"
				    "\"missed\":13}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_ipv6_outside),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_no_ports),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_undecided),
		cmocka_unit_test(test_default_and_shadow),
		cmocka_unit_test(test_exception),
		cmocka_unit_test(test_candidate),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_risks_and_fingerprint),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
