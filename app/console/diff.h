// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The lines that differ between two texts.
#pragma once

#include <stddef.h>

#define DIFF_MAX_LINES 4000 // of each; the table is of the square of what differs

enum diff_kind {
	DIFF_SAME,
	DIFF_REMOVED,
	DIFF_ADDED,
};

// Calls put() for each line in order: a shortest way from a to b. 0, -E2BIG where they are too
// long, -ENOMEM.
int diff_lines(const char *a, const char *b,
	void (*put)(void *ctx, enum diff_kind kind, const char *line, size_t len), void *ctx);
