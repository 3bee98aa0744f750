// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/frag.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4

struct entry {
	struct flow_key key; // ports are the answer, not part of the question
	int64_t seen;        // 0: free
	uint32_t id;
	uint8_t dir; // of the sender, as the first fragment's key was sorted
};

struct frag_table {
	uint32_t mask;
	struct hash_seed seed;
	struct entry e[];
};

struct frag_table *frag_create(uint32_t datagrams, const struct hash_seed *seed)
{
	struct frag_table *t;
	uint32_t n = 16;

	while (n < datagrams && n < 1u << 24)
		n *= 2;
	t = calloc(1, sizeof(*t) + (size_t)n * sizeof(t->e[0]));
	if (t == NULL)
		return NULL;
	t->mask = n / WAYS - 1;
	t->seed = *seed;
	return t;
}

void frag_free(struct frag_table *t)
{
	free(t);
}

// The sender and the receiver, not sorted: two hosts may use one identification towards each other.
static struct entry *set_of(
	struct frag_table *t, const struct flow_key *k, uint8_t dir, uint32_t id)
{
	struct flow_key q = *k;

	if (k->version == 6)
		q.proto = 0;
	q.port[0] = (uint16_t)id;
	q.port[1] = (uint16_t)(id >> 16);
	q.vni ^= dir;
	return &t->e[(hash_key(&t->seed, &q) & t->mask) * WAYS];
}

static bool same(
	const struct entry *e, const struct flow_key *k, uint8_t dir, uint32_t id, int64_t now)
{
	if (e->seen == 0 || now - e->seen > FRAG_TIMEOUT_US || e->id != id || e->dir != dir)
		return false;
	if (e->key.version != k->version || e->key.vlan != k->vlan || e->key.vni != k->vni)
		return false;
	// RFC 791 has the protocol in it, RFC 8200, 4.5 has not: there only the first fragment
	// shows what stands behind further extension headers.
	if (k->version == 4)
		return e->key.proto == k->proto && memcmp(e->key.a4, k->a4, 8) == 0;
	return memcmp(e->key.a6, k->a6, 32) == 0;
}

bool frag_insert(
	struct frag_table *t, const struct flow_key *k, uint8_t dir, uint32_t id, int64_t now)
{
	struct entry *set = set_of(t, k, dir, id), *to = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		struct entry *e = &set[i];

		if (same(e, k, dir, id, now)) {
			to = e;
			break;
		}
		if (to == NULL || e->seen < to->seen)
			to = e;
	}
	bool evicted =
		to->seen != 0 && now - to->seen <= FRAG_TIMEOUT_US && !same(to, k, dir, id, now);

	to->key = *k;
	to->id = id;
	to->dir = dir;
	to->seen = now != 0 ? now : 1;
	return evicted;
}

bool frag_find(struct frag_table *t, struct flow_key *k, uint8_t *dir, uint32_t id, int64_t now)
{
	// Between equal addresses the ports decided how the first fragment was sorted.
	bool equal = memcmp(k->a6[0], k->a6[1], 16) == 0 && k->version == 6;
	uint8_t tries = (uint8_t)(1 + ((k->version == 4 && k->a4[0] == k->a4[1]) || equal));

	for (uint8_t try = 0; try < tries; try++) {
		uint8_t d = *dir ^ try;
		struct entry *set = set_of(t, k, d, id);

		for (unsigned i = 0; i < WAYS; i++) {
			if (same(&set[i], k, d, id, now)) {
				memcpy(k->port, set[i].key.port, sizeof(k->port));
				k->proto = set[i].key.proto;
				*dir = d;
				return true;
			}
		}
	}
	return false;
}
