// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Look-up tables over sorted address ranges, one a family. Immutable once built.
//
// IPv4: the top 16 bits index a table that says where their boundaries begin; within it only the
// low 16 bits are kept, two bytes a boundary. IPv6: the same over 64-bit prefixes, but addresses
// crowd in few top 16 bits, so each of those gets an index of its own over as many more bits as it
// has boundaries. A prefix that is divided beyond /64 points to a list of whole addresses. A
// look-up reads one or two lines of the index, one or two of boundaries, and one of values; of a
// /16 of IPv4 that is all one country's, as six of seven are, one line.
#pragma once

#include "drivers/geo/ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_SLOTS 65536u
#define TABLE_MIXED UINT16_MAX // no value of a narrow table

struct table_values { // one of the two is set
	uint16_t *narrow;
	uint32_t *wide;
};

struct table4 {
	uint32_t index[TABLE_SLOTS + 1]; // first boundary with these top 16 bits
	uint16_t whole[TABLE_SLOTS];     // narrow tables: the slot's one value, or TABLE_MIXED
	uint16_t *low;                   // n boundaries: low 16 bits, sorted within a slot
	struct table_values value;       // n: in force from the boundary to the next
	size_t n;
};

struct table6_deep { // a boundary inside a /64
	uint64_t prefix, host;
	uint32_t value;
};

struct table6 {
	uint32_t slot[TABLE_SLOTS]; // where the slot's index begins << 5 | bits that it takes
	uint32_t *index;            // first boundary of each part of each slot, and n at the end
	uint64_t *prefix;           // n boundaries, sorted
	struct table_values value;  // n; TABLE_DEEP: look in deep
	struct table6_deep *deep;   // n_deep, sorted
	size_t n, n_index, n_deep;
};

// Values of wide tables are any number below UINT32_MAX, of others any below UINT16_MAX; 0 is
// unknown. NULL without memory.
struct table4 *table4_build(const struct ranges *r, bool wide);
struct table6 *table6_build(const struct ranges *r, bool wide);
void table4_free(struct table4 *t);
void table6_free(struct table6 *t);

uint32_t table4_find(const struct table4 *t, uint32_t addr);
uint32_t table6_find(const struct table6 *t, uint64_t prefix, uint64_t host);

// Prefetches the index (step 0) and, when that has come, the boundaries and values (step 1) that a
// look-up will read.
void table4_prefetch(const struct table4 *t, uint32_t addr, unsigned step);
void table6_prefetch(const struct table6 *t, uint64_t prefix, unsigned step);

// Of a narrow table: see geo_ranges4() and geo_ranges6().
void table4_ranges(const struct table4 *t,
	void (*take)(void *ctx, uint32_t first, uint32_t last, uint16_t value), void *ctx);
void table6_ranges(const struct table6 *t,
	void (*take)(void *ctx, uint64_t first, uint64_t last, uint16_t value), void *ctx);

size_t table4_memory(const struct table4 *t); // bytes
size_t table6_memory(const struct table6 *t);
