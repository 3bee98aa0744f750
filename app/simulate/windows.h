// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What limits per tenant or country count in their windows, by the records of a log.
//
// A gateway counts packet by packet; a record tells of many at once. A limit counts as passed from
// the last packet of the record that made it so, so that a flow that was over before, but whose
// record came later, is not raised by it.
#pragma once

#include "app/simulate/chains.h"
#include "policy/policy.h"

struct windows {
	const struct policy *p;
	struct chains counters;
	bool no_memory;
	int64_t begin[POLICY_WINDOW_MONTH + 1], end[POLICY_WINDOW_MONTH + 1]; // last asked
};

struct window_use {
	uint64_t bytes, flows, seconds;
};

void windows_init(struct windows *w, const struct policy *p);
void windows_fini(struct windows *w);

// A flow of this tenant and country has used so much more, up to t (seconds since 1970 UTC).
// Whether the limit has been passed by then.
bool windows_count(struct windows *w, uint16_t limit, const struct policy_limit_info *l,
	uint32_t tenant, uint16_t cc, int64_t t, const struct window_use *use);
