// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a search found, counted by fields: records, and IP bytes outbound and inbound. A long flow
// has several records: of those that were found each byte counts once (flow_bytes.h), in the group
// of the record that tells of it first. Where groups are by verdict, rule or reason: in that of the
// record before, where the verdict changed in between. Records are no count of flows.
#pragma once

#include "app/review/flow_bytes.h"
#include "app/review/groups.h"
#include "app/review/printer.h"
#include "app/rows/row.h"

#define GROUPING_FIELDS 8

struct grouping {
	unsigned n; // 0: no groups are asked for
	unsigned field[GROUPING_FIELDS];
	bool by_verdict; // one of them is of the verdict
	struct groups *groups;
	struct flow_bytes *flows;
};

// "tenant,country": 0, or -EINVAL or -ENOMEM with one line in err that lists the fields there are.
int grouping_parse(struct grouping *g, const char *text, char *err, size_t err_size);
void grouping_fini(struct grouping *g);

// Whether an hourly rollup (rollup.h) has all its fields.
bool grouping_is_rolled(const struct grouping *g);

// A record. 0, -ENOMEM, or -E2BIG: more than GROUPS_MAX groups, or FLOW_BYTES_MAX flows that go on.
int grouping_add(struct grouping *g, const struct row *r);
// A line of a rollup, which stands for many, and a record of its group, which is *place.
int grouping_add_rolled(struct grouping *g, const struct row *r, uint32_t *place);
int grouping_add_single(struct grouping *g, uint32_t place, const struct flow_record *r);

// Largest first, by bytes of both directions, then by name; at most limit (0: all). 0 or -errno of
// writing.
int grouping_print(const struct grouping *g, enum printer_format format, uint64_t limit, FILE *out);
