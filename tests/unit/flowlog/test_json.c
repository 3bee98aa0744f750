// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/json.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct out {
	char text[4096];
	struct json_out j;
};

static void begin(struct out *o)
{
	o->j = (struct json_out){o->text, o->text + sizeof(o->text), false};
}

static const char *end(struct out *o)
{
	assert_false(o->j.full);
	*o->j.p = '\0';
	return o->text;
}

static const char *string(struct out *o, const char *s, size_t n)
{
	begin(o);
	json_put_string(&o->j, s, n);
	return end(o);
}

#define STRING(o, s) string((o), (s), sizeof(s) - 1)

static void test_numbers(void **state)
{
	static const uint64_t values[] = {
		0, 9, 10, 99, 100, 101, 999, 1000, 12345, UINT32_MAX, INT64_MAX, UINT64_MAX};
	struct out o;
	char expected[32];

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		begin(&o);
		json_put_u64(&o.j, values[i]);
		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)values[i]);
		assert_string_equal(end(&o), expected);
		begin(&o);
		json_put_i64(&o.j, (int64_t)-values[i]);
		snprintf(expected, sizeof(expected), "%lld", (long long)-values[i]);
		assert_string_equal(end(&o), expected);
	}
	begin(&o);
	json_put_i64(&o.j, INT64_MIN);
	assert_string_equal(end(&o), "-9223372036854775808");
}

static void test_escapes(void **state)
{
	struct out o;

	assert_string_equal(STRING(&o, ""), "\"\"");
	assert_string_equal(STRING(&o, "a.example"), "\"a.example\"");
	assert_string_equal(STRING(&o, "a\"b\\c/"), "\"a\\\"b\\\\c/\"");
	assert_string_equal(STRING(&o, "\n\r\t\b\x1f\x7f"), "\"\\n\\r\\t\\u0008\\u001f\\u007f\"");
	assert_string_equal(STRING(&o, "a\0b"), "\"a\\u0000b\"");
}

static void test_utf8(void **state)
{
	struct out o;

	// Well-formed sequences at the edges of table 3-7 stay as they are.
	assert_string_equal(STRING(&o, "\xc2\x80\xdf\xbf"), "\"\xc2\x80\xdf\xbf\"");
	assert_string_equal(STRING(&o, "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"),
		"\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"");
	assert_string_equal(STRING(&o, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
		"\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
	// Overlong, surrogate, past U+10FFFF, stray and cut sequences.
	assert_string_equal(STRING(&o, "\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(STRING(&o, "\xe0\x80\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(STRING(&o, "\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(STRING(&o, "\xf4\x90\x80\x80"),
		"\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(STRING(&o, "a\xffz"), "\"a\xef\xbf\xbdz\"");
	// Unicode 15, 3.9, table 3-11: one for each maximal subpart.
	assert_string_equal(STRING(&o, "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"),
		"\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x41\"");
	assert_string_equal(STRING(&o, "\xe2\x82"), "\"\xef\xbf\xbd\"");
}

static void check_address(const char *text, const char *expected)
{
	struct out o;
	uint8_t addr[16];
	char quoted[64];

	assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	begin(&o);
	json_put_address(&o.j, 6, addr);
	snprintf(quoted, sizeof(quoted), "\"%s\"", expected);
	assert_string_equal(end(&o), quoted);
}

static void test_addresses(void **state)
{
	static const uint8_t v4[] = {0, 10, 199, 255};
	struct out o;

	begin(&o);
	json_put_address(&o.j, 4, v4);
	assert_string_equal(end(&o), "\"0.10.199.255\"");
	begin(&o);
	json_put_address(&o.j, 0, v4);
	assert_string_equal(end(&o), "\"\"");
	check_address("::", "::");
	check_address("::1", "::1");
	check_address("2001:db8::", "2001:db8::");
	check_address("2001:0DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a");
	check_address("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"); // one group is not shortened
	check_address("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");          // the longest run
	check_address("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");    // the first of equals
	check_address("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::");
	check_address("abcd:ef01:2345:6789:abcd:ef01:2345:6789",
		"abcd:ef01:2345:6789:abcd:ef01:2345:6789");
	check_address("::ffff:192.0.2.33", "::ffff:192.0.2.33");
}

// Against the C library over many addresses with runs of zeros.
static void test_addresses_as_libc(void **state)
{
	for (unsigned mask = 0; mask < 256; mask++) {
		uint8_t addr[16] = {0};
		char expected[INET6_ADDRSTRLEN];

		for (unsigned i = 0; i < 8; i++) {
			if (mask & 1u << i) {
				addr[2 * i] = (uint8_t)(i & 1 ? 0 : 0x20 + i);
				addr[2 * i + 1] = (uint8_t)(7 * i + 1);
			}
		}
		inet_ntop(AF_INET6, addr, expected, sizeof(expected));
		if (strchr(expected, '.') ==
			NULL) { // libc writes ::/96 mixed, which RFC 5952 lacks
			check_address(expected, expected);
		}
	}
}

static void test_hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0xab, 0x0f};
	struct out o;

	begin(&o);
	json_put_hex(&o.j, bytes, sizeof(bytes));
	assert_string_equal(end(&o), "\"00ab0f\"");
	begin(&o);
	json_put_hex64(&o.j, 0xfedcba9876543210ull);
	assert_string_equal(end(&o), "\"fedcba9876543210\"");
}

// Every size of buffer that is too small: full, and nothing past the end.
static void test_full(void **state)
{
	static const char host[] = "a\"\x01\xff\xe2\x82\xacz";

	for (size_t size = 0; size < 40; size++) {
		char *buf = malloc(size + 1);
		struct json_out j = {buf, buf + size, false};

		assert_non_null(buf);
		buf[size] = '#';
		json_put_string(&j, host, sizeof(host) - 1);
		JSON_KEY(&j, "n");
		json_put_u64(&j, 1234567890);
		assert_int_equal(j.full, size < 33);
		assert_true(j.p <= j.end);
		assert_int_equal(buf[size], '#');
		free(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_addresses_as_libc),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
