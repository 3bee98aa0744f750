// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a search found, counted by fields: records, and IP bytes outbound and inbound. A long flow
// has several records (decision, updates, end), each with the bytes since the one before, so bytes
// add up and records are no count of flows.
#pragma once

#include "app/review/groups.h"
#include "app/review/printer.h"
#include "app/rows/row.h"

#define GROUPING_FIELDS 8

struct grouping {
	unsigned n; // 0: no groups are asked for
	unsigned field[GROUPING_FIELDS];
	struct groups *groups;
};

// "tenant,country": 0, or -EINVAL or -ENOMEM with one line in err that lists the fields there are.
int grouping_parse(struct grouping *g, const char *text, char *err, size_t err_size);
void grouping_fini(struct grouping *g);

// Whether an hourly rollup (rollup.h) has all its fields.
bool grouping_is_rolled(const struct grouping *g);

// A record, or a line of a rollup, which stands for many. 0, -ENOMEM, or -E2BIG: more than
// GROUPS_MAX groups.
int grouping_add(struct grouping *g, const struct row *r, bool rollup);

// Largest first, by bytes of both directions, then by name; at most limit (0: all). 0 or -errno of
// writing.
int grouping_print(const struct grouping *g, enum printer_format format, uint64_t limit, FILE *out);
