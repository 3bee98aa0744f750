// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Longest prefix match over a set that never changes: nested prefixes are flattened into ranges,
// and a look-up is one binary search (IPv4: within the slice of the address's upper half). Private
// to the policy library.
#pragma once

#include "policy/arena.h"
#include "policy/prefix.h"

#define LPM_NONE UINT32_MAX

struct lpm6_key {
	uint64_t hi, lo; // host order
};

struct lpm {
	uint32_t n;       // prefixes
	uint32_t *parent; // the next shorter prefix that covers this one, LPM_NONE
	// Ranges: each begins where start says and ends before the next.
	uint32_t n4, n6;
	uint32_t *start4, *prefix4;
	uint32_t *slice4; // first range by the upper 16 bits, 65537 of them; NULL: few ranges
	struct lpm6_key *start6;
	uint32_t *prefix6;
};

// prefixes: n of them, sorted with prefix_compare(), each once; not kept. Results are their
// indexes. 0 or -ENOMEM.
int lpm_build(struct lpm *t, struct arena *a, const struct policy_prefix *prefixes, uint32_t n);

// The longest prefix that covers the address; LPM_NONE: none.
uint32_t lpm_find(const struct lpm *t, const struct policy_addr *addr);
