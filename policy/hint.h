// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What to write instead, for findings on values of a wrong form. Private to the policy library.
#pragma once

#include <jansson.h>

#define HINT_MAX 400

// Each writes into out and returns it, or NULL where there is nothing to say.

// For a key that is missing: how it may look.
const char *hint_missing(char out[HINT_MAX], const char *key);
// For a value of another type than the one wanted (JSON_TRUE: a boolean). key: of the member; where
// it is an element of a list, list is the list's key and key NULL.
const char *hint_type(
	char out[HINT_MAX], const char *key, const char *list, const json_t *v, json_type wanted);
// For an unknown key without a near match: those that are known, which end in NULL.
const char *hint_keys(char out[HINT_MAX], const char *const *known);
