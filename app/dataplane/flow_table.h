// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The flow table of one worker: no locks, no atomics, nobody else touches it.
//
//   bucket (64 B): ten 16-bit signatures, ten entry numbers, a link to an overflow bucket
//   hot line (64 B): the key (IPv4) or its hash (IPv6), verdict, epoch, last seen, counters
//   cold part (84 B): what only the first packets, the timers and the records need
//
// A look-up of an established IPv4 flow costs the bucket and the hot line, both prefetched by the
// pipeline for a whole burst. IPv6 addresses lie in a table of their own, under the entry's number:
// one more line, which is known as soon as the entry is. Names and other words of a flow are in an
// extension that only flows which have any take.
//
// The size is fixed when the table is made. Memory is mapped at once and, where huge pages are
// used, touched at once; how many of the buckets are in use follows the flows, a few buckets at a
// time (flow_buckets.c): no pause.
#pragma once

#include "app/dataplane/hash.h"
#include "app/dataplane/packet.h"
#include "app/flowlog/record.h"

#include <assert.h>
#include <emmintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_NONE  UINT32_MAX
#define FLOW_MAX   (1u << 28) // flows of a table, at most
#define FLOW_WAITS (1u << 31) // in flow_cold.dpi

enum flow_flag {
	FLOW_INSIDE_1 = 1, // end 1 of the key is the inside end (else end 0)
	FLOW_OPENER_1 = 2, // end 1 opened the flow
	FLOW_SETTLED = 4,  // nothing to do for its packets but to count them, while the epoch holds
	FLOW_LOCAL = 8,    // both ends inside
	FLOW_UNDECIDED = 16, // the pending action applies
	FLOW_LABEL_FINAL = 32,
	FLOW_CAPPED = 64,  // a cap of the pending action was reached: the label counts as Unknown
	FLOW_REFERS = 128, // its generation is counted in the policy slot
};

enum flow_tcp { // as much of RFC 9293's states as honest ends need
	FLOW_TCP_NONE = 0,
	FLOW_TCP_SYN_0 = 1, // seen from end 0
	FLOW_TCP_SYN_1 = 2,
	FLOW_TCP_FIN_0 = 4,
	FLOW_TCP_FIN_1 = 8,
	FLOW_TCP_RST = 16,
	FLOW_TCP_OPENING = 32, // no end has acknowledged yet what the other one sent
};

struct flow_hot {
	uint8_t version; // 0: the entry is free
	uint8_t proto;
	uint16_t vlan;
	uint32_t vni;
	uint16_t port[2];
	// These four are looked at as one word, too: flow_state().
	uint8_t action; // enum policy_action; what happens to a packet now
	uint8_t flags;  // enum flow_flag
	uint8_t tcp;    // enum flow_tcp
	uint8_t class_; // enum flow_class: which timeout
	union {
		uint32_t a4[2];
		uint64_t check; // IPv6: the hash; its addresses are in a table of their own
	};
	int64_t last;      // microseconds since 1970 UTC
	uint64_t bytes[2]; // forwarded: [0] outbound, [1] inbound; IP bytes
	uint32_t packets[2];
	uint32_t epoch; // of the policy that gave the verdict
	uint32_t meter; // of the limits that hold for the flow, METER_NONE: none (meter.h)
} __attribute__((aligned(64)));

static_assert(sizeof(struct flow_hot) == 64, "one cache line");
static_assert(offsetof(struct flow_hot, action) == 12, "the key's first twelve bytes");
static_assert(offsetof(struct flow_hot, a4) == 16, "compared as a word");

struct flow_cold {
	int64_t t0;
	uint64_t fid;
	uint64_t risks;
	uint64_t stopped_bytes;
	uint32_t stopped_packets;
	uint32_t pending_bytes, pending_packets; // outbound, before the verdict; saturating
	uint32_t timer_next, timer_prev;
	uint32_t ext; // FLOW_NONE: none
	uint32_t dpi; // context, or FLOW_WAITS and its handshake's place; FLOW_NONE: none
	uint32_t tenant;
	uint16_t app, master, rule, shadow, cc;
	uint16_t generation;   // policy_slot's number of the policy that gave the verdict
	uint16_t label_packet; // dpkt
	uint16_t limit;        // that raised the verdict, POLICY_LIMIT_NONE
	uint8_t cat;
	uint8_t conf : 3, host_source : 3, cc_source : 2;
	uint8_t severity : 3, border : 2, exception : 3;
	uint8_t resets : 2;    // refusals sent
	uint8_t verdict : 2;   // enum policy_action, the last that was final
	uint8_t reported : 1;  // there was one
	uint8_t raised : 1;    // the exception, not the rule, gave the action
	uint8_t expired : 1;   // the policy's expiry had a part in it
	uint8_t offloaded : 1; // its extension names its place (offload.h)
} __attribute__((packed, aligned(4)));

static_assert(sizeof(struct flow_cold) == 84, "with the hot line and the buckets under 160 bytes");

// What few flows have.
struct flow_ext {
	uint64_t reported_bytes[2], reported_stopped_bytes; // by earlier update records
	uint64_t reported_packets[2], reported_stopped_packets;
	uint64_t carried_packets[2]; // counted before, no longer in the flow's 32 bits
	uint64_t carried_stopped;    // packets, likewise
	uint64_t credited[2];        // bytes that other rules have got
	uint32_t reported_pending_bytes, reported_pending_packets;
	uint32_t next;                // free list
	uint32_t offload;             // place, where the flow is offloaded
	uint32_t period;              // of the last update record, counted from t0
	uint32_t seconds;             // of its life that limits have counted
	struct flow_capture *capture; // its first packets; NULL: none
	bool captured;                // they have gone into a record
	bool has_ja3;
	uint8_t n_vlans, n_tunnels;
	uint16_t vlans[RECORD_MAX_VLANS];
	struct record_tunnel tunnels[RECORD_MAX_TUNNELS];
	uint8_t ja3[16];
	char host[80];
};

// Action, flags, TCP's state and class of a flow as one word, and an action, flags and a state in
// it: all that matters is seen by one comparison.
#define FLOW_STATE(action, flags, tcp) ((uint32_t)(action) | (flags) << 8 | (tcp) << 16)

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&
		      offsetof(struct flow_hot, flags) == offsetof(struct flow_hot, action) + 1 &&
		      offsetof(struct flow_hot, tcp) == offsetof(struct flow_hot, action) + 2,
	"FLOW_STATE");

static inline uint32_t flow_state(const struct flow_hot *h)
{
	uint32_t state;

	memcpy(&state, (const uint8_t *)h + offsetof(struct flow_hot, action), sizeof(state));
	return state;
}

#define FLOW_PER_BUCKET 10

// In a bucket an entry's number has the lowest four bits of the bucket above it that is its flow's
// when all are in use: a bucket is split by them without a look at any flow.
#define FLOW_ENTRY (FLOW_MAX - 1)

struct flow_bucket {
	uint16_t sig[FLOW_PER_BUCKET]; // 0: free
	uint32_t entry[FLOW_PER_BUCKET];
	uint32_t next; // overflow bucket, FLOW_NONE: none
} __attribute__((aligned(64)));

static_assert(sizeof(struct flow_bucket) == 64, "one cache line");

struct flow_table {
	struct flow_bucket *buckets; // n_buckets, then n_overflow
	uint32_t fine, halves;       // which bucket, see flow_bucket_of()
	struct flow_hot *hot;
	struct flow_cold *cold;
	uint8_t (*addr6)[2][16]; // by entry
	struct flow_ext *ext;
	struct hash_seed seed; // of the keys' hashes
	uint32_t n_buckets, n_overflow;
	uint32_t least_buckets, level, split; // flow_buckets.c; twice level and split: fine, halves
	uint32_t levels_left;                 // how often fine can still be doubled
	uint32_t grow_at, shrink_at; // live flows above, below which a bucket more, less is used
	uint32_t max, live;
	// Free lists: fresh entries first come from the end that was never used.
	uint32_t free, fresh;
	uint32_t free_ext, fresh_ext, live_ext;
	uint32_t free_bucket, fresh_bucket;
	struct { // what is mapped
		void *p;
		size_t n, size;
	} maps[5];
	uint64_t memory;
};

// max: flows, 1 to FLOW_MAX. seed: what packets' hashes are made with. huge: use huge pages where
// the host has free ones, transparent ones elsewhere. 0 or -ENOMEM.
int flow_table_init(struct flow_table *t, uint32_t max, const struct hash_seed *seed, bool huge);
void flow_table_fini(struct flow_table *t);

static inline uint32_t flow_bucket_of(const struct flow_table *t, uint64_t hash)
{
	const uint32_t half = (uint32_t)(((hash >> 32) * t->fine) >> 32);

	return half >> (half < t->halves); // no branch: it would be mispredicted at every other
}

// Buckets in use, without overflow buckets.
static inline uint32_t flow_buckets_used(const struct flow_table *t)
{
	return t->split + 2 * (t->level - t->split);
}

static inline uint16_t flow_sig(uint64_t hash)
{
	return (uint16_t)hash | 1; // 0 is free
}

// Which slots of a bucket have the signature: bit i for slot i. All ten are compared at once,
// because a loop that ends at a random slot mispredicts at every packet.
static inline unsigned flow_sig_mask(const struct flow_bucket *b, uint16_t sig)
{
	const __m128i want = _mm_set1_epi16((short)sig);
	__m128i low = _mm_loadu_si128((const __m128i *)b->sig);        // slots 0 to 7
	__m128i high = _mm_loadu_si128((const __m128i *)(b->sig + 2)); // slots 2 to 9
	__m128i both = _mm_packs_epi16(_mm_cmpeq_epi16(low, want), _mm_cmpeq_epi16(high, want));
	unsigned mask = (unsigned)_mm_movemask_epi8(both);

	return (mask & 0xff) | (mask >> 14) << 8;
}

// All of both at once: they are nearly always the same.
static inline bool flow_same_addrs(const uint8_t a[2][16], const uint8_t b[2][16])
{
	const __m128i *x = (const __m128i *)a, *y = (const __m128i *)b;
	__m128i same0 = _mm_cmpeq_epi8(_mm_loadu_si128(x), _mm_loadu_si128(y));
	__m128i same1 = _mm_cmpeq_epi8(_mm_loadu_si128(x + 1), _mm_loadu_si128(y + 1));

	return _mm_movemask_epi8(_mm_and_si128(same0, same1)) == 0xffff;
}

// Whether all but the addresses is the same.
static inline bool flow_same_head(const struct flow_hot *h, const struct flow_key *k)
{
	uint32_t ports_h, ports_k;

	memcpy(&ports_h, h->port, 4);
	memcpy(&ports_k, k->port, 4);
	return hash_load(h) == hash_load(k) && ports_h == ports_k;
}

static inline bool flow_matches(const struct flow_table *t, uint32_t i, const struct packet *p)
{
	const struct flow_hot *h = &t->hot[i];
	const struct flow_key *k = &p->key;

	if (!flow_same_head(h, k))
		return false;
	if (k->version == 4)
		return hash_load(h->a4) == hash_load(k->a4);
	return flow_same_addrs(t->addr6[i], k->a6);
}

// All bits where the key is IPv6's, else none.
static inline uint64_t flow_mask6(const struct flow_key *k)
{
	return -(uint64_t)(k->version >> 1 & 1);
}

static_assert((4 >> 1 & 1) == 0 && (6 >> 1 & 1) == 1, "a bit that tells the versions apart");

// One of two by the key's version. By masks: of a choice the compiler makes a branch.
static inline const void *flow_choose(const struct flow_key *k, const void *of6, const void *of4)
{
	return (const void *)((((uintptr_t)of6 ^ (uintptr_t)of4) & flow_mask6(k)) ^ (uintptr_t)of4);
}

// The second line of entry i as a flow of k's version has it: its IPv6 addresses; its first again.
static inline const void *flow_second_line(
	const struct flow_table *t, uint32_t i, const struct flow_key *k)
{
	return flow_choose(k, t->addr6[i], &t->hot[i]);
}

// flow_matches() without a branch by the version, for packets of both at random.
static inline bool flow_matches_either(
	const struct flow_table *t, uint32_t i, const struct packet *p)
{
	const struct flow_hot *h = &t->hot[i];
	const struct flow_key *k = &p->key;
	const uint8_t(*a)[16] = flow_choose(k, t->addr6[i], k->a6); // of 4: the same as itself

	return flow_same_head(h, k) &&
	       ((hash_load(h->a4) ^ hash_load(k->a4)) & ~flow_mask6(k)) == 0 &&
	       flow_same_addrs(a, k->a6);
}

// The entry of p's key, FLOW_NONE where there is none.
uint32_t flow_find(const struct flow_table *t, const struct packet *p);

// A new entry for p's key, which must not be in the table: key set, the rest zero (ext and dpi
// FLOW_NONE). FLOW_NONE where the table is full.
uint32_t flow_insert(struct flow_table *t, const struct packet *p);

// Gives the entry, its addresses and its extension back.
void flow_remove(struct flow_table *t, uint32_t i);

// Brings the lines of an entry that will be worked on into the cache; its cold part may lie in two.
static inline void flow_prefetch(const struct flow_table *t, uint32_t i)
{
	__builtin_prefetch(&t->hot[i], 1);
	__builtin_prefetch(&t->cold[i], 1);
	__builtin_prefetch((const char *)&t->cold[i] + sizeof(t->cold[i]) - 1, 1);
}

// Whether more buckets should be in use, or fewer, than are.
static inline bool flow_buckets_lag(const struct flow_table *t)
{
	return (t->live > t->grow_at) | (t->live < t->shrink_at);
}

// Brings them nearer to that, in at most so many steps. Only here does flow_bucket_of() change: to
// be called between bursts, with a step at least for every three flows that were begun, or chains
// use up the reserve.
void flow_buckets_follow(struct flow_table *t, unsigned steps);

// The flow's extension, made when first asked for. NULL where none is left: the flow goes without.
struct flow_ext *flow_ext(struct flow_table *t, uint32_t i);

// The hash of the entry's key.
uint64_t flow_hash(const struct flow_table *t, uint32_t i);

// An address, of which IPv4 has four bytes at b, and zeros behind those: in one store, because
// whoever reads all sixteen at once would otherwise wait for every store before to reach the cache.
static inline void addr_store(uint8_t to[16], uint8_t version, const uint8_t *b)
{
	int a4;

	if (version == 4) {
		memcpy(&a4, b, sizeof(a4));
		_mm_storeu_si128((__m128i *)to, _mm_cvtsi32_si128(a4));
	} else {
		memcpy(to, b, 16);
	}
}

// The address of end 0 or 1 in network order; IPv4 in the first four bytes, the rest zero.
static inline void flow_end_addr(
	const struct flow_table *t, uint32_t i, unsigned end, uint8_t to[16])
{
	const struct flow_hot *h = &t->hot[i];

	addr_store(
		to, h->version, h->version == 4 ? (const uint8_t *)&h->a4[end] : t->addr6[i][end]);
}

// ---- between the files of the table: flow_buckets.c
// How many buckets there will be for at least so many when all are in use.
uint32_t flow_buckets_plan(struct flow_table *t, uint32_t want);
// The memory is there.
void flow_buckets_begin(struct flow_table *t);
// False where the reserve of overflow buckets is used up.
bool flow_buckets_add(struct flow_table *t, uint64_t hash, uint32_t entry);
void flow_buckets_remove(struct flow_table *t, uint64_t hash, uint32_t entry);
