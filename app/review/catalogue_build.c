// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/catalogue_build.h"

#include "app/evidence/folder.h"
#include "app/review/catalogue.h"
#include "app/review/catalogue_store.h"
#include "app/review/rollup.h"
#include "app/rows/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PROGRESS_BYTES (64u << 20)

struct build {
	int dir_fd;
	struct store store;
	struct blocks *blocks;
	struct groups *rollup; // of the segment at hand, as sums, and what has none
	struct bytes singles;
	struct lone_sums *sums;
	struct lone_open *open;
	int64_t last; // segment that was taken last; -1: none
	bool rolled;
	bool progress, anew;
	uint64_t shown;
	struct catalogue_result *r;
};

// Which records are a flow's only ones shows from all before them (lone.h): those that are not were
// counted in their block like the others.
static bool take_singles(struct build *b, struct block_index *x, const char *lines)
{
	for (size_t i = 0; i < x->lines.n; i++) {
		const struct lone_line *l = &x->lines.v[i];
		struct row r;

		if (!l->alone &&
			!(row_parse(&r, lines + l->from, l->len) &&
				rollup_single_out(x->rollup, &r, b->rollup, &b->singles))) {
			return false;
		}
	}
	return b->singles.len <= FRAME_MAX_RAW;
}

static void merge_rollup(struct build *b, struct block_index *x, const char *lines)
{
	b->rolled = b->rolled && x->rolled && take_singles(b, x, lines);
	for (size_t i = 0; b->rolled && i < groups_count(x->rollup); i++) {
		const struct group *g = groups_at(x->rollup, i);

		if (g->records == 0) {
			continue;
		}
		b->rolled = groups_add(b->rollup, g->key, g->len, g->records, g->out, g->in) == 0;
	}
}

static void show_progress(struct build *b, const char *name)
{
	if (b->progress && b->r->bytes - b->shown >= PROGRESS_BYTES) {
		b->shown = b->r->bytes;
		fprintf(stderr, "\rbhlog: catalogue: %s, %" PRIu64 " MB ", name,
			b->r->bytes / 1000000);
	}
}

// All of a segment's rows, within a transaction. -EBADMSG: its file is damaged.
static int add_rows(struct build *b, const char *name, int64_t id, const struct catalogue_key *key)
{
	uint64_t records = 0, bytes = b->r->bytes;
	struct blocks_done d;
	int rc = store_segment(&b->store, id, name, key);

	groups_clear(b->rollup);
	b->singles.len = 0;
	lone_sums_clear(b->sums);
	b->rolled = true;
	while (rc == 0 && (rc = blocks_next(b->blocks, &d)) > 0) {
		struct block_index *x = d.result;

		if (!lone_block(b->sums, b->open, &x->lines, d.lines, d.len, x->odd, &x->kept,
			    &x->kept_all)) {
			rc = -ENOMEM;
			break;
		}
		rc = d.i < key->blocks ? store_block(&b->store, id << CATALOGUE_BLOCK_BITS | d.i,
						 key->footer, x)
				       : -EBADMSG;
		merge_rollup(b, x, d.lines);
		records += d.item.last - d.item.first + 1;
		b->r->bytes += d.len;
		show_progress(b, name);
	}
	if (rc == 0 && blocks_how(b->blocks) != BLOCKS_WHOLE) {
		rc = -EBADMSG;
	}
	if (rc == -ENOMEM) {
		store_no_memory(&b->store);
	}
	if (rc == 0) {
		rc = store_rollup(&b->store, id, key->footer, b->rollup, &b->singles, b->rolled);
	}
	if (rc == 0) {
		rc = store_lone(&b->store, id, key->footer, b->sums);
	}
	if (rc == 0) {
		b->r->records += records;
	} else {
		b->r->bytes = bytes;
	}
	return rc;
}

static int add_segment(
	struct build *b, const char *name, int64_t id, const struct catalogue_key *key)
{
	int rc = store_run(&b->store, "BEGIN IMMEDIATE");

	if (rc != 0) {
		return rc;
	}
	rc = store_drop(&b->store, id);
	if (rc == 0) {
		rc = add_rows(b, name, id, key);
	}
	if (rc == 0 && id <= b->last) { // what those behind it say may no longer hold
		snprintf(b->store.err, b->store.err_size,
			"the catalogue: %s is new before others that are in it", name);
		b->store.damaged = true;
		rc = -EIO;
	}
	lone_open_settle(b->open, rc == 0);
	if (rc == 0) {
		rc = store_going(&b->store, id, b->open);
	}
	if (rc == 0) {
		rc = store_run(&b->store, "COMMIT");
	}
	if (rc != 0) {
		sqlite3_exec(b->store.db, "ROLLBACK", NULL, NULL, NULL);
	} else {
		b->last = id;
		b->r->added++;
		b->r->segments++;
	}
	if (rc == -EBADMSG) { // what is wrong with it the search and verify tell
		b->r->damaged++;
		rc = 0;
	}
	return rc;
}

static int take_segment(struct build *b, const struct segment_file *f, uint64_t number)
{
	const struct frame_item *items;
	struct catalogue_key key;
	uint32_t n;
	const int fd = segment_file_open(b->dir_fd, f);
	int rc;

	if (fd == -EISDIR || fd == -EMEDIUMTYPE || fd == -ENXIO) {
		b->r->damaged++; // a pipe, say; the search tells
		return 0;
	}
	if (fd < 0) {
		return fd == -ENOENT || fd == -ENOLINK ? 0 : fd; // pruned meanwhile
	}
	rc = blocks_begin(b->blocks, fd, NULL);
	items = blocks_items(b->blocks, &n);
	if (rc != 0 || items == NULL || number >> (62 - CATALOGUE_BLOCK_BITS) != 0 ||
		!catalogue_key_of(fd, items, n, &key)) {
		b->r->damaged += rc == 0;
		close(fd);
		return rc;
	}
	rc = store_knows(&b->store, f->name, &key, (int64_t)number);
	if (rc == 0) {
		rc = add_segment(b, f->name, (int64_t)number, &key);
	} else if (rc > 0) {
		b->r->segments++;
		rc = 0;
	}
	close(fd);
	return rc;
}

static bool is_listed(const struct segment_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!l->v[i].open && strcmp(l->v[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static int drop_gone(struct build *b, const struct segment_list *l)
{
	sqlite3_stmt *q;
	int64_t gone[256];
	size_t n = 0;
	int rc;

	if (sqlite3_prepare_v2(b->store.db, "SELECT id, name FROM segment", -1, &q, NULL) !=
		SQLITE_OK) {
		return store_failed(&b->store);
	}
	while ((rc = sqlite3_step(q)) == SQLITE_ROW && n < sizeof(gone) / sizeof(gone[0])) {
		const char *name = (const char *)sqlite3_column_text(q, 1);

		if (name == NULL || !is_listed(l, name)) {
			gone[n++] = sqlite3_column_int64(q, 0);
		}
	}
	rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_failed(&b->store);
	sqlite3_finalize(q);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = store_run(&b->store, "BEGIN IMMEDIATE");
		if (rc == 0) {
			rc = store_drop(&b->store, gone[i]);
			rc = rc == 0 ? store_run(&b->store, "COMMIT") : rc;
		}
		b->r->dropped += rc == 0;
	}
	return rc;
}

static bool make_index(void *ctx, const char *lines, size_t len, void **result)
{
	if (*result == NULL && (*result = calloc(1, sizeof(struct block_index))) == NULL) {
		return false;
	}
	return block_index_make(*result, lines, len);
}

static void free_index(void *result)
{
	block_index_fini(result);
	free(result);
}

// Once, into the file at path.
static int build(struct build *b, const char *path, const struct segment_list *l)
{
	int rc = store_open(&b->store, path, b->anew);

	memset(b->r, 0, sizeof(*b->r));
	lone_open_free(b->open);
	b->open = lone_open_new();
	b->last = -1;
	if (rc == 0 && b->open == NULL) {
		rc = store_no_memory(&b->store);
	}
	if (rc == 0 && !b->anew) {
		rc = store_read_going(&b->store, &b->last, b->open);
	}
	if (rc == 0 && !b->anew) {
		rc = drop_gone(b, l);
	}
	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		rc = l->v[i].open ? 0 : take_segment(b, &l->v[i], l->v[i].number);
	}
	store_close(&b->store);
	return rc;
}

// Beside the old one, and put in its place once it is whole.
static int build_anew(struct build *b, const char *path, const struct segment_list *l)
{
	char beside[4200];
	int rc;

	b->anew = true;
	if ((size_t)snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside)) {
		snprintf(b->store.err, b->store.err_size, "%s: the path is too long", path);
		return -ENAMETOOLONG;
	}
	rc = build(b, beside, l);
	if (rc == 0 && rename(beside, path) != 0) {
		rc = -errno;
		snprintf(b->store.err, b->store.err_size, "%s: %s", path, strerror(-rc));
	}
	if (rc != 0) {
		unlink(beside);
	}
	return rc;
}

static int locked(struct build *b, const char *dir, const char *path)
{
	enum catalogue_found found;
	struct segment_list l = {0};
	char why[256];
	int rc = segment_list_read(b->dir_fd, &l);

	b->store.err[0] = '\0';
	if (rc != 0) {
		snprintf(b->store.err, b->store.err_size, "%s: %s", dir, strerror(-rc));
		return rc;
	}
	catalogue_close(catalogue_open(path, &found, why, sizeof(why)));
	if (found == CATALOGUE_NO_FILE) {
		segment_list_free(&l);
		snprintf(b->store.err, b->store.err_size, "%s: %s", path, why);
		return -EINVAL;
	}
	rc = b->anew || found != CATALOGUE_GOOD ? build_anew(b, path, &l) : build(b, path, &l);
	if (rc != 0 && !b->anew && b->store.damaged) {
		rc = build_anew(b, path, &l);
	}
	segment_list_free(&l);
	if (rc != 0 && b->store.err[0] == '\0') {
		snprintf(b->store.err, b->store.err_size, "%s: %s", dir, strerror(-rc));
	}
	return rc;
}

int catalogue_build(const char *dir, const char *path, bool anew, bool progress,
	struct catalogue_result *out, char *err, size_t err_size)
{
	struct build b = {.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.anew = anew,
		.progress = progress,
		.store = {.err = err, .err_size = err_size},
		.r = out};
	int rc;

	if (b.dir_fd < 0 || flock(b.dir_fd, LOCK_EX | LOCK_NB) != 0) {
		rc = errno == EWOULDBLOCK ? -EBUSY : -errno;
		snprintf(err, err_size, "%s: %s", dir,
			rc == -EBUSY ? "another bhlog makes its catalogue" : strerror(-rc));
		if (b.dir_fd >= 0) {
			close(b.dir_fd);
		}
		return rc;
	}
	b.rollup = groups_new();
	b.sums = lone_sums_new();
	b.blocks = blocks_new(&(struct blocks_job){
		.threads = blocks_threads(), .work = make_index, .free_result = free_index});
	rc = b.rollup == NULL || b.sums == NULL || b.blocks == NULL ? store_no_memory(&b.store)
								    : locked(&b, dir, path);
	if (b.shown != 0) {
		fputs("\r\033[K", stderr);
	}
	blocks_free(b.blocks);
	groups_free(b.rollup);
	free(b.singles.v);
	lone_sums_free(b.sums);
	lone_open_free(b.open);
	close(b.dir_fd);
	return rc;
}
