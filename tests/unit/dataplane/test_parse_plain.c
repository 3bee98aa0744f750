// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The parser's fast path gives what the parser gives, on well-formed frames and on damaged ones.

#include "app/dataplane/parse_plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#define FRAME  128
#define ROUNDS 2000000

static uint64_t next(uint64_t *state) // xorshift64*
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

// So many tags before the frame's type.
static void insert_tags(uint8_t *b, unsigned tags, uint64_t r)
{
	static const uint16_t types[4] = {0x8100, 0x8100, 0x88a8, 0x9100};

	memmove(b + 12 + tags * 4, b + 12, FRAME - 12 - tags * 4);
	for (unsigned i = 0; i < tags; i++, r >>= 20) {
		put_be16(b + 12 + i * 4, types[r & 3]);
		put_be16(
			b + 14 + i * 4, (uint32_t)(r >> 2 & 1 ? r >> 3 & 0xffff : r >> 3 & 0xe000));
	}
}

// A whole frame of TCP or UDP; returns its length.
static uint32_t make_frame(uint8_t *b, uint64_t *state)
{
	static const uint16_t ports[5] = {PARSE_PORT_GTPU, PARSE_PORT_VXLAN, PARSE_PORT_CAPWAP,
		PARSE_PORT_GENEVE, PARSE_PORT_TZSP};
	uint64_t r = next(state);
	bool v6 = r & 1, tcp = r & 2;
	uint32_t l3 = v6 ? 40 : 20, l4 = tcp ? 20 : 8, payload = r >> 8 & 31, l4_off = 14 + l3;
	uint32_t ip_len = l3 + l4 + payload, len = 14 + ip_len + (r >> 16 & 7);

	for (unsigned i = 0; i < FRAME; i++)
		b[i] = (uint8_t)next(state);
	if (r & 4) // few different addresses: ends that are equal
		memset(b + 14 + (v6 ? 8 : 12), (int)(r >> 24 & 1), v6 ? 32 : 8);
	b[12] = v6 ? 0x86 : 0x08;
	b[13] = v6 ? 0xdd : 0x00;
	b[14] = v6 ? 0x60 : 0x45;
	b[14 + (v6 ? 4 : 2)] = 0;
	b[14 + (v6 ? 5 : 3)] = (uint8_t)(v6 ? ip_len - 40 : ip_len);
	if (!v6)
		b[20] = b[21] = 0;
	b[14 + (v6 ? 6 : 9)] = tcp ? 6 : 17;
	if (r & 8) // few different ports
		b[l4_off] = b[l4_off + 2] = 0;
	if ((r >> 28 & 3) == 0) // a tunnel's port, or one beside it
		put_be16(b + l4_off + (r >> 30 & 2), ports[(r >> 32) % 5] + (r >> 40 & 1));
	if (tcp) {
		b[l4_off + 12] = 5 << 4;
	} else {
		b[l4_off + 4] = 0;
		b[l4_off + 5] = (uint8_t)(8 + payload);
	}
	return len;
}

// GRE, ESP or AH in its place, for what is there is none of their business.
static void take_ports(uint8_t *b, unsigned which)
{
	static const uint8_t protos[3] = {47, 50, 51};

	b[14 + (b[12] == 0x86 ? 6 : 9)] = protos[which % 3];
}

static void assert_same(const struct packet *a, const struct packet *b)
{
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->dir, b->dir);
	assert_int_equal(a->tcp_flags, b->tcp_flags);
	assert_int_equal(a->l3_off, b->l3_off);
	assert_int_equal(a->l4_off, b->l4_off);
	assert_int_equal(a->payload_off, b->payload_off);
	assert_int_equal(a->ip_len, b->ip_len);
	assert_int_equal(a->notes, b->notes);
	assert_true(a->hash == b->hash);
	assert_memory_equal(&a->key, &b->key, offsetof(struct flow_key, port) + 4);
	assert_memory_equal(a->key.a6, b->key.a6, a->key.version == 4 ? 8 : 32);
}

// What may be a tunnel is for parse_packet() to find out.
static bool may_be_tunnel(const struct packet *p)
{
	const uint16_t sport = p->key.port[p->dir], dport = p->key.port[!p->dir];
	const uint16_t either[] = {PARSE_PORT_GTPU, PARSE_PORT_CAPWAP, PARSE_PORT_TZSP};

	for (unsigned i = 0; i < 3; i++)
		if (p->key.proto == IPPROTO_UDP && (sport == either[i] || dport == either[i]))
			return true;
	return p->key.proto == IPPROTO_UDP &&
	       (dport == PARSE_PORT_VXLAN || dport == PARSE_PORT_GENEVE);
}

// Frames, with tags and without ports too where they are odd, given to fast(), which is to serve
// that many of ROUNDS.
static void agrees(bool (*fast)(const struct parser *, struct packet *), bool odd, uint64_t most,
	uint64_t touched)
{
	struct parser ps = {.seed = {{0x11, 0x23, 0x35, 0x47}}, .tunnels = PARSE_ALL_TUNNELS};
	uint64_t rng = 0x9e3779b97f4a7c15, plain = 0, damaged = 0;
	uint8_t *b = malloc(FRAME), *exact;

	ps.frags = frag_create(64, &ps.seed);
	assert_non_null(ps.frags);
	assert_non_null(b);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t len = make_frame(b, &rng);
		uint64_t r = next(&rng);
		struct packet p, q;
		unsigned n_tags = odd ? (unsigned)(r >> 60) % 5 : 0;

		if (odd && (r >> 56 & 1) != 0)
			take_ports(b, (unsigned)(r >> 48 & 15));
		insert_tags(b, n_tags, next(&rng));
		len += n_tags * 4;
		for (unsigned n = (unsigned)(r & 3); n != 0; n--) { // damage where it matters
			uint64_t at = next(&rng);

			b[12 + at % 60] ^= (uint8_t)(at >> 8 & 1 ? at >> 16 : 1u << (at >> 24 & 7));
		}
		if (r & 16)
			len = (uint32_t)(r >> 8) % (len + 1);
		exact = malloc(len + 1); // so that a sanitizer sees a read past the end
		assert_non_null(exact);
		memcpy(exact, b, len);
		memset(&p, 0xa5, sizeof(p)); // as the burst before left it
		p.link = LINK_ETHERNET;
		p.ts = 0;
		p.data = exact;
		p.len = len;
		p.wire_len = len + (r & 32 ? 40 : 0);
		q = p;
		if (fast(&ps, &p)) {
			parse_packet(&ps, &q, NULL);
			assert_same(&p, &q);
			assert_false(may_be_tunnel(&p));
			plain++;
			damaged += (r & 3) != 0;
		}
		free(exact);
	}
	assert_true(plain > most);
	assert_true(damaged > touched);
	frag_free(ps.frags);
	free(b);
}

// It serves most whole frames, and some of those that were touched.
static void both_parsers_agree(void **state)
{
	(void)state;
	agrees(parse_plain, false, ROUNDS / 5, ROUNDS / 20);
}

// One tag or two, of what may be up to four, and no ports.
static void both_agree_on_odd_ones(void **state)
{
	(void)state;
	agrees(parse_plain_odd, true, ROUNDS / 10, ROUNDS / 40);
}

// With ports and without a tag there is nothing for it to do; with three it is left to the parser.
static void what_is_odd(void **state)
{
	const struct parser ps = {.seed = {{0x11, 0x23, 0x35, 0x47}}};
	uint64_t rng = 7;
	uint8_t b[FRAME];

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		for (unsigned tags = 0; tags < 4; tags++) {
			uint32_t len = make_frame(b, &rng);
			struct packet p = {.link = LINK_ETHERNET, .data = b}, q;
			bool ports = i % 2 == 0;

			if (!ports)
				take_ports(b, i / 2);
			insert_tags(b, tags, next(&rng));
			p.len = p.wire_len = len + tags * 4;
			q = p;
			parse_packet(&ps, &q, NULL);
			if (!may_be_tunnel(&q) && p.len >= 50)
				assert_int_equal(parse_plain_odd(&ps, &p),
					tags < 3 && (tags != 0 || !ports));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_parsers_agree),
		cmocka_unit_test(both_agree_on_odd_ones),
		cmocka_unit_test(what_is_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
