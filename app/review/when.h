// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Spans of time as people name them beside now.
#pragma once

#include <stdint.h>

// "today", "yesterday"; "this" or "last" and "hour", "day", "week", "month", "year"; "last" and a
// day of the week. next: the word behind, or NULL. now and the answer [*since, *until):
// microseconds since 1970 UTC; days are those of `offset` seconds east of UTC, weeks begin on
// Monday. How many words it was: 1 or 2; 0: it is none of these.
unsigned when_parse(const char *word, const char *next, int64_t now, int64_t offset, int64_t *since,
	int64_t *until);
