// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The two ways to simulate, and what they have in common.
#pragma once

#include "app/operator/offline.h"
#include "app/simulate/result.h"

// Of a log, as read.
struct sim_log_stats {
	uint64_t records, gaps, torn, wrong;
};

struct simulation {
	// Words of the command line. NULL: not given.
	const char *policy_path, *against_path, *country_db, *asn_db, *inside;
	struct offline_policy policy, against;
	bool has_against, captures, progress;
	bool windows;    // a log: limits per tenant or country are counted
	struct geo *geo; // of a log: may be NULL
	struct sim_result result;
	struct sim_log_stats log;
	uint64_t
		before_verdict[2]; // captures: bytes that left before a verdict, against and policy
	uint64_t unmatched;        // captures: flows that only one of both runs has
};

// Runs over the log's directories and files. 0, or -errno with one line on standard error.
int simulate_log(struct simulation *s, char *const *paths, unsigned n);

// Runs captures through the gateway's pipeline, once for each policy. The same.
int simulate_captures(struct simulation *s, char *const *paths, unsigned n);

// What the answer rests on and what it cannot say: a list of {"note": text, "flows": n} where n is
// left out if it is none's.
json_t *simulation_notes(const struct simulation *s);

// Whether it has limits that count over flows.
bool simulation_has_windows(const struct policy *p);

// Prints the answer (of result_json() with policy, against, notes) for people. all: tables whole.
void simulation_print(const json_t *answer, bool all);
