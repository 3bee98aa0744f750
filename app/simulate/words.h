// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Names that come again and again, kept once: of tenants, countries, applications, rules. A word
// carries what was found out about it, so that nothing is looked up twice.
#pragma once

#include "app/simulate/chains.h"

enum word_sum { // dimensions by which flows are summed
	WORD_TENANT,
	WORD_COUNTRY,
	WORD_APP,
	WORD_SUMS
};

#define WORD_NOT_ASKED INT32_MIN

struct word {
	struct chain chain;
	uint32_t len;
	int32_t app, category, risk; // the classifier's ids; negative: none, or WORD_NOT_ASKED
	int32_t sum[WORD_SUMS];      // place in a table of sums, -1: none yet
	char text[];                 // NUL behind it
};

struct words {
	struct chains chains;
};

// The word with this text; NULL without memory. Valid until words_fini().
struct word *words_get(struct words *w, const char *text, size_t len);
void words_fini(struct words *w);
