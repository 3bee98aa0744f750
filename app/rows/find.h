// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// memmem() for long texts in which the needle is rare: looks at many bytes at a time where the
// processor can.
#pragma once

#include <stddef.h>

// The two bytes of a needle of len bytes, at least one, by which it is looked for: of needles such
// as "key":"value" the last two letters of the value are the rarest.
struct find_pair {
	size_t first, second;
};

static inline struct find_pair find_pair(size_t len)
{
	const size_t second = len > 2 ? len - 2 : len - 1;

	return (struct find_pair){second != 0 ? second - 1 : 0, second};
}

// The first place of the needle in [at, end); NULL: none. An empty needle is at `at`.
const char *find_text(const char *at, const char *end, const char *needle, size_t len);
