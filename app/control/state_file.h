// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Files of the state directory: whole or not there. A write goes to a new file, which is synced,
// renamed over the old one, and the directory synced; a crash at any instant leaves the old or the
// new content.
#pragma once

#include <stddef.h>

// 0 or -errno; then what was there before stays.
int state_file_write(const char *path, const void *data, size_t len);

// 0 or -errno; a file that is not there is no error.
int state_file_remove(const char *path);

// The whole file, with a NUL behind; the caller frees it. NULL with errno set.
char *state_file_read(const char *path, size_t max, size_t *len);
