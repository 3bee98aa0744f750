// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A large varied log for the benchmarks of bhlog: make_log DIR RECORDS DAYS
//
// RECORDS flows over DAYS days from 2026-11-16T00:00:00Z (a Monday): 32 tenants and 64 countries by
// Zipf's law (exponent 1), five applications, 20,000 hosts and 2^24 remote addresses, one in 50
// flagged or blocked. Segments of 256 MiB or a day. Prints what it wrote.

#include "app/flowlog/flowlog.h"
#include "tests/unit/flowlog/fake_policy.h"
#include "tests/unit/flowlog/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FROM 1794787200000000ll // 2026-11-16T00:00:00Z
#define DAY  86400000000ll

static uint64_t next(uint64_t *state) // SplitMix64
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static unsigned zipf(uint64_t *state, const double *sums, unsigned n)
{
	const double x = (double)(next(state) >> 11) / 9007199254740992.0 * sums[n - 1];
	unsigned i = 0;

	while (sums[i] < x)
		i++;
	return i;
}

static void vary(struct record *r, uint64_t *state, const double *sums, int64_t t)
{
	static const uint16_t apps[] = {0, 5, 7, 91, 126};
	const uint64_t x = next(state), y = next(state);
	const unsigned country = zipf(state, sums, 64);

	r->fid = x;
	r->t0 = t - (int64_t)(y % 2000000);
	r->t1 = t;
	r->sport = (uint16_t)(1024 + x % 60000);
	r->src[2] = (uint8_t)(x >> 16);
	r->src[3] = (uint8_t)(x >> 24);
	memcpy(r->dst + 1, &y, 3);
	r->tenant = FAKE_TENANTS + zipf(state, sums, 32);
	r->cc = POLICY_CC('A' + country / 8, 'A' + country % 8);
	r->app = apps[(x >> 32) % 5];
	r->action = x >> 40 & 63 ? POLICY_ALLOW : x >> 46 & 1 ? POLICY_FLAG : POLICY_BLOCK;
	r->rule = r->action == POLICY_ALLOW ? FAKE_RULE_ALLOW : FAKE_RULE_BLOCK;
	r->ob = y >> 40;
	r->rb = y >> 44;
	snprintf(r->host, sizeof(r->host), "h%u.oem.example", (unsigned)(y >> 20) % 20000);
}

int main(int argc, char **argv)
{
	const uint64_t n = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
	const int64_t days = argc == 4 ? atoi(argv[3]) : 0;
	struct flowlog_config c = {.gateway = "gw-a1",
		.segment_bytes = 256u << 20,
		.segment_s = 86400,
		.words = sample_words()};
	struct record r = sample_record();
	uint64_t state = 1;
	struct flowlog_stats s;
	double sums[64];
	struct flowlog *l;
	char err[512];

	if (n == 0 || days <= 0) {
		fprintf(stderr, "usage: make_log DIR RECORDS DAYS\n");
		return 2;
	}
	for (unsigned i = 0; i < 64; i++)
		sums[i] = (i != 0 ? sums[i - 1] : 0) + 1.0 / (i + 1);
	c.dir = argv[1];
	l = flowlog_open(&c, err, sizeof(err));
	for (uint64_t i = 0; l != NULL && i < n; i++) {
		vary(&r, &state, sums,
			FROM + (int64_t)((double)days * DAY * (double)i / (double)n));
		flowlog_write(l, &r);
		if (i % 4096 == 4095)
			flowlog_flush(l, r.t1);
	}
	if (l != NULL) {
		flowlog_stop(l, &(struct notice_stop){.t = r.t1, .why = "end of input"});
		flowlog_flush(l, r.t1);
		flowlog_get_stats(l, &s);
	}
	if (l == NULL || flowlog_close(l, err, sizeof(err)) != 0) {
		fprintf(stderr, "%s\n", err);
		return 2;
	}
	printf("{\"records\": %" PRIu64 ", \"bytes\": %" PRIu64 "}\n", s.written, s.bytes);
	return 0;
}
