// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which of up to 4,096 matches hold for a flow, all at once.
//
// For each dimension, each value of a flow selects a bitmap of the matches that hold in that
// dimension (those that do not name it included); the matches that hold are the AND of the bitmaps
// (Lakshman and Stiliadis, High-speed policy-based packet forwarding using efficient
// multi-dimensional range matching, SIGCOMM 1998). Equal bitmaps are kept once. A dimension that no
// match names costs nothing. Rules and limits use the same code. Private to the policy library.
#pragma once

#include "policy/bitmaps.h"
#include "policy/country.h"
#include "policy/doc.h"
#include "policy/lpm.h"

#include <string.h>

#define MATCHER_WORDS (POLICY_MAX_RULES / 64)

struct port_classes {
	uint32_t n;
	uint16_t *start; // segments; each ends before the next
	uint32_t *class_;
	uint32_t none; // for protocols without ports
};

struct prefix_classes {
	struct lpm lpm;
	uint32_t *class_; // by prefix
	uint32_t none;
};

struct value_classes { // sorted values, and what holds for all others
	uint32_t n;
	uint32_t *value, *class_;
	uint32_t none;
};

struct host_classes {
	uint32_t size; // of the table, a power of two; 0: no hosts
	struct host_entry {
		const char *name; // "a.example", or ".example" for "*.example"; NULL: free
		uint32_t hash, class_;
	} * table;
};

struct matcher {
	unsigned n;    // matches
	uint32_t dims; // 1 << enum policy_dim: named by any
	struct bitmaps bitmaps;
	uint32_t initiator[2], border[3];
	uint32_t *country; // by country_index(); countries and jurisdictions
	uint32_t *proto;   // by number
	uint32_t *tenant;  // by index
	uint32_t n_tenants;
	struct prefix_classes src, dst;
	struct port_classes sports, dports;
	struct value_classes asns, rules;
	// The dimensions that may be pending: which matches do not name them, and what adds to
	// those.
	uint32_t without[3]; // apps, hosts, risks
	uint32_t *app, *cat; // by id
	uint32_t risk[POLICY_MAX_RISKS];
	struct host_classes hosts;
};

// match(ctx, i) gives the i-th of n matches. doc gives jurisdictions and groups. 0 or -ENOMEM.
int matcher_build(struct matcher *m, struct arena *a, const struct policy_doc *doc, unsigned n,
	const struct policy_match *(*match)(const void *ctx, unsigned i), const void *ctx);
void matcher_free(struct matcher *m); // what is not in the arena

// What a flow selects.
struct probe {
	unsigned words;
	unsigned n; // of always
	const uint64_t *always[DIM_COUNT];
	const uint64_t *three[3]; // apps, hosts, risks: what is true; NULL: not named
	bool pending[3];          // what is not true may become so
	uint64_t sum[3][MATCHER_WORDS];
};

// rule: index of the rule that decided, for limits. The probe refers to the matcher.
void matcher_probe(const struct matcher *m, const struct policy_facts *f, uint8_t min_confidence,
	uint32_t rule, struct probe *out);

// The 64 matches of a word: those that hold, and in maybe those that hold or are pending.
static inline uint64_t probe_word(const struct probe *p, unsigned w, uint64_t all, uint64_t *maybe)
{
	uint64_t t;

	for (unsigned i = 0; i < p->n; i++)
		all &= p->always[i][w];
	t = all;
	for (unsigned k = 0; k < 3; k++) {
		if (p->three[k] == NULL)
			continue;
		t &= p->three[k][w];
		if (!p->pending[k])
			all &= p->three[k][w];
	}
	*maybe = all;
	return t;
}

// ---- between the files of the matcher
#define HOST_HASH_START 0x811c9dc5u

// From the last character to the first, so that every suffix's hash falls out on the way.
static inline uint32_t host_hash_step(uint32_t h, char c)
{
	return (h ^ (uint8_t)c) * 0x01000193u;
}

// A name as it is compared: lower case, without a port ("example.org:8080") and without the root's
// dot. Returns the length.
size_t host_plain(const char *host, char out[256]);
// Whether a pattern of a match holds for a name: itself, or "*.a.example" for what stands below
// a.example, at any depth, and not for itself. A pattern may stand for the name: true where all
// that it holds for is the other's too.
bool host_matches(const char *pattern, const char *host);
