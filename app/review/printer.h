// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How found records are shown.
//
// json   the lines as they stand in the log
// csv    RFC 4180, one column for each key of a flow's record and then of the notices'; list items
//        joined by ';'. A text that a spreadsheet would run as a formula (names come from the wire)
//        gets an apostrophe before it.
// table  for people: aligned columns, times in UTC, control characters shown as '?'
#pragma once

#include "app/rows/row.h"

#include <stdio.h>

enum printer_format {
	PRINTER_JSON,
	PRINTER_CSV,
	PRINTER_TABLE,
};

struct printer;

// NULL without memory. out is borrowed.
struct printer *printer_open(enum printer_format format, FILE *out);

// One record; line is its text of len bytes without the newline.
void printer_put(struct printer *p, const struct row *r, const char *line, size_t len);

// Writes what is held back and frees. 0 or -errno of any write.
int printer_close(struct printer *p);

// One field of a CSV file; is_text: it may come from the wire (see above).
void printer_csv_text(FILE *out, const char *text, bool is_text);
