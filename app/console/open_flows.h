// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Flows that have begun and not ended: what their records have said so far.
//
// An update counts since the update before, a decision so far, an end over the whole life
// (app/flowlog/record.h): to count each byte once, what was counted must be known until the end.
// Bounded: of a flow that finds no room nothing is counted until its end record, which has it all.
#pragma once

#include "app/console/sums.h"

#include <stdbool.h>
#include <stddef.h>

#define OPEN_FLOWS_MAX (1u << 20)

enum counter {
	COUNT_OUT,
	COUNT_IN,
	COUNT_STOPPED,
	COUNT_BEFORE,
	COUNTERS,
};

struct open_flow {
	uint64_t id;                // 0 is no id
	uint64_t updates[COUNTERS]; // sum of the updates
	uint64_t counted[COUNTERS]; // of the life so far, by whatever record said most
	uint64_t weight;            // for lists of the largest: bytes in the period
	int64_t last;               // the last record in the period
	uint32_t country, tenant, app, rule;
	bool in_period, local;
	uint8_t act;
	uint32_t len;
	char *line; // NULL, or malloc()ed and of the table, which frees it: the last record
};

struct open_flows;

struct open_flows *open_flows_new(void); // NULL: no memory
void open_flows_free(struct open_flows *o);

// NULL: it is not there. A pointer is valid until the next call that adds or removes.
struct open_flow *open_flows_find(struct open_flows *o, uint64_t id);
// All zero but for the id. NULL: no room.
struct open_flow *open_flows_add(struct open_flows *o, uint64_t id);
void open_flows_remove(struct open_flows *o, struct open_flow *f);

size_t open_flows_count(const struct open_flows *o);

// Calls done for each flow and removes it.
void open_flows_drain(
	struct open_flows *o, void (*done)(void *ctx, const struct open_flow *f), void *ctx);
