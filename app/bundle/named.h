// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What records and entries name by its hash: policies and evidence captures.
#pragma once

#include "app/evidence/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMED_FILE_MAX 80 // of a capture's name, with the NUL

struct named_policy {
	char sha256[65];
	uint64_t version; // 0: not known
	bool in_force;    // at some block's end, or published; not only tried
	bool here;        // the file is in the bundle
};

struct named_capture {
	char file[NAMED_FILE_MAX]; // in the log's folder "captures"
	char sha256[65];
};

struct named {
	struct named_policy *policies; // in the order that they were met
	size_t n_policies, cap_policies;
	struct named_capture *captures; // the same; by name after named_sort()
	size_t n_captures, cap_captures;
	uint64_t captures_gone;  // that are in no file
	uint64_t captures_other; // whose file is not what the record is of
};

// Policy in force at a block's end; zeros: none is known. False: out of memory, as below.
bool named_in_force(struct named *n, const struct hash *policy);
// A record. A capture whose name is none that the gateway gives is passed over.
bool named_line(struct named *n, const char *line, size_t len);
// Captures by name, each once.
void named_sort(struct named *n);
struct named_policy *named_find(struct named *n, const char *sha256); // NULL: not named
void named_fini(struct named *n);

// The number behind a key such as ",\"t1\":". A quote in a string is escaped, so that no string can
// hold a key.
bool named_number(const char *line, size_t len, const char *key, int64_t *v);
