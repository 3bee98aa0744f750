// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Writes records to a file in one of the formats, with pseudonyms where they are asked for.
#pragma once

#include "app/export/pseudonym.h"

#include <stdio.h>

enum export_format {
	EXPORT_EVE, // see export.h
	EXPORT_ECS,
	EXPORT_CSV, // as "bhlog search --csv"
};

struct export_writer;

// "eve", "ecs", "csv".
bool export_format_parse(const char *text, enum export_format *format);

// names NULL: records as they are. Both are borrowed. NULL without memory.
struct export_writer *export_writer_open(
	enum export_format format, struct pseudonym *names, FILE *out);

// One record and its line. 0; -EBADMSG: its values are not those of a record, nothing was written;
// or another -errno with a line in err.
int export_writer_put(struct export_writer *w, const struct row *r, const char *line, size_t len,
	char *err, size_t err_size);

// Records that the format has no place for.
uint64_t export_writer_left_out(const struct export_writer *w);

// Frees. 0 or -errno of any write.
int export_writer_close(struct export_writer *w);
