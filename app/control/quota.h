// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The counters of a policy's limits, shared by all workers, kept over reloads and restarts.
//
// A counter belongs to a limit's id, and where the limit counts so to a tenant's name and a
// country: names, not indexes, so that a new policy goes on with the counters of the one before. It
// counts within one window; the first worker that finds the window over begins the next.
//
// Workers do not touch a counter for each packet. They take a lease of bytes, count within it on
// their own, and settle when it is used up. What is leased is set aside at once (committed), and
// nearer to the limit the leases get smaller, down to single packets. Where all of the limit is
// used or set aside, leases are called back: each worker settles at its next burst. So all workers
// together pass a limit by at most one packet each and what is sent while another worker finishes
// the burst at hand, and without a lock. Near a window's end the bytes of a lease
// that ran over it are counted in neither window: at most QUOTA_LEASE_MAX for each counter and
// worker.
#pragma once

#include "policy/policy.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define QUOTA_NAME_MAX  65
#define QUOTA_LEASE_MAX (4u << 20) // bytes

struct quota_counter {
	_Atomic uint64_t key;       // 0: free
	_Atomic uint32_t ready;     // the names below are written
	_Atomic bool over;          // the limit was passed in this window
	uint8_t window;             // enum policy_limit_window
	uint16_t cc;                // 0: all countries together
	_Atomic int64_t begin;      // of the window, seconds since 1970 UTC
	_Atomic uint64_t bytes;     // outbound, counted
	_Atomic uint64_t committed; // bytes, and what is leased
	_Atomic uint64_t flows, seconds;
	char limit[QUOTA_NAME_MAX], tenant[QUOTA_NAME_MAX]; // tenant "": all together
} __attribute__((aligned(64)));

struct quota {
	struct quota_counter *counters;
	uint32_t size; // a power of two
	_Atomic uint32_t used;
	_Atomic uint64_t refused; // counters that found no place
	_Atomic uint32_t recall;  // counts how often leases were called back
};

// size: counters, rounded up to a power of two; memory is touched when used. 0 or -ENOMEM.
int quota_init(struct quota *q, uint32_t size);
void quota_fini(struct quota *q);

// Finds the counter or makes it. tenant NULL, cc 0: counted together. NULL where there is no place
// (counted in refused).
struct quota_counter *quota_find(struct quota *q, const char *limit, const char *tenant,
	uint16_t cc, enum policy_limit_window window);

// Moves the counter to the window that begins then, unless it is there or later.
static inline void quota_enter(struct quota_counter *c, int64_t begin)
{
	int64_t had = atomic_load_explicit(&c->begin, memory_order_relaxed);

	if (had >= begin || !atomic_compare_exchange_strong(&c->begin, &had, begin))
		return;
	atomic_store(&c->bytes, 0);
	atomic_store(&c->committed, 0);
	atomic_store(&c->flows, 0);
	atomic_store(&c->seconds, 0);
	atomic_store(&c->over, false);
}

// Sets up to want bytes aside below max, in shares for n workers; returns how many, 0 where nearly
// none are left.
uint64_t quota_lease(struct quota_counter *c, uint64_t max, uint64_t want, unsigned n);

// Calls leases back: at its next burst, also an empty one, each worker settles what it has counted
// within its own.
static inline void quota_call_back(struct quota *q)
{
	atomic_fetch_add(&q->recall, 1);
}

// Another number where quota_save() would write anything else.
uint64_t quota_digest(const struct quota *q);
// Writes all counters that count in a window, atomically (a new file, renamed). 0 or -errno.
int quota_save(const struct quota *q, const char *path);
// Reads what was saved. A file that is missing is no error; one that is damaged is -EINVAL with a
// line in err, and nothing is taken of it. now: seconds since 1970 UTC. Windows that begin after it
// (the clock was set back) are left out, since they would count on until it has come: how many.
int quota_load(struct quota *q, const char *path, int64_t now, char *err, size_t err_size);
