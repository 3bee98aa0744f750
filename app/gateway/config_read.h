// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Typed reading of JSON objects by tables of fields, with a finding for everything that is not as
// the table says. Private to the configuration.
#pragma once

#include "policy/jsondoc.h"

#include <stdint.h>

#define CFG_POINTER_MAX 256
#define CFG_MAX_FIELDS  32

enum cfg_kind {
	CFG_U32,
	CFG_U64,
	CFG_BOOL,
	CFG_WORD,   // one of a list of words; stored as int
	CFG_STRING, // char *, owned; min and max are its length in bytes
	CFG_OTHER,  // read by the caller; named here so that it is a known key
};

struct cfg_word {
	const char *text; // NULL ends the list
	int value;
};

struct cfg_field {
	const char *key;
	enum cfg_kind kind;
	bool required;
	size_t offset; // in the struct that cfg_fields() fills
	uint64_t min, max;
	const struct cfg_word *words;
	const char *hint; // what to write; NULL: none
};

struct cfg {
	struct jsondoc *doc;
	bool no_memory; // an allocation failed: the result must not be used
};

// An error at PARENT/KEY (key may be NULL: at parent itself).
void cfg_error(struct cfg *c, const char *parent, const char *key, const char *hint,
	const char *what, ...) __attribute__((format(printf, 5, 6)));
void cfg_warn(struct cfg *c, const char *parent, const char *key, const char *hint,
	const char *what, ...) __attribute__((format(printf, 5, 6)));

// Reads the object at pointer into base; fields that are absent keep what base has. Wrong types,
// values out of range, unknown and missing keys are findings. False where obj is not an object.
bool cfg_fields(struct cfg *c, const char *pointer, json_t *obj, const struct cfg_field *fields,
	size_t n, void *base);

// An element of an object or NULL where it is absent (no finding: the table says what is required)
// or not of this type (a finding).
json_t *cfg_get(struct cfg *c, const char *parent, json_t *obj, const char *key, json_type type);

// A copy of a string of min..max bytes, or NULL with a finding.
char *cfg_string(
	struct cfg *c, const char *parent, const char *key, json_t *v, size_t min, size_t max);

// Letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 63: a finding
// otherwise.
void cfg_check_name(struct cfg *c, const char *parent, const char *key, const char *name);

const char *cfg_type_name(const json_t *v);
