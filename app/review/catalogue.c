// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/catalogue.h"

#include "app/evidence/crc32c.h"
#include "app/review/block_index.h"
#include "app/review/catalogue_file.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define BUSY_MS 2000

enum query {
	QUERY_SEGMENT,
	QUERY_WORDS,
	QUERY_NAMES,
	QUERY_KEPT,
	QUERY_ROLLUP,
	QUERY_LONE,
	QUERIES,
};

static const char *const queries[QUERIES] = {
	[QUERY_SEGMENT] =
		"SELECT id, size, mtime, footer, blocks, crc FROM segment WHERE name = ?1",
	[QUERY_WORDS] = "SELECT words_crc, words FROM block WHERE id = ?1",
	[QUERY_NAMES] = "SELECT names_crc, names FROM block WHERE id = ?1",
	[QUERY_KEPT] = "SELECT kept_crc, kept, kept_raw FROM block WHERE id = ?1",
	[QUERY_ROLLUP] = "SELECT crc, data, raw FROM rollup WHERE segment = ?1",
	[QUERY_LONE] = "SELECT crc, data, raw FROM lone WHERE segment = ?1",
};

struct catalogue {
	sqlite3 *db;
	sqlite3_stmt *q[QUERIES];
	bool known; // the segment at hand is
	bool held;  // for good
	bool running,
		passing; // a transaction over blocks that are passed over one behind the other
	int64_t id;
	struct catalogue_key key;
	struct blocks_lines kept; // scratch
	ZSTD_DCtx *zstd;          // one for all: of many small rows, making it takes longest
	char damage[256];         // "": none yet
};

bool catalogue_key_of(int fd, const struct frame_item *items, uint32_t n, struct catalogue_key *out)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return false;
	}
	*out = (struct catalogue_key){(int64_t)st.st_size,
		(int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
		crc32c(items, n * sizeof(*items)), n};
	return true;
}

int64_t catalogue_sum(enum catalogue_part part, int64_t id, uint32_t footer, int64_t raw,
	const void *data, size_t len)
{
	const uint64_t all[] = {(uint64_t)part, (uint64_t)id, footer, (uint64_t)raw, len,
		len != 0 ? crc32c(data, len) : 0};

	return crc32c(all, sizeof(all));
}

int64_t catalogue_segment_sum(int64_t id, const char *name, const struct catalogue_key *key)
{
	const int64_t all[] = {key->size, key->mtime, key->blocks, crc32c(name, strlen(name))};

	return catalogue_sum(PART_SEGMENT, id, key->footer, 0, all, sizeof(all));
}

void catalogue_distrust(struct catalogue *c, const char *what)
{
	if (c->damage[0] == '\0') {
		snprintf(c->damage, sizeof(c->damage), "%s", what);
	}
	c->known = false;
}

const char *catalogue_damage(const struct catalogue *c)
{
	return c->damage[0] != '\0' ? c->damage : NULL;
}

// The one number that a PRAGMA gives; -1: none.
static int64_t pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q;
	int64_t v = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK &&
		sqlite3_step(q) == SQLITE_ROW) {
		v = sqlite3_column_int64(q, 0);
	}
	sqlite3_finalize(q);
	return v;
}

static bool is_catalogue(sqlite3 *db, char *why, size_t why_size)
{
	const int64_t application = pragma(db, "PRAGMA application_id");
	const int64_t version = pragma(db, "PRAGMA user_version");

	if (application != CATALOGUE_APPLICATION) {
		snprintf(why, why_size, "it is damaged, or no catalogue");
	} else if (version != CATALOGUE_VERSION) {
		snprintf(why, why_size, "it is of version %lld, this program's is %d",
			(long long)version, CATALOGUE_VERSION);
	}
	return application == CATALOGUE_APPLICATION && version == CATALOGUE_VERSION;
}

// SQLite would wait for the other end of a pipe, also of one under the name of a journal, which a
// catalogue never has.
static bool are_files(const char *path, char *why, size_t why_size)
{
	static const char *const behind[] = {"", "-journal", "-wal"};

	for (unsigned i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		char name[4300];
		struct stat st;

		snprintf(name, sizeof(name), "%s%s", path, behind[i]);
		if (stat(name, &st) == 0 && !S_ISREG(st.st_mode)) {
			snprintf(why, why_size, "%s%snot a regular file", behind[i],
				i != 0 ? ": " : "");
			return false;
		}
	}
	return true;
}

struct catalogue *catalogue_open(
	const char *path, enum catalogue_found *found, char *why, size_t why_size)
{
	struct catalogue *c;

	*found = CATALOGUE_NONE;
	if (access(path, R_OK) != 0 || (c = calloc(1, sizeof(*c))) == NULL) {
		return NULL;
	}
	c->zstd = ZSTD_createDCtx();
	if (c->zstd == NULL) {
		free(c);
		return NULL;
	}
	if (!are_files(path, why, why_size)) {
		*found = CATALOGUE_NO_FILE;
		catalogue_close(c);
		return NULL;
	}
	*found = CATALOGUE_DAMAGED;
	snprintf(why, why_size, "it is damaged");
	if (sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		catalogue_close(c);
		return NULL;
	}
	sqlite3_busy_timeout(c->db, BUSY_MS);
	sqlite3_exec(
		c->db, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON", NULL, NULL, NULL);
	if (!is_catalogue(c->db, why, why_size)) {
		catalogue_close(c);
		return NULL;
	}
	for (unsigned i = 0; i < QUERIES; i++) {
		if (sqlite3_prepare_v2(c->db, queries[i], -1, &c->q[i], NULL) != SQLITE_OK) {
			snprintf(why, why_size, "%s", sqlite3_errmsg(c->db));
			catalogue_close(c);
			return NULL;
		}
	}
	*found = CATALOGUE_GOOD;
	return c;
}

// Without one each look at a block locks the file, looks for journals and unlocks it, which takes
// longer than the look. It ends before a block is read, since its reader may be one who waits for
// people: nobody could write into the catalogue meanwhile.
static void begin_passing(struct catalogue *c)
{
	if (c->passing && !c->running && !c->held) {
		c->running = sqlite3_exec(c->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
	}
}

static void end_passing(struct catalogue *c)
{
	if (c->running) {
		sqlite3_exec(c->db, "COMMIT", NULL, NULL, NULL);
	}
	c->running = c->passing = false;
}

void catalogue_close(struct catalogue *c)
{
	if (c == NULL) {
		return;
	}
	end_passing(c);
	for (unsigned i = 0; i < QUERIES; i++) {
		sqlite3_finalize(c->q[i]);
	}
	sqlite3_close(c->db);
	ZSTD_freeDCtx(c->zstd);
	free(c->kept.v);
	free(c);
}

bool catalogue_segment(
	struct catalogue *c, const char *path, int fd, const struct frame_item *items, uint32_t n)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	sqlite3_stmt *q = c->q[QUERY_SEGMENT];
	struct catalogue_key k;
	int rc;

	end_passing(c);
	c->known = false;
	if (c->damage[0] != '\0' || items == NULL || !catalogue_key_of(fd, items, n, &c->key)) {
		return false;
	}
	sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		k = (struct catalogue_key){sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2),
			(uint32_t)sqlite3_column_int64(q, 3), (uint32_t)sqlite3_column_int64(q, 4)};
		c->id = sqlite3_column_int64(q, 0);
		if (sqlite3_column_int64(q, 5) != catalogue_segment_sum(c->id, name, &k)) {
			catalogue_distrust(c, "the row of a segment is damaged");
		} else {
			c->known = k.size == c->key.size && k.mtime == c->key.mtime &&
				   k.footer == c->key.footer && k.blocks == c->key.blocks;
		}
	} else if (rc != SQLITE_DONE && rc != SQLITE_BUSY) {
		catalogue_distrust(c, sqlite3_errmsg(c->db));
	}
	sqlite3_reset(q);
	return c->known;
}

// The bytes of a row of the segment at hand: its checksum must be right. NULL: they cannot be used
// (or, without damage, are not there). Valid until the query is reset.
static const void *fetch(struct catalogue *c, enum query query, enum catalogue_part part,
	int64_t id, size_t *len, int64_t *raw)
{
	sqlite3_stmt *q = c->q[query];
	const void *data;
	int rc;

	sqlite3_reset(q);
	sqlite3_bind_int64(q, 1, id);
	rc = sqlite3_step(q);
	if (rc == SQLITE_BUSY) {
		c->known = false; // being rebuilt
		return NULL;
	}
	if (rc != SQLITE_ROW) {
		catalogue_distrust(
			c, rc == SQLITE_DONE ? "a row is missing" : sqlite3_errmsg(c->db));
		return NULL;
	}
	data = sqlite3_column_blob(q, 1);
	*len = (size_t)sqlite3_column_bytes(q, 1);
	*raw = sqlite3_column_count(q) > 2 ? sqlite3_column_int64(q, 2) : 0;
	if (sqlite3_column_int64(q, 0) !=
		catalogue_sum(part, id, c->key.footer, *raw, data, *len)) {
		catalogue_distrust(c, "the checksum of a row is wrong");
		return NULL;
	}
	return data;
}

static bool unpack(
	struct catalogue *c, const void *data, size_t len, int64_t raw, struct blocks_lines *out)
{
	if (raw < 0 || raw > (int64_t)FRAME_MAX_RAW * 4) {
		catalogue_distrust(c, "a row has an impossible size");
		return false;
	}
	if (out->v == NULL || out->cap < (size_t)raw) {
		char *v = realloc(out->v, (size_t)raw + 1);

		if (v == NULL) {
			return false;
		}
		out->v = v;
		out->cap = (size_t)raw + 1;
	}
	if (ZSTD_decompressDCtx(c->zstd, out->v, out->cap, data, len) != (size_t)raw) {
		catalogue_distrust(c, "a row cannot be unpacked");
		return false;
	}
	out->len = (size_t)raw;
	return true;
}

bool catalogue_kept(
	struct catalogue *c, uint32_t i, struct blocks_lines *instead, enum blocks_want *want)
{
	size_t len;
	int64_t raw = -1;
	const void *data;

	*want = BLOCKS_READ;
	if (!c->known) {
		return false;
	}
	data = fetch(c, QUERY_KEPT, PART_KEPT, c->id << CATALOGUE_BLOCK_BITS | i, &len, &raw);
	if (c->known && raw == 0) {
		*want = BLOCKS_SKIP;
	} else if (c->known && raw > 0 && unpack(c, data, len, raw, instead)) {
		*want = BLOCKS_INSTEAD;
	}
	sqlite3_reset(c->q[QUERY_KEPT]);
	return c->known && (raw < 0 || *want != BLOCKS_READ);
}

// Whether one of the copied lines matches. What is no record is for the search to tell.
static bool any_matches(const struct filter *f, const struct blocks_lines *l)
{
	const char *at = l->v, *end = l->v + l->len;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *stop = nl != NULL ? nl : end;
		const size_t len = (size_t)(stop - at);
		struct row r;

		if (filter_may_match(f, at, len) &&
			(!row_parse(&r, at, len) || filter_match(f, &r))) {
			return true;
		}
		at = stop + 1;
	}
	return false;
}

// Where all that is asked for is among the copied lines they tell exactly. They are looked at for
// that alone: anybody can write into a catalogue.
static bool may_kept(struct catalogue *c, const struct filter *f, uint32_t i)
{
	enum blocks_want want;

	if (!c->known || !block_index_asks_kept_only(f) || block_index_is_one_word(f) ||
		!catalogue_kept(c, i, &c->kept, &want)) {
		return true;
	}
	return want == BLOCKS_READ || (want == BLOCKS_INSTEAD && any_matches(f, &c->kept));
}

enum blocks_want catalogue_block(struct catalogue *c, const struct filter *f, uint32_t i)
{
	const int64_t id = c->id << CATALOGUE_BLOCK_BITS | i;
	const void *data;
	bool may = true;
	int64_t raw;
	size_t len;

	if (!c->known) {
		return BLOCKS_READ;
	}
	begin_passing(c);
	data = fetch(c, QUERY_WORDS, PART_WORDS, id, &len, &raw);
	may = data == NULL || block_index_may_words(f, data, len);
	sqlite3_reset(c->q[QUERY_WORDS]);
	if (may && c->known && block_index_asks_names(f)) {
		data = fetch(c, QUERY_NAMES, PART_NAMES, id, &len, &raw);
		may = data == NULL || block_index_may_names(f, data, len);
		sqlite3_reset(c->q[QUERY_NAMES]);
	}
	may = may && may_kept(c, f, i);
	c->passing = !may && i + 1 < c->key.blocks;
	if (!c->passing) {
		end_passing(c);
	}
	return may ? BLOCKS_READ : BLOCKS_SKIP;
}

// A row of the segment, unpacked.
static bool whole_row(
	struct catalogue *c, enum query query, enum catalogue_part part, struct blocks_lines *out)
{
	size_t len;
	int64_t raw;
	const void *data;
	bool ok;

	if (!c->known) {
		return false;
	}
	data = fetch(c, query, part, c->id, &len, &raw);
	ok = data != NULL && raw >= 0 && unpack(c, data, len, raw, out);
	sqlite3_reset(c->q[query]);
	return ok;
}

bool catalogue_rollup(struct catalogue *c, struct blocks_lines *out)
{
	return whole_row(c, QUERY_ROLLUP, PART_ROLLUP, out);
}

bool catalogue_lone(struct catalogue *c, struct blocks_lines *out)
{
	return whole_row(c, QUERY_LONE, PART_LONE, out);
}

void catalogue_hold(struct catalogue *c)
{
	end_passing(c);
	c->held = sqlite3_exec(c->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
}
