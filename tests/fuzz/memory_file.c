// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/fuzz/memory_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void memory_file_make(struct memory_file *f, const uint8_t *data, size_t size)
{
	f->fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (f->fd < 0 || write(f->fd, data, size) != (ssize_t)size) {
		perror("fuzz: memory file");
		exit(2);
	}
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

void memory_file_free(struct memory_file *f)
{
	close(f->fd);
}
