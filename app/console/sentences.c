// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/sentences.h"

#include "app/console/html.h"
#include "app/console/sentence_list.h"

#include <string.h>

#define HOLES    4
#define TEXT_MAX 600

static const char *const sentences[][LANGS] = {
#define X(en, zh) {en, zh},
	SENTENCE_LIST(X)
#undef X
};

struct match {
	char text[TEXT_MAX];
	const char *args[HOLES];
	unsigned n;
};

// Takes apart what stands in the holes of a pattern. False: it is another sentence.
static bool take_apart(const char *pattern, const char *text, struct match *m)
{
	char *at = m->text;

	snprintf(m->text, sizeof(m->text), "%s", text);
	m->n = 0;
	for (;;) {
		const char *hole = strstr(pattern, "{}");
		const size_t len = hole != NULL ? (size_t)(hole - pattern) : strlen(pattern);
		char *found = at;

		// Behind a hole the words may be anywhere; the last ones must be at the end.
		if (m->n == 0) {
			found = strncmp(at, pattern, len) == 0 ? at : NULL;
		} else if (hole == NULL) {
			found = strlen(at) >= len ? at + strlen(at) - len : NULL;
			found = found != NULL && strcmp(found, pattern) == 0 ? found : NULL;
		} else {
			char words[TEXT_MAX];

			snprintf(words, sizeof(words), "%.*s", (int)len, pattern);
			found = strstr(at, words);
		}
		if (found == NULL || (hole == NULL && found[len] != '\0') ||
			(hole != NULL && m->n == HOLES)) {
			return false;
		}
		*found = m->n != 0 ? '\0' : *found; // the end of what stood in the hole
		if (hole == NULL) {
			return true;
		}
		at = found + len;
		m->args[m->n++] = at;
		pattern = hole + 2;
	}
}

// What stands in a hole may be a sentence itself.
static const char *whole(const char *text, enum lang lang)
{
	for (unsigned i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (strcmp(sentences[i][LANG_EN], text) == 0) {
			return sentences[i][lang];
		}
	}
	return text;
}

// A hole that has taken in the end of a sentence and the beginning of the next.
static bool holds_several(const struct match *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		if (strstr(m->args[i], "; ") != NULL) {
			return true;
		}
	}
	return false;
}

// One that is in the list. out NULL: only whether it is.
static bool put_one(FILE *out, const char *text, enum lang lang)
{
	struct match m;

	for (unsigned i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (take_apart(sentences[i][LANG_EN], text, &m) && !holds_several(&m)) {
			for (unsigned k = 0; k < m.n; k++) {
				m.args[k] = whole(m.args[k], lang);
			}
			if (out != NULL) {
				html_fill(out, sentences[i][lang], m.args, m.n);
			}
			return true;
		}
	}
	return false;
}

bool sentence_put(FILE *out, const char *text, enum lang lang)
{
	static const char *const joints[LANGS] = {[LANG_EN] = "; ", [LANG_ZH] = "；"};
	char first[TEXT_MAX];

	if (put_one(out, text, lang)) {
		return true;
	}
	// Several in a row, each of which may have the mark that stands between them.
	for (const char *end = strstr(text, "; "); end != NULL; end = strstr(end + 1, "; ")) {
		snprintf(first, sizeof(first), "%.*s", (int)(end - text), text);
		if (!put_one(NULL, first, lang) || !sentence_put(NULL, end + 2, lang)) {
			continue;
		}
		if (out != NULL) {
			put_one(out, first, lang);
			fputs(joints[lang], out);
			sentence_put(out, end + 2, lang);
		}
		return true;
	}
	return false;
}
