// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Sentences of the verifier and of whoever reads a log, which are made in English, in the language
// of a page.
#pragma once

#include "app/console/words.h"

#include <stdbool.h>
#include <stdio.h>

// Writes it as HTML (out NULL: does not). False: there are no words for it, and nothing was
// written.
bool sentence_put(FILE *out, const char *text, enum lang lang);
