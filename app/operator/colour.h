// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Colours of text that people read on a terminal; grid_colour() tells whether they are wanted.
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

// Prints text in a colour (on: else without), with spaces up to width columns.
void colour_put(FILE *to, bool on, enum colour c, int width, const char *text);
