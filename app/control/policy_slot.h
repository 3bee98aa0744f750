// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The place where the policy in force stands: published by the control side, read by workers
// without a lock.
//
// Publishing is a pointer swap. A worker looks at the pointer once a burst and says which epoch it
// has seen (quiescent-state-based reclamation: Hart et al., Performance of memory reclamation for
// lockless synchronization, JPDC 2007). When every worker has said so, nobody evaluates the old
// policy any more and its engine is freed. Its words (rule ids, reasons) stay while a flow that it
// decided lives, because that flow's last record still names them: every worker counts its flows by
// generation.
//
// A second slot holds a candidate, or nothing: a whole policy that decides nothing and is asked
// what it would have decided. Workers and readers treat it the same; no flow refers to it.
#pragma once

#include "policy/policy.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define POLICY_GENERATIONS 4096 // old policies whose words may be in use at once
#define POLICY_MAX_READERS 128

// What one worker has counted for one rule (or the defaults: the last).
struct rule_count {
	uint64_t hits;    // flows that it decided; of a shadow rule: would have decided
	uint64_t out, in; // bytes of flows that are over or belong to another rule now
	int64_t last;     // latest hit, microseconds since 1970 UTC; 0: none
};

// What one worker has found of a candidate: flows that ended, by the verdict on them and by what it
// would have been.
struct policy_moves {
	uint64_t flows[POLICY_BLOCK + 1][POLICY_BLOCK + 1]; // [in force][candidate]
	uint64_t renamed; // of these: the same action, by another rule or for another reason
};

struct screen; // whose contents are the readers' own

struct policy_generation {
	struct policy *policy; // NULL: nothing, in a candidate's slot
	uint32_t epoch;        // 1, 2, 3, ...
	uint16_t number;       // 0 .. POLICY_GENERATIONS - 1, used again after a while
	bool engine_freed;
	struct screen *screen;                         // NULL where none is made
	bool unused;                                   // found without flows
	uint64_t since;                                // the log writer's pass after that was found
	unsigned n_counts;                             // rules and the defaults
	struct rule_count *counts[POLICY_MAX_READERS]; // each written by its worker alone; struct
						       // policy_moves behind them
};

struct policy_reader {
	unsigned number;
	_Atomic uint32_t seen;             // epoch; worker: rw, control: ro
	uint32_t refs[POLICY_GENERATIONS]; // flows by generation; worker: rw, control: ro
} __attribute__((aligned(64)));

static_assert(sizeof(struct policy_reader) % 64 == 0, "a reader's cache lines are its worker's");

struct policy_slot {
	_Atomic(struct policy_generation *) now;
	struct policy_generation *generations[POLICY_GENERATIONS];
	struct policy_reader *readers[POLICY_MAX_READERS];
	unsigned n_readers;
	// Called with a generation that is about to be freed; its counters are complete. May be
	// NULL.
	void (*retired)(void *ctx, const struct policy_generation *g);
	void *retired_ctx;
	struct screen *(*make_screen)(const struct policy *p, const void *ctx); // NULL: none
	const void *make_screen_ctx;
	uint32_t epoch;
	uint16_t next_number;
};

void policy_slot_init(struct policy_slot *s);
// Frees everything. No reader may be left running.
void policy_slot_fini(struct policy_slot *s);

// A policy that is published from now on gets a screen: whatever the readers want to have worked
// out beforehand. It is freed, with free(), as soon as no reader evaluates the policy any more.
// NULL from make (no memory) makes publishing fail. ctx is borrowed.
void policy_slot_add_screens(struct policy_slot *s,
	struct screen *(*make)(const struct policy *p, const void *ctx), const void *ctx);

// Before the workers run: a reader for each. NULL without memory.
struct policy_reader *policy_slot_add_reader(struct policy_slot *s);

// Puts a policy into force (the slot owns it from now on); NULL empties a candidate's slot. Returns
// its epoch, or 0 where all generations are in use or without memory: then the policy is still the
// caller's and the one before stays in force.
uint32_t policy_slot_publish(struct policy_slot *s, struct policy *p);
// The same in two steps, for what has to be done when it is sure to succeed and before a reader can
// see it. What was prepared must be committed next; NULL where publishing would fail.
struct policy_generation *policy_slot_prepare(struct policy_slot *s, struct policy *p);
void policy_slot_commit(struct policy_slot *s, struct policy_generation *g);

// No generation is free: policy_slot_publish() would fail.
bool policy_slot_full(const struct policy_slot *s);

// Frees what nobody uses any more. pass counts how often the log's writer has gone through all
// rings (UINT64_MAX: records do not wait in rings): words go two passes after their last flow, when
// its last record has been written too. Call from time to time, from the thread that publishes.
// Returns the number of generations still kept, that in force included.
unsigned policy_slot_reclaim(struct policy_slot *s, uint64_t pass);

// ---- worker side

// At the start of every burst, also an empty one: the generation in force. It and all before it
// that a flow of this worker refers to stay valid until the next call (words) and until then only
// this one may be evaluated.
static inline const struct policy_generation *policy_slot_enter(
	struct policy_slot *s, struct policy_reader *r)
{
	const struct policy_generation *g = atomic_load_explicit(&s->now, memory_order_acquire);

	if (atomic_load_explicit(&r->seen, memory_order_relaxed) != g->epoch)
		atomic_store_explicit(&r->seen, g->epoch, memory_order_release);
	return g;
}

static inline void policy_slot_ref(struct policy_reader *r, uint16_t generation)
{
	__atomic_store_n(&r->refs[generation], r->refs[generation] + 1, __ATOMIC_RELEASE);
}

static inline void policy_slot_unref(struct policy_reader *r, uint16_t generation)
{
	__atomic_store_n(&r->refs[generation], r->refs[generation] - 1, __ATOMIC_RELEASE);
}

// A worker's counters of a rule (index, POLICY_RULE_DEFAULT); NULL for POLICY_RULE_NONE.
static inline struct rule_count *policy_slot_count(
	const struct policy_generation *g, const struct policy_reader *r, uint16_t rule)
{
	if (rule == POLICY_RULE_DEFAULT)
		return &g->counts[r->number][g->n_counts - 1];
	return rule + 1u < g->n_counts ? &g->counts[r->number][rule] : NULL;
}

static inline struct policy_moves *policy_slot_moves(
	const struct policy_generation *g, const struct policy_reader *r)
{
	return (struct policy_moves *)(g->counts[r->number] + g->n_counts);
}

// The policy of a generation that a flow refers to.
static inline const struct policy *policy_slot_words(
	const struct policy_slot *s, uint16_t generation)
{
	return s->generations[generation]->policy;
}
