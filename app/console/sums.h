// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What is added up about flows, for a whole report and for each of its rows. All bytes are IP
// bytes. A sum that would pass 64 bits stays at the largest number.
#pragma once

#include <stdint.h>

enum act {
	ACT_ALLOW,
	ACT_FLAG,
	ACT_BLOCK,
	ACTS,
};

struct sums {
	uint64_t flows[ACTS];  // each once, by its last verdict
	uint64_t out[ACTS];    // bytes that left, by the verdict under which they did
	uint64_t before[ACTS]; // of these: before the flow had a verdict
	uint64_t in;           // bytes that came in
	uint64_t stopped;      // bytes that a verdict stopped
};

void sums_add(struct sums *to, const struct sums *more);
void sums_count(uint64_t *to, uint64_t more);
uint64_t sums_out(const struct sums *s);
uint64_t sums_flows(const struct sums *s);
uint64_t sums_before(const struct sums *s);
