// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/json.h"

static const char hex_digits[] = "0123456789abcdef";

static const char digit_pairs[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

void json_put_u64(struct json_out *j, uint64_t v)
{
	char text[20];
	char *p = text + sizeof(text);

	while (v >= 100) {
		p -= 2;
		memcpy(p, digit_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		p -= 2;
		memcpy(p, digit_pairs + v * 2, 2);
	} else {
		*--p = (char)('0' + v);
	}
	json_put_raw(j, p, (size_t)(text + sizeof(text) - p));
}

void json_put_i64(struct json_out *j, int64_t v)
{
	if (v < 0) {
		JSON_LITERAL(j, "-");
		json_put_u64(j, -(uint64_t)v);
	} else {
		json_put_u64(j, (uint64_t)v);
	}
}

// Length of the well-formed sequence at s (Unicode table 3-7), or 0; *bad is then how many bytes
// the ill-formed part has.
static size_t utf8_length(const uint8_t *s, size_t n, size_t *bad)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t need, i;

	*bad = 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		need = 1;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		need = 2;
		low = s[0] == 0xe0 ? 0xa0 : 0x80;
		high = s[0] == 0xed ? 0x9f : 0xbf;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		need = 3;
		low = s[0] == 0xf0 ? 0x90 : 0x80;
		high = s[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	for (i = 1; i <= need; i++) {
		if (i >= n || s[i] < low || s[i] > high) {
			*bad = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return need + 1;
}

static void json_escape(struct json_out *j, uint8_t c)
{
	char text[6] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};

	switch (c) {
	case '"':
		JSON_LITERAL(j, "\\\"");
		break;
	case '\\':
		JSON_LITERAL(j, "\\\\");
		break;
	case '\n':
		JSON_LITERAL(j, "\\n");
		break;
	case '\r':
		JSON_LITERAL(j, "\\r");
		break;
	case '\t':
		JSON_LITERAL(j, "\\t");
		break;
	default:
		json_put_raw(j, text, sizeof(text));
		break;
	}
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void json_put_string(struct json_out *j, const char *text, size_t n)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t i = 0;

	JSON_LITERAL(j, "\"");
	while (i < n) {
		size_t run = i, bad, len;

		while (run < n && is_plain(s[run])) {
			run++;
		}
		json_put_raw(j, text + i, run - i);
		i = run;
		if (i == n) {
			break;
		}
		if (s[i] < 0x80) {
			json_escape(j, s[i]);
			i++;
			continue;
		}
		len = utf8_length(s + i, n - i, &bad);
		if (len != 0) {
			json_put_raw(j, text + i, len);
			i += len;
		} else {
			JSON_LITERAL(j, "\xef\xbf\xbd");
			i += bad;
		}
	}
	JSON_LITERAL(j, "\"");
}

void json_put_hex(struct json_out *j, const uint8_t *b, size_t n)
{
	JSON_LITERAL(j, "\"");
	for (size_t i = 0; i < n; i++) {
		char pair[2] = {hex_digits[b[i] >> 4], hex_digits[b[i] & 15]};

		json_put_raw(j, pair, sizeof(pair));
	}
	JSON_LITERAL(j, "\"");
}

void json_put_hex64(struct json_out *j, uint64_t v)
{
	char text[18];

	text[0] = '"';
	for (unsigned i = 16; i > 0; i--) {
		text[i] = hex_digits[v & 15];
		v >>= 4;
	}
	text[17] = '"';
	json_put_raw(j, text, sizeof(text));
}

static char *put_byte(char *p, uint8_t v)
{
	if (v >= 100) {
		*p++ = (char)('0' + v / 100);
		v %= 100;
		memcpy(p, digit_pairs + v * 2, 2);
		return p + 2;
	}
	if (v >= 10) {
		memcpy(p, digit_pairs + v * 2, 2);
		return p + 2;
	}
	*p++ = (char)('0' + v);
	return p;
}

static char *put_ipv4(char *p, const uint8_t *a)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i != 0) {
			*p++ = '.';
		}
		p = put_byte(p, a[i]);
	}
	return p;
}

static char *put_group(char *p, unsigned v)
{
	if (v >= 0x1000) {
		*p++ = hex_digits[v >> 12];
	}
	if (v >= 0x100) {
		*p++ = hex_digits[v >> 8 & 15];
	}
	if (v >= 0x10) {
		*p++ = hex_digits[v >> 4 & 15];
	}
	*p++ = hex_digits[v & 15];
	return p;
}

// The first of the longest runs of at least two zero groups (RFC 5952, 4.2). *len 0: none.
static unsigned zero_run(const unsigned *group, unsigned *len)
{
	unsigned best = 8, best_len = 1;

	for (unsigned i = 0; i < 8;) {
		unsigned k = i;

		while (k < 8 && group[k] == 0) {
			k++;
		}
		if (k - i > best_len) {
			best = i;
			best_len = k - i;
		}
		i = k + 1;
	}
	*len = best < 8 ? best_len : 0;
	return best;
}

static char *put_ipv6(char *p, const uint8_t *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned group[8], from, len;

	if (memcmp(a, mapped, sizeof(mapped)) == 0) {
		memcpy(p, "::ffff:", 7);
		return put_ipv4(p + 7, a + 12);
	}
	for (unsigned i = 0; i < 8; i++) {
		group[i] = (unsigned)a[2 * i] << 8 | a[2 * i + 1];
	}
	from = zero_run(group, &len);
	for (unsigned i = 0; i < 8; i++) {
		if (len != 0 && i == from) {
			*p++ = ':';
			*p++ = ':';
			i += len - 1;
			continue;
		}
		if (i != 0 && i != from + len) {
			*p++ = ':';
		}
		p = put_group(p, group[i]);
	}
	return p;
}

void json_put_address(struct json_out *j, unsigned version, const uint8_t *addr)
{
	char text[48], *p = text;

	*p++ = '"';
	if (version == 4) {
		p = put_ipv4(p, addr);
	} else if (version == 6) {
		p = put_ipv6(p, addr);
	}
	*p++ = '"';
	json_put_raw(j, text, (size_t)(p - text));
}
