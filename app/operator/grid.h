// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A table for people: cells are collected, columns get as wide as what is in them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GRID_MAX_COLUMNS 16

struct grid_column {
	const char *title;
	bool right;   // numbers
	unsigned max; // longer cells are cut and end in "~"; 0: as long as they are
};

struct grid {
	const struct grid_column *columns;
	unsigned n;
	char **cells; // row by row
	size_t n_cells, room;
	unsigned width[GRID_MAX_COLUMNS];
};

void grid_init(struct grid *g, const struct grid_column *columns, unsigned n);
void grid_free(struct grid *g);

// The next cell. Characters that a terminal would act upon become "?": names come from the network.
void grid_cell(struct grid *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Bytes or packets in four digits or fewer and a decimal prefix: 999, 12.3K, 4.56G.
void grid_amount(struct grid *g, uint64_t n);

// Prints at most rows of them. Where lines would be longer than width (0: any length is good) the
// last column stands in a line of its own below its row, indented.
void grid_print(const struct grid *g, size_t rows, unsigned width, FILE *to);

// Columns and lines of the terminal that to is, at least 100 columns; 0 where it is none.
unsigned grid_terminal(FILE *to, unsigned *lines);
// Whether text to it may have colours: it is a terminal and NO_COLOR (no-color.org) is not set.
bool grid_colour(FILE *to);
