// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE_2M ((size_t)2 << 20)

#define PROT  (PROT_READ | PROT_WRITE)
#define FLAGS (MAP_PRIVATE | MAP_ANONYMOUS)

static size_t whole(size_t n, size_t size)
{
	return (n * size + HUGE_2M - 1) & ~(HUGE_2M - 1);
}

// Mapped at a multiple of 2 MiB, without which no page can be a huge one.
static void *map_aligned(size_t size)
{
	uint8_t *p = mmap(NULL, size + HUGE_2M, PROT, FLAGS | MAP_NORESERVE, -1, 0);
	size_t before;

	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p & (HUGE_2M - 1);
	if (before != 0)
		munmap(p, before);
	munmap(p + before + size, HUGE_2M - before);
	return p + before;
}

void *pages_map(size_t n, size_t size, bool touch)
{
	size_t all = whole(n, size);
	void *p;

	if (!touch) {
		p = mmap(NULL, all, PROT, FLAGS | MAP_NORESERVE, -1, 0);
		return p != MAP_FAILED ? p : NULL;
	}
	p = map_aligned(all);
	if (p == NULL)
		return NULL;
	if (n * size >= HUGE_2M)
		madvise(p, all, MADV_HUGEPAGE);
	madvise(p, n * size, MADV_POPULATE_WRITE);
	return p;
}

void *pages_map_huge(size_t n, size_t size)
{
	void *p = mmap(NULL, whole(n, size), PROT, FLAGS | MAP_HUGETLB | MAP_POPULATE, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

void pages_unmap(void *p, size_t n, size_t size)
{
	if (p != NULL)
		munmap(p, whole(n, size));
}
