// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Packet buffers: a pool on each NUMA node that has ports, so that a NIC writes to its own memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define POOLS_MAX 8 // nodes with ports; ports of further ones use the first one's

struct rte_mempool;

struct pools {
	unsigned n;
	struct {
		int node;
		uint32_t mbufs;
		struct rte_mempool *pool; // NULL until pools_make()
	} at[POOLS_MAX];
};

// Shares mbufs out over the nodes of n ports (at least one), by how many ports each has.
void pools_share(struct pools *p, const int *nodes, unsigned n, uint32_t mbufs);

// Makes them. data: bytes of frame in a buffer. 0, or -ENOMEM with a line in err; pools_free()
// then, too, and of a zeroed struct.
int pools_make(struct pools *p, uint16_t data, char *err, size_t err_size);
void pools_free(struct pools *p);

// The one on that node, or else the first.
struct rte_mempool *pools_near(const struct pools *p, int node);
