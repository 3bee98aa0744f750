// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A table for people. The first rows are held back to find how wide the columns must be.
#pragma once

#include "app/rows/row.h"

#include <stdio.h>

struct table;

struct table *table_open(FILE *out); // NULL without memory; out is borrowed
void table_put(struct table *t, const struct row *r);
void table_close(struct table *t); // writes what is held back; frees

// Puts '?' for what could act on a terminal or reorder what is read; and how many columns a text
// takes.
void table_make_safe(char *text);
unsigned table_width(const char *text);
