// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/recover.h"

#include "app/evidence/segment_read.h"
#include "app/flowlog/disk.h"
#include "app/flowlog/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct recovery {
	int dir_fd;
	const char *dir;
	struct chain *chain;
	struct hasher *hasher;
	struct store_found *found;
	uint64_t accepted;   // blocks that segments hold
	struct entry newest; // of them
	bool newest_stops;   // its last record is a stop record
	char *err;
	size_t err_size;
};

static int fail(struct recovery *r, int rc, const char *name, const char *what)
{
	snprintf(r->err, r->err_size, "%s/%s: %s: %s", r->dir, name, what, strerror(-rc));
	return rc;
}

static bool ends_with_stop(const char *lines, size_t len)
{
	static const char stop[] = "{\"v\":1,\"ev\":\"stop\"";
	const char *nl = len > 1 ? memrchr(lines, '\n', len - 1) : NULL;
	const char *last = nl != NULL ? nl + 1 : lines;

	return len >= sizeof(stop) && memcmp(last, stop, sizeof(stop) - 1) == 0;
}

// A block that the segment holds whole, and that follows those before it.
static bool accept(struct recovery *r, struct segment_reader *reader, const struct segment_block *b)
{
	const uint64_t n = chain_size(r->chain);
	char line[ENTRY_LINE_MAX];
	struct entry e = b->entry;
	struct hash root;
	const char *lines;
	uint64_t count;
	size_t len;

	lines = segment_reader_lines(reader, b, &len);
	if (lines == NULL || !segment_root(r->hasher, lines, len, &root, &count) ||
		count != b->entry.n || !hash_equal(&root, &b->entry.root))
		return false;
	if (b->entry.block > n)
		return false;
	if (b->entry.block == n) {
		if (entry_follows(&b->entry, chain_last(r->chain)) != NULL ||
			chain_next(r->chain, &e, line) != b->frame.entry_len ||
			memcmp(line, b->frame.entry, b->frame.entry_len) != 0 ||
			chain_reserve(r->chain) != 0)
			return false;
		chain_put(r->chain, &e, line, b->frame.entry_len);
		r->found->recovered++;
	}
	// A file that was left open need not be the last: where its name could not be given, the
	// log went on in others.
	if (r->accepted == 0 || b->entry.block > r->newest.block) {
		r->newest = b->entry;
		r->newest_stops = ends_with_stop(lines, len);
	}
	r->accepted++;
	return true;
}

// ---- a file that was left open

static int keep_tail(struct recovery *r, int fd, const char *name, off_t from, off_t to)
{
	int rc = 0, out = openat(r->dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	char buf[16384];

	if (out < 0)
		return -errno;
	while (rc == 0 && from < to) {
		const size_t want =
			to - from < (off_t)sizeof(buf) ? (size_t)(to - from) : sizeof(buf);
		const ssize_t n = pread(fd, buf, want, from);

		if (n <= 0 || write(out, buf, (size_t)n) != n)
			rc = n < 0 ? -errno : -EIO;
		from += n > 0 ? n : 0;
	}
	if (rc == 0 && fsync(out) != 0)
		rc = -errno;
	close(out);
	return rc;
}

// Reads what is whole. *at: where the last block ends; *footer: nothing but a footer lies behind
// it.
static int read_open(struct recovery *r, struct segment *s, int fd, off_t *at, bool *footer)
{
	enum segment_next next = SEGMENT_ERROR;
	struct segment_reader *reader = segment_reader_new(fd);
	struct segment_block b;
	int rc = 0;

	if (reader == NULL)
		return -ENOMEM;
	*at = 0;
	while (rc == 0 && (next = segment_reader_next(reader, &b)) == SEGMENT_BLOCK &&
		accept(r, reader, &b)) {
		rc = segment_note(s, &b.entry, (uint64_t)b.offset);
		*at = b.offset + (off_t)b.size;
	}
	*footer = next == SEGMENT_END;
	segment_reader_free(reader);
	return rc;
}

static int finish_open(struct recovery *r, struct segment *s, const struct segment_file *f, int fd)
{
	char torn[SEGMENT_NAME_MAX + 8];
	struct stat st;
	bool footer = false; // it is written anew
	off_t at = 0;
	int rc = fstat(fd, &st) == 0 ? read_open(r, s, fd, &at, &footer) : -errno;

	if (rc != 0)
		return fail(r, rc, f->name, "cannot read");
	snprintf(s->name, sizeof(s->name), "%.*s",
		(int)(strlen(f->name) - strlen(SEGMENT_SUFFIX_OPEN)), f->name);
	if (at < st.st_size && !footer) {
		snprintf(torn, sizeof(torn), "%s" SEGMENT_SUFFIX_TORN, s->name);
		rc = keep_tail(r, fd, torn, at, st.st_size);
		if (rc != 0)
			return fail(r, rc, torn, "cannot keep a torn block");
		snprintf(r->found->torn, sizeof(r->found->torn), "%s", torn);
		r->found->torn_bytes += (uint64_t)(st.st_size - at);
	}
	if (at < st.st_size && ftruncate(fd, at) != 0)
		return fail(r, -errno, f->name, "cannot cut a torn block");
	// As in segment_finish(), but first the entries: the order of a closing segment.
	if (fsync(fd) != 0)
		return fail(r, -errno, f->name, "cannot sync");
	rc = chain_write(r->chain, true);
	if (rc != 0)
		return fail(r, rc, FILE_ENTRIES, "cannot write");
	s->fd = fd;
	s->size = (uint64_t)at;
	rc = segment_finish(s, true);
	return rc != 0 ? fail(r, rc, f->name, "cannot give its final name") : 0;
}

static int close_open(struct recovery *r, const struct segment_file *f)
{
	struct segment s;
	int fd = openat(r->dir_fd, f->name, O_RDWR | O_CLOEXEC), rc;

	if (fd < 0)
		return fail(r, -errno, f->name, "cannot open");
	rc = segment_init(&s, r->dir_fd, f->number);
	rc = rc == 0 ? finish_open(r, &s, f, fd) : fail(r, rc, f->name, "cannot read");
	if (s.fd < 0 && rc != 0 && rc != -ENOMEM)
		close(fd);
	segment_free(&s);
	return rc;
}

// ---- files that were closed

// All blocks from number `from` on: for entries that are missing, and to find the newest.
static int read_closed(struct recovery *r, const struct segment_file *f)
{
	int fd = segment_file_open(r->dir_fd, f);
	struct segment_reader *reader = fd >= 0 ? segment_reader_new(fd) : NULL;
	struct segment_block b;

	if (reader == NULL) {
		if (fd >= 0)
			close(fd);
		return fail(r, fd < 0 ? fd : -ENOMEM, f->name, "cannot read");
	}
	while (segment_reader_next(reader, &b) == SEGMENT_BLOCK && accept(r, reader, &b)) {
	}
	segment_reader_free(reader);
	close(fd);
	return 0;
}

// Where the footer tells, only the last block is read.
static int read_newest(struct recovery *r, const struct segment_file *f)
{
	int fd = segment_file_open(r->dir_fd, f);
	struct segment_reader *reader = fd >= 0 ? segment_reader_new(fd) : NULL;
	struct segment_block b;
	struct frame_item item;
	bool ok = false;

	if (reader != NULL && segment_last(fd, &item)) {
		segment_reader_seek(reader, (off_t)item.offset);
		ok = segment_reader_next(reader, &b) == SEGMENT_BLOCK && accept(r, reader, &b);
	}
	segment_reader_free(reader);
	if (fd >= 0)
		close(fd);
	return ok ? 0 : read_closed(r, f);
}

// ---- all together

// Entries and blocks that do not end alike.
static int settle(struct recovery *r)
{
	const struct entry *last = chain_last(r->chain);
	const uint64_t checkpointed = chain_checkpointed(r->chain), have = r->newest.block + 1;
	int rc = 0;

	if (last != NULL && r->accepted != 0 && have < chain_size(r->chain)) {
		rc = chain_cut(r->chain, have > checkpointed ? have : checkpointed);
		if (rc != 0)
			return fail(r, rc, FILE_ENTRIES, "cannot take back");
		last = chain_last(r->chain);
		if (have < checkpointed)
			r->found->lost_from = r->newest.attempted + 1;
	}
	r->found->any = last != NULL;
	if (last != NULL)
		r->found->last = *last;
	if (r->accepted != 0)
		r->found->present = r->newest.attempted - entry_lost(&r->newest);
	r->found->stopped = r->accepted != 0 && r->newest_stops && r->found->lost_from == 0;
	return 0;
}

static int missing(struct recovery *r)
{
	snprintf(r->err, r->err_size,
		"%s/" FILE_ENTRIES ": the checkpoint is of %" PRIu64 " blocks, but only %" PRIu64
		" fit: the log was cut or changed; keep the directory as it is (bhlog verify tells "
		"more) "
		"and choose another",
		r->dir, chain_checkpointed(r->chain), chain_size(r->chain));
	return -EBADMSG;
}

static int run(struct recovery *r, const struct segment_list *l)
{
	size_t newest = 0; // behind the last file that was left open and holds a block
	bool opened = false;
	uint64_t before;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		if (l->v[i].open) {
			before = r->accepted;
			rc = close_open(r, &l->v[i]);
			opened = true;
			newest = r->accepted != before ? i + 1 : newest;
		} else if (chain_size(r->chain) < chain_checkpointed(r->chain)) {
			rc = read_closed(r, &l->v[i]); // entries were lost: the blocks have copies
		}
	}
	before = r->accepted;
	for (size_t i = l->n; rc == 0 && r->accepted == before && i-- > newest;)
		rc = l->v[i].open ? 0 : read_newest(r, &l->v[i]);
	if (rc == 0 && opened && fsync(r->dir_fd) != 0)
		rc = fail(r, -errno, ".", "cannot sync");
	if (rc == 0) {
		rc = chain_write(r->chain, true);
		rc = rc != 0 ? fail(r, rc, FILE_ENTRIES, "cannot write") : 0;
	}
	if (rc == 0 && chain_size(r->chain) < chain_checkpointed(r->chain))
		rc = missing(r);
	return rc == 0 ? settle(r) : rc;
}

int recover(int dir_fd, const char *dir, struct chain *c, uint64_t *number,
	struct store_found *found, char *err, size_t err_size)
{
	struct recovery r = {.dir_fd = dir_fd,
		.dir = dir,
		.chain = c,
		.found = found,
		.err = err,
		.err_size = err_size};
	struct segment_list l;
	int rc = segment_list_read(dir_fd, &l);

	if (rc != 0)
		return fail(&r, rc, ".", "cannot list");
	*number = l.n != 0 ? l.v[l.n - 1].number : 0;
	r.hasher = hasher_new();
	rc = r.hasher != NULL ? run(&r, &l) : fail(&r, -ENOMEM, ".", "cannot recover");
	hasher_free(r.hasher);
	segment_list_free(&l);
	return rc;
}

int recover_put_aside(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	char to[64], path[400];
	int rc = 0;

	if (d == NULL)
		return -errno;
	snprintf(to, sizeof(to), "left-%lld", (long long)time(NULL));
	if (mkdirat(dirfd(d), to, 0750) != 0)
		rc = -errno;
	while (rc == 0 && (e = readdir(d)) != NULL) {
		if (e->d_type == DT_DIR || e->d_name[0] == '.' ||
			strncmp(e->d_name, "left-", 5) == 0 || strcmp(e->d_name, FILE_LOCK) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", to, e->d_name);
		if (renameat(dirfd(d), e->d_name, dirfd(d), path) != 0 && errno != ENOENT)
			rc = -errno;
	}
	closedir(d);
	return rc;
}
