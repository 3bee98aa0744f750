// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whether prefixes together have every address of another. Private to the policy library.
#pragma once

#include "policy/prefix.h"

struct cover {
	const struct policy_prefix *v; // sorted with prefix_compare(); equal ones may repeat
	size_t n;
};

// Whether every address of p lies in a prefix of the set that is longer than longer_than bits (-1:
// any).
bool cover_all(const struct cover *c, const struct policy_prefix *p, int longer_than);

// The prefixes of the set within p (p itself included): [*first, return value).
size_t cover_within(const struct cover *c, const struct policy_prefix *p, size_t *first);

// The longest prefix of the set that has all of p; NULL: none.
const struct policy_prefix *cover_around(const struct cover *c, const struct policy_prefix *p);

static inline bool prefix_within(const struct policy_prefix *p, const struct policy_prefix *wide)
{
	return p->len >= wide->len && prefix_covers(wide, &p->addr);
}

static inline bool prefix_overlaps(const struct policy_prefix *a, const struct policy_prefix *b)
{
	return prefix_within(a, b) || prefix_within(b, a);
}
