// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What two policies differ in, by meaning: the order of keys, of the values of a list and the
// spelling of times, prefixes and ports are no difference; the order of rules and limits is.
#pragma once

#include <jansson.h>
#include <stdbool.h>

// Compares two documents that policy_load() takes. Returns a new array in the order of the format,
// empty where both mean the same; NULL without memory. Each element is an object:
//   what            added, removed, moved or changed
//   in              meta, home, jurisdictions, overrides, tenants, apps, defaults, rules, limits
//   id              which of them (a rule's id, an override's prefix); left out in meta, home and
//                   defaults
//   key             changed: the member, "match.countries"
//   old, new        changed: its values; null where it is absent. added, removed: the whole thing
//   added, removed  changed lists: the values that came and that went
//   from, to        rules and limits: places before and after, from 1; added has to, removed from
//   words           the change in a sentence
//   means           what follows from it; left out where words say it all
json_t *policy_diff(json_t *before, json_t *after);

// ---- the sentences, from a change as above

struct policy_pair {
	json_t *before, *after; // the documents
	json_t *users;          // policy_diff_users()
};

// Who names which tenant or group, in either document: "tenants/NAME" -> {id: "rule" or "limit"}.
json_t *policy_diff_users(json_t *before, json_t *after);

// Whether a rule decides: it is neither disabled nor a shadow rule.
bool policy_diff_decides(const json_t *rule);

// Puts words and means into a change. one: the rule, limit, group ... after the change, or before
// it where it is gone; crossed: of a rule that moved, those of another action that it has passed
// and may share flows with.
void policy_diff_words(
	const struct policy_pair *p, json_t *change, json_t *one, const json_t *crossed);

// The same value in the same words: times as UTC, prefixes and ports in one spelling.
#define POLICY_DIFF_TEXT_MAX 1024
void policy_diff_text(const char *key, const json_t *value, char out[POLICY_DIFF_TEXT_MAX]);
// What a member's absence says, in those words; NULL: nothing.
const char *policy_diff_default(const char *key);
// Whether a member is absent or says what its absence says.
bool policy_diff_absent(const char *key, const json_t *value);
