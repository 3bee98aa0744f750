// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/rotation.h"

#include <stdio.h>
#include <string.h>

#define MAGIC "bridgehead-rotation/1\n"

size_t rotation_make(
	const struct key_private *old, const struct key_private *new, char out[NOTE_MAX])
{
	char from[KEY_TEXT_MAX], to[KEY_TEXT_MAX];
	size_t len;

	key_format(key_public_of(old), from);
	key_format(key_public_of(new), to);
	len = (size_t)snprintf(out, NOTE_MAX, MAGIC "%s\n%s\n\n", from, to);
	len = note_cosign(out, len, old);
	return len != 0 ? note_cosign(out, len, new) : 0;
}

// One of the two lines after the first. False: it is no key.
static bool take_key(const char **p, const char *end, struct key_public *k)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));
	char text[KEY_TEXT_MAX];

	if (nl == NULL || (size_t)(nl - *p) >= sizeof(text))
		return false;
	memcpy(text, *p, (size_t)(nl - *p));
	text[nl - *p] = '\0';
	*p = nl + 1;
	return key_parse(text, k);
}

static bool is_rotation(const struct note *n, struct key_public *old, struct key_public *new)
{
	const size_t magic = strlen(MAGIC);
	const char *p = n->text + magic, *end = n->text + n->body;

	return n->body > magic && memcmp(n->text, MAGIC, magic) == 0 && take_key(&p, end, old) &&
	       take_key(&p, end, new) && p == end && note_check(n, old) == NOTE_SIGNED &&
	       note_check(n, new) == NOTE_SIGNED;
}

unsigned rotation_follow(const char *text, size_t len, const struct key_public *first,
	struct key_public keys[ROTATION_MAX_KEYS])
{
	unsigned n = 1;
	struct note note;

	keys[0] = *first;
	while (n < ROTATION_MAX_KEYS && note_split(text, len, &note)) {
		struct key_public old, new;

		if (is_rotation(&note, &old, &new) &&
			memcmp(old.key, keys[n - 1].key, sizeof(old.key)) == 0 &&
			strcmp(old.name, keys[n - 1].name) == 0)
			keys[n++] = new;
		text += note.len;
		len -= note.len;
	}
	return n;
}

enum note_signature rotation_check(const struct note *note, const struct key_public *keys,
	unsigned n, const struct key_public **by)
{
	enum note_signature found = NOTE_UNSIGNED;

	for (unsigned i = 0; i < n; i++) {
		const enum note_signature s = note_check(note, &keys[i]);

		if (s != NOTE_UNSIGNED)
			*by = &keys[i];
		if (s == NOTE_FORGED)
			return NOTE_FORGED;
		if (s == NOTE_SIGNED)
			found = NOTE_SIGNED;
	}
	return found;
}
