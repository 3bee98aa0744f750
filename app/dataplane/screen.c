// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/screen.h"

#include <stdlib.h>

struct build {
	struct screen *screen;
	const uint8_t *sieve;
};

static void mark(struct screen *s, enum screen_proto row, unsigned first, unsigned last)
{
	for (unsigned slot = first; slot <= last; slot++)
		s->may_block[row][slot / 64] |= (uint64_t)1 << (slot % 64);
}

static void take(void *ctx, uint32_t first, uint32_t last, uint16_t cc)
{
	static const uint8_t protos[SCREEN_PROTOS] = {
		[SCREEN_TCP] = IPPROTO_TCP, [SCREEN_UDP] = IPPROTO_UDP, [SCREEN_OTHER] = 0};
	const struct build *b = ctx;

	if (cc == 0)
		cc = POLICY_CC_XX;
	for (unsigned row = 0; row < SCREEN_PROTOS; row++)
		if (policy_sieve_blocks(b->sieve, cc, protos[row]))
			mark(b->screen, row, first >> 16, last >> 16);
}

static void take_override(struct build *b, const struct policy_override *o)
{
	uint32_t first = (uint32_t)o->addr.b[0] << 24 | (uint32_t)o->addr.b[1] << 16, rest;

	if (o->addr.version != 4)
		return;
	rest = o->len < 16 ? UINT32_MAX >> o->len : UINT16_MAX;
	take(b, first & ~rest, first | rest, o->cc);
}

struct screen *screen_build(const struct policy *p, const void *geo)
{
	struct build b = {
		.screen = calloc(1, sizeof(*b.screen)), .sieve = policy_sieve(p, POLICY_ANY_TIME)};
	unsigned n = policy_info(p)->n_overrides;

	if (b.screen == NULL)
		return NULL;
	if (geo != NULL)
		geo_ranges4(geo, take, &b);
	else
		take(&b, 0, UINT32_MAX, 0);
	for (unsigned i = 0; i < n; i++) {
		struct policy_override o;

		policy_override_at(p, i, &o);
		take_override(&b, &o);
	}
	return b.screen;
}
