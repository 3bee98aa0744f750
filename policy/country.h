// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Country codes: ISO 3166-1 alpha-2 as of 2026, XK (Kosovo, user-assigned, as country databases
// have it), XX (unknown).
#pragma once

#include "policy/policy.h"

#define COUNTRY_INDEX_MAX (26 * 26)

// The code of two upper-case letters; 0 where the text is not two letters or no such country
// exists.
uint16_t country_code(const char *text);
// What somebody who wrote this unknown code probably meant ("UK" is "GB"); NULL: no idea.
const char *country_meant(const char *text);
void country_format(uint16_t cc, char out[3]);

// 0 .. COUNTRY_INDEX_MAX - 1; XX's index for what is not two letters.
static inline unsigned country_index(uint16_t cc)
{
	unsigned a = (unsigned)(cc >> 8) - 'A', b = (cc & 0xffu) - 'A';

	return a < 26 && b < 26 ? 26 * a + b : 26 * ('X' - 'A') + ('X' - 'A');
}
