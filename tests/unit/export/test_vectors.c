// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Community ID and Crypto-PAn against what others publish, and what row and cells make of lines.

#include "app/export/cells.h"
#include "app/export/community_id.h"
#include "app/export/prefix_cipher.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct address address(const char *text)
{
	const struct cell c = {.text = text, .len = strlen(text), .kind = CELL_STRING};
	const struct address a = address_parse(&c);

	assert_int_not_equal(a.version, 0);
	return a;
}

// The specification's README, and its baseline/baseline_deflt.json (github.com/corelight/
// community-id-spec), where the reply's type stands in dport for the code of ICMP.
static const struct {
	uint8_t proto;
	const char *src, *dst;
	uint16_t sport, dport;
	const char *id;
} flows[] = {
	{6, "1.2.3.4", "5.6.7.8", 1122, 3344, "1:wCb3OG7yAFWelaUydu0D+125CLM="},
	{17, "1.2.3.4", "5.6.7.8", 1122, 3344, "1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg="},
	{1, "1.2.3.4", "5.6.7.8", 8, 0, "1:crodRHL2FEsHjbv3UkRrfbs4bZ0="},
	{58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0,
		"1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
	{58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0,
		"1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
	{58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 135, 0,
		"1:zavyT/cezQr1fmImYCwYnMXbgck="},
	{58, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0,
		"1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
	{58, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4,
		"1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
	{58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2", 128, 0,
		"1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
	{58, "3ffe:501:0:1001::2", "3ffe:507:0:1:200:86ff:fe05:80da", 129, 0,
		"1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
	{58, "fe80::200:86ff:fe05:80da", "ff02::2", 133, 0, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="},
	{58, "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="},
	{1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	{1, "192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	{1, "10.0.0.1", "10.0.0.2", 11, 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
	{6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25,
		"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
	{6, "2607:f8b0:400c:c03::1a", "2001:470:e5bf:dead:4957:2174:e82c:4887", 25, 63943,
		"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
	{132, "192.168.170.8", "192.168.170.56", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
	{132, "192.168.170.56", "192.168.170.8", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
	{6, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	{6, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	{17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
	{17, "8.8.8.8", "192.168.1.52", 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
	{46, "10.1.12.1", "10.1.12.2", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
	{46, "10.1.12.2", "10.1.12.1", 9, 1, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
};

static void test_community_id(void **state)
{
	for (unsigned i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		const struct community_ends e = {address(flows[i].src), address(flows[i].dst),
			flows[i].proto, flows[i].sport, flows[i].dport};
		char id[COMMUNITY_ID_TEXT];

		assert_true(community_id(&e, id));
		assert_string_equal(id, flows[i].id);
	}
}

static void test_no_community_id(void **state)
{
	struct community_ends e = {address("10.0.0.1"), address("2001:db8::1"), 6, 1, 2};
	char id[COMMUNITY_ID_TEXT];

	assert_false(community_id(&e, id));
	e.src.version = e.dst.version = 0;
	assert_false(community_id(&e, id));
}

// The key and the sample of the authors' Crypto-PAn 1.0; and the key 0, 1, 2, … of the IPv6
// implementations after it (yacryptopan).
static const uint8_t sample_key[PREFIX_CIPHER_KEY] = {21, 34, 23, 141, 51, 164, 207, 128, 19, 10,
	91, 22, 73, 144, 125, 16, 216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132,
	34, 2};

static void map(struct prefix_cipher *p, const char *from, const char *to)
{
	struct address a = address(from), want = address(to);

	assert_true(prefix_cipher_map(p, &a));
	assert_int_equal(a.version, want.version);
	assert_memory_equal(a.b, want.b, address_size(&want));
}

static void test_crypto_pan(void **state)
{
	struct prefix_cipher *p = prefix_cipher_new(sample_key);
	uint8_t count[PREFIX_CIPHER_KEY];

	assert_non_null(p);
	map(p, "128.11.68.132", "135.242.180.132");
	map(p, "129.118.74.4", "134.136.186.123");
	map(p, "130.132.252.244", "133.68.164.234");
	map(p, "141.223.7.43", "141.167.8.160");
	map(p, "141.233.145.108", "141.129.237.235");
	map(p, "152.163.225.39", "151.140.114.167");
	map(p, "156.29.3.236", "147.225.12.42");
	map(p, "195.205.63.100", "255.186.223.5");
	map(p, "10.185.25.118", "117.161.29.118");
	map(p, "::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed");
	prefix_cipher_free(p);
	for (unsigned i = 0; i < sizeof(count); i++)
		count[i] = (uint8_t)i;
	p = prefix_cipher_new(count);
	map(p, "192.0.2.1", "2.90.93.17");
	map(p, "2001:db8::1", "dd92:2c44:3fc0:ff1e:7ff9:c7f0:8180:7e00");
	prefix_cipher_free(p);
}

static unsigned common(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned n = 0;

	while (n < bits && ((a[n / 8] ^ b[n / 8]) >> (7 - n % 8) & 1) == 0)
		n++;
	return n;
}

// What it is for, of addresses that differ from a bit on.
static void test_prefixes_stay(void **state)
{
	struct prefix_cipher *p = prefix_cipher_new(sample_key);
	uint32_t seed = 1;

	for (unsigned round = 0; round < 400; round++) {
		const uint8_t version = round & 1 ? 4 : 6;
		struct address a = {.version = version}, b;
		const unsigned bits = 8 * (unsigned)address_size(&a), from = round / 2 % bits;

		for (unsigned i = 0; i < bits / 8; i++) {
			seed = seed * 1664525 + 1013904223;
			a.b[i] = (uint8_t)(seed >> 24);
		}
		b = a;
		b.b[from / 8] ^= (uint8_t)(0x80 >> from % 8);
		b.b[bits / 8 - 1] ^= (uint8_t)(from / 8 < bits / 8 - 1 ? seed >> 8 : 0);
		assert_true(prefix_cipher_map(p, &a) && prefix_cipher_map(p, &b));
		assert_int_equal(common(a.b, b.b, bits), from);
	}
	prefix_cipher_free(p);
}

static void expect_sound(const char *line, bool sound, const char *all)
{
	static const char *const none[] = {NULL};
	char text[512];
	struct json_out j = {text, text + sizeof(text) - 1, false};
	struct row r;

	assert_true(row_parse(&r, line, strlen(line)));
	assert_int_equal(cells_sound(&r), sound);
	if (sound) {
		cells_put_others(&j, &r, none);
		*j.p = '\0';
		assert_string_equal(text, all);
	}
}

static void test_cells(void **state)
{
	expect_sound("{\"a\":0,\"b\":-7,\"c\":18446744073709551615}", true,
		"\"a\":0,\"b\":-7,\"c\":18446744073709551615");
	expect_sound("{\"a\":[ ],\"b\":[1 , \"x\" ],\"c\":[]}", true,
		"\"a\":[],\"b\":[1,\"x\"],\"c\":[]");
	expect_sound("{\"a\":\"\\u00e9\\q\x01\xff\",\"a\":2}", true,
		"\"a\":\"\xc3\xa9\xef\xbf\xbd\\u0001\xef\xbf\xbd\"");
	expect_sound("{\"k\\\"\":1}", false, NULL);
	expect_sound("{\"k k\":1}", false, NULL);
	expect_sound("{\"\":1}", false, NULL);
	expect_sound("{\"a\":=1+1}", false, NULL);
	expect_sound("{\"a\":007}", false, NULL);
	expect_sound("{\"a\":-01}", false, NULL);
	expect_sound("{\"a\":-}", false, NULL);
	expect_sound("{\"a\":1.5}", false, NULL);
	expect_sound("{\"a\":18446744073709551616}", false, NULL);
	expect_sound("{\"a\":[1 2]}", false, NULL);
	expect_sound("{\"a\":[1,]}", false, NULL);
	expect_sound("{\"a\":[,1]}", false, NULL);
	expect_sound("{\"a\":[x]}", false, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_community_id),
		cmocka_unit_test(test_no_community_id),
		cmocka_unit_test(test_crypto_pan),
		cmocka_unit_test(test_prefixes_stay),
		cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
