// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A look at the live flows of one worker: rows, sums, or what another policy would decide. The
// worker itself looks, some flows between two bursts, so that nobody else touches its table and no
// packet waits; what it has found is the view's, which is read when the worker has said that it is
// through.
#pragma once

#include "app/dataplane/pipeline.h"

#define VIEW_MAX_ROWS 10000
#define VIEW_SUMS     16384 // different keys of one worker; more are counted together

enum view_sort {
	VIEW_BY_OUT,
	VIEW_BY_IN,
	VIEW_BY_BYTES,
	VIEW_BY_PACKETS,
	VIEW_BY_AGE,  // oldest first
	VIEW_BY_LAST, // latest packet first
};

enum view_key {
	VIEW_KEY_TENANT,
	VIEW_KEY_COUNTRY,
	VIEW_KEY_APP,
	VIEW_KEY_RULE,
	VIEW_KEY_SHADOW,
	VIEW_KEY_ACTION,
};

// What a flow must be to count; a field that is not set (NULL, -1, 0) matches all.
struct view_filter {
	const char *tenant, *rule, *host;     // names; host: part of it
	int app, action, border, proto, port; // app or master id; port of either end
	uint16_t cc;
	bool has_addr; // either end lies in the prefix
	uint8_t addr_version, addr_len, addr[16];
};

struct view_row {
	uint64_t sort;
	struct record r;
	bool compared; // the candidate's verdict follows
	uint8_t new_action, new_state;
	uint16_t new_rule;
};

struct view_sum {
	uint32_t key; // index, code or id, as the flow's own policy counts
	uint16_t generation;
	bool used;
	uint64_t flows, out, in;
};

struct view {
	struct view_filter filter;
	enum view_sort sort;
	bool want_sums;
	enum view_key key;
	bool shadows_too; // by rule: a flow counts for the shadow rule that holds for it too,
			  // without its bytes
	const struct policy
		*candidate; // NULL: none; rows are then those whose verdict would change
	unsigned max_rows;
	// Found, written by the worker.
	struct view_row *rows; // a heap, the least on top; max_rows of them
	struct view_sum *sums; // VIEW_SUMS
	unsigned n_rows;
	uint64_t seen, matched, sums_full;
	uint64_t moved[POLICY_BLOCK + 1][POLICY_BLOCK + 1]; // [now][candidate]
	uint32_t next;                                      // entry to look at
};

// Looks at up to budget entries of the table. True: it has been through.
bool view_slice(struct view *v, struct pipeline *pl, unsigned budget);
