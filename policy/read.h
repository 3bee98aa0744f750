// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Reading a policy's JSON, piece by piece, with a finding for whatever is not as it must be. A
// place is a chain on the stack; its JSON pointer is written out only when a finding needs it.
// Private to the policy library.
#pragma once

#include "policy/doc.h"
#include "policy/jsondoc.h"

struct place {
	const struct place *up; // NULL: the document
	const char *key;        // NULL: an element of a list
	size_t index;
};

enum index {
	INDEX_TENANTS,
	INDEX_GROUPS,
	INDEX_JURISDICTIONS,
	INDEX_RULES,
	INDEX_COUNT
};

struct reader {
	struct jsondoc *json;
	struct arena *arena; // of doc
	struct policy_doc *doc;
	const struct policy_names *names; // may be NULL
	int64_t now;                      // or POLICY_ANY_TIME
	json_t *index[INDEX_COUNT];       // objects: name to number, for look-ups
};

#define PLACE_KEY(up_, key_)     (&(struct place){.up = (up_), .key = (key_)})
#define PLACE_INDEX(up_, index_) (&(struct place){.up = (up_), .index = (index_)})

void read_error(struct reader *r, const struct place *at, const char *hint, const char *what, ...)
	__attribute__((format(printf, 4, 5)));
void read_warn(struct reader *r, const struct place *at, const char *hint, const char *what, ...)
	__attribute__((format(printf, 4, 5)));

// Whether v is of the type (JSON_TRUE: a boolean); a finding where not. v NULL: false, no finding.
bool read_type(struct reader *r, const struct place *at, const json_t *v, json_type type);
// A finding: the object has not got the key.
void read_missing(struct reader *r, const struct place *at, const char *key);
// The member of an object; NULL with a finding where it is required and absent, or of another type.
json_t *read_member(struct reader *r, const struct place *at, json_t *o, const char *key,
	json_type type, bool required);
// Unknown keys; known ends in NULL.
void read_keys(struct reader *r, const struct place *at, json_t *o, const char *const *known);

// A whole number in [min, max]. False with a finding.
bool read_number(struct reader *r, const struct place *at, const json_t *v, uint64_t min,
	uint64_t max, uint64_t *out);
// A string of min to max characters (Unicode code points, as JSON Schema counts), copied. NULL with
// a finding.
const char *read_text(
	struct reader *r, const struct place *at, const json_t *v, size_t min, size_t max);
// One of the words (NULL ends the list); its index, or -1 with a finding.
int read_word(struct reader *r, const struct place *at, const json_t *v, const char *const *words);

enum read_name {
	NAME_ID,     // lower case, digits, "_", ".", "-"; 64
	NAME_BASIS,  // upper case, digits, ".", "-"; 64
	NAME_REASON, // upper case, digits, "_"; 48
};
bool read_name_ok(struct reader *r, const struct place *at, const char *text, enum read_name kind);
const char *read_name(
	struct reader *r, const struct place *at, const json_t *v, enum read_name kind);

// A list of at least min and at most max elements; NULL with a finding.
json_t *read_list(struct reader *r, const struct place *at, json_t *o, const char *key, size_t min,
	size_t max, bool required);
// A finding for each string or number of the list that stood there before.
void read_unique(struct reader *r, const struct place *at, const json_t *list);

// Puts a name into an index; the first of equal ones stays.
void read_index(struct reader *r, enum index which, const char *name, size_t number);

// Elements of lists. 0 or false with a finding.
uint16_t read_country(struct reader *r, const struct place *at, const json_t *v);
bool read_prefix(
	struct reader *r, const struct place *at, const json_t *v, struct policy_prefix *out);
bool read_moment(struct reader *r, const struct place *at, const json_t *v, int64_t *out);
// "did you mean" into hint from names of n things; returns hint or NULL.
const char *read_meant(char hint[DIAG_MEANT_MAX], const char *word,
	const char *(*at)(void *ctx, size_t i), void *ctx);

// ---- parts of a document, each in its file
void read_meta(struct reader *r, json_t *root);
void read_jurisdictions(struct reader *r, json_t *root);
void read_home(struct reader *r, json_t *root);
void read_overrides(struct reader *r, json_t *root);
void read_tenants(struct reader *r, json_t *root);
void read_groups(struct reader *r, json_t *root);
void read_defaults(struct reader *r, json_t *root);
void read_rules(struct reader *r, json_t *root);
void read_limits(struct reader *r, json_t *root);
// The key of each dimension, by enum policy_dim; NULL behind the last.
extern const char *const match_keys[];
const char *match_proto_name(uint8_t number); // "tcp"; NULL: none that a match can name
// rules: the dimension "rules" is allowed (limits).
void read_match(
	struct reader *r, const struct place *at, json_t *o, bool rules, struct policy_match *out);
// Prefixes at the member of an object, sorted; equal and nested ones are findings.
const struct policy_prefix *read_prefixes(struct reader *r, const struct place *at, json_t *o,
	const char *key, size_t min, uint32_t *n);
const uint16_t *read_countries(struct reader *r, const struct place *at, json_t *o, const char *key,
	size_t min, bool unknown_too, unsigned *n);
