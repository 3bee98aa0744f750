// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/catalogue_store.h"

#include "app/review/rollup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define PACK_LEVEL 3
#define BUSY_MS    2000 // somebody looks things up

static const char *const statements[STATEMENTS] = {
	[ADD_SEGMENT] = "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ADD_BLOCK] = "INSERT INTO block VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[ADD_ROLLUP] = "INSERT INTO rollup VALUES (?1, ?2, ?3, ?4)",
	[ADD_LONE] = "INSERT INTO lone VALUES (?1, ?2, ?3, ?4)",
	[ADD_GOING] = "INSERT INTO going VALUES (?1, ?2, ?3, ?4)",
	[FIND_GOING] = "SELECT segment, crc, raw, data FROM going",
	[DROP_GOING] = "DELETE FROM going",
	[DROP_LONE] = "DELETE FROM lone WHERE segment = ?1",
	[DROP_ROLLUP] = "DELETE FROM rollup WHERE segment = ?1",
	[DROP_BLOCKS] = "DELETE FROM block WHERE id >= ?1 << 24 AND id < (?1 + 1) << 24",
	[DROP_SEGMENT] = "DELETE FROM segment WHERE id = ?1",
	[FIND_SEGMENT] = "SELECT id, size, mtime, footer, blocks, crc FROM segment WHERE name = ?1",
};

static const char schema[] =
	"CREATE TABLE segment (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER, "
	"mtime INTEGER, footer INTEGER, blocks INTEGER, crc INTEGER);"
	"CREATE TABLE block (id INTEGER PRIMARY KEY, words_crc INTEGER, words BLOB, names_crc "
	"INTEGER, "
	"names BLOB, kept_crc INTEGER, kept_raw INTEGER, kept BLOB);"
	"CREATE TABLE rollup (segment INTEGER PRIMARY KEY, crc INTEGER, raw INTEGER, data BLOB);"
	"CREATE TABLE lone (segment INTEGER PRIMARY KEY, crc INTEGER, raw INTEGER, data BLOB);"
	"CREATE TABLE going (segment INTEGER PRIMARY KEY, crc INTEGER, raw INTEGER, data BLOB);";

int store_failed(struct store *b)
{
	const int code = sqlite3_errcode(b->db);

	snprintf(b->err, b->err_size, "the catalogue: %s", sqlite3_errmsg(b->db));
	b->damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR ||
		     code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH;
	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		return -EROFS;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

int store_run(struct store *b, const char *sql)
{
	return sqlite3_exec(b->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_failed(b);
}

static int step(struct store *b, enum store_statement s)
{
	const int rc = sqlite3_step(b->st[s]);
	const int ret = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : store_failed(b);

	sqlite3_reset(b->st[s]);
	return ret;
}

int store_drop(struct store *b, int64_t id)
{
	for (enum store_statement s = DROP_LONE; s <= DROP_SEGMENT; s++) {
		int rc;

		sqlite3_bind_int64(b->st[s], 1, id);
		rc = step(b, s);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

// Into b->packed. 0: out of memory.
static size_t pack(struct store *b, const void *data, size_t len)
{
	const size_t bound = ZSTD_compressBound(len);
	size_t n;

	if (b->packed_cap < bound) {
		free(b->packed);
		b->packed = malloc(bound);
		b->packed_cap = b->packed != NULL ? bound : 0;
		if (b->packed == NULL) {
			return 0;
		}
	}
	// One context for all: of many small blocks, making it takes longest.
	if (b->zstd == NULL && (b->zstd = ZSTD_createCCtx()) == NULL) {
		return 0;
	}
	n = ZSTD_compressCCtx(b->zstd, b->packed, b->packed_cap, data, len, PACK_LEVEL);
	return ZSTD_isError(n) ? 0 : n;
}

int store_no_memory(struct store *b)
{
	snprintf(b->err, b->err_size, "out of memory");
	return -ENOMEM;
}

int store_block(struct store *b, int64_t id, uint32_t footer, const struct block_index *x)
{
	sqlite3_stmt *st = b->st[ADD_BLOCK];
	const int64_t raw = x->kept_all ? (int64_t)x->kept.len : -1;
	const size_t n = x->kept_all ? pack(b, x->kept.v, x->kept.len) : 0;

	if (x->kept_all && n == 0) {
		return store_no_memory(b);
	}
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(
		st, 2, catalogue_sum(PART_WORDS, id, footer, 0, x->words.v, x->words.len));
	sqlite3_bind_blob64(st, 3, x->words.v, x->words.len, SQLITE_STATIC);
	sqlite3_bind_int64(
		st, 4, catalogue_sum(PART_NAMES, id, footer, 0, x->names.v, x->names.len));
	sqlite3_bind_blob64(st, 5, x->names.v, x->names.len, SQLITE_STATIC);
	sqlite3_bind_int64(st, 6, catalogue_sum(PART_KEPT, id, footer, raw, b->packed, n));
	sqlite3_bind_int64(st, 7, raw);
	if (x->kept_all) {
		sqlite3_bind_blob64(st, 8, b->packed, n, SQLITE_STATIC);
	} else {
		sqlite3_bind_null(st, 8);
	}
	return step(b, ADD_BLOCK);
}

// Whether the catalogue knows exactly this file.
int store_knows(struct store *b, const char *name, const struct catalogue_key *key, int64_t id)
{
	sqlite3_stmt *st = b->st[FIND_SEGMENT];
	int rc, known = 0;

	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		known = sqlite3_column_int64(st, 0) == id &&
			sqlite3_column_int64(st, 1) == key->size &&
			sqlite3_column_int64(st, 2) == key->mtime &&
			sqlite3_column_int64(st, 3) == key->footer &&
			sqlite3_column_int64(st, 4) == key->blocks &&
			sqlite3_column_int64(st, 5) == catalogue_segment_sum(id, name, key);
	} else if (rc != SQLITE_DONE) {
		known = store_failed(b);
	}
	sqlite3_reset(st);
	return known;
}

// One row of bytes. Where there are none, or too many to be kept, a row of none says so.
static int store_bytes(struct store *b, enum store_statement add, enum catalogue_part part,
	int64_t id, uint32_t footer, bool have)
{
	sqlite3_stmt *st = b->st[add];
	const bool keep = have && b->raw.len <= FRAME_MAX_RAW;
	const int64_t raw = keep ? (int64_t)b->raw.len : -1;
	const size_t n = keep ? pack(b, b->raw.v, b->raw.len) : 0;

	if (keep && n == 0) {
		return store_no_memory(b);
	}
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, catalogue_sum(part, id, footer, raw, b->packed, n));
	sqlite3_bind_int64(st, 3, raw);
	sqlite3_bind_blob64(st, 4, n != 0 ? (const void *)b->packed : "", n, SQLITE_STATIC);
	return step(b, add);
}

int store_rollup(struct store *b, int64_t id, uint32_t footer, const struct groups *rollup,
	const struct bytes *singles, bool rolled)
{
	b->raw.len = 0;
	rolled = rolled && rollup_put(rollup, singles, &b->raw, FRAME_MAX_RAW);
	return store_bytes(b, ADD_ROLLUP, PART_ROLLUP, id, footer, rolled);
}

int store_lone(struct store *b, int64_t id, uint32_t footer, const struct lone_sums *sums)
{
	b->raw.len = 0;
	return lone_sums_put(sums, &b->raw) ? store_bytes(b, ADD_LONE, PART_LONE, id, footer, true)
					    : store_no_memory(b);
}

int store_going(struct store *b, int64_t id, const struct lone_open *open)
{
	const int rc = step(b, DROP_GOING);

	b->raw.len = 0;
	if (rc != 0) {
		return rc;
	}
	return lone_open_put(open, &b->raw) ? store_bytes(b, ADD_GOING, PART_GOING, id, 0, true)
					    : store_no_memory(b);
}

// What a row of `going` holds.
static int read_going(struct store *b, sqlite3_stmt *st, struct lone_open *open)
{
	const int64_t raw = sqlite3_column_int64(st, 2);
	const void *data = sqlite3_column_blob(st, 3);
	const size_t len = (size_t)sqlite3_column_bytes(st, 3);
	int rc = -EIO;
	char *plain;

	if (raw < 0 || raw > (int64_t)FRAME_MAX_RAW ||
		sqlite3_column_int64(st, 1) !=
			catalogue_sum(PART_GOING, sqlite3_column_int64(st, 0), 0, raw, data, len)) {
		return -EIO;
	}
	plain = malloc((size_t)raw + 1);
	if (plain == NULL) {
		return store_no_memory(b);
	}
	if (ZSTD_decompress(plain, (size_t)raw + 1, data, len) == (size_t)raw &&
		lone_open_take(open, plain, (size_t)raw)) {
		rc = 0;
	}
	free(plain);
	return rc;
}

int store_read_going(struct store *b, int64_t *id, struct lone_open *open)
{
	sqlite3_stmt *st = b->st[FIND_GOING];
	int rc = sqlite3_step(st);

	*id = -1;
	if (rc == SQLITE_DONE) {
		rc = 0;
	} else if (rc != SQLITE_ROW) {
		rc = store_failed(b);
	} else {
		*id = sqlite3_column_int64(st, 0);
		rc = read_going(b, st, open);
		if (rc == -EIO) {
			snprintf(b->err, b->err_size, "the catalogue: a row is damaged");
			b->damaged = true;
		}
	}
	sqlite3_reset(st);
	return rc;
}

int store_segment(struct store *b, int64_t id, const char *name, const struct catalogue_key *key)
{
	sqlite3_stmt *st = b->st[ADD_SEGMENT];

	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_text(st, 2, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, key->size);
	sqlite3_bind_int64(st, 4, key->mtime);
	sqlite3_bind_int64(st, 5, key->footer);
	sqlite3_bind_int64(st, 6, key->blocks);
	sqlite3_bind_int64(st, 7, catalogue_segment_sum(id, name, key));
	return step(b, ADD_SEGMENT);
}

int store_open(struct store *b, const char *path, bool anew)
{
	char sql[256];
	int rc;

	if (anew && unlink(path) != 0 && errno != ENOENT) {
		rc = -errno;
		snprintf(b->err, b->err_size, "%s: %s", path, strerror(-rc));
		return rc;
	}
	if (anew) { // as private as the log
		const int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0640);

		if (fd < 0) {
			rc = -errno;
			snprintf(b->err, b->err_size, "%s: %s", path, strerror(-rc));
			return rc;
		}
		close(fd);
	}
	if (sqlite3_open_v2(path, &b->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		return store_failed(b);
	}
	sqlite3_busy_timeout(b->db, BUSY_MS);
	snprintf(sql, sizeof(sql),
		"PRAGMA page_size=16384; PRAGMA journal_mode=MEMORY; PRAGMA application_id=%d; "
		"PRAGMA user_version=%d",
		CATALOGUE_APPLICATION, CATALOGUE_VERSION);
	rc = anew ? store_run(b, sql) : 0;
	if (rc == 0 && anew) {
		rc = store_run(b, schema);
	}
	for (unsigned i = 0; rc == 0 && i < STATEMENTS; i++) {
		if (sqlite3_prepare_v2(b->db, statements[i], -1, &b->st[i], NULL) != SQLITE_OK) {
			rc = store_failed(b);
		}
	}
	return rc;
}

void store_close(struct store *b)
{
	for (unsigned i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(b->st[i]);
		b->st[i] = NULL;
	}
	sqlite3_close(b->db);
	b->db = NULL;
	ZSTD_freeCCtx(b->zstd);
	b->zstd = NULL;
	free(b->packed);
	b->packed = NULL;
	b->packed_cap = 0;
	free(b->raw.v);
	b->raw = (struct bytes){0};
}
