// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// DPDK's environment: started from the configuration's arguments, and what is asked of it.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct eal;
struct rte_mempool;

// Starts the EAL once per process with the arguments of the configuration (without a program name).
// Its messages below warnings are off unless the arguments say otherwise. 0, or -errno with a line
// in err; DPDK's own messages are on standard error then. *out is for eal_stop() in any case.
int eal_start(char *const *args, size_t n, struct eal **out, char *err, size_t err_size);
// NULL is fine.
void eal_stop(struct eal *e);

// "22.11.11": of the library in use, and of the headers this was built with.
const char *eal_version(void);
const char *eal_built_version(void);
// The folder that the EAL loads its drivers from.
const char *eal_plugins(void);

// A pool of packet buffers on a socket. data: bytes of frame that one buffer holds. NULL with a
// line in err.
struct rte_mempool *eal_pool_create(
	const char *name, uint32_t mbufs, uint16_t data, int socket, char *err, size_t err_size);
