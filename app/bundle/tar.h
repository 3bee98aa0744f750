// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Writes a tar archive (POSIX.1-1988 "ustar") of plain files in one folder, and remembers their
// sizes and SHA-256. A member's size need not be known before it is written: its header is filled
// in afterwards, so the file must be one that can be sought in.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TAR_NAME_MAX 100 // bytes of a member's name below the folder
#define TAR_TOP_MAX  155 // and of the folder's

struct tar_member {
	char name[TAR_NAME_MAX + 1]; // below the folder
	uint64_t size;
	char sha256[65];
};

struct tar;

// f is borrowed, and at its begin. top: the folder's name; t: of every member, microseconds since
// 1970 UTC. NULL without memory.
struct tar *tar_new(FILE *f, const char *top, int64_t t);
void tar_free(struct tar *t);

// One member, in pieces. Errors are kept for tar_end(). mode: permissions.
void tar_begin(struct tar *t, const char *name, unsigned mode);
void tar_add(struct tar *t, const void *data, size_t len);
// 0; -ENAMETOOLONG, -EFBIG (more than 8 GiB), or another -errno of the member.
int tar_end(struct tar *t);
// A whole one.
int tar_put(struct tar *t, const char *name, unsigned mode, const void *data, size_t len);

// The end of the archive. 0 or -errno.
int tar_finish(struct tar *t);

// Those that were written, in their order.
const struct tar_member *tar_members(const struct tar *t, size_t *n);
