// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/screen.h"

#include <stdlib.h>

#define MANY (1u << SCREEN_BITS6) // /32s that mark all bits, or nearly

struct build {
	struct screen *screen;
	const uint8_t *sieve;
	bool all6[POLICY_SIEVE_CLASSES]; // nothing is left to mark
};

static void mark(uint64_t *bits, uint32_t bit)
{
	bits[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static bool blocks(const struct build *b, uint16_t cc, enum policy_sieve_class row)
{
	static const uint8_t protos[POLICY_SIEVE_CLASSES] = {// one of each
		[POLICY_SIEVE_TCP] = 6,
		[POLICY_SIEVE_UDP] = 17,
		[POLICY_SIEVE_OTHER] = 0};

	return policy_sieve_blocks(b->sieve, cc != 0 ? cc : POLICY_CC_XX, protos[row]);
}

static void take4(void *ctx, uint32_t first, uint32_t last, uint16_t cc)
{
	const struct build *b = ctx;

	for (enum policy_sieve_class row = 0; row < POLICY_SIEVE_CLASSES; row++) {
		if (!blocks(b, cc, row))
			continue;
		for (uint32_t slot = first >> 16; slot <= last >> 16; slot++)
			mark(b->screen->may_block[row], slot);
	}
}

static void take6(void *ctx, uint64_t first, uint64_t last, uint16_t cc)
{
	struct build *b = ctx;
	const uint32_t top = (uint32_t)(first >> 32), n = (uint32_t)(last >> 32) - top;

	for (enum policy_sieve_class row = 0; row < POLICY_SIEVE_CLASSES; row++) {
		uint64_t *bits = b->screen->may_block6[row];

		if (b->all6[row] || !blocks(b, cc, row))
			continue;
		if (n >= MANY) {
			memset(bits, 0xff, sizeof(b->screen->may_block6[row]));
			b->all6[row] = true;
			continue;
		}
		for (uint32_t i = 0; i <= n; i++)
			mark(bits, screen_bit6(top + i));
	}
}

static void take_override(struct build *b, const struct policy_override *o)
{
	uint32_t top, rest = o->len < 32 ? UINT32_MAX >> o->len : 0;

	memcpy(&top, o->addr.b, sizeof(top));
	top = __builtin_bswap32(top); // of version 4 the whole address
	if (o->addr.version == 4)
		take4(b, top, top | rest, o->cc);
	else
		take6(b, (uint64_t)top << 32, (uint64_t)(top | rest) << 32, o->cc);
}

// ::ffff:0:0/96, which is looked up as IPv4, lies in the /32 of zeros.
static void take_mapped(struct build *b)
{
	for (enum policy_sieve_class row = 0; row < POLICY_SIEVE_CLASSES; row++)
		for (unsigned i = 0; i < 65536 / 64; i++)
			if (b->screen->may_block[row][i] != 0)
				mark(b->screen->may_block6[row], screen_bit6(0));
}

static void take_ports(void *bits, uint16_t first, uint16_t last)
{
	for (uint32_t port = first; port <= last; port++)
		mark(bits, port);
}

struct screen *screen_build(const struct policy *p, const void *geo)
{
	struct build b = {
		.screen = calloc(1, sizeof(*b.screen)), .sieve = policy_sieve(p, POLICY_ANY_TIME)};
	unsigned n = policy_info(p)->n_overrides;

	if (b.screen == NULL)
		return NULL;
	if (geo != NULL) {
		geo_ranges4(geo, take4, &b);
		geo_ranges6(geo, take6, &b);
	} else {
		take4(&b, 0, UINT32_MAX, 0);
		take6(&b, 0, UINT64_MAX, 0);
	}
	for (unsigned i = 0; i < n; i++) {
		struct policy_override o;

		policy_override_at(p, i, &o);
		take_override(&b, &o);
	}
	take_mapped(&b);
	for (enum policy_sieve_class row = 0; row < POLICY_SIEVE_OTHER; row++)
		for (unsigned dst = 0; dst < 2; dst++)
			policy_sieve_ports(
				p, row, dst, take_ports, b.screen->may_block_port[dst][row]);
	return b.screen;
}
