// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Writes JSON (RFC 8259) into a buffer that the caller owns: no allocation, no format strings, no
// locale. What does not fit sets `full` and is left out; nothing is ever written past `end`, and
// once full nothing more is written, so the caller may give the line a larger buffer and start
// again.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_out {
	char *p;   // next byte
	char *end; // one past the last
	bool full;
};

static inline void json_put_raw(struct json_out *j, const char *s, size_t n)
{
	if (j->full || (size_t)(j->end - j->p) < n) {
		j->full = true;
		return;
	}
	memcpy(j->p, s, n);
	j->p += n;
}

// A literal, its length known to the compiler.
#define JSON_LITERAL(j, s) json_put_raw((j), "" s, sizeof(s) - 1)

// A key that is not the first of its object. It must need no escaping.
#define JSON_KEY(j, key) JSON_LITERAL(j, ",\"" key "\":")

void json_put_u64(struct json_out *j, uint64_t v);
void json_put_i64(struct json_out *j, int64_t v);

// A string with its quotes. Quotes, backslashes, control characters and DEL are escaped. Bytes that
// are not UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF) become U+FFFD, one
// for each maximal subpart of an ill-formed sequence (Unicode 15, 3.9), so the output is always
// UTF-8.
void json_put_string(struct json_out *j, const char *s, size_t n);

// n bytes in lower-case hexadecimal, in quotes.
void json_put_hex(struct json_out *j, const uint8_t *b, size_t n);

// 16 hexadecimal digits in quotes.
void json_put_hex64(struct json_out *j, uint64_t v);

// An address in quotes, network order: dotted decimal for version 4; for version 6 the text of
// RFC 5952, IPv4-mapped addresses in the mixed form (section 5). Any other version writes "".
void json_put_address(struct json_out *j, unsigned version, const uint8_t *addr);
