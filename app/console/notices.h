// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The newest lines of one kind: policy changes, gaps, starts and stops. All are counted, the newest
// are kept.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NOTICES_MAX 500

struct notices {
	char *lines[NOTICES_MAX];
	size_t len[NOTICES_MAX];
	unsigned n;
	uint64_t total;
};

void notices_add(struct notices *n, const char *line, size_t len);
void notices_free(struct notices *n);
