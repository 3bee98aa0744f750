// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Address ranges while a database is being loaded: sorted, disjoint, each with a value. Both
// families in one form (IPv4 in the low 32 bits); load time only, so that width does not matter.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 ranges_addr; // the one number type that C has no name for

struct range {
	ranges_addr first, last;
	uint32_t value; // never 0: what is unknown is left out
};

struct ranges {
	struct range *v;
	size_t n, cap;
};

#define RANGES_MAX (1u << 22) // about ten times what the largest country databases hold

void ranges_free(struct ranges *r);

// Appends; the caller keeps the order. Adjacent ranges of one value become one. 0, -ENOMEM, or
// -E2BIG past RANGES_MAX.
int ranges_add(struct ranges *r, ranges_addr first, ranges_addr last, uint32_t value);

// Lays top over base: where both speak of an address top wins. The result replaces base; top is
// left empty. 0, -ENOMEM or -E2BIG, base then being unchanged.
int ranges_overlay(struct ranges *base, struct ranges *top);
