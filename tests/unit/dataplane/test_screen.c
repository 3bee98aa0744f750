// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The screen against the policy and the database that it was made of: a /16 is marked where a rule
// blocks an address of it, and where none does it is not.

#include "app/dataplane/screen.h"
#include "tests/unit/dataplane/draw.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW    1790000000 // seconds since 1970 UTC
#define RANGES 4000

static const char *const countries[] = {"CN", "DE", "US", "SG", "BR", "JP"};
static const uint8_t protos[POLICY_SIEVE_CLASSES] = {6, 17, 1};

struct world {
	struct policy *policy;
	struct geo *geo;
	struct screen *screen;
	uint64_t want[POLICY_SIEVE_CLASSES][65536 / 64]; // without overrides
};

#define RULE(id, match, action)                                                                    \
	"{\"id\":\"" id "\",\"match\":{" match "},\"action\":\"" action "\",\"reason\":\"NO\"}"

static struct policy *load_rules(const char *rules, const char *overrides, const char *action)
{
	struct diag_list diag;
	struct policy *p;
	char text[4096];

	snprintf(text, sizeof(text),
		"{\"schema\":\"egress-policy/1\",\"meta\":{\"id\":\"t\",\"version\":1,\"issuer\":"
		"\"x\",\"not_before\":\"2025-01-01T00:00:00Z\",\"expires\":\"2090-01-01T00:00:"
		"00Z\","
		"\"timezone\":\"UTC\"},\"home\":[\"CN\"],\"geo\":{\"overrides\":[%s]},\"tenants\":{"
		"\"a\":{\"prefixes\":[\"10.0.0.0/"
		"8\"]}},\"apps\":{},\"defaults\":{\"action\":\"%s\","
		"\"reason\":\"NO_RULE\",\"min_confidence\":\"cache\",\"block_with\":\"drop\","
		"\"pending\":{\"action\":\"pass\",\"max_packets\":{\"tcp\":80,\"udp\":24},"
		"\"max_bytes_out\":1,\"max_ms\":1},\"on_expiry\":\"block\",\"boot_without_policy\":"
		"\"block\"},\"rules\":[%s],\"limits\":[]}",
		overrides, action, rules);
	diag_init(&diag, "test");
	p = policy_load(text, strlen(text), POLICY_ANY_TIME, NULL, &diag);
	for (size_t i = 0; i < diag.n && p == NULL; i++) {
		char line[512];

		diag_format(&diag, i, line, sizeof(line));
		print_error("%s\n", line);
	}
	assert_non_null(p);
	diag_clear(&diag);
	return p;
}

static struct policy *load(const char *overrides, const char *action)
{
	return load_rules(
		RULE("a", "\"countries\":[\"SG\"],\"protos\":[\"tcp\"]", "block") "," RULE(
			"b", "\"countries\":[\"BR\"],\"dports\":[\"9\"]", "block") "," RULE("c",
			"\"border\":[\"unknown\"],\"protos\":[\"udp\"]",
			"block") "," RULE("d", "\"countries\":[\"JP\"]", "flag"),
		overrides, action);
}

static void want(struct world *w, uint32_t first, uint64_t end, const char *cc)
{
	for (unsigned row = 0; row < POLICY_SIEVE_CLASSES; row++) {
		if (!policy_may_block(w->policy, POLICY_CC(cc[0], cc[1]), protos[row], NOW))
			continue;
		for (uint64_t slot = first >> 16; first < end && slot <= (end - 1) >> 16; slot++)
			w->want[row][slot / 64] |= (uint64_t)1 << (slot % 64);
	}
}

// Ranges of one address to more than a /8, some with gaps between them, some without.
static void make_database(struct world *w, const char *path, uint32_t state)
{
	FILE *f = fopen(path, "w");
	uint64_t at = 0;

	assert_non_null(f);
	for (unsigned i = 0; i < RANGES && at <= UINT32_MAX; i++) {
		const uint64_t gap =
			draw32(&state) % 2 ? 0 : draw32(&state) >> (8 + draw32(&state) % 20);
		const uint64_t first = at + gap;
		uint64_t last = first + (draw32(&state) >> (7 + draw32(&state) % 25));
		const char *cc = countries[draw32(&state) % 6];

		if (first > UINT32_MAX)
			break;
		if (last > UINT32_MAX)
			last = UINT32_MAX;
		fprintf(f, "%llu,%llu,%s\n", (unsigned long long)first, (unsigned long long)last,
			cc);
		want(w, (uint32_t)at, first, "XX");
		want(w, (uint32_t)first, last + 1, cc);
		at = last + 1;
	}
	if (at <= UINT32_MAX)
		want(w, (uint32_t)at, (uint64_t)UINT32_MAX + 1, "XX");
	fclose(f);
}

static void make(struct world *w, uint32_t seed, const char *overrides, const char *action)
{
	char path[] = "/tmp/screen-XXXXXX", err[256];
	const char *paths[1] = {path};
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	memset(w, 0, sizeof(*w));
	w->policy = load(overrides, action);
	make_database(w, path, seed);
	w->geo = geo_load(paths, 1, NULL, 0, err, sizeof(err));
	unlink(path);
	assert_non_null(w->geo);
	w->screen = screen_build(w->policy, w->geo);
	assert_non_null(w->screen);
}

static void drop(struct world *w)
{
	free(w->screen);
	geo_free(w->geo);
	policy_free(w->policy);
}

static void test_exact(void **state)
{
	for (uint32_t seed = 1; seed < 40; seed++) {
		struct world *w = malloc(sizeof(*w));
		unsigned marked = 0;

		make(w, seed * 2654435761u, "", "allow");
		assert_memory_equal(w->screen->may_block, w->want, sizeof(w->want));
		for (unsigned slot = 0; slot < 65536; slot++) {
			const uint8_t a[4] = {(uint8_t)(slot >> 8), (uint8_t)slot, 1, 2};

			for (unsigned row = 0; row < POLICY_SIEVE_CLASSES; row++) {
				bool bit = w->want[row][slot / 64] >> (slot % 64) & 1;

				assert_int_equal(
					screen_may_block(w->screen, 4, a, protos[row]), bit);
				marked += bit;
			}
		}
		assert_in_range(marked, 1, 3 * 65536 - 1);
		drop(w);
		free(w);
	}
}

// Where it says no, nothing is blocked, whatever overrides say of the address.
static void test_overrides(void **state)
{
	static const char overrides[] =
		"{\"prefix\":\"10.0.0.0/9\",\"country\":\"SG\",\"note\":\"n\"},"
		"{\"prefix\":\"20.1.2.0/30\",\"country\":\"BR\",\"note\":\"n\"},"
		"{\"prefix\":\"20.1.0.0/16\",\"country\":\"SG\",\"note\":\"n\"},"
		"{\"prefix\":\"2001:db8::/32\",\"country\":\"SG\",\"note\":\"n\"},"
		"{\"prefix\":\"30.0.0.0/8\",\"country\":\"DE\",\"note\":\"n\"}";
	static const uint8_t heads[][3] = {{10, 0, 1}, {10, 127, 0}, {10, 128, 0}, {20, 1, 2},
		{20, 1, 3}, {20, 2, 2}, {30, 5, 5}, {32, 1, 13}};
	unsigned said_no = 0;

	for (uint32_t seed = 1; seed < 20; seed++) {
		struct world *w = malloc(sizeof(*w));
		uint32_t s = seed;

		make(w, seed * 2654435761u, overrides, "allow");
		for (unsigned i = 0; i < 20000; i++) {
			const uint32_t any = htonl(draw32(&s)), part = draw32(&s);
			struct policy_addr a = {.version = 4};
			uint16_t cc = 0;

			memcpy(a.b, &any, 4);
			if (part % 2)
				memcpy(a.b, heads[part >> 1 & 7], 3);
			if (!policy_override(w->policy, &a, &cc))
				cc = geo_country(w->geo, 4, a.b);
			if (cc == 0)
				cc = POLICY_CC_XX;
			for (unsigned row = 0; row < POLICY_SIEVE_CLASSES; row++) {
				bool may = screen_may_block(w->screen, 4, a.b, protos[row]);

				if (!may)
					assert_false(
						policy_may_block(w->policy, cc, protos[row], NOW));
				said_no += !may;
			}
		}
		drop(w);
		free(w);
	}
	assert_true(said_no > 100000);
}

// IPv6: the same, on addresses in and beside the ranges of a database, those that are looked up as
// IPv4 included. And nearly all that is not blocked shows.
static void test_ipv6(void **state)
{
	static const char overrides[] =
		"{\"prefix\":\"2001:db8:8000::/33\",\"country\":\"SG\",\"note\":\"n\"},"
		"{\"prefix\":\"2400::/29\",\"country\":\"BR\",\"note\":\"n\"}";
	static const char database[] = "1,16777215,DE\n16777216,33554431,SG\n";
	char path[] = "/tmp/screen-XXXXXX", err[256];
	const char *paths[2] = {path, path};
	uint32_t s = 1;
	unsigned no = 0, yes = 0, wrongly = 0;
	struct policy *p = load(overrides, "allow");
	struct screen *screen;
	struct geo *g;
	FILE *f;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	// All of 2000::/3 and of what IPv4 is mapped to, so that little is unknown.
	fputs("::,1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,DE\n", f);
	for (unsigned i = 0; i < 4096; i++)
		fprintf(f, "%x::,%x:ffff:ffff:ffff:ffff:ffff:ffff:ffff,%s\n", 0x2000 + 2 * i,
			0x2001 + 2 * i, i % 64 == 1 ? "US" : "DE");
	for (unsigned i = 0; i < 5000; i++)
		fprintf(f, "4000:%x::,4000:%x:ffff:ffff:ffff:ffff:ffff:ffff,%s\n", 2 * i, 2 * i,
			countries[i % 6]);
	fputs("4001::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,CN\n", f);
	fclose(f);
	g = geo_load(paths, 1, NULL, 0, err, sizeof(err));
	if (g == NULL)
		print_error("%s\n", err);
	assert_non_null(g);
	screen = screen_build(p, g);
	assert_non_null(screen);
	for (unsigned i = 0; i < 200000; i++) {
		struct policy_addr a = {.version = 6};
		const uint32_t kind = draw32(&s) % 4, any = draw32(&s);
		uint16_t cc = 0;

		for (unsigned b = 0; b < 16; b++)
			a.b[b] = (uint8_t)(draw32(&s) >> 9);
		if (kind == 1)
			memcpy(a.b, (uint8_t[]){0x40, 0, (uint8_t)(any >> 8 & 0x27), (uint8_t)any},
				4);
		else if (kind == 2)
			memcpy(a.b, (uint8_t[]){0x20, 1, 0x0d, 0xb8, (uint8_t)any}, 5);
		else if (kind == 3)
			memcpy(a.b, (uint8_t[]){0x24, 0, 0, (uint8_t)(any & 15)}, 4);
		if (!policy_override(p, &a, &cc))
			cc = geo_country(g, 6, a.b);
		if (cc == 0)
			cc = POLICY_CC_XX;
		for (unsigned row = 0; row < POLICY_SIEVE_CLASSES; row++) {
			bool may = screen_may_block(screen, 6, a.b, protos[row]);
			bool is = policy_may_block(p, cc, protos[row], NOW);

			assert_true(may || !is);
			no += !may;
			yes += is;
			wrongly += may && !is;
		}
	}
	assert_true(no > 100000 && yes > 10000);
	assert_true(wrongly < no / 4); // half of 2001:db8::/32, and what shares bits
	geo_free(g);
	free(screen);
	policy_free(p);
	// What is mapped: with a database of IPv4 alone.
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(database, f);
	fclose(f);
	g = geo_load(paths, 1, NULL, 0, err, sizeof(err));
	unlink(path);
	assert_non_null(g);
	p = load("", "allow");
	screen = screen_build(p, g);
	assert_true(screen_may_block(screen, 6, (const uint8_t[4]){0}, 6));
	free(screen);
	geo_free(g);
	policy_free(p);
}

static void test_all_or_nothing(void **state)
{
	struct world w;
	struct screen *s;
	const uint8_t a[4] = {198, 51, 100, 1};

	make(&w, 7, "", "block");
	for (unsigned row = 0; row < POLICY_SIEVE_CLASSES; row++)
		for (unsigned i = 0; i < 65536 / 64; i++)
			assert_true(w.screen->may_block[row][i] == UINT64_MAX);
	drop(&w);
	w.policy = load("", "allow");
	s = screen_build(w.policy, NULL); // every country is unknown
	assert_true(screen_may_block(s, 4, a, 17));
	assert_false(screen_may_block(s, 4, a, 6));
	assert_false(screen_may_block(s, 4, a, 47));
	free(s);
	policy_free(w.policy);
}

static bool blocked(
	const struct policy *p, const char *cc, uint8_t proto, uint16_t sport, uint16_t dport)
{
	struct policy_facts f = {.proto = proto, .final = true, .sport = sport, .dport = dport};
	struct policy_verdict v;

	f.cc = POLICY_CC(cc[0], cc[1]);
	f.border = policy_border(p, f.cc);
	policy_eval(p, &f, NOW, &v);
	return v.action == POLICY_BLOCK;
}

// The ports of rules that block without a label; no others, and all where a rule names none.
static void test_ports(void **state)
{
	static const char *const rules[] = {
		RULE("a",
			"\"countries\":[\"SG\"],\"dports\":[\"22\",\"8000-8010\"],"
			"\"protos\":[\"tcp\"]",
			"block") "," RULE("b", "\"hosts\":[\"x.example\"],\"dports\":[\"99\"]",
			"block") "," RULE("c", "\"countries\":[\"SG\"],\"dports\":[\"77\"]",
			"flag"),
		RULE("a", "\"countries\":[\"BR\"],\"sports\":[\"6-7\"]", "block") "," RULE("b",
			"\"countries\":[\"SG\"],\"sports\":[\"60000-65535\"],"
			"\"protos\":[\"udp\"]",
			"block"),
		RULE("a", "\"countries\":[\"BR\"],\"sports\":[\"0\"]", "block") "," RULE(
			"b", "\"countries\":[\"SG\"]", "block"),
	};

	for (unsigned k = 0; k < 4; k++) {
		struct policy *p = load_rules(rules[k % 3], "", k == 3 ? "block" : "allow");
		struct screen *s = screen_build(p, NULL);
		uint32_t st = 1 + k;
		unsigned hits = 0;

		for (unsigned port = 0; port < 65536; port++) {
			const uint16_t n = (uint16_t)port;
			bool tcp = true, udp = true;

			if (k == 0) {
				tcp = n == 22 || (n >= 8000 && n <= 8010);
				udp = false;
			} else if (k == 1) {
				tcp = n == 6 || n == 7;
				udp = tcp || n >= 60000;
			}
			for (unsigned other = 0; other < 3; other++) {
				const uint16_t o = (uint16_t)(other * 32767);
				const uint16_t sp = k == 1 ? n : o, dp = k == 1 ? o : n;

				assert_int_equal(screen_may_block_ports(s, 6, sp, dp), tcp);
				assert_int_equal(screen_may_block_ports(s, 17, sp, dp), udp);
				assert_true(screen_may_block_ports(s, 1, sp, dp));
			}
		}
		for (unsigned i = 0; i < 100000; i++) {
			static const uint16_t some[] = {0, 6, 7, 8, 22, 77, 99, 8005, 60001, 65535};
			const uint32_t x = draw32(&st);
			const uint8_t proto = x & 1 ? 6 : 17;
			const uint16_t sp = some[(x >> 1) % 10], dp = some[(x >> 9) % 10];

			if (!blocked(p, countries[(x >> 17) % 6], proto, sp, dp))
				continue;
			assert_true(screen_may_block_ports(s, proto, sp, dp));
			hits++;
		}
		assert_true(hits > 100);
		free(s);
		policy_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
