// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/source.h"

#include "app/evidence/folder.h"
#include "app/rows/pick.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_BUFFER (1u << 20)
#define MAX_LINE     (1u << 30)

struct file {
	char *path;
};

struct source {
	struct file *files;
	size_t n_files, cap_files, at; // files[at - 1] is open
	int fd;                        // -1: none
	struct source_select select;
	struct blocks *blocks;
	struct ledger *ledger; // of the folder that the open file is in
	bool segment;          // the open file is one, not plain lines
	uint64_t line, lines;  // in the file: that of source_next(); before the block at hand
	uint64_t block;        // the block at hand, its number in the log
	bool jumped;           // lines before it were not read: its line in the file is not known
	const struct pick *picks; // the lines of the block at hand that are asked for; NULL: all
	size_t pick;              // the next of them
	char *buf;
	size_t from, len, cap; // bytes [from, len) of buf are not read yet
	const char *text;      // buf, the lines of a block or those of them that are picked
	struct source_stats stats;
};

static int add_file(struct source *s, const char *path)
{
	if (s->n_files == s->cap_files) {
		size_t cap = s->cap_files != 0 ? s->cap_files * 2 : 16;
		struct file *v = reallocarray(s->files, cap, sizeof(*v));

		if (v == NULL) {
			return -ENOMEM;
		}
		s->files = v;
		s->cap_files = cap;
	}
	s->files[s->n_files].path = strdup(path);
	if (s->files[s->n_files].path == NULL) {
		return -ENOMEM;
	}
	s->n_files++;
	return 0;
}

static int add_directory(struct source *s, const char *dir, char *err, size_t err_size)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct segment_list list = {0};
	int rc = fd >= 0 ? segment_list_read(fd, &list) : -errno;

	if (fd >= 0)
		close(fd);
	if (rc != 0) {
		snprintf(err, err_size, "%s: %s", dir, strerror(-rc));
		return rc;
	}
	if (list.n == 0) {
		snprintf(err, err_size,
			"%s: holds no flow log (no files named flow-*" SEGMENT_SUFFIX
			"); name the log's directory, or the files themselves",
			dir);
		rc = -ENOENT;
	}
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", dir, list.v[i].name) < 0) {
			rc = -ENOMEM;
		} else {
			rc = add_file(s, path);
			free(path);
		}
	}
	segment_list_free(&list);
	return rc;
}

static int add_path(struct source *s, const char *path, char *err, size_t err_size)
{
	struct stat st;
	int rc;

	if (strcmp(path, "-") == 0) {
		rc = add_file(s, path);
	} else if (stat(path, &st) != 0) {
		rc = -errno;
		snprintf(err, err_size, "%s: %s", path, strerror(-rc));
	} else if (S_ISDIR(st.st_mode)) {
		rc = add_directory(s, path, err, err_size);
	} else {
		rc = add_file(s, path);
	}
	if (rc == -ENOMEM) {
		snprintf(err, err_size, "out of memory");
	}
	return rc;
}

static void sum_sizes(struct source *s)
{
	for (size_t i = 0; i < s->n_files; i++) {
		struct stat st;

		if (stat(s->files[i].path, &st) == 0 && S_ISREG(st.st_mode)) {
			s->stats.bytes_total += (uint64_t)st.st_size;
		}
	}
}

struct source *source_open(char *const *paths, unsigned n, char *err, size_t err_size)
{
	struct source *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (s != NULL) {
		s->fd = -1;
		s->cap = FIRST_BUFFER;
		s->buf = malloc(s->cap);
	}
	if (s == NULL || s->buf == NULL) {
		snprintf(err, err_size, "out of memory");
		free(s);
		return NULL;
	}
	for (unsigned i = 0; i < n; i++) {
		rc = add_path(s, paths[i], err, err_size);
		if (rc != 0) {
			source_close(s);
			return NULL;
		}
	}
	sum_sizes(s);
	return s;
}

static bool is_segment(const char *path)
{
	const char *slash = strrchr(path, '/');
	uint64_t number;
	bool open;

	return segment_name_parse(slash != NULL ? slash + 1 : path, &number, &open);
}

static enum blocks_want wanted(
	void *ctx, uint32_t i, const struct frame_item *item, struct blocks_lines *instead)
{
	const struct source *s = ctx;

	return s->select.block(s->select.ctx, i, item, instead);
}

static bool pick_lines(void *ctx, const char *lines, size_t len, void **result)
{
	const struct source_select *s = &((const struct source *)ctx)->select;
	const struct pick_by by = {s->line, s->ctx, s->needle, s->begin};

	return pick_run(&by, lines, len, (struct pick **)result);
}

static void free_picks(void *result)
{
	pick_free(result);
}

static int begin_segment(struct source *s)
{
	const char *path = s->files[s->at].path;
	const struct blocks_job job = {.threads = s->select.threads,
		.ctx = s,
		.wanted = s->select.block != NULL ? wanted : NULL,
		.work = s->select.line != NULL ? pick_lines : NULL,
		.free_result = free_picks,
		.result_only = s->select.line != NULL};
	const struct frame_item *items;
	uint32_t n;

	if (s->blocks == NULL) {
		s->blocks = blocks_new(&job);
	}
	if (s->ledger == NULL) {
		s->ledger = ledger_new();
	}
	if (s->blocks == NULL || s->ledger == NULL) {
		return -ENOMEM;
	}
	ledger_beside(s->ledger, path);
	if (blocks_begin(s->blocks, s->fd, s->ledger) != 0) {
		return -ENOMEM;
	}
	if (blocks_doubted(s->blocks)) {
		fprintf(stderr,
			"%s: its footer does not say what the log's entries say of its blocks; it "
			"is "
			"read to its end (\"bhlog verify\" tells more)\n",
			path);
	}
	items = blocks_items(s->blocks, &n);
	if (s->select.segment != NULL) {
		s->select.segment(s->select.ctx, path, s->fd, items, n);
	}
	return 0;
}

void source_select(struct source *s, const struct source_select *select)
{
	s->select = *select;
}

// Under a segment's name there may be anything in a folder: nobody waits for the other end of a
// pipe. -1: errno tells; EINVAL: it is no file.
static int open_segment(const char *path)
{
	const int fd = folder_open(AT_FDCWD, path);

	errno = fd == -EISDIR || fd == -EMEDIUMTYPE ? EINVAL : -fd;
	return fd < 0 ? -1 : fd;
}

static int open_next(struct source *s, char *err, size_t err_size)
{
	char *path = s->files[s->at].path;
	const size_t len = strlen(path), suffix = strlen(SEGMENT_SUFFIX_OPEN);

	s->segment = is_segment(path);
	if (s->segment) {
		s->fd = open_segment(path);
	} else {
		s->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					       : open(path, O_RDONLY | O_CLOEXEC);
	}
	if (s->fd < 0 && errno == ENOENT && len > suffix &&
		strcmp(path + len - suffix, SEGMENT_SUFFIX_OPEN) == 0) {
		path[len - suffix] = '\0'; // the writer closed it meanwhile
		s->fd = open_segment(path);
	}
	if (s->fd < 0) {
		int rc = -errno;

		snprintf(err, err_size, "%s: %s", path,
			rc == -EINVAL ? "not a regular file" : folder_strerror(rc));
		return rc;
	}
	posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (s->segment && begin_segment(s) != 0) {
		snprintf(err, err_size, "out of memory");
		return -ENOMEM;
	}
	s->text = s->buf;
	s->picks = NULL;
	s->jumped = false;
	s->at++;
	s->line = s->lines = 0;
	s->from = s->len = 0;
	s->stats.files++;
	return 0;
}

// More bytes behind those that are there. 1, 0 at the end of the file, or -errno.
static int fill(struct source *s, char *err, size_t err_size)
{
	ssize_t n;

	if (s->from != 0) {
		memmove(s->buf, s->buf + s->from, s->len - s->from);
		s->len -= s->from;
		s->from = 0;
	}
	if (s->len == s->cap) {
		char *buf = s->cap < MAX_LINE ? realloc(s->buf, s->cap * 2) : NULL;

		if (buf == NULL) {
			snprintf(err, err_size, "%s: line %llu is too long to be a record",
				s->files[s->at - 1].path, (unsigned long long)s->line + 1);
			return -EMSGSIZE;
		}
		s->buf = buf;
		s->text = buf;
		s->cap *= 2;
	}
	do {
		n = read(s->fd, s->buf + s->len, s->cap - s->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		int rc = -errno;

		snprintf(err, err_size, "%s: %s", s->files[s->at - 1].path, strerror(-rc));
		return rc;
	}
	s->len += (size_t)n;
	s->stats.bytes += (uint64_t)n;
	s->stats.read += (uint64_t)n;
	return n > 0;
}

static bool is_open(const char *path)
{
	const size_t len = strlen(path), suffix = strlen(SEGMENT_SUFFIX_OPEN);

	return len > suffix && strcmp(path + len - suffix, SEGMENT_SUFFIX_OPEN) == 0;
}

static void take_block(struct source *s, const struct blocks_done *b)
{
	s->picks = b->result;
	s->text = s->picks != NULL ? (const char *)s->picks->text.v : b->lines;
	s->from = 0;
	s->len = b->len;
	s->pick = 0;
	s->line = s->lines;
	s->block = b->item.block;
	s->jumped = s->jumped || b->size == 0 || blocks_skipped(s->blocks) != 0;
	if (s->picks != NULL) {
		s->lines += s->picks->lines;
		s->stats.lines += s->picks->lines;
	}
	s->stats.bytes += b->len;
	s->stats.read += b->size;
}

// The lines of the next block. 1, 0 at the end of the segment, or -errno.
static int next_block(struct source *s, char *err, size_t err_size)
{
	const char *path = s->files[s->at - 1].path;
	struct blocks_done b;
	int rc;

	s->lines = s->line > s->lines ? s->line : s->lines;
	rc = blocks_next(s->blocks, &b);
	if (rc > 0) {
		take_block(s, &b);
		return 1;
	}
	if (rc == 0) {
		const bool torn = blocks_how(s->blocks) == BLOCKS_TORN;

		if (!torn || is_open(path)) { // the writer is in the middle of it, or died there
			s->stats.torn += torn;
			return 0;
		}
		rc = -EBADMSG;
	}
	if (rc == -EBADMSG) {
		snprintf(err, err_size,
			"%s: damaged or changed at byte %lld; \"bhlog verify\" on its directory "
			"tells more",
			path, (long long)blocks_at(s->blocks));
	} else {
		snprintf(err, err_size, "%s: %s", path, strerror(-rc));
	}
	return rc;
}

static void close_file(struct source *s)
{
	if (s->segment) {
		s->stats.skipped += blocks_skipped(s->blocks);
	}
	close(s->fd);
	s->fd = -1;
}

// The next line of what is at hand: 1, or 0.
static int line_at_hand(struct source *s, size_t *seen, const char **line, size_t *len)
{
	const char *nl;

	if (s->picks != NULL) {
		const struct pick *p = s->picks;

		if (s->pick == p->n) {
			return 0;
		}
		*line = s->text + p->v[s->pick].from;
		*len = p->v[s->pick].len;
		s->line = s->lines - p->lines + p->v[s->pick++].line;
		return 1;
	}
	nl = s->len == s->from ? NULL
			       : memchr(s->text + s->from + *seen, '\n', s->len - s->from - *seen);
	if (nl == NULL && s->segment && s->len != s->from) {
		nl = s->text + s->len; // no newline ends the block: a line all the same
	}
	if (nl == NULL) {
		*seen = s->len - s->from;
		return 0;
	}
	*seen = 0;
	*line = s->text + s->from;
	*len = (size_t)(nl - *line);
	s->from += *len + (s->from + *len < s->len);
	s->line++;
	s->stats.lines++;
	return 1;
}

int source_next(struct source *s, const char **line, size_t *len, char *err, size_t err_size)
{
	size_t seen = 0; // bytes behind from that hold no newline

	for (;;) {
		int rc;

		if (s->fd < 0) {
			if (s->at == s->n_files) {
				return 0;
			}
			rc = open_next(s, err, err_size);
			if (rc != 0) {
				return rc;
			}
			seen = 0;
		}
		while (line_at_hand(s, &seen, line, len) > 0) {
			if (s->segment || s->select.line == NULL ||
				s->select.line(s->select.ctx, *line, *len)) {
				return 1;
			}
		}
		rc = s->segment ? next_block(s, err, err_size) : fill(s, err, err_size);
		if (rc < 0) {
			return rc;
		}
		if (s->segment) {
			seen = 0;
		}
		if (rc == 0) {
			s->stats.torn += seen != 0;
			close_file(s);
		}
	}
}

void source_place(const struct source *s, char *out, size_t size)
{
	const char *path = s->at != 0 ? s->files[s->at - 1].path : "-";

	if (s->segment && s->jumped) {
		snprintf(out, size, "%s: line %llu of block %llu", path,
			(unsigned long long)(s->line -
					     (s->lines - (s->picks != NULL ? s->picks->lines : 0))),
			(unsigned long long)s->block);
	} else {
		snprintf(out, size, "%s:%llu", path, (unsigned long long)s->line);
	}
}

const struct source_stats *source_stats(const struct source *s)
{
	return &s->stats;
}

void source_close(struct source *s)
{
	if (s == NULL) {
		return;
	}
	if (s->fd >= 0) {
		close_file(s);
	}
	for (size_t i = 0; i < s->n_files; i++) {
		free(s->files[i].path);
	}
	free(s->files);
	blocks_free(s->blocks);
	ledger_free(s->ledger);
	free(s->buf);
	free(s);
}
