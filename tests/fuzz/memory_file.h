// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Bytes as a file that never touches a disk, for readers that want a path.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct memory_file {
	int fd;
	char path[32]; // of the open descriptor in /proc
};

// Ends the program where the system gives no memory file: nothing can be tested then.
void memory_file_make(struct memory_file *f, const uint8_t *data, size_t size);
void memory_file_free(struct memory_file *f);
