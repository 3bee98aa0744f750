// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the pages say, in each language. "{}" stands for what is put in there.
#pragma once

#include "app/console/word_list.h"

#include <stddef.h>

enum lang {
	LANG_EN,
	LANG_ZH, // Simplified Chinese
	LANGS,
};

enum word {
#define X(name, en, zh) W_##name,
	WORD_LIST(X)
#undef X
	WORD_COUNT
};

const char *word(enum word w, enum lang lang);

// "en", "zh". False: another.
_Bool lang_parse(const char *text, enum lang *lang);
// BCP 47, for the lang attribute.
const char *lang_tag(enum lang lang);

// Words for a code of the log ("block", "disk_full", "NO_RULE", ...); NULL: there are none.
const char *code_word(const char *code, enum lang lang);
// What a key of a record without a flow means; NULL: there are no words.
const char *key_word(const char *key, size_t len, enum lang lang);
// The i-th code that has words; NULL: there are no more.
const char *code_at(unsigned i);
