// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What bhctl policy explain understands, and what it says where it does not.

#include "app/operator/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct offline_policy policy; // only nDPI's names are asked for

static int open_dpi(void **state)
{
	const struct dpi_config c = {.contexts = 1, .max_packets_tcp = 1, .max_packets_udp = 1};
	char err[256];

	(void)state;
	policy.dpi = dpi_create(&c, err, sizeof(err));
	return policy.dpi != NULL ? 0 : -1;
}

static int close_dpi(void **state)
{
	(void)state;
	dpi_free(policy.dpi);
	return 0;
}

// A flow that is complete.
static struct explain_words words(void)
{
	return (struct explain_words){.src = "10.20.9.7",
		.dst = "198.51.100.7",
		.dport = "443",
		.country = "US",
		.asn = "0",
		.at = "2026-01-31"};
}

static struct explain_asked read_words(const struct explain_words *w)
{
	struct explain_asked a;

	assert_true(explain_read(w, &policy, &a));
	return a;
}

// Refused with one line on standard error, which has this in it.
static void refuses(const struct explain_words *w, const char *wanted)
{
	struct explain_asked a;
	char said[1024];
	FILE *f = tmpfile();
	int before = dup(STDERR_FILENO);
	size_t n;
	bool good;

	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	good = explain_read(w, &policy, &a);
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	fclose(f);
	assert_false(good);
	if (strstr(said, wanted) == NULL || strchr(said, '\n') != said + n - 1)
		fail_msg("wanted one line with \"%s\", got \"%s\"", wanted, said);
}

#define REFUSED(field, value, wanted)                                                              \
	do {                                                                                       \
		struct explain_words w_ = words();                                                 \
		w_.field = value;                                                                  \
		refuses(&w_, wanted);                                                              \
	} while (0)

static void bad_values(void **state)
{
	(void)state;
	REFUSED(src, NULL, "--src is missing");
	REFUSED(dst, "example.org", "--host");
	REFUSED(dst, "198.51.100.0/24", "not a prefix");
	REFUSED(dst, "2001:db8::1", "another IP version");
	REFUSED(dport, NULL, "--dport is missing");
	REFUSED(dport, "65536", "65535");
	REFUSED(dport, "https", "65535");
	REFUSED(proto, "icmp", "no ports");
	REFUSED(proto, "tcpp", "none of");
	REFUSED(proto, "256", "255");
	REFUSED(initiator, "both", "inside nor outside");
	REFUSED(vlan, "4095", "4094");
	REFUSED(vlan, "0", "too small");
	REFUSED(vni, "16777216", "16777215");
	REFUSED(asn, "4294967296", "4294967295");
	REFUSED(country, "UK", "did you mean \"GB\"?");
	REFUSED(country, "QQ", "ISO 3166");
	REFUSED(at, "2026-02-30", "no such day");
	REFUSED(at, "yesterday", "write 2026");
	REFUSED(app, "TSL", "did you mean \"TLS\"?");
	REFUSED(app, "TLS.Gogle", "did you mean \"Google\"?");
	REFUSED(confidence, "dpi", "--app");
	REFUSED(host, "a b", "no spaces");
	REFUSED(host, "\033[2J", "control characters");
	REFUSED(risk, "XSS Attack,XSS Atack", "did you mean \"XSS Attack\"?");
}

static void bad_labels(void **state)
{
	struct explain_words w = words();

	(void)state;
	w.app = "TLS";
	w.confidence = "sure";
	refuses(&w, "none of port, ip, cache, dpi");
	w.confidence = NULL;
	w.category = "Wev";
	refuses(&w, "did you mean \"Web\"?");
	w.category = NULL;
	w.master = "TSL";
	refuses(&w, "did you mean \"TLS\"?");
}

static void facts_of_a_flow(void **state)
{
	struct explain_words w = words();
	struct explain_asked a = read_words(&w);

	(void)state;
	assert_int_equal(a.q.facts.proto, 6);
	assert_int_equal(a.q.facts.sport, 49152);
	assert_int_equal(a.q.facts.dport, 443);
	assert_int_equal(a.q.vlan, POLICY_VLAN_NONE);
	assert_int_equal(a.q.vni, POLICY_VNI_NONE);
	assert_int_equal(a.q.cc, POLICY_CC('U', 'S'));
	assert_int_equal(a.q.now, 1769817600);
	assert_int_equal(a.q.facts.initiator, POLICY_INIT_INSIDE);
	assert_false(a.q.facts.final);
	w.proto = "ICMPv6";
	w.dport = NULL;
	w.initiator = "outside";
	w.vlan = "7";
	w.vni = "0";
	w.country = "jp";
	w.asn = "4294967295";
	a = read_words(&w);
	assert_int_equal(a.q.facts.proto, 58);
	assert_int_equal(a.q.facts.initiator, POLICY_INIT_OUTSIDE);
	assert_int_equal(a.q.vlan, 7);
	assert_int_equal(a.q.vni, 0);
	assert_int_equal(a.q.cc, POLICY_CC('J', 'P'));
	assert_int_equal(a.q.facts.asn, UINT32_MAX);
}

static void labels(void **state)
{
	const struct dpi *d = policy.dpi;
	struct explain_words w = words();
	struct explain_asked a;

	(void)state;
	w.app = "TLS.Google";
	w.risk = "XSS Attack,Unsafe Protocol";
	a = read_words(&w);
	assert_int_equal(a.q.facts.app, dpi_app_id(d, "Google"));
	assert_int_equal(a.q.facts.master, dpi_app_id(d, "TLS"));
	assert_int_equal(a.q.facts.cat, dpi_category_id(d, "Web"));
	assert_int_equal(a.q.facts.conf, POLICY_CONF_DPI);
	assert_true(a.q.facts.final);
	assert_int_equal(a.q.facts.risks,
		1ull << dpi_risk_id(d, "XSS Attack") | 1ull << dpi_risk_id(d, "Unsafe Protocol"));
	w.app = "Z39.50"; // a name with a dot in it
	w.pending = true;
	a = read_words(&w);
	assert_int_equal(a.q.facts.app, dpi_app_id(d, "Z39.50"));
	assert_false(a.q.facts.final);
	w.pending = false;
	w.app = w.master = "TLS"; // says no more than the application
	w.category = "VPN";
	w.confidence = "port";
	a = read_words(&w);
	assert_int_equal(a.q.facts.master, 0);
	assert_int_equal(a.q.facts.cat, dpi_category_id(d, "VPN"));
	assert_int_equal(a.q.facts.conf, POLICY_CONF_PORT);
	w = words();
	w.app = "Unknown";
	a = read_words(&w);
	assert_true(a.q.facts.final);
	assert_int_equal(a.q.facts.app, 0);
	assert_int_equal(a.q.facts.cat, 0);
	assert_int_equal(a.q.facts.conf, POLICY_CONF_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_values),
		cmocka_unit_test(bad_labels),
		cmocka_unit_test(facts_of_a_flow),
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests(tests, open_dpi, close_dpi);
}
