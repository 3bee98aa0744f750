// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How a worker counts what limits bound.
//
// A meter stands for the limits that hold for a flow, with its tenant and country: flows alike in
// these share it. Outbound bytes are counted in the meter, within a lease of the counters that it
// has in common with other workers (app/control/quota.h); a packet of an established flow costs one
// look at a line that is nearly always in the cache. When the lease is used up, or a flow has sent
// more than a limit of its own, the slow path settles, and decides the flow anew where a limit was
// passed.
#pragma once

#include "app/control/quota.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>

#define METER_NONE  0u // no limit holds
#define METER_PARTS 6  // of one entry; more limits take more entries

struct meter_part {
	struct quota_counter
		*counter; // NULL: counts for each flow by itself, or no counter was left
	uint64_t bytes, flows, seconds; // the limit
	uint64_t leased;                // bytes set aside for this meter
	int64_t begin;                  // of the window in which they were
	uint16_t limit;                 // index in its policy
	uint8_t window, action, severity;
	bool per_flow;
	bool over; // the counter's, as this worker's flows have been told
};

struct meter {
	uint64_t bytes;      // outbound, not settled yet
	uint64_t lease;      // what bytes may reach before it must be settled
	uint64_t flow_bytes; // what a flow may have sent before its own limits are looked at
	uint64_t key;
	uint32_t refs; // flows
	uint32_t next; // in the same chain, or free
	uint32_t more; // entry with further parts, METER_NONE
	uint16_t generation, cc;
	uint32_t tenant;
	uint16_t n;
	struct meter_part parts[METER_PARTS];
} __attribute__((aligned(64)));

#define METER_CHAINS 1024

struct meters {
	struct meter *v; // [0] is not used
	uint32_t size, fresh, free;
	uint32_t live;
	uint64_t full; // limits that found no meter
	uint32_t chain[METER_CHAINS];
	struct quota *quota;
	uint32_t recalled; // of the quota's recalls, those that were followed
	unsigned n_workers;
	int64_t begin[POLICY_WINDOW_MONTH + 1]; // of the window at hand, seconds since 1970 UTC
};

// size: entries. quota is borrowed. touch: see pages.h. 0 or -ENOMEM.
int meters_init(
	struct meters *m, uint32_t size, struct quota *quota, unsigned n_workers, bool touch);
void meters_fini(struct meters *m);

// The windows at a time, and when the first of those that the policy's limits use ends (INT64_MAX:
// never), in seconds. Called with every new policy and at every such end.
int64_t meters_windows(struct meters *m, const struct policy *p, int64_t now);

// The meter for the limits, found or made. limits are indexes of the policy whose generation is
// given. sent: outbound bytes of the flow; limits of its own that they have passed are not looked
// at again. METER_NONE where there are no limits; where there is no room left, METER_NONE with
// *full set.
uint32_t meter_get(struct meters *m, const struct policy *p, uint16_t generation, uint32_t tenant,
	uint16_t cc, const uint16_t *limits, unsigned n, uint64_t sent, bool *full);

void meter_ref(struct meters *m, uint32_t i);
// Settles and frees a meter without flows.
void meter_unref(struct meters *m, uint32_t i);

// A flow comes under the meter: it counts in every counter that `before` (METER_NONE: none) does
// not have, with the outbound bytes that it has sent already.
void meter_join(struct meters *m, uint32_t i, uint32_t before, uint64_t bytes);

// Counts a packet that the lease does not cover. True: a limit was passed, here or by another
// worker, and the flows of this meter do not know yet.
bool meter_charge(struct meters *m, uint32_t i, uint64_t len);
// The packet was stopped after all.
void meter_refund(struct meters *m, uint32_t i, uint64_t len);
// Counts what every meter has counted and gives its lease back.
void meters_settle(struct meters *m);
// The same where leases were called back. At the start of every burst, also an empty one.
static inline void meters_recall(struct meters *m)
{
	if (atomic_load_explicit(&m->quota->recall, memory_order_relaxed) != m->recalled)
		meters_settle(m);
}
// Counts seconds of a flow's life. True: a limit was passed just now.
bool meter_add_seconds(struct meters *m, uint32_t i, uint64_t seconds);

// Does any limit of the meter count seconds: of each flow (the least, UINT64_MAX: none), in
// windows.
uint64_t meter_flow_seconds(const struct meters *m, uint32_t i);
bool meter_counts_seconds(const struct meters *m, uint32_t i);

struct meter_verdict {
	uint16_t limit; // the first of the strictest that were passed; POLICY_LIMIT_NONE
	uint8_t action, severity;
};

// What a flow that has sent so many bytes in so many seconds is raised to; own: by limits that
// count each flow by itself alone.
struct meter_verdict meter_check(
	struct meters *m, uint32_t i, uint64_t bytes, uint64_t seconds, bool own);

// The commonest case: true where the packet is counted and nothing else is to do.
static inline bool meter_fast(struct meters *m, uint32_t i, uint64_t flow_bytes, uint32_t len)
{
	struct meter *x = &m->v[i];

	if (x->bytes + len > x->lease || flow_bytes + len > x->flow_bytes)
		return false;
	x->bytes += len;
	return true;
}
