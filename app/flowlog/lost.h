// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Numbers whose records were lost and that no gap record has told of yet: a short list of runs,
// each with its cause, in rising order.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum lost_cause {
	LOST_RING_FULL,
	LOST_DISK_FULL,
	LOST_WRITE_ERROR,
	LOST_TOO_LONG,
	LOST_CRASH, // of an earlier run
};

#define LOST_MAX_RUNS 16

struct lost_run {
	enum lost_cause cause;
	uint64_t from, to; // both lost, and all between
	int64_t t;         // of the first of them, microseconds since 1970 UTC; 0: not known
};

struct lost_list {
	unsigned n;
	struct lost_run runs[LOST_MAX_RUNS];
};

const char *lost_cause_name(enum lost_cause c);

// A name that is not known is taken for LOST_RING_FULL.
enum lost_cause lost_cause_of(const char *name);

// Adds n numbers from `from` on, which follows right after all that are in the list: while there
// are untold losses, nothing else takes a number. A full list lets its last run grow, so that none
// goes untold; the cause told is then the last run's.
void lost_add(struct lost_list *l, enum lost_cause cause, uint64_t from, uint64_t n, int64_t t);

// Takes out the first run.
void lost_shift(struct lost_list *l);
