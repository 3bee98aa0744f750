// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The installed tor-geoipdb against an independent reading of the same text: every edge of every
// range and 20,000 addresses drawn at random for each family.

#include "drivers/geo/geo.h"
#include "tests/unit/drivers/scratch.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TOR4   "/usr/share/tor/geoip"
#define TOR6   "/usr/share/tor/geoip6"
#define RANDOM 20000

struct line { // addresses in 16 bytes, IPv4 in the first 4, so that memcmp() orders them
	uint8_t first[16], last[16];
	char cc[3];
};

struct lines {
	struct line *v;
	size_t n;
};

static void bytes_of(const char *text, int version, uint8_t out[16])
{
	memset(out, 0, 16);
	if (version == 4) {
		uint32_t v = htonl((uint32_t)strtoul(text, NULL, 10));

		memcpy(out, &v, sizeof(v));
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, out), 1);
	}
}

static struct lines read_lines(const char *path, int version)
{
	struct lines l = {0};
	char *text, *save, *line;
	size_t len, cap = 0;

	text = scratch_read(path, &len);
	for (line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char first[64], last[64], cc[8];

		if (sscanf(line, "%63[0-9a-f:],%63[0-9a-f:],%7s", first, last, cc) != 3)
			continue;
		if (l.n == cap) {
			cap = cap * 2 + 1024;
			l.v = reallocarray(l.v, cap, sizeof(*l.v));
			assert_non_null(l.v);
		}
		bytes_of(first, version, l.v[l.n].first);
		bytes_of(last, version, l.v[l.n].last);
		memcpy(l.v[l.n++].cc, cc, 3);
	}
	free(text);
	return l;
}

static uint16_t slow(const struct lines *l, const uint8_t a[16])
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) { // the first line that ends at or past the address
		size_t mid = (lo + hi) / 2;

		if (memcmp(l->v[mid].last, a, 16) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == l->n || memcmp(l->v[lo].first, a, 16) > 0 || l->v[lo].cc[0] == '?' ||
		strcmp(l->v[lo].cc, "ZZ") == 0 || l->v[lo].cc[1] < 'A')
		return 0;
	return (uint16_t)(l->v[lo].cc[0] << 8 | l->v[lo].cc[1]);
}

static void same(const struct geo *g, const struct lines *l, int version, const uint8_t a[16])
{
	uint16_t want = slow(l, a), got = geo_country(g, (uint8_t)version, a);
	char text[64];

	if (got != want) {
		inet_ntop(version == 4 ? AF_INET : AF_INET6, a, text, sizeof(text));
		fail_msg("%s: %04x, the text says %04x", text, got, want);
	}
}

static void step(const uint8_t a[16], int version, int by, uint8_t out[16])
{
	int i = (version == 4 ? 4 : 16) - 1;

	memcpy(out, a, 16);
	for (; i >= 0; i--) {
		out[i] = (uint8_t)(out[i] + by);
		if (out[i] != (by > 0 ? 0x00 : 0xff))
			break;
	}
}

static uint64_t draw(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void compare(const char *path, int version)
{
	char err[256] = "";
	struct geo *g = geo_load(&path, 1, NULL, 0, err, sizeof(err));
	struct lines l = read_lines(path, version);
	uint64_t seed = 88172645463325252u;
	uint8_t a[16];
	size_t answered = 0;

	assert_non_null(g);
	assert_true(l.n > 100000);
	for (size_t i = 0; i < l.n; i++) {
		same(g, &l, version, l.v[i].first);
		same(g, &l, version, l.v[i].last);
		step(l.v[i].first, version, -1, a);
		same(g, &l, version, a);
		step(l.v[i].last, version, 1, a);
		same(g, &l, version, a);
	}
	for (size_t i = 0; i < RANDOM; i++) {
		uint64_t r[2] = {draw(&seed), draw(&seed)};

		memset(a, 0, sizeof(a));
		memcpy(a, r, version == 4 ? 4 : 16);
		if (version == 6 && i % 4 != 0) // most of the space is empty: stay near a range
			memcpy(a, l.v[draw(&seed) % l.n].first, i % 4 * 2);
		same(g, &l, version, a);
		answered += geo_country(g, (uint8_t)version, a) != 0;
	}
	assert_in_range(answered, RANDOM / 10, RANDOM);
	free(l.v);
	geo_free(g);
}

static void ipv4(void **state)
{
	if (access(TOR4, R_OK) != 0)
		skip();
	compare(TOR4, 4);
}

static void ipv6(void **state)
{
	if (access(TOR6, R_OK) != 0)
		skip();
	compare(TOR6, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4),
		cmocka_unit_test(ipv6),
	};

	if (access(TOR4, R_OK) != 0 && access(TOR6, R_OK) != 0) {
		puts("SKIP: tor-geoipdb is not installed");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
