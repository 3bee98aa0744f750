// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/row.h"

#include <string.h>
#include <strings.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) {
		p++;
	}
	return p;
}

// The first quote or backslash, or end. Most strings are a few bytes long: a call of memchr() takes
// longer than they do.
static const char *quote_or_slash(const char *p, const char *end)
{
#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		const unsigned found = (unsigned)_mm_movemask_epi8(
			_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
				_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));

		if (found != 0) {
			return p + __builtin_ctz(found);
		}
	}
#endif
	while (p < end && *p != '"' && *p != '\\') {
		p++;
	}
	return p;
}

// From behind the opening quote to the closing one; NULL where there is none.
static const char *string_end(const char *p, const char *end)
{
	for (;;) {
		p = quote_or_slash(p, end);
		if (p < end && *p == '"') {
			return p;
		}
		if (end - p < 2) {
			return NULL;
		}
		p += 2; // what is escaped
	}
}

static const char *word_end(const char *p, const char *end)
{
	static const bool ends[256] = {['\0'] = true,
		[','] = true,
		['}'] = true,
		[']'] = true,
		[' '] = true,
		['\t'] = true,
		['\r'] = true,
		['"'] = true,
		['['] = true,
		['{'] = true,
		[':'] = true};

	while (p < end && !ends[(uint8_t)*p]) {
		p++;
	}
	return p;
}

// From behind the opening bracket to behind the closing one. Lists of lists are not the log's.
static const char *list_end(const char *p, const char *end)
{
	while (p < end && *p != ']') {
		if (*p == '[' || *p == '{') {
			return NULL;
		}
		if (*p == '"') {
			p = string_end(p + 1, end);
			if (p == NULL) {
				return NULL;
			}
		}
		p++;
	}
	return p < end ? p + 1 : NULL;
}

// Gives where the value ends, NULL where it is none.
static const char *parse_value(struct cell *c, const char *p, const char *end)
{
	const char *stop;

	if (p >= end) {
		return NULL;
	}
	switch (*p) {
	case '"':
		c->kind = CELL_STRING;
		c->text = p + 1;
		stop = string_end(p + 1, end);
		if (stop == NULL) {
			return NULL;
		}
		c->len = (size_t)(stop - c->text);
		return stop + 1;
	case '[':
		c->kind = CELL_LIST;
		c->text = p;
		stop = list_end(p + 1, end);
		c->len = stop != NULL ? (size_t)(stop - p) : 0;
		return stop;
	default:
		c->kind = CELL_NUMBER;
		c->text = p;
		stop = word_end(p, end);
		c->len = (size_t)(stop - p);
		return c->len != 0 ? stop : NULL;
	}
}

// "key": value; gives where it ends.
static const char *parse_pair(struct cell *c, const char *p, const char *end)
{
	const char *quote;

	p = skip_blanks(p, end);
	if (p >= end || *p != '"') {
		return NULL;
	}
	c->key = p + 1;
	quote = string_end(p + 1, end);
	if (quote == NULL) {
		return NULL;
	}
	c->key_len = (size_t)(quote - c->key);
	p = skip_blanks(quote + 1, end);
	if (p >= end || *p != ':') {
		return NULL;
	}
	p = parse_value(c, skip_blanks(p + 1, end), end);
	return p != NULL ? skip_blanks(p, end) : NULL;
}

bool row_parse(struct row *r, const char *line, size_t len)
{
	const char *end = line + len, *p = skip_blanks(line, end);

	r->n = 0;
	if (p >= end || *p != '{') {
		return false;
	}
	p++;
	for (;;) {
		if (r->n == ROW_MAX_CELLS) {
			return false;
		}
		p = parse_pair(&r->cells[r->n], p, end);
		if (p == NULL || p >= end) {
			return false;
		}
		r->n++;
		if (*p == '}') {
			return skip_blanks(p + 1, end) == end;
		}
		if (*p != ',') {
			return false;
		}
		p++;
	}
}

const struct cell *row_find(const struct row *r, const char *key)
{
	const size_t len = strlen(key);

	for (unsigned i = 0; i < r->n; i++) {
		if (r->cells[i].key_len == len && memcmp(r->cells[i].key, key, len) == 0) {
			return &r->cells[i];
		}
	}
	return NULL;
}

bool cell_u64(const struct cell *c, uint64_t *v)
{
	uint64_t sum = 0;

	if (c == NULL || c->kind != CELL_NUMBER || c->len == 0) {
		return false;
	}
	for (size_t i = 0; i < c->len; i++) {
		const unsigned digit = (unsigned)c->text[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
			__builtin_add_overflow(sum, digit, &sum)) {
			return false;
		}
	}
	*v = sum;
	return true;
}

bool cell_i64(const struct cell *c, int64_t *v)
{
	struct cell digits;
	uint64_t u;

	if (c == NULL || c->len == 0) {
		return false;
	}
	digits = *c;
	if (c->text[0] == '-') {
		digits.text++;
		digits.len--;
	}
	if (!cell_u64(&digits, &u) || u > (uint64_t)INT64_MAX + (c->text[0] == '-')) {
		return false;
	}
	*v = (int64_t)(c->text[0] == '-' ? -u : u);
	return true;
}

bool cell_fid(const struct cell *c, uint64_t *v)
{
	uint64_t id = 0;

	if (c == NULL || c->kind != CELL_STRING || c->len != 16) {
		return false;
	}
	for (size_t i = 0; i < c->len; i++) {
		const char x = c->text[i];

		if ((x < '0' || x > '9') && (x < 'a' || x > 'f')) {
			return false;
		}
		id = id << 4 | (uint64_t)(x <= '9' ? x - '0' : x - 'a' + 10);
	}
	*v = id;
	return true;
}

// ---- text

struct sink {
	char *p, *end; // one byte is kept for the NUL
	bool full;     // something was cut off; nothing goes behind it
};

static void add(struct sink *s, const char *bytes, size_t n)
{
	const size_t room = (size_t)(s->end - s->p);

	if (s->full) {
		return;
	}
	if (n > room) { // as much as fits, but no part of a character
		s->full = true;
		for (n = room; n > 0 && ((uint8_t)bytes[n] & 0xc0) == 0x80; n--) {
		}
	}
	memcpy(s->p, bytes, n);
	s->p += n;
	s->p[0] = '\0';
}

static void add_code_point(struct sink *s, uint32_t c)
{
	char b[4];

	if (c < 0x80) {
		b[0] = (char)c;
		add(s, b, 1);
	} else if (c < 0x800) {
		b[0] = (char)(0xc0 | c >> 6);
		b[1] = (char)(0x80 | (c & 63));
		add(s, b, 2);
	} else if (c < 0x10000) {
		b[0] = (char)(0xe0 | c >> 12);
		b[1] = (char)(0x80 | (c >> 6 & 63));
		b[2] = (char)(0x80 | (c & 63));
		add(s, b, 3);
	} else {
		b[0] = (char)(0xf0 | c >> 18);
		b[1] = (char)(0x80 | (c >> 12 & 63));
		b[2] = (char)(0x80 | (c >> 6 & 63));
		b[3] = (char)(0x80 | (c & 63));
		add(s, b, 4);
	}
}

static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4) {
		return -1;
	}
	for (unsigned i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *at = p[i] != '\0' ? strchr(digits, p[i] | 0x20) : NULL;

		if (at == NULL) {
			return -1;
		}
		v = v << 4 | (int)(at - digits);
	}
	return v;
}

// The escape behind a backslash; gives where it ends. RFC 8259, 7.
static const char *add_escape(struct sink *s, const char *p, const char *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *p != '\0' ? strchr(from, *p) : NULL;
	int high, low;

	if (at != NULL) {
		add(s, to + (at - from), 1);
		return p + 1;
	}
	high = *p == 'u' ? hex4(p + 1, end) : -1;
	if (high < 0) {
		add_code_point(s, 0xfffd);
		return p + 1;
	}
	p += 5;
	if (high < 0xd800 || high > 0xdfff) {
		add_code_point(s, (uint32_t)high);
		return p;
	}
	low = high < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2, end) : -1;
	if (low < 0xdc00 || low > 0xdfff) {
		add_code_point(s, 0xfffd); // half a pair
		return p;
	}
	add_code_point(s, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
	return p + 6;
}

static void add_string(struct sink *s, const char *p, const char *end)
{
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));

		if (slash == NULL || end - slash < 2) {
			add(s, p, (size_t)(end - p));
			return;
		}
		add(s, p, (size_t)(slash - p));
		p = add_escape(s, slash + 1, end);
	}
}

bool cell_next(const struct cell *list, size_t *at, struct cell *item)
{
	const char *end = list->text + list->len, *p = list->text + *at;

	if (list->kind != CELL_LIST || p >= end) {
		return false;
	}
	p = skip_blanks(p + 1, end); // behind '[', then behind each ','
	if (p >= end || *p == ']') {
		return false;
	}
	p = parse_value(item, p, end);
	if (p == NULL) {
		return false;
	}
	*at = (size_t)(skip_blanks(p, end) - list->text);
	return true;
}

static void add_list(struct sink *s, const struct cell *list)
{
	struct cell item;
	size_t at = 0;

	for (bool first = true; cell_next(list, &at, &item); first = false) {
		if (!first) {
			add(s, ";", 1);
		}
		add_string(s, item.text, item.text + item.len);
	}
}

size_t cell_text(const struct cell *c, char *out, size_t size)
{
	struct sink s = {out, out + size - 1, false};

	out[0] = '\0';
	if (c != NULL && c->kind == CELL_LIST) {
		add_list(&s, c);
	} else if (c != NULL && c->kind == CELL_STRING) {
		add_string(&s, c->text, c->text + c->len);
	} else if (c != NULL) {
		add(&s, c->text, c->len);
	}
	return strlen(out);
}

bool cell_is(const struct cell *c, const char *text, bool fold)
{
	const size_t len = strlen(text);
	char plain[1024];
	const char *value;
	size_t n;

	if (c == NULL || c->kind != CELL_STRING) {
		return false;
	}
	value = c->text;
	n = c->len;
	if (memchr(value, '\\', n) != NULL) {
		n = cell_text(c, plain, sizeof(plain));
		value = plain;
	}
	return n == len && (fold ? strncasecmp(value, text, len) : memcmp(value, text, len)) == 0;
}
