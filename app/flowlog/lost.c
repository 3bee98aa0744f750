// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/lost.h"

#include <string.h>

static const char *const names[] = {
	[LOST_RING_FULL] = "ring_full",
	[LOST_DISK_FULL] = "disk_full",
	[LOST_WRITE_ERROR] = "write_error",
	[LOST_TOO_LONG] = "too_long",
	[LOST_CRASH] = "crash",
};

const char *lost_cause_name(enum lost_cause c)
{
	return names[c];
}

enum lost_cause lost_cause_of(const char *name)
{
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			return i;
		}
	}
	return LOST_RING_FULL;
}

void lost_add(struct lost_list *l, enum lost_cause cause, uint64_t from, uint64_t n, int64_t t)
{
	struct lost_run *last = l->n != 0 ? &l->runs[l->n - 1] : NULL;

	if (last != NULL && (last->cause == cause || l->n == LOST_MAX_RUNS)) {
		last->to = from + n - 1;
		return;
	}
	l->runs[l->n++] = (struct lost_run){cause, from, from + n - 1, t};
}

void lost_shift(struct lost_list *l)
{
	l->n--;
	memmove(&l->runs[0], &l->runs[1], l->n * sizeof(l->runs[0]));
}
