// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The words of legal bases, from policy files that whoever makes the report has at hand: a record
// holds their ids only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_WORDS_MAX_FILES 16
#define POLICY_WORDS_MAX_BYTES (16u << 20)

struct policy_words;

struct policy_words_file {
	const char *path; // borrowed
	char sha256[65];
	const char *text; // of the whole file
};

struct policy_words *policy_words_new(void);
void policy_words_free(struct policy_words *p);

// Reads meta.basis of an egress-policy/1. 0, or -errno with one line in err.
int policy_words_add(struct policy_words *p, const char *path, char *err, size_t err_size);

unsigned policy_words_files(const struct policy_words *p);
const struct policy_words_file *policy_words_file(const struct policy_words *p, unsigned i);

// Of the file that was added first; NULL: in none.
const char *policy_words_basis(const struct policy_words *p, const char *id);

// Groups of countries ("jurisdictions") of the files, in their order.
struct policy_words_group {
	const char *name;
	const char *as_of;     // date
	const char *path;      // of the file
	const void *countries; // for policy_words_in_group()
	size_t n;              // countries
};

// The i-th group of all files; false: there are no more.
bool policy_words_group(const struct policy_words *p, unsigned i, struct policy_words_group *out);
bool policy_words_in_group(const struct policy_words_group *g, const char *country);
