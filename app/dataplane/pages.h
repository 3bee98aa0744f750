// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Memory for tables that are as large as they may become, zeroed.
//
// A page costs nothing until it is first used; then the kernel clears it, which takes microseconds,
// and longer on a virtual machine. A worker does not wait for that: for it, the pages are touched
// when they are mapped, by the thread that maps them and so on that thread's NUMA node, and are
// huge ones where the kernel has them to give.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// NULL without address space. touch: all of it now (best effort: what is missing is taken later).
void *pages_map(size_t n, size_t size, bool touch);
// As above, in pages of hugetlbfs, which must be free for all of it; NULL: they are not.
void *pages_map_huge(size_t n, size_t size);

// The same n and size, however it was mapped; p may be NULL.
void pages_unmap(void *p, size_t n, size_t size);
