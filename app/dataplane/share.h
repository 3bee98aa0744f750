// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A number that is for all, shared out: the parts differ by one at most and make up the whole.
#pragma once

#include <stdint.h>

// What number i of n gets.
static inline uint32_t share_of(uint32_t all, unsigned n, unsigned i)
{
	return all / n + (i < all % n);
}
