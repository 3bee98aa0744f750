// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The /16s of IPv4 with no address that a policy would block without knowing what the flow is.
//
// In a flood, most packets come from where nothing is blocked. To find the country of each, in
// tables of some hundred thousand ranges, costs more than all else that is done about them. One bit
// says as much, and all bits of a protocol lie in the first cache.
#pragma once

#include "drivers/geo/geo.h"
#include "policy/policy.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum screen_proto {
	SCREEN_TCP,
	SCREEN_UDP,
	SCREEN_OTHER,
	SCREEN_PROTOS
};

struct screen {
	uint64_t may_block[SCREEN_PROTOS][65536 / 64]; // bit: a /16
};

// For the countries that geo (a struct geo; NULL: all are unknown) and the policy's own overrides
// give to addresses, at any time before the policy's expiry. The caller frees it with free(). NULL
// without memory. Its form is that of policy_slot_add_screens().
struct screen *screen_build(const struct policy *p, const void *geo);

// Whether a flow with this remote end (network order) and IP protocol may be blocked without a
// label. False is certain, as long as policy_sieve() gives a table.
static inline bool screen_may_block(const struct screen *s, const uint8_t addr[4], uint8_t proto)
{
	unsigned slot = (unsigned)addr[0] << 8 | addr[1];
	enum screen_proto row = proto == IPPROTO_TCP   ? SCREEN_TCP
				: proto == IPPROTO_UDP ? SCREEN_UDP
						       : SCREEN_OTHER;

	return s->may_block[row][slot / 64] >> (slot % 64) & 1;
}
