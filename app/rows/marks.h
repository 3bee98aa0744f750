// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Where lines end and where a needle may stand, in one pass over a long text.
#pragma once

#include "app/rows/find.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARKS_STEP 64 // bytes that one struct marks tells of, the first in its lowest bit

struct marks {
	uint64_t ends;   // a newline is there
	uint64_t places; // the needle may begin there: two of its bytes are where they should be
};

// What is looked for.
struct marks_needle {
	const char *text;
	size_t len; // 0: there are no marks of it
	struct find_pair by;
	bool wide; // by AVX2, which the processor must have
};

// The text is borrowed. Wide as the processor can.
struct marks_needle marks_needle(const char *text);

// Of a needle that is not empty. Marks of [at, end), at most n: returns how many were made. Only
// the last that it makes of a text tells of less than MARKS_STEP bytes; 0: at is the end.
size_t marks_make(const struct marks_needle *needle, const char *at, const char *end,
	struct marks *out, size_t n);
