// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The log's directory, held against a second writer.
#pragma once

#include <stddef.h>

// Makes the directory where it is missing, opens and locks it. 0, or -errno with one line in err;
// the descriptors are the caller's then, too, -1 where there is none.
int dir_lock_open(const char *dir, int *dir_fd, int *lock_fd, char *err, size_t err_size);
