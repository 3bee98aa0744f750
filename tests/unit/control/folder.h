// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A folder of a test's own, and the files in it. Failures end the test.
#pragma once

#include <stddef.h>

// cmocka fixtures: *state is the folder's path (char *); the folder and all in it go.
int folder_make(void **state);
int folder_remove(void **state);

// folder/name, in a buffer that eight calls later is used again.
const char *folder_path(void **state, const char *name);
void folder_write(void **state, const char *name, const char *text);
// A whole file with a NUL behind it; free() it.
char *folder_read(void **state, const char *name);
// Files in a folder of it, "." and ".." left out.
unsigned folder_count(void **state, const char *name);
