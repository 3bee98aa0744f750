// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The DPI end of lanes: one nDPI module that serves one lane of each worker. Belongs to one thread.
#pragma once

#include "app/dataplane/lane.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lane_slot; // a context's

struct lane_served {
	struct lane *lane; // borrowed
	struct lane_slot *slots;
	uint32_t n;
};

// Written by the server, read by anyone.
struct lane_server_stats {
	uint64_t packets, answers;
	uint64_t waits; // for room in a worker's answers
};

struct lane_server {
	struct dpi *dpi;
	struct lane_served *served;
	unsigned n;
	const _Atomic bool *stop; // nobody takes answers any more
	struct lane_server_stats stats __attribute__((aligned(64)));
};

// Serves lane number `number` of each of n workers, which must have been made with the same limits
// c. 0, or -errno with one line in err; lane_server_fini() of a zeroed struct is fine.
int lane_server_init(struct lane_server *s, struct lanes *const *workers, unsigned n,
	unsigned number, const struct dpi_config *c, const _Atomic bool *stop, char *err,
	size_t err_size);
void lane_server_fini(struct lane_server *s);

// At most max requests of each lane. Returns how many there were. Waits where a worker's answers
// are full, until there is room or *stop is set.
unsigned lane_server_turn(struct lane_server *s, unsigned max);
