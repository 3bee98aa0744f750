// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/frag.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4

struct entry {
	struct flow_key key; // ports are the answer, not part of the question
	int64_t seen;
	uint32_t id;
	uint8_t dir; // of the sender, as the first fragment's key was sorted
};

// Tags stand apart from entries: that a set does not have a datagram shows in a line of an array
// that stays in the first cache, however many fragments come without a first one.
struct frag_table {
	uint32_t mask; // sets - 1
	struct hash_seed seed;
	struct entry *e; // WAYS a set
	uint8_t *next;   // of a set the way that is filled next: the oldest
	// Of a set, a byte for each way: the hash's; 0: free.
	uint32_t tags[];
};

struct frag_table *frag_create(uint32_t datagrams, const struct hash_seed *seed)
{
	struct frag_table *t;
	uint32_t n = 16;

	while (n < datagrams && n < 1u << 24)
		n *= 2;
	t = calloc(1, sizeof(*t) + n / WAYS * sizeof(t->tags[0]));
	if (t == NULL)
		return NULL;
	t->e = calloc(n, sizeof(*t->e));
	t->next = calloc(n / WAYS, sizeof(*t->next));
	if (t->e == NULL || t->next == NULL) {
		frag_free(t);
		return NULL;
	}
	t->mask = n / WAYS - 1;
	t->seed = *seed;
	return t;
}

void frag_free(struct frag_table *t)
{
	if (t == NULL)
		return;
	free(t->e);
	free(t->next);
	free(t);
}

// The sender and the receiver, not sorted: two hosts may use one identification towards each other.
// From words in registers (hash.h), since half a flood of fragments' cost is this.
static uint64_t hash_of(
	const struct frag_table *t, const struct flow_key *k, uint8_t dir, uint32_t id)
{
	const uint64_t head = hash_load(k) ^ (uint64_t)dir << 32; // in the VNI

	if (k->version == 4)
		return hash_words4(&t->seed, head, id, hash_load(k->a4));
	return hash_words6(
		&t->seed, head & ~(uint64_t)0xff00, id, hash_addr6(k->a6[0]), hash_addr6(k->a6[1]));
}

static uint8_t tag_of(uint64_t hash)
{
	return (uint8_t)(hash >> 32) | 1;
}

// The ways that have the tag, as the highest bits of their bytes, and now and then one above such a
// way that has not (Warren, Hacker's Delight, 6-1).
static uint32_t ways_of(uint32_t tags, uint8_t tag)
{
	const uint32_t ones = 0x01010101, differ = tags ^ tag * ones;

	return (differ - ones) & ~differ & 0x80 * ones;
}

static bool same(
	const struct entry *e, const struct flow_key *k, uint8_t dir, uint32_t id, int64_t now)
{
	if (now - e->seen > FRAG_TIMEOUT_US || e->id != id || e->dir != dir)
		return false;
	if (e->key.version != k->version || e->key.vlan != k->vlan || e->key.vni != k->vni)
		return false;
	// RFC 791 has the protocol in it, RFC 8200, 4.5 has not: there only the first fragment
	// shows what stands behind further extension headers.
	if (k->version == 4)
		return e->key.proto == k->proto && memcmp(e->key.a4, k->a4, 8) == 0;
	return memcmp(e->key.a6, k->a6, 32) == 0;
}

// The entry of a datagram, NULL where it is not known (any more).
static struct entry *find(struct frag_table *t, uint64_t hash, const struct flow_key *k,
	uint8_t dir, uint32_t id, int64_t now)
{
	const uint32_t number = (uint32_t)hash & t->mask;

	// All four at once: nearly always none is it.
	for (uint32_t m = ways_of(t->tags[number], tag_of(hash)); m != 0; m &= m - 1) {
		struct entry *e = &t->e[(size_t)number * WAYS + (unsigned)__builtin_ctz(m) / 8];

		if (same(e, k, dir, id, now))
			return e;
	}
	return NULL;
}

bool frag_insert(
	struct frag_table *t, const struct flow_key *k, uint8_t dir, uint32_t id, int64_t now)
{
	const uint64_t hash = hash_of(t, k, dir, id);
	const uint32_t number = (uint32_t)hash & t->mask;
	struct entry *to = find(t, hash, k, dir, id, now);
	bool evicted = false;

	if (to == NULL) {
		const unsigned way = t->next[number]++ % WAYS, shift = 8 * way;
		const uint32_t tags = t->tags[number];

		to = &t->e[(size_t)number * WAYS + way];
		evicted = (tags >> shift & 0xff) != 0 && now - to->seen <= FRAG_TIMEOUT_US;
		t->tags[number] = (tags & ~(0xffu << shift)) | (uint32_t)tag_of(hash) << shift;
	}
	to->key = *k;
	to->id = id;
	to->dir = dir;
	to->seen = now;
	return evicted;
}

bool frag_find(struct frag_table *t, struct flow_key *k, uint8_t *dir, uint32_t id, int64_t now)
{
	// Between equal addresses the ports decided how the first fragment was sorted.
	const bool equal =
		k->version == 4 ? k->a4[0] == k->a4[1] : memcmp(k->a6[0], k->a6[1], 16) == 0;
	const uint8_t tries = equal ? 2 : 1;

	for (uint8_t try = 0; try < tries; try++) {
		const uint8_t d = *dir ^ try;
		const struct entry *e = find(t, hash_of(t, k, d, id), k, d, id, now);

		if (e != NULL) {
			memcpy(k->port, e->key.port, sizeof(k->port));
			k->proto = e->key.proto;
			*dir = d;
			return true;
		}
	}
	return false;
}
