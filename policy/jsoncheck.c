// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The strict check of a JSON text: syntax, UTF-8, depth, keys that stand twice.

#include "policy/jsondoc.h"
#include "policy/jsonscan.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key {
	uint64_t hash;
	const char *at; // its opening quote
};

// Where the scanner stands: a list through the C stack, from the value up to the document.
struct frame {
	const struct frame *up;
	const char *key; // opening quote of the member's key; NULL in an array
	size_t index;
};

struct scan {
	struct json_text *text;
	const char *p;
	struct diag_list *diag;
	const struct frame *here; // the string or number that is looked at; NULL: another place
	unsigned depth;
	struct key *keys; // of all objects that are open
	size_t n_keys, cap_keys;
	int err;
};

static int value(struct scan *s, const struct frame *up);

static char *pointer_to(const struct frame *fr);

static int fail(struct scan *s, const char *at, const char *hint, const char *what)
{
	unsigned line, column;

	json_place(s->text, at, &line, &column);
	diag_add(s->diag, DIAG_ERROR, line, column, NULL, hint, "%s", what);
	s->err = -EINVAL;
	return -EINVAL;
}

// Of what JSON can write and a document may not have: here the syntax still tells whose it is.
static int fail_value(struct scan *s, const char *at, const char *hint, const char *what)
{
	char *pointer = s->here ? pointer_to(s->here) : NULL;
	unsigned line, column;

	json_place(s->text, at, &line, &column);
	diag_add(s->diag, DIAG_ERROR, line, column, pointer, hint, "%s", what);
	free(pointer);
	s->err = -EINVAL;
	return -EINVAL;
}

static const char *skip_space(struct scan *s)
{
	s->p = json_space(s->p, s->text->end);
	return s->p;
}

static bool at(struct scan *s, char c)
{
	return s->p < s->text->end && *s->p == c;
}

// Length of the well-formed UTF-8 sequence at p (RFC 3629, table of section 4), 0 if there is none.
static size_t utf8_len(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t n = (size_t)(end - p), len;
	unsigned char low = 0x80, high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0; // overlong
	else if (s[0] == 0xed)
		high = 0x9f; // surrogates
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f; // above U+10FFFF
	if (n < len || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static bool is_hex4(const char *p, const char *end)
{
	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++)
		if (!isxdigit((unsigned char)p[i]))
			return false;
	return true;
}

static int escape(struct scan *s)
{
	const char *p = s->p, *end = s->text->end; // p at the backslash, something follows

	if (p[1] != 'u') {
		if (!strchr("\"\\/bfnrt", p[1]) || p[1] == '\0')
			return fail(
				s, p, "write a backslash as \\\\", "unknown escape in a string");
		s->p += 2;
		return 0;
	}
	if (!is_hex4(p + 2, end))
		return fail(s, p, NULL, "\\u needs four hexadecimal digits");
	if (strncmp(p + 2, "0000", 4) == 0)
		return fail_value(s, p, "leave it out", "\\u0000 is not allowed in a string");
	s->p += 6;
	if (tolower((unsigned char)p[2]) != 'd' || p[3] < '8')
		return 0;
	// RFC 8259 section 7: characters outside the basic plane are surrogate pairs.
	if (tolower((unsigned char)p[3]) >= 'c' || !is_hex4(p + 8, end) || p[6] != '\\' ||
		p[7] != 'u' || tolower((unsigned char)p[8]) != 'd' || !strchr("cdefCDEF", p[9]))
		return fail(s, p, "write the character itself, in UTF-8",
			"half of a surrogate pair in a string");
	s->p += 6;
	return 0;
}

static int string(struct scan *s)
{
	const char *begin = s->p++, *end = s->text->end;

	while (s->p < end && *s->p != '"') {
		unsigned char c = (unsigned char)*s->p;
		size_t len;

		if (c == '\\' && end - s->p >= 2) {
			if (escape(s) < 0)
				return s->err;
			continue;
		}
		if (c < 0x20)
			return fail(s, s->p,
				c == '\n' ? "close the string on its line"
					  : "write control characters as \\u00XX",
				c == '\n' ? "the line ends inside a string"
					  : "control character inside a string");
		len = utf8_len(s->p, end);
		if (len == 0)
			return fail(s, s->p, "save the file as UTF-8", "bytes that are not UTF-8");
		s->p += len;
	}
	if (s->p >= end)
		return fail(s, begin, NULL, "the text ends inside this string");
	s->p++;
	return 0;
}

static void digits(struct scan *s)
{
	while (s->p < s->text->end && isdigit((unsigned char)*s->p))
		s->p++;
}

static bool fits_int64(const char *p, const char *end)
{
	char copy[24];

	if (end - p >= (ptrdiff_t)sizeof(copy))
		return false;
	memcpy(copy, p, (size_t)(end - p));
	copy[end - p] = '\0';
	errno = 0;
	strtoll(copy, NULL, 10);
	return errno == 0;
}

static int number(struct scan *s)
{
	const char *begin = s->p, *first;
	bool whole = true;

	if (at(s, '-'))
		s->p++;
	first = s->p;
	digits(s);
	if (s->p == first)
		return fail(s, begin, NULL, "a number needs a digit");
	if (*first == '0' && s->p - first > 1)
		return fail(s, begin, "leave out the leading zeros", "a number begins with 0");
	if (at(s, '.')) {
		whole = false;
		first = ++s->p;
		digits(s);
		if (s->p == first)
			return fail(s, begin, NULL, "a number needs a digit after its point");
	}
	if (at(s, 'e') || at(s, 'E')) {
		whole = false;
		s->p++;
		if (at(s, '+') || at(s, '-'))
			s->p++;
		first = s->p;
		digits(s);
		if (s->p == first)
			return fail(s, begin, NULL, "a number needs a digit in its exponent");
	}
	if (whole && !fits_int64(begin, s->p))
		return fail_value(s, begin, "whole numbers end at 9223372036854775807",
			"the number is too large");
	if (!whole && isinf(strtod(begin, NULL))) // the text ends in a NUL
		return fail_value(s, begin, "use a smaller exponent", "the number is too large");
	return 0;
}

static int word(struct scan *s)
{
	static const char *const words[] = {"true", "false", "null"};
	const char *begin = s->p;

	while (s->p < s->text->end && isalpha((unsigned char)*s->p))
		s->p++;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if ((size_t)(s->p - begin) == strlen(words[i]) &&
			memcmp(begin, words[i], strlen(words[i])) == 0)
			return 0;
	if (s->p == begin && begin < s->text->end && (*begin == ']' || *begin == '}'))
		return fail(s, begin, "a trailing comma?", "a value is missing here");
	if (s->p == begin && begin < s->text->end && *begin == '\'')
		return fail(s, begin, "use double quotes", "strings stand in double quotes");
	return fail(s, begin, s->p == begin ? NULL : "put text in double quotes",
		s->p == s->text->end && s->p == begin ? "the text ends where a value should be"
						      : "not a JSON value");
}

// FNV-1a over the decoded characters, so that "a" and "\u0061" are the same key.
static uint64_t key_hash(const char *quote)
{
	const char *p = quote + 1;
	uint64_t h = 0xcbf29ce484222325u;

	while (*p != '"')
		h = (h ^ json_char(&p)) * 0x100000001b3u;
	return h;
}

static bool key_same(const char *a, const char *b)
{
	a++;
	b++;
	while (*a != '"' && *b != '"')
		if (json_char(&a) != json_char(&b))
			return false;
	return *a == '"' && *b == '"';
}

static void put_key(FILE *f, const char *quote)
{
	char c[4];

	for (const char *p = quote + 1; *p != '"';) {
		uint32_t u = json_char(&p);

		if (u == '~' || u == '/')
			fputs(u == '~' ? "~0" : "~1", f);
		else
			fwrite(c, 1, json_put_utf8(u, c), f);
	}
}

static void put_pointer(FILE *f, const struct frame *fr)
{
	if (!fr)
		return;
	put_pointer(f, fr->up);
	fputc('/', f);
	if (fr->key)
		put_key(f, fr->key);
	else
		fprintf(f, "%zu", fr->index);
}

// NULL without memory.
static char *pointer_to(const struct frame *fr)
{
	char *pointer = NULL;
	size_t size;
	FILE *f = open_memstream(&pointer, &size);

	if (f) {
		put_pointer(f, fr);
		fclose(f);
	}
	return pointer;
}

static void twice(struct scan *s, const struct frame *up, const char *first, const char *second)
{
	struct frame fr = {.up = up, .key = second};
	char *pointer, hint[64];
	unsigned line, column;

	s->err = -EINVAL;
	if (s->diag->n >= DIAG_MAX) { // only counted: no need to say where
		diag_add(s->diag, DIAG_ERROR, 0, 0, NULL, NULL, "the key stands twice");
		return;
	}
	pointer = pointer_to(&fr);
	json_place(s->text, first, &line, &column);
	snprintf(hint, sizeof(hint), "first at line %u, column %u: keep one", line, column);
	json_place(s->text, second, &line, &column);
	diag_add(s->diag, DIAG_ERROR, line, column, pointer, hint, "the key stands twice");
	free(pointer);
}

static int by_hash(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void find_twice(struct scan *s, const struct frame *up, size_t from)
{
	struct key *k = s->keys + from;
	size_t n = s->n_keys - from;

	if (n > 1)
		qsort(k, n, sizeof(*k), by_hash);
	for (size_t i = 1; i < n; i++)
		if (k[i].hash == k[i - 1].hash && key_same(k[i - 1].at, k[i].at))
			twice(s, up, k[i - 1].at, k[i].at);
	s->n_keys = from;
}

static int note_key(struct scan *s, const char *quote)
{
	if (s->n_keys == s->cap_keys) {
		size_t cap = s->cap_keys ? 2 * s->cap_keys : 256;
		struct key *k = realloc(s->keys, cap * sizeof(*k));

		if (!k)
			return s->err = -ENOMEM;
		s->keys = k;
		s->cap_keys = cap;
	}
	s->keys[s->n_keys++] = (struct key){.hash = key_hash(quote), .at = quote};
	return 0;
}

static int member(struct scan *s, const struct frame *up)
{
	struct frame fr = {.up = up};
	int rc;

	fr.key = skip_space(s);
	if (!at(s, '"'))
		return fail(s, s->p, at(s, '}') ? "a trailing comma?" : NULL,
			"a key in double quotes should stand here");
	if ((rc = string(s)) < 0 || (rc = note_key(s, fr.key)) < 0)
		return rc;
	skip_space(s);
	if (!at(s, ':'))
		return fail(s, s->p, NULL, "a ':' should follow the key");
	s->p++;
	return value(s, &fr);
}

static int object(struct scan *s, const struct frame *up)
{
	size_t from = s->n_keys;
	int rc;

	s->p++;
	skip_space(s);
	if (at(s, '}')) {
		s->p++;
		return 0;
	}
	for (;;) {
		if ((rc = member(s, up)) < 0)
			return rc;
		skip_space(s);
		if (!at(s, ','))
			break;
		s->p++;
	}
	if (!at(s, '}'))
		return fail(s, s->p, NULL, "a ',' or '}' should stand here");
	s->p++;
	find_twice(s, up, from);
	return 0;
}

static int array(struct scan *s, const struct frame *up)
{
	struct frame fr = {.up = up};
	int rc;

	s->p++;
	skip_space(s);
	if (at(s, ']')) {
		s->p++;
		return 0;
	}
	for (;; fr.index++) {
		if ((rc = value(s, &fr)) < 0)
			return rc;
		skip_space(s);
		if (!at(s, ','))
			break;
		s->p++;
	}
	if (!at(s, ']'))
		return fail(s, s->p, NULL, "a ',' or ']' should stand here");
	s->p++;
	return 0;
}

static int value(struct scan *s, const struct frame *up)
{
	const char *p = skip_space(s);
	int rc;

	if (p < s->text->end && (*p == '{' || *p == '[')) {
		if (s->depth >= JSONDOC_MAX_DEPTH)
			return fail(s, p, NULL, "nested deeper than 32 levels");
		s->depth++;
		rc = *p == '{' ? object(s, up) : array(s, up);
		s->depth--;
		return rc;
	}
	if (!at(s, '"') && !at(s, '-') && (p == s->text->end || !isdigit((unsigned char)*p)))
		return word(s);
	s->here = up;
	rc = at(s, '"') ? string(s) : number(s);
	s->here = NULL;
	return rc;
}

int json_check(struct json_text *t, struct diag_list *diag)
{
	struct scan s = {.text = t, .p = t->begin, .diag = diag};

	if (t->end - t->begin >= 3 && memcmp(t->begin, "\xef\xbb\xbf", 3) == 0)
		fail(&s, s.p, "save the file without it", "begins with a byte order mark");
	else if (skip_space(&s) == t->end)
		fail(&s, s.p, NULL, "the text is empty");
	else if (value(&s, NULL) == 0 && skip_space(&s) != t->end)
		fail(&s, s.p, NULL, "text after the end of the document");
	free(s.keys);
	return s.err;
}
