// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Makes a log's catalogue and keeps it up to date (catalogue.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalogue_result {
	uint64_t segments; // that it knows now
	uint64_t added, dropped;
	uint64_t damaged; // segments that cannot be read; they are left to the search
	uint64_t records; // of those that were added, and the bytes of their lines
	uint64_t bytes;
};

// Takes closed segments that are new in the log's directory into the catalogue at `path`, drops
// those that are gone. anew: throws the old one away; it is replaced in one step once the new one
// is whole, and the same is done where the old one is damaged. progress: on standard error. One at
// a time: a lock on the directory. 0, or -errno with one line in err (-EBUSY: another is at it).
int catalogue_build(const char *dir, const char *path, bool anew, bool progress,
	struct catalogue_result *out, char *err, size_t err_size);
