// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/bench/attack.h"

#include "app/dataplane/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAME   60
#define FRAME6  80
#define TUPLES  16384
#define AIM_BIT 52 // the hash's top twelve bits are zero: one bucket in 4096

const char *const attack_names[ATTACK_COUNT] = {"syn", "scan", "fragment", "collide", "elephant"};

static uint64_t draw(struct attack *a) // xorshift64* (Vigna, 2016)
{
	a->state ^= a->state >> 12;
	a->state ^= a->state << 25;
	a->state ^= a->state >> 27;
	return a->state * 0x2545f4914f6cdd1dull;
}

static struct attack_tuple random_tuple(struct attack *a)
{
	uint64_t x = draw(a), y = draw(a);

	return (struct attack_tuple){
		.src = (uint32_t)(0x20 + (x >> 57)) << 24 | (uint32_t)(x & 0xffffff),
		.dst = 0x0a000000 | (uint32_t)(y & 0xffffff), // 10.0.0.0/8
		.sport = (uint16_t)(1024 + (x >> 32) % 60000),
		.dport = (uint16_t)(1024 + (y >> 32) % 60000),
	};
}

// The key as the parser makes it: the lower address first (10.0.0.0/8 here), network order.
static uint64_t hash_of(const struct attack *a, const struct attack_tuple *t)
{
	struct flow_key k = {.version = 4, .proto = 17, .vni = UINT32_MAX};

	k.port[0] = t->dport;
	k.port[1] = t->sport;
	k.a4[0] = __builtin_bswap32(t->dst);
	k.a4[1] = __builtin_bswap32(t->src);
	return hash_key(&a->aim, &k);
}

int attack_init(struct attack *a)
{
	if (a->kind != ATTACK_COLLIDE)
		return 0;
	a->tuples = calloc(TUPLES, sizeof(*a->tuples));
	if (a->tuples == NULL)
		return -ENOMEM;
	while (a->n_tuples < TUPLES) {
		struct attack_tuple t = random_tuple(a);

		if (hash_of(a, &t) >> AIM_BIT == 0)
			a->tuples[a->n_tuples++] = t;
	}
	return 0;
}

void attack_fini(struct attack *a)
{
	free(a->tuples);
	a->tuples = NULL;
}

static uint8_t *ip4(uint8_t *b, const struct attack_tuple *t, uint8_t proto, uint16_t len)
{
	memset(b, 0, FRAME);
	memcpy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00\x45", 15);
	put_be16(b + 16, len);
	b[22] = 64;
	b[23] = proto;
	put_be32(b + 26, t->src);
	put_be32(b + 30, t->dst);
	return b + 34;
}

// From where addresses are given out, to 2001:db8::/32.
static uint8_t *ip6(uint8_t *b, const struct attack_tuple *t, uint8_t proto, uint16_t len)
{
	static const uint16_t given_out[8] = {
		0x2001, 0x2400, 0x2408, 0x2600, 0x2804, 0x2a00, 0x2a02, 0x2c0f};

	memset(b, 0, FRAME6);
	memcpy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x86\xdd\x60", 15);
	put_be16(b + 18, len - 40u);
	b[20] = proto;
	b[21] = 64;
	put_be16(b + 22, given_out[t->src >> 24 & 7]);
	put_be32(b + 24, t->src << 8);
	put_be32(b + 34, t->src);
	put_be32(b + 38, 0x20010db8);
	put_be32(b + 50, t->dst);
	return b + 54;
}

static uint8_t *ip(const struct attack *a, uint8_t *b, const struct attack_tuple *t, uint8_t proto,
	uint16_t l4)
{
	return a->version == 6 ? ip6(b, t, proto, (uint16_t)(40 + l4))
			       : ip4(b, t, proto, (uint16_t)(20 + l4));
}

static void ports(uint8_t *l4, const struct attack_tuple *t)
{
	put_be16(l4, t->sport);
	put_be16(l4 + 2, t->dport);
}

static void udp(struct attack *a, uint8_t *b, const struct attack_tuple *t)
{
	uint8_t *l4 = ip(a, b, t, 17, FRAME - 34);

	ports(l4, t);
	put_be16(l4 + 4, FRAME - 34);
	for (unsigned i = 8; i < FRAME - 34; i++)
		l4[i] = (uint8_t)(draw(a) >> 56);
}

static void syn(const struct attack *a, uint8_t *b, struct attack_tuple *t)
{
	uint8_t *l4 = ip(a, b, t, 6, 20);

	t->dport = 443;
	ports(l4, t);
	l4[12] = 5 << 4;
	l4[13] = 2;
	put_be16(l4 + 14, 65535);
}

static void fragment(struct attack *a, uint8_t *b, const struct attack_tuple *t)
{
	// More to come at offset 0, 8 bytes of TCP; offset 8, over the TCP header; an orphan far
	// on.
	static const uint16_t fields[3] = {0x2000, 0x0001, 0x0100}, bytes[3] = {8, 8, 1};
	unsigned i = (unsigned)(a->next++ % 3);
	uint8_t *l4 = ip4(b, t, 6, (uint16_t)(20 + bytes[i]));

	put_be16(b + 18, (uint32_t)(draw(a) >> 48));
	put_be16(b + 20, fields[i]);
	if (i == 0)
		ports(l4, t);
}

uint16_t attack_frame(struct attack *a, uint8_t *b)
{
	static const struct attack_tuple elephant = {0xcb007109, 0x0a010203, 50000, 5001};
	struct attack_tuple t = random_tuple(a);

	switch (a->kind) {
	case ATTACK_SYN:
		syn(a, b, &t);
		break;
	case ATTACK_FRAGMENT:
		fragment(a, b, &t);
		break;
	case ATTACK_COLLIDE:
		udp(a, b, &a->tuples[a->next++ % a->n_tuples]);
		break;
	case ATTACK_ELEPHANT:
		udp(a, b, &elephant);
		break;
	default: // ATTACK_SCAN
		udp(a, b, &t);
	}
	return a->version == 6 ? FRAME6 : FRAME;
}
