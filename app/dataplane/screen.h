// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Where no address is that a policy would block without knowing what the flow is: by the /16s of
// IPv4, and the /32s of IPv6, the size of an allocation. And which ports it blocks nothing at.
//
// In a flood, most packets come from where nothing is blocked. To find the country of each, in
// tables of some hundred thousand ranges, costs more than all else that is done about them. One bit
// says as much. All bits of IPv4 and of a protocol lie in the first cache. There are too many /32s
// of IPv6 for that: they share bits by a hash, and what is blocked in one marks the others.
#pragma once

#include "drivers/geo/geo.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SCREEN_BITS6 20

struct screen {
	uint64_t may_block[POLICY_SIEVE_CLASSES][65536 / 64];                // bit: a /16
	uint64_t may_block6[POLICY_SIEVE_CLASSES][(1 << SCREEN_BITS6) / 64]; // some of the /32s
	uint64_t may_block_port[2][POLICY_SIEVE_OTHER][65536 / 64];          // source, destination
};

// For the countries that geo (a struct geo; NULL: all are unknown) and the policy's own overrides
// give to addresses, at any time before the policy's expiry. The caller frees it with free(). NULL
// without memory. Its form is that of policy_slot_add_screens().
struct screen *screen_build(const struct policy *p, const void *geo);

// The bit of a /32, by the golden ratio (Knuth, The Art of Computer Programming, 6.4).
static inline uint32_t screen_bit6(uint32_t top)
{
	return top * 0x9e3779b1u >> (32 - SCREEN_BITS6);
}

// Whether a flow with this remote end (network order; the first 4 bytes of it, also for version 6)
// and IP protocol may be blocked without a label. False is certain, as long as policy_sieve() gives
// a table.
static inline bool screen_may_block(
	const struct screen *s, uint8_t version, const uint8_t addr[4], uint8_t proto)
{
	const enum policy_sieve_class row = policy_sieve_class(proto);
	uint32_t top, bit;

	memcpy(&top, addr, sizeof(top));
	top = __builtin_bswap32(top);
	if (version == 4)
		return s->may_block[row][top >> 16 >> 6] >> (top >> 16 & 63) & 1;
	bit = screen_bit6(top);
	return s->may_block6[row][bit / 64] >> (bit % 64) & 1;
}

// The same by the ports of a flow's first packet, wherever its remote end is. For who has been told
// that the end may be one: there are few, and the bits of the ports are in no cache for them.
static inline bool screen_may_block_ports(
	const struct screen *s, uint8_t proto, uint16_t sport, uint16_t dport)
{
	const enum policy_sieve_class row = policy_sieve_class(proto);

	if (row == POLICY_SIEVE_OTHER)
		return true;
	return (s->may_block_port[0][row][sport / 64] >> (sport % 64) &
		       s->may_block_port[1][row][dport / 64] >> (dport % 64) & 1) != 0;
}
