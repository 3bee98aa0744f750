// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Writes the rows of a catalogue (catalogue_file.h). All give 0 or -errno with one line in err.
#pragma once

#include "app/review/block_index.h"
#include "app/review/catalogue_file.h"
#include "app/review/groups.h"
#include "app/review/lone.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_statement {
	ADD_SEGMENT,
	ADD_BLOCK,
	ADD_ROLLUP,
	ADD_LONE,
	ADD_GOING,
	FIND_GOING,
	DROP_GOING,
	DROP_LONE,
	DROP_ROLLUP,
	DROP_BLOCKS,
	DROP_SEGMENT,
	FIND_SEGMENT,
	STATEMENTS,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *st[STATEMENTS];
	struct bytes raw; // scratch
	struct ZSTD_CCtx_s *zstd;
	uint8_t *packed;
	size_t packed_cap;
	bool damaged; // what failed did so because the file is not what it should be
	char *err;
	size_t err_size;
};

// anew: what is at path is thrown away.
int store_open(struct store *b, const char *path, bool anew);
void store_close(struct store *b);

int store_run(struct store *b, const char *sql);
int store_failed(struct store *b); // what SQLite says is wrong
int store_no_memory(struct store *b);

// Whether it knows exactly this file: 1, 0, or -errno.
int store_knows(struct store *b, const char *name, const struct catalogue_key *key, int64_t id);
int store_segment(struct store *b, int64_t id, const char *name, const struct catalogue_key *key);
int store_block(struct store *b, int64_t id, uint32_t footer, const struct block_index *x);
// rolled: the rollup is complete; where it is not, or too large to be kept, a row says so.
int store_rollup(struct store *b, int64_t id, uint32_t footer, const struct groups *rollup,
	const struct bytes *singles, bool rolled);
int store_lone(struct store *b, int64_t id, uint32_t footer, const struct lone_sums *sums);
// What goes on behind segment `id`, in place of the row that is there.
int store_going(struct store *b, int64_t id, const struct lone_open *open);
// And back: *id is -1 where no segment was ever taken.
int store_read_going(struct store *b, int64_t *id, struct lone_open *open);
// All rows of a segment.
int store_drop(struct store *b, int64_t id);
