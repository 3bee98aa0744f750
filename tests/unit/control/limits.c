// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/control/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct policy *limits_policy(const char *limits)
{
	static const char form[] =
		"{\"schema\":\"egress-policy/1\",\"meta\":{\"id\":\"test\",\"version\":1,"
		"\"issuer\":\"test\",\"not_before\":\"2020-01-01T00:00:00Z\","
		"\"expires\":\"2040-01-01T00:00:00Z\",\"timezone\":\"UTC\"},\"home\":[\"CN\"],"
		"\"tenants\":{\"a\":{\"prefixes\":[\"192.0.2.0/25\"]},"
		"\"b\":{\"prefixes\":[\"192.0.2.128/25\"]}},"
		"\"defaults\":{\"action\":\"allow\",\"reason\":\"NO_RULE\","
		"\"min_confidence\":\"cache\",\"block_with\":\"drop\",\"pending\":{\"action\":"
		"\"pass\","
		"\"max_packets\":{\"tcp\":80,\"udp\":24},\"max_bytes_out\":16384,\"max_ms\":3000},"
		"\"on_expiry\":\"keep_and_flag\",\"boot_without_policy\":\"block\"},\"rules\":[],"
		"\"limits\":[%s]}";
	char text[8192], line[512] = "";
	struct diag_list diag;
	struct policy *p;

	assert_true((size_t)snprintf(text, sizeof(text), form, limits) < sizeof(text));
	diag_init(&diag, "limits");
	p = policy_load(text, strlen(text), POLICY_ANY_TIME, NULL, &diag);
	if (p == NULL) {
		diag_format(&diag, 0, line, sizeof(line));
		fail_msg("%s", line);
	}
	diag_clear(&diag);
	return p;
}
