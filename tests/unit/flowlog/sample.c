// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "sample.h"

#include "fake_policy.h"

#include <string.h>

static const char *app(void *ctx, uint16_t id)
{
	switch (id) {
	case 0:
		return "Unknown";
	case 5:
		return "DNS";
	case 7:
		return "HTTP";
	case 91:
		return "TLS";
	case 126:
		return "Google";
	default:
		return NULL;
	}
}

static const char *category(void *ctx, uint16_t id)
{
	return id == 5 ? "Web" : NULL;
}

static const char *risk(void *ctx, unsigned bit)
{
	switch (bit) {
	case 5:
		return "Known Proto on Non Std Port";
	case 63:
		return "Last \"risk\"";
	default:
		return NULL;
	}
}

struct record_words sample_words(void)
{
	return (struct record_words){NULL, app, category, risk};
}

struct record sample_record(void)
{
	struct record r = {
		.ev = RECORD_END,
		.end = RECORD_END_FIN,
		.version = 4,
		.proto = 6,
		.init = POLICY_INIT_INSIDE,
		.action = POLICY_ALLOW,
		.border = POLICY_BORDER_CROSS,
		.cc_source = RECORD_CC_DB,
		.conf = POLICY_CONF_DPI,
		.host_source = RECORD_HOST_SNI,
		.sport = 50123,
		.dport = 443,
		.cc = POLICY_CC('U', 'S'),
		.rule = FAKE_RULE_ALLOW,
		.shadow = POLICY_RULE_NONE,
		.limit = POLICY_LIMIT_NONE,
		.app = 126,
		.master = 91,
		.cat = 5,
		.tenant = FAKE_TENANT,
		.asn = 64496,
		.dpkt = 6,
		.fid = 0x0123456789abcdef,
		.t0 = SAMPLE_T,
		.t1 = SAMPLE_T + 1500000,
		.ob = 4321,
		.rb = 98765,
		.op = 21,
		.rp = 80,
		.pb = 900,
		.pp = 5,
		.policy = fake_policy(),
		.src = {10, 20, 9, 7},
		.dst = {198, 51, 100, 255},
	};

	strcpy(r.host, "diag.oem.example");
	return r;
}
