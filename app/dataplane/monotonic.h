// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The clock that nobody sets, for waits and intervals.
#pragma once

#include <stdint.h>
#include <time.h>

// Microseconds since some moment before this process began.
static inline int64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
