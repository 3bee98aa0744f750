// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What benchmarks do with what they measured.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// For qsort(): rising.
static inline int by_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static inline int by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

// A burst that took so many times the median was interrupted by the kernel or the hypervisor.
#define OUTLIER 20

// The mean of n, at least one, but those interrupted, which are from *kept on; they are sorted from
// then on.
static inline double mean_of_kept(uint32_t *v, size_t n, size_t *kept)
{
	uint64_t sum = 0;

	qsort(v, n, sizeof(*v), by_u32);
	*kept = 0;
	while (*kept < n && v[*kept] <= OUTLIER * (uint64_t)v[n / 2])
		sum += v[(*kept)++];
	return (double)sum / (double)*kept;
}

// Of n, at least one; they are sorted from then on: v[0] is the least and v[n - 1] the greatest.
static inline double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_double);
	return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}
