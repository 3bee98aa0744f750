// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Memory for tables that are as large as they may become: zeroed, and a page of it costs nothing
// until it is used. flow_table.c has its own, for huge pages.
#pragma once

#include <stddef.h>
#include <sys/mman.h>

// NULL without address space.
static inline void *pages_map(size_t n, size_t size)
{
	void *p = mmap(NULL, n * size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

// The same n and size; p may be NULL.
static inline void pages_unmap(void *p, size_t n, size_t size)
{
	if (p != NULL)
		munmap(p, n * size);
}
