// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/note.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DASH     "\xe2\x80\x94 " // U+2014 and a blank
#define DASH_LEN 4

struct signature {
	char name[KEY_NAME_MAX + 1];
	uint32_t id;
	uint8_t bytes[KEY_SIGNATURE_SIZE];
};

static bool origin_ok(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	return n != 0 && n < ORIGIN_MAX;
}

size_t note_make(const struct checkpoint *c, const struct key_private *k, char out[NOTE_MAX])
{
	char root[48];
	int n;

	if (!origin_ok(c->origin))
		return 0;
	key_base64(c->root.b, sizeof(c->root.b), root);
	n = snprintf(out, NOTE_MAX, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size, root);
	if (c->has_time)
		n += snprintf(out + n, NOTE_MAX - (size_t)n, "time %" PRId64 "\n", c->time);
	n += snprintf(out + n, NOTE_MAX - (size_t)n, "\n");
	return k != NULL ? note_cosign(out, (size_t)n, k) : (size_t)n;
}

size_t note_cosign(char text[NOTE_MAX], size_t len, const struct key_private *k)
{
	const struct key_public *pub = key_public_of(k);
	uint8_t bytes[4 + KEY_SIGNATURE_SIZE] = {(uint8_t)(pub->id >> 24), (uint8_t)(pub->id >> 16),
		(uint8_t)(pub->id >> 8), (uint8_t)pub->id};
	char base64[4 * ((sizeof(bytes) + 2) / 3) + 1];
	struct note n;
	size_t room = NOTE_MAX - len;
	int added;

	if (!note_split(text, len, &n) || n.len != len || key_sign(k, text, n.body, bytes + 4) != 0)
		return 0;
	key_base64(bytes, sizeof(bytes), base64);
	added = snprintf(text + len, room, DASH "%s %s\n", pub->name, base64);
	return added > 0 && (size_t)added < room ? len + (size_t)added : 0;
}

// The line at p without its newline, copied; where the next begins, NULL: no whole line, or too
// long.
static const char *take_line(const char *p, const char *end, char *line, size_t size)
{
	const char *nl = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

	if (nl == NULL || (size_t)(nl - p) >= size || memchr(p, '\0', (size_t)(nl - p)) != NULL)
		return NULL;
	memcpy(line, p, (size_t)(nl - p));
	line[nl - p] = '\0';
	return nl + 1;
}

static bool decimal(const char *text, uint64_t *v)
{
	char *end;

	if (!isdigit((unsigned char)text[0]) || (text[0] == '0' && text[1] != '\0') ||
		strlen(text) > 19)
		return false;
	*v = strtoull(text, &end, 10);
	return *end == '\0';
}

// An extension line that other writers may have, too: only this form of it is a time.
static bool read_time(const char *line, int64_t *t)
{
	const char *digits = line + 5 + (strncmp(line, "time -", 6) == 0);
	const size_t n = strncmp(line, "time ", 5) == 0 ? strspn(digits, "0123456789") : 0;

	if (n == 0 || n > 18 || digits[n] != '\0')
		return false;
	*t = strtoll(line + 5, NULL, 10);
	return true;
}

static const char *read_body(const char *p, const char *end, struct checkpoint *c)
{
	char line[512];
	size_t len;

	memset(c, 0, sizeof(*c));
	p = take_line(p, end, c->origin, sizeof(c->origin));
	if (p == NULL || !origin_ok(c->origin))
		return NULL;
	p = take_line(p, end, line, sizeof(line));
	if (p == NULL || !decimal(line, &c->size))
		return NULL;
	p = take_line(p, end, line, sizeof(line));
	if (p == NULL || !key_base64_decode(line, c->root.b, sizeof(c->root.b), &len) ||
		len != sizeof(c->root.b))
		return NULL;
	while ((p = take_line(p, end, line, sizeof(line))) != NULL && line[0] != '\0') {
		if (!c->has_time)
			c->has_time = read_time(line, &c->time);
	}
	return p;
}

static bool read_signature(const char *line, struct signature *s)
{
	uint8_t bytes[4 + KEY_SIGNATURE_SIZE];
	const char *blank;
	size_t len;

	if (strncmp(line, DASH, DASH_LEN) != 0)
		return false;
	line += DASH_LEN;
	blank = strchr(line, ' ');
	if (blank == NULL || blank == line || (size_t)(blank - line) > KEY_NAME_MAX)
		return false;
	memcpy(s->name, line, (size_t)(blank - line));
	s->name[blank - line] = '\0';
	if (!key_base64_decode(blank + 1, bytes, sizeof(bytes), &len) || len != sizeof(bytes))
		return false;
	s->id = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
		bytes[3];
	memcpy(s->bytes, bytes + 4, sizeof(s->bytes));
	return true;
}

// p: behind the empty line that ends the text.
static bool take_signatures(const char *text, const char *p, const char *end, struct note *n)
{
	char line[512];

	*n = (struct note){.text = text, .body = (size_t)(p - text) - 1};
	while (end - p >= DASH_LEN && memcmp(p, DASH, DASH_LEN) == 0) {
		p = take_line(p, end, line, sizeof(line));
		if (p == NULL)
			return false; // the last line is torn
		n->signatures++;
	}
	n->len = (size_t)(p - text);
	return n->len < NOTE_MAX;
}

bool note_split(const char *text, size_t len, struct note *n)
{
	const char *empty = memmem(text, len, "\n\n", 2);

	return empty != NULL && take_signatures(text, empty + 2, text + len, n);
}

bool note_read(const char *text, size_t len, struct note *n, struct checkpoint *c)
{
	const char *end = text + len, *p = read_body(text, end, c);

	return p != NULL && take_signatures(text, p, end, n);
}

// The i-th signature line; *s is filled where it is of the kind that this file reads.
static bool signature_at(const struct note *n, unsigned i, struct signature *s, bool *readable)
{
	const char *p = n->text + n->body + 1, *end = n->text + n->len;
	char line[512];

	do {
		p = take_line(p, end, line, sizeof(line));
		if (p == NULL)
			return false;
	} while (i-- != 0);
	*readable = read_signature(line, s);
	return true;
}

enum note_signature note_check(const struct note *n, const struct key_public *k)
{
	enum note_signature found = NOTE_UNSIGNED;
	struct signature s;
	bool readable;

	for (unsigned i = 0; signature_at(n, i, &s, &readable); i++) {
		if (!readable || s.id != k->id || strcmp(s.name, k->name) != 0)
			continue; // the specification: ignore what is of unknown keys
		if (!key_verify(k, n->text, n->body, s.bytes))
			return NOTE_FORGED;
		found = NOTE_SIGNED;
	}
	return found;
}

bool note_signer(const struct note *n, unsigned i, char out[KEY_NAME_MAX + 16])
{
	struct signature s;
	bool readable;

	if (!signature_at(n, i, &s, &readable))
		return false;
	if (readable)
		snprintf(out, KEY_NAME_MAX + 16, "%s+%08x", s.name, s.id);
	else
		snprintf(out, KEY_NAME_MAX + 16, "(unknown kind)");
	return true;
}
