// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The hash of a flow's key: 64 bits, seeded at every boot.
//
// CRC32 would do as well for spread, but it is linear: two keys that collide under one seed collide
// under all, so anybody could aim. This one multiplies 64 by 64 bits and folds the halves (the way
// of wyhash); without the seeds nobody can tell which keys meet.
#pragma once

#include "app/dataplane/packet.h"

#include <string.h>

struct hash_seed {
	uint64_t s[4]; // odd
};

static inline uint64_t hash_mum(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t hash_load(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

// The same from words in registers: the key's first eight bytes, its ports, its addresses.
static inline uint64_t hash_words4(
	const struct hash_seed *seed, uint64_t head, uint32_t ports, uint64_t a4)
{
	uint64_t h = hash_mum(head ^ seed->s[0], ports ^ seed->s[1]) ^ a4;

	return hash_mum(h ^ seed->s[2], h ^ seed->s[3]);
}

// The upper and the lower half of an IPv6 address in network order.
struct hash_addr6 {
	uint64_t upper, lower;
};

static inline struct hash_addr6 hash_addr6(const uint8_t a[16])
{
	return (struct hash_addr6){
		__builtin_bswap64(hash_load(a)), __builtin_bswap64(hash_load(a + 8))};
}

// Which address is which end's makes no difference: the ports are in the order of the ends, and the
// hash need not wait until that is known.
static inline uint64_t hash_words6(const struct hash_seed *seed, uint64_t head, uint32_t ports,
	struct hash_addr6 a, struct hash_addr6 b)
{
	uint64_t h = hash_mum(head ^ seed->s[0], ports ^ seed->s[1]);

	h ^= hash_mum(a.upper ^ seed->s[2], a.lower ^ seed->s[3]) +
	     hash_mum(b.upper ^ seed->s[2], b.lower ^ seed->s[3]);
	return hash_mum(h ^ seed->s[2], h ^ seed->s[3]);
}

static inline uint64_t hash_key(const struct hash_seed *seed, const struct flow_key *k)
{
	uint32_t ports;

	memcpy(&ports, k->port, sizeof(ports));
	if (k->version == 4)
		return hash_words4(seed, hash_load(k), ports, hash_load(k->a4));
	return hash_words6(seed, hash_load(k), ports, hash_addr6(k->a6[0]), hash_addr6(k->a6[1]));
}
