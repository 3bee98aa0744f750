// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Sums by a key: by country, tenant, application, rule. Exact for the first TALLY_MAX_KEYS keys;
// whatever has another key goes to "others", so that nothing is ever missing from a total.
#pragma once

#include "app/console/sums.h"

#include <stddef.h>

#define TALLY_MAX_KEYS 65536
#define TALLY_KEY_MAX  2048 // bytes; a longer key goes to "others"
#define TALLY_OTHERS   0    // the index of what has no row of its own

struct tally;

struct tally_row {
	const char *key; // NUL behind it; NULL: others
	size_t len;
	struct sums sums;
};

struct tally *tally_new(void); // NULL: no memory
void tally_free(struct tally *t);

// The row of a key, which is made where there is none: an index for good.
uint32_t tally_index(struct tally *t, const char *key, size_t len);
struct sums *tally_sums(struct tally *t, uint32_t index);

// How many keys have a row.
size_t tally_keys(const struct tally *t);

// The rows by falling order of bytes that left, then bytes stopped, then flows, then key; "others"
// is not among them. No more than max; what did not fit goes into rest, with "others". free() it;
// NULL: no memory.
struct tally_row *tally_top(const struct tally *t, size_t max, size_t *n, struct sums *rest);
