// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A strict scanner of JSON text (RFC 8259, UTF-8 after RFC 3629) that keeps no tree: it says
// whether the text is good and where not, which keys stand twice, and steps over values by
// position.
#pragma once

#include "policy/diag.h"

struct json_text {
	const char *begin, *end;
	const char *mark;   // the last place asked for, NULL: none yet
	unsigned mark_line; // and its line, so that the next one need not count from the beginning
};

// Line and column (1-based, in bytes) of a place in the text.
void json_place(struct json_text *t, const char *at, unsigned *line, unsigned *column);

// Checks the whole text. The first break of the syntax ends it; keys that stand twice in one object
// are all found. 0, or -EINVAL with findings, or -ENOMEM.
int json_check(struct json_text *t, struct diag_list *diag);

// ---- for text that json_check() accepted

const char *json_space(const char *p, const char *end); // the next byte that is no white space
const char *json_skip(const char *p, const char *end);  // past the value that begins at p

// One character of a string's inside, escapes decoded; *p moves on.
uint32_t json_char(const char **p);
size_t json_put_utf8(uint32_t c, char out[4]);

// Past the closing quote of the string whose opening quote is at p.
const char *json_skip_string(const char *p, const char *end);

// The start of jsondoc_locate()'s walks; free() ends it. NULL without memory.
struct jsondoc_trail *jsondoc_trail_new(const char *text, size_t len);
