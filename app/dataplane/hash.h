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

static inline uint64_t hash_words6(const struct hash_seed *seed, uint64_t head, uint32_t ports,
	const uint64_t a0[2], const uint64_t a1[2])
{
	uint64_t h = hash_mum(head ^ seed->s[0], ports ^ seed->s[1]);

	h ^= hash_mum(a0[0] ^ seed->s[2], a0[1] ^ seed->s[3]);
	h += hash_mum(a1[0] ^ seed->s[3], a1[1] ^ seed->s[2]);
	return hash_mum(h ^ seed->s[2], h ^ seed->s[3]);
}

static inline uint64_t hash_key(const struct hash_seed *seed, const struct flow_key *k)
{
	uint32_t ports;

	memcpy(&ports, k->port, sizeof(ports));
	if (k->version == 4)
		return hash_words4(seed, hash_load(k), ports, hash_load(k->a4));
	return hash_words6(seed, hash_load(k), ports, k->a6w[0], k->a6w[1]);
}
