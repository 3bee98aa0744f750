// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The lines of a block that are asked for, copied: the block need not be kept for them.
#pragma once

#include "app/rows/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pick {
	struct {
		uint32_t from, len; // of the line in text, without its newline
		uint32_t line;      // which of the block, from 1
	} * v;
	size_t n, cap;
	struct bytes text;
	uint64_t lines; // of the block
};

// What is asked for.
struct pick_by {
	// Of a line without its newline; NULL: all are.
	bool (*line)(void *ctx, const char *line, size_t len);
	void *ctx;
	// What a line that starts with `begin` must hold; line() is not called for one that does
	// not. It is looked for in all lines at once, which costs a fraction of a look at each. ""
	// or NULL: nothing.
	const char *needle, *begin;
};

// Finds them, into *p, which is made where it is NULL. A last line without a newline is one too.
// False: out of memory.
bool pick_run(const struct pick_by *by, const char *lines, size_t len, struct pick **p);
void pick_free(struct pick *p);
