// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// One line of the flow log, taken apart: a flat JSON object of strings, numbers and lists of these.
// Cells point into the line, which must outlive the row.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_MAX_CELLS 96

enum cell_kind {
	CELL_STRING, // text between the quotes, escapes as they stand
	CELL_NUMBER, // its digits; true, false and null too
	CELL_LIST,   // with its brackets
};

struct cell {
	const char *key; // escapes as they stand; the log's keys have none
	size_t key_len;
	const char *text;
	size_t len;
	enum cell_kind kind;
};

struct row {
	unsigned n;
	struct cell cells[ROW_MAX_CELLS];
};

// len without the newline. False: not a flat JSON object, or more cells than fit.
bool row_parse(struct row *r, const char *line, size_t len);

// NULL: there is no such key.
const struct cell *row_find(const struct row *r, const char *key);

// A whole number; false where it is none or does not fit.
bool cell_u64(const struct cell *c, uint64_t *v);
bool cell_i64(const struct cell *c, int64_t *v);
bool cell_fid(const struct cell *c, uint64_t *v); // a flow's id: 16 hexadecimal digits, lower case

// The value as text, NUL behind it: strings without escapes, list items joined by ';'. Cut off
// where out is too small. Returns the length. A NULL cell gives "".
size_t cell_text(const struct cell *c, char *out, size_t size);

// The items of a list, one after another: *at is 0 at first. False: there are no more (or what
// follows is no item). Strings and numbers only.
bool cell_next(const struct cell *list, size_t *at, struct cell *item);

// A string with this value; letters of ASCII may differ in case where fold is set.
bool cell_is(const struct cell *c, const char *text, bool fold);
