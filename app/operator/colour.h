// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Colours of text that people read on a terminal.
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum colour {
	COLOUR_NONE,
	COLOUR_BOLD,
	COLOUR_DIM,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_RED,
};

// Whether to may have colours: it is a terminal, and NO_COLOR (no-color.org) is not set.
bool colour_wanted(FILE *to);

// Prints text in a colour (on: else without), with spaces up to width columns.
void colour_put(FILE *to, bool on, enum colour c, int width, const char *text);
