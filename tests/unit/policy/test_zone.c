// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Timezones: the host's data against the host's C library, known days of change, damaged data.

#include "policy/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static size_t read_zone(const char *name, uint8_t *data, size_t size)
{
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(data, 1, size, f);
	fclose(f);
	return n;
}

static void get(struct zone *z, struct arena *a, const char *name)
{
	static uint8_t data[65536];
	size_t n = read_zone(name, data, sizeof(data));

	assert_true(zone_parse(z, a, data, n));
}

static int32_t libc_offset(int64_t t)
{
	time_t at = t;
	struct tm tm;

	assert_non_null(localtime_r(&at, &tm));
	return (int32_t)tm.tm_gmtoff;
}

static void test_against_libc(void **state)
{
	static const char *const names[] = {"Asia/Shanghai", "America/New_York", "Europe/Berlin",
		"Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Cairo",
		"Pacific/Apia", "Europe/Dublin", "Africa/Casablanca", "UTC"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct arena a = {0};
		struct zone z;

		get(&z, &a, names[i]);
		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t t = 0; t < 4102444800; t += 86400 * 7 + 3607)
			assert_int_equal(zone_offset(&z, t), libc_offset(t));
		arena_free(&a);
	}
	unsetenv("TZ");
	tzset();
}

static void test_days_of_change(void **state)
{
	struct arena a = {0};
	struct zone z;
	int64_t begin, end;

	get(&z, &a, "America/New_York");
	zone_span(&z, ZONE_DAY, 1772980000, &begin, &end); // 2026-03-08: 23 hours
	assert_int_equal(begin, 1772946000);
	assert_int_equal(end - begin, 23 * 3600);
	zone_span(&z, ZONE_DAY, 1793520000, &begin, &end); // 2026-11-01: 25 hours
	assert_int_equal(end - begin, 25 * 3600);
	zone_span(&z, ZONE_MONTH, 1793520000, &begin, &end); // November: 30 days and an hour
	assert_int_equal(end - begin, 30 * 86400 + 3600);
	zone_span(&z, ZONE_HOUR, 1772953199, &begin, &end); // a second before clocks skip an hour
	assert_int_equal(begin, 1772949600);
	assert_int_equal(end, 1772953200);
	get(&z, &a, "Asia/Shanghai");
	zone_span(&z, ZONE_DAY, 1764000000, &begin, &end); // 2025-11-25 00:00 in Shanghai
	assert_int_equal(begin, 1764000000);
	assert_int_equal(end, 1764086400);
	zone_span(&z, ZONE_DAY, 1763999999, &begin, &end);
	assert_int_equal(end, 1764000000);
	get(&z, &a, "Asia/Kathmandu"); // 5:45 east: hours do not begin with UTC's
	zone_span(&z, ZONE_HOUR, 1764000000, &begin, &end);
	assert_int_equal(begin, 1764000000 - 45 * 60);
	get(&z, &a, "Australia/Lord_Howe"); // at 02:00 back to 01:30, at 02:00 on to 02:30
	zone_span(&z, ZONE_HOUR, 1775314800 - 1, &begin, &end);
	assert_int_equal(begin, 1775314800 - 3600);
	assert_int_equal(end, 1775314800);
	zone_span(&z, ZONE_HOUR, 1775314800 + 1700, &begin, &end);
	assert_int_equal(begin, 1775314800);
	assert_int_equal(end, 1775314800 + 1800);
	zone_span(&z, ZONE_HOUR, 1791041400, &begin, &end);
	assert_int_equal(begin, 1791041400);
	assert_int_equal(end, 1791041400 + 1800);
	arena_free(&a);
}

// Every byte of the data changed, every length cut: refused or read, never past its end (the copy
// has just that size, so that AddressSanitizer sees it).
static void test_damage(void **state)
{
	uint8_t data[65536];
	size_t n = read_zone("Europe/Berlin", data, sizeof(data));
	unsigned refused = 0;

	for (size_t len = 0; len < n; len++) {
		uint8_t *copy = malloc(len + 1);
		struct arena a = {0};
		struct zone z;
		int64_t begin, end;

		memcpy(copy, data, len);
		refused += !zone_parse(&z, &a, copy, len);
		zone_span(&z, ZONE_MONTH, 1764000000, &begin, &end);
		arena_free(&a);
		free(copy);
	}
	assert_true(refused > n / 2);
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = malloc(n);
		struct arena a = {0};
		struct zone z;
		int64_t begin, end;

		memcpy(copy, data, n);
		copy[i] ^= 0xff;
		if (zone_parse(&z, &a, copy, n))
			zone_span(&z, ZONE_DAY, 1764000000, &begin, &end);
		arena_free(&a);
		free(copy);
	}
}

// The second header, of 64-bit times, stands behind the data of the first.
static size_t second_header(const uint8_t *data)
{
	const uint8_t *c = data + 20;
	uint32_t n[6];

	for (unsigned i = 0; i < 6; i++, c += 4)
		n[i] = (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | c[3];
	return 44 + n[3] * 5 + n[4] * 6 + n[5] + n[2] * 8 + n[1] + n[0];
}

// The same zone with a leap second, as in the "right" tables: their times are not those of packets.
static void test_leap_seconds(void **state)
{
	uint8_t data[65536], leap[65536] = {0};
	size_t n = read_zone("Asia/Shanghai", data, sizeof(data)), head, at;
	struct arena a = {0};
	struct zone z;

	head = second_header(data);
	at = head + 44 + data[head + 35] * 9u + data[head + 39] * 6u + data[head + 43];
	memcpy(leap, data, at);
	memcpy(leap + at + 12, data + at, n - at);
	leap[at + 7] = 1;
	leap[at + 11] = 1;
	leap[head + 31] = 1;
	assert_false(zone_parse(&z, &a, leap, n + 12));
	assert_true(zone_parse(&z, &a, data, n));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_libc),
		cmocka_unit_test(test_days_of_change),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_leap_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
