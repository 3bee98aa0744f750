// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a simulation adds up: flows by verdict before and after, by tenant, country and application,
// and those whose verdict changes, the most outbound bytes first.
#pragma once

#include "app/simulate/flow.h"

#include <jansson.h>

struct sim_sum {
	const struct word *name;
	// [before][after]; before FLOW_NO_ACTION: nothing to compare with
	uint64_t flows[FLOW_NO_ACTION + 1][FLOW_NO_ACTION], out[FLOW_NO_ACTION + 1][FLOW_NO_ACTION];
};

struct sim_table {
	struct sim_sum *v;
	size_t n, room;
};

struct sim_kept {
	uint64_t out, order;
	char *json;
};

struct sim_result {
	struct words words;
	struct sim_sum all;
	struct sim_table by[WORD_SUMS];
	struct sim_kept *kept; // a heap: the first has the fewest bytes
	size_t n_kept, room_kept, max_kept;
	struct flow_doubts doubts;
	uint64_t flows, changed, changed_out; // changed: the action is another
	uint64_t renamed;             // the same action, by another rule or for another reason
	uint64_t tightened, loosened; // of those that changed
	uint64_t local, undecided, not_decided, open, stopped;
	bool no_memory;
};

// max: flows whose verdict changes that are kept.
void result_init(struct sim_result *r, size_t max);
void result_fini(struct sim_result *r);

// A flow and what the policy (whose words name its tenant) says of it. before NULL: nothing to
// compare with.
void result_add(struct sim_result *r, const struct policy *p, const struct flow_known *flow,
	uint32_t tenant, uint16_t cc, const struct flow_verdict *before,
	const struct flow_verdict *after);

// Totals, tables and flows as members of a new object; NULL without memory. Takes the flows out.
json_t *result_json(struct sim_result *r);
