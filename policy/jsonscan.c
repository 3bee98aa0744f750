// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/jsonscan.h"

#include <string.h>

static unsigned lines_between(const char *p, const char *end)
{
	unsigned n = 0;

	for (; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

void json_place(struct json_text *t, const char *at, unsigned *line, unsigned *column)
{
	const char *nl;

	if (!t->mark) {
		t->mark = t->begin;
		t->mark_line = 1;
	}
	if (at >= t->mark)
		t->mark_line += lines_between(t->mark, at);
	else
		t->mark_line -= lines_between(at, t->mark);
	t->mark = at;
	nl = memrchr(t->begin, '\n', (size_t)(at - t->begin));
	*line = t->mark_line;
	*column = (unsigned)(at - (nl ? nl + 1 : t->begin)) + 1;
}

const char *json_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

const char *json_skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

const char *json_skip(const char *p, const char *end)
{
	unsigned depth = 0;

	// Strings are the only place where a bracket does not count.
	do {
		p = json_space(p, end);
		if (p >= end)
			return end;
		switch (*p) {
		case '"':
			p = json_skip_string(p, end);
			break;
		case '{':
		case '[':
			depth++;
			p++;
			break;
		case '}':
		case ']':
			depth--;
			p++;
			break;
		case ',':
		case ':':
			p++;
			break;
		default: // number or word
			while (p < end && !strchr(" \t\r\n,:]}", *p))
				p++;
		}
	} while (depth > 0);
	return p;
}

static unsigned hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned c = (unsigned char)p[i];
		v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

static uint32_t escaped(const char **p)
{
	const char *s = *p; // at the letter after the backslash
	uint32_t c;

	*p = s + 1;
	switch (*s) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		c = hex4(s + 1);
		*p = s + 5;
		if (c >= 0xd800 && c < 0xdc00) { // a low surrogate follows: checked
			c = 0x10000 + ((c & 0x3ff) << 10 | (hex4(s + 7) & 0x3ff));
			*p = s + 11;
		}
		return c;
	default: // quote, slash, backslash
		return (unsigned char)*s;
	}
}

uint32_t json_char(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;

	if (s[0] == '\\') {
		(*p)++;
		return escaped(p);
	}
	if (s[0] < 0x80) {
		*p += 1;
		return s[0];
	}
	if (s[0] < 0xe0) {
		*p += 2;
		return (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
	}
	if (s[0] < 0xf0) {
		*p += 3;
		return (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
	}
	*p += 4;
	return (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 |
	       (uint32_t)(s[2] & 0x3f) << 6 | (s[3] & 0x3f);
}

size_t json_put_utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}
