// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A compiled policy: what evaluation reads. Private to the policy library.
#pragma once

#include "policy/doc.h"
#include "policy/matcher.h"

// Tenants that share a prefix, told apart by their networks (VLAN or VNI).
struct tenant_claim {
	uint64_t network; // 1 << 32 | VLAN, 2 << 32 | VNI
	uint32_t tenant;
};

struct tenant_node {       // of a prefix
	uint32_t first, n; // claims, sorted by network
	uint32_t unbound;  // the tenant that names no network; POLICY_TENANT_NONE: none
};

struct engine {
	struct arena arena;
	struct matcher rules, limits;
	struct lpm tenant_lpm, override_lpm;
	struct tenant_node *nodes;   // by prefix
	struct tenant_node anywhere; // tenants without prefixes
	struct tenant_claim *claims;
	uint32_t n_claims;
	uint16_t *override_cc; // by prefix
	uint8_t home[COUNTRY_INDEX_MAX];
	uint8_t sieve[COUNTRY_INDEX_MAX]; // see sieve.c
	// By 64 rules: shadow rules, rules that block, rules that keep packets.
	uint64_t *shadow, *blocking, *capturing;
	bool captures; // any rule does
	// Rules in force by time: from[i] on, until the next; from[0] is INT64_MIN.
	unsigned n_times;
	int64_t *from;
	uint64_t **in_force;
};

// NULL without memory.
struct engine *engine_build(const struct policy_doc *doc);
void engine_free(struct engine *e);

// What policy_may_block() reads; after all the rest.
void engine_build_sieve(struct engine *e, const struct policy_doc *doc);

struct policy {
	struct policy_doc *doc;
	struct engine *engine; // NULL after policy_free_engine()
};

// The rules in force at a time.
const uint64_t *engine_in_force(const struct engine *e, int64_t now);
