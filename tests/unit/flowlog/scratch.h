// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Temporary folders, and what is in them, for the flow log's tests. Failures end the test.
#pragma once

#include "app/evidence/folder.h"

#include <stddef.h>

struct scratch {
	char dir[64];
};

// cmocka fixtures: *state becomes a struct scratch with a new folder; the folder and all in it go.
int scratch_make(void **state);
// The same in memory, where there is such a file system: for what syncs thousands of times.
int scratch_make_fast(void **state);
int scratch_remove(void **state);

// A path in the folder.
void scratch_path(const struct scratch *s, const char *name, char out[128]);

// A whole file with a NUL behind it; free() it.
char *scratch_read(const char *path, size_t *len);
// The lines of a segment, as far as its blocks are whole; the same.
char *scratch_lines(const char *path, size_t *len);
void scratch_write(const char *path, const char *text, size_t len);

// The n-th file (from 0, by name) of a folder whose name ends in suffix: its full path. Returns how
// many there are; out is untouched where there is no n-th. out may be NULL.
unsigned scratch_find(const char *dir, const char *suffix, unsigned n, char out[256]);

// Runs validate.py over a file or folder: 0 good.
int scratch_validate(const char *path);
