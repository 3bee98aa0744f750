// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Writes to files of the log's directory, whole or not at all.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// All of it at an offset. 0 or -errno; then any part of it may stand there.
int disk_write(int fd, const void *data, size_t len, off_t at);

// A whole file in place of the old one: through NAME.new and a rename, which with sync are on disk
// when this returns. 0 or -errno: the old one stands.
int disk_replace(int dir_fd, const char *name, const void *data, size_t len, bool sync);

// Behind what the file holds; made where it is missing. 0 or -errno: what was written is cut off
// again.
int disk_append(int dir_fd, const char *name, const void *data, size_t len, bool sync);

// Renames without ever replacing a file. 0 or -errno.
int disk_rename(int dir_fd, const char *from, const char *to);
