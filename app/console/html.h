// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Text, numbers and times as HTML. Whatever comes from the log or the command line goes through
// html_text() or html_cell(): host names are written by whoever sends packets.
#pragma once

#include "app/console/words.h"
#include "app/rows/row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// For text and for attributes in double quotes. Controls and characters that change the direction
// or hide what is read (Unicode UAX 9) are shown by their number, "[U+202E]"; bytes that are not
// UTF-8 as U+FFFD.
void html_text(FILE *out, const char *text, size_t len);
void html_string(FILE *out, const char *text);

// A cell's value in an element of its own, so that its direction changes nothing around it; nothing
// where c is NULL.
void html_cell(FILE *out, const struct cell *c);
// A NUL in it: as a string of C it is less than it is.
bool html_cell_has_nul(const struct cell *c);

// Text as part of a URL behind "?" (RFC 3986, 2.3).
void html_url_text(FILE *out, const char *text);

// A pattern of words.h, each "{}" replaced by the next of the n arguments, and "{flow|flows}" by
// the first where the argument before it is "1" and by the second elsewhere.
void html_fill(FILE *out, const char *pattern, const char *const *args, unsigned n);
// One argument.
void html_fill1(FILE *out, const char *pattern, const char *arg);

#define TEXT_NUMBER 32
#define TEXT_TIME   40

// "1,234,567".
const char *text_count(uint64_t v, char out[TEXT_NUMBER]);
// "1.23 MB": powers of 1000, three digits.
const char *text_bytes(uint64_t v, char out[TEXT_NUMBER]);
// "12.3 %" of all; "" where all is 0.
const char *text_percent(uint64_t part, uint64_t all, char out[TEXT_NUMBER]);
// "2026-11-24 17:00:00", offset seconds east of UTC; "?" where there is no such year.
const char *text_time(int64_t us, int64_t offset, char out[TEXT_TIME]);
// The same of seconds.
const char *text_seconds(int64_t s, int64_t offset, char out[TEXT_TIME]);
// "+08:00"; "" for UTC.
const char *text_offset(int64_t offset, char out[TEXT_NUMBER]);
// "2026-11-24T17:00:00+08:00", "2026-11-24T09:00:00.250000Z" (RFC 3339).
const char *text_stamp(int64_t us, int64_t offset, char out[TEXT_TIME]);
