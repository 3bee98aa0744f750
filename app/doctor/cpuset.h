// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Sets of CPUs (or NUMA nodes) as the kernel writes them: "0-3,8".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUSET_MAX 1024

struct cpuset {
	uint64_t w[CPUSET_MAX / 64];
};

static inline bool cpuset_has(const struct cpuset *s, unsigned cpu)
{
	return cpu < CPUSET_MAX && (s->w[cpu / 64] >> cpu % 64 & 1) != 0;
}

static inline void cpuset_add(struct cpuset *s, unsigned cpu)
{
	if (cpu < CPUSET_MAX)
		s->w[cpu / 64] |= UINT64_C(1) << cpu % 64;
}

unsigned cpuset_count(const struct cpuset *s);

// Adds what the list names; words that are no numbers ("managed_irq", "domain") are passed over.
// Empty text is the empty set. False where the text is no list.
bool cpuset_parse(struct cpuset *s, const char *text);

// The shortest list; "none" for the empty set. Cut off where out is too small.
void cpuset_format(const struct cpuset *s, char *out, size_t size);

// a without b.
struct cpuset cpuset_minus(const struct cpuset *a, const struct cpuset *b);
