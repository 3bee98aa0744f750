// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What an earlier run left in the log's directory, brought into order before a new one begins.
#pragma once

#include "app/flowlog/segment.h"

// Closes every ".open" file: what follows its last whole record goes to a ".torn" file, an empty
// one is removed. Then reads the last record of the newest file. *number becomes the highest number
// in use, 0 for none. The caller holds the lock. 0 or -errno, with one line in err.
int segments_recover(int dir_fd, const char *dir, uint64_t *number, struct segments_found *found,
	char *err, size_t err_size);

// Renames without ever replacing a file. 0 or -errno.
int segment_rename(int dir_fd, const char *from, const char *to);
