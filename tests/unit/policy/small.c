// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/policy/small.h"
#include "tests/unit/policy/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void small_print(const struct diag_list *d)
{
	char line[1024];

	for (size_t i = 0; i < d->n; i++) {
		diag_format(d, i, line, sizeof(line));
		print_error("%s\n", line);
	}
}

struct policy *small_load(const char *text, int64_t now)
{
	struct diag_list d;
	struct policy *p;

	diag_init(&d, "test");
	p = policy_load(text, strlen(text), now, &test_names, &d);
	small_print(&d);
	assert_non_null(p);
	diag_clear(&d);
	return p;
}

struct policy *small_policy(const char *more, const char *rules, const char *defaults)
{
	char text[8192];

	snprintf(text, sizeof(text),
		"{\"schema\":\"egress-policy/"
		"1\",\"meta\":{\"id\":\"t\",\"version\":1,\"issuer\":\"x\","
		"\"not_before\":\"2025-01-01T00:00:00Z\",\"expires\":\"2030-01-01T00:00:00Z\","
		"\"timezone\":\"UTC\"},\"home\":[\"CN\"],%s"
		"\"defaults\":{\"action\":\"flag\",\"reason\":\"NO_RULE\",\"min_confidence\":"
		"\"cache\","
		"\"pending\":{\"action\":\"pass\",\"max_packets\":{\"tcp\":80,\"udp\":24},"
		"\"max_bytes_out\":1000,\"max_ms\":3000},%s},\"rules\":[%s]}",
		more != NULL ? more : "\"tenants\":{\"a\":{\"prefixes\":[\"10.0.0.0/8\"]}},",
		defaults != NULL
			? defaults
			: "\"on_expiry\":\"keep_and_flag\",\"boot_without_policy\":\"block\"",
		rules);
	return small_load(text, NOW);
}
