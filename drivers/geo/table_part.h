// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the tables of both families are made of; for table4.c and table6.c alone.
#pragma once

#include "drivers/geo/table.h"

struct table_boundary {
	ranges_addr start;
	uint32_t value;
};

// Ranges with gaps to boundaries without: the first is always at 0. max is the family's last
// address. The caller frees. NULL without memory.
struct table_boundary *table_boundaries(const struct ranges *r, ranges_addr max, size_t *n);

bool table_values_alloc(struct table_values *v, size_t n, bool wide);
void table_values_free(struct table_values *v);
size_t table_values_size(const struct table_values *v); // bytes of one

static inline void table_values_set(struct table_values *v, size_t i, uint32_t value)
{
	if (v->wide != NULL)
		v->wide[i] = value;
	else
		v->narrow[i] = (uint16_t)value;
}

static inline uint32_t table_values_get(const struct table_values *v, size_t i)
{
	return v->narrow != NULL ? v->narrow[i] : v->wide[i];
}

static inline void table_values_prefetch(const struct table_values *v, size_t i)
{
	if (v->narrow != NULL)
		__builtin_prefetch(&v->narrow[i]);
	else
		__builtin_prefetch(&v->wide[i]);
}
