// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/words.h"

#include "app/console/key_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const words[WORD_COUNT][LANGS] = {
#define X(name, en, zh) [W_##name] = {en, zh},
	WORD_LIST(X)
#undef X
};

static const struct {
	const char *code;
	const char *text[LANGS];
} codes[] = {
#define X(code, en, zh) {code, {en, zh}},
	CODE_LIST(X)
#undef X
};

const char *word(enum word w, enum lang lang)
{
	return words[w][lang];
}

bool lang_parse(const char *text, enum lang *lang)
{
	if (strcmp(text, "en") == 0) {
		*lang = LANG_EN;
	} else if (strcmp(text, "zh") == 0) {
		*lang = LANG_ZH;
	} else {
		return false;
	}
	return true;
}

const char *lang_tag(enum lang lang)
{
	return lang == LANG_ZH ? "zh-Hans" : "en";
}

const char *code_word(const char *code, enum lang lang)
{
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i].code, code) == 0) {
			return codes[i].text[lang];
		}
	}
	return NULL;
}

const char *key_word(const char *key, size_t len, enum lang lang)
{
	static const struct {
		const char *key;
		const char *text[LANGS];
	} keys[] = {
#define X(key, en, zh) {key, {en, zh}},
		KEY_LIST(X)
#undef X
	};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i].key) == len && memcmp(keys[i].key, key, len) == 0) {
			return keys[i].text[lang];
		}
	}
	return NULL;
}

const char *code_at(unsigned i)
{
	return i < sizeof(codes) / sizeof(codes[0]) ? codes[i].code : NULL;
}
