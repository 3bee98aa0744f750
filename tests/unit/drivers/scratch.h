// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A temporary folder for a test's files. Any error fails the test at once.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct scratch {
	char dir[64];
	char path[256]; // of the last file named
};

void scratch_make(struct scratch *s);
// Removes the folder and the files in it (one level).
void scratch_remove(struct scratch *s);

// dir/name, in s->path until the next call.
const char *scratch_path(struct scratch *s, const char *name);
const char *scratch_write(struct scratch *s, const char *name, const void *data, size_t len);
const char *scratch_text(struct scratch *s, const char *name, const char *text);
size_t scratch_count(const struct scratch *s); // files in the folder

// The whole file; the caller frees. Ends in a NUL that is not counted.
char *scratch_read(const char *path, size_t *len);

// What a file that nobody may read looks like, for a test that runs as root too: gives up root's
// rights until scratch_privileged().
void scratch_unprivileged(void);
void scratch_privileged(void);
