// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A JSON document with positions: text in, jansson tree out, and for any JSON pointer the line and
// column where it stands in the text. RFC 8259; strict UTF-8 (RFC 3629), no duplicate keys, depth
// at most JSONDOC_MAX_DEPTH, size at most JSONDOC_MAX_SIZE. jansson keeps no positions for values,
// so they are found by walking the text again, only when a finding needs one; the walk goes on from
// the last place found, so that findings in the document's order cost one walk together.
#pragma once

#include "policy/diag.h"

#include <jansson.h>
#include <stdarg.h>

#define JSONDOC_MAX_SIZE  (16u << 20)
#define JSONDOC_MAX_DEPTH 32

struct jsondoc {
	char *text; // owned
	size_t len;
	json_t *root;                // owned; NULL where the text does not parse
	struct diag_list *diag;      // borrowed: findings go here
	struct jsondoc_trail *trail; // owned; the last place found, so that the next is near
};

// Parses len bytes of text (copied). 0, or -EINVAL with findings in diag, or -ENOMEM.
// jsondoc_free() in any case.
int jsondoc_parse(struct jsondoc *doc, const char *text, size_t len, struct diag_list *diag);

// Reads a file, at most a byte more than a document may have; a NUL stands behind. Any error
// (missing, unreadable, a folder) is a finding. 0 or -errno; the caller frees *text.
int jsondoc_read(const char *path, char **text, size_t *len, struct diag_list *diag);

// Reads and parses a file. Any error (missing, unreadable, a folder, empty, too large, binary) is a
// finding. 0 or -errno. With jsondoc_read() the only function of the policy library that touches a
// file.
int jsondoc_file(struct jsondoc *doc, const char *path, struct diag_list *diag);

void jsondoc_free(struct jsondoc *doc);

// Where the value at a JSON pointer begins. 0, or -ENOENT with 0 in both.
int jsondoc_locate(
	const struct jsondoc *doc, const char *pointer, unsigned *line, unsigned *column);

// Adds a finding at the value of a JSON pointer (its nearest ancestor that exists).
void jsondoc_diag(struct jsondoc *doc, enum diag_level level, const char *pointer, const char *hint,
	const char *what, ...) __attribute__((format(printf, 5, 6)));

// Unknown keys of the object at pointer, each a finding with "did you mean". known ends in NULL.
void jsondoc_check_keys(
	struct jsondoc *doc, const char *pointer, json_t *object, const char *const *known);
