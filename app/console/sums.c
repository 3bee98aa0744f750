// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/sums.h"

void sums_count(uint64_t *to, uint64_t more)
{
	if (__builtin_add_overflow(*to, more, to)) {
		*to = UINT64_MAX;
	}
}

void sums_add(struct sums *to, const struct sums *more)
{
	for (unsigned i = 0; i < ACTS; i++) {
		sums_count(&to->flows[i], more->flows[i]);
		sums_count(&to->out[i], more->out[i]);
		sums_count(&to->before[i], more->before[i]);
	}
	sums_count(&to->in, more->in);
	sums_count(&to->stopped, more->stopped);
}

static uint64_t of_acts(const uint64_t v[ACTS])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < ACTS; i++) {
		sums_count(&sum, v[i]);
	}
	return sum;
}

uint64_t sums_out(const struct sums *s)
{
	return of_acts(s->out);
}

uint64_t sums_flows(const struct sums *s)
{
	return of_acts(s->flows);
}

uint64_t sums_before(const struct sums *s)
{
	return of_acts(s->before);
}
