// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Diagnostics: what is wrong with a document, where, and what to do about it.
//
// A list collects every finding of one pass, so that an operator mends a file in one go. The list
// owns its strings. Nothing here prints; diag_format() writes one finding as a person reads it:
//
//     FILE:LINE:COLUMN: /json/pointer: what is wrong; hint
//     FILE:LINE:COLUMN: /json/pointer: warning: what is odd; hint
//     FILE:LINE:COLUMN: /json/pointer: note: what is worth knowing; hint
//
// A finding about no particular place has line 0; the place is then left out.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum diag_level {
	DIAG_NOTE,    // worth knowing
	DIAG_WARNING, // the document is usable
	DIAG_ERROR,   // it is not
};

struct diag {
	enum diag_level level;
	unsigned line, column; // 1-based; column counts bytes; 0: no place
	char *pointer;         // RFC 6901 JSON pointer, "" for the whole document, NULL: none
	char *what;
	char *hint; // NULL: none
};

struct diag_list {
	char *file; // as the user named it, on one line
	struct diag *v;
	size_t n, cap;
	size_t errors, warnings, notes;
	size_t dropped; // findings past DIAG_MAX, counted only
};

#define DIAG_MAX 1000

void diag_init(struct diag_list *d, const char *file);
void diag_clear(struct diag_list *d);

// Adds a finding. pointer and hint may be NULL. what is a printf format. Never fails: without
// memory the finding is counted in dropped (and errors), so that diag_failed() stays right.
void diag_add(struct diag_list *d, enum diag_level level, unsigned line, unsigned column,
	const char *pointer, const char *hint, const char *what, ...)
	__attribute__((format(printf, 7, 8)));

static inline bool diag_failed(const struct diag_list *d)
{
	return d->errors != 0;
}

// Brings the findings from number `from` on into the order of the text: whoever mends them goes
// through the file once.
void diag_sort(struct diag_list *d, size_t from);

const char *diag_level_name(enum diag_level level); // "note", "warning", "error"

// Writes finding i without a newline; returns what snprintf would.
int diag_format(const struct diag_list *d, size_t i, char *out, size_t size);

// A copy of text that is one line of at most some 600 bytes, cut between characters; what would
// break it or drive a terminal is written as \xNN. NULL without memory; the caller frees.
char *diag_one_line(const char *text);
// Bytes of the control character at s (C0, DEL, or C1 in UTF-8), which a terminal acts upon; 0:
// none.
size_t diag_control(const char *s);

// The nearest of the names by edit distance, where it is near enough to be meant; NULL otherwise.
// next(ctx, i) gives the i-th name, NULL past the end.
const char *diag_nearest(const char *word, const char *(*next)(void *ctx, size_t i), void *ctx);

// The hint: did you mean "NAME"? Returns out; NULL where meant is NULL.
#define DIAG_MEANT_MAX 128
const char *diag_meant(char out[DIAG_MEANT_MAX], const char *meant);
