// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the files of this folder share: a database file in memory and its two readers.
#pragma once

#include "drivers/geo/geo.h"
#include "drivers/geo/ranges.h"

#define GEO_FILE_MAX ((size_t)512 << 20) // bytes; the largest city databases have a quarter of that

struct geo_source {
	const char *path; // borrowed
	char *data;       // the whole file; read once, so that hash and content are of one state
	size_t len;
	int64_t mtime;
	char *err; // borrowed: where errors go
	size_t err_size;
};

struct geo_loaded { // what one file gives
	struct ranges r4, r6;
	enum geo_kind kind;
	int64_t built; // 0: the file does not say
};

// One line in err: "PATH: ..." or, with a line, "PATH:LINE: ...". Returns -EINVAL.
int geo_error(const struct geo_source *s, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// 0 or -errno with a line in err. The caller frees with geo_source_free().
int geo_source_read(struct geo_source *s);
void geo_source_free(struct geo_source *s);
int geo_source_sha256(const struct geo_source *s, uint8_t sha256[32]);

// Two letters to a number; 0 where they mean unknown or no country ("??", "ZZ", "XX", and what has
// a digit: "A1" anonymous proxy, "A2" satellite, "O1" other); -1 where they are no country code.
int geo_code(const char *cc, size_t len);

// Read a source into ranges. 0 or -errno with a line in err. asn: AS numbers are wanted.
int geo_text_read(const struct geo_source *s, struct geo_loaded *out);
int geo_mmdb_read(const struct geo_source *s, bool asn, struct geo_loaded *out);
// By content: the metadata marker of the format stands in the last 128 KiB.
bool geo_mmdb_is(const struct geo_source *s);
