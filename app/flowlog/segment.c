// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/segment.h"

#include "app/evidence/crc32c.h"
#include "app/flowlog/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

// Level 3 is the best that one core packs at 500,000 records/s. Searches unpack what was packed
// once many times over, and theirs is the time that lines take: matches of 7 bytes at least are
// fewer, and those at most 256 kB back still are in the nearest cache. What is packed gets no
// larger, since lines are alike, and near ones more so.
#define LEVEL      3
#define MIN_MATCH  7
#define WINDOW_LOG 18

static bool set(ZSTD_CCtx *z, ZSTD_cParameter parameter, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(z, parameter, value));
}

int segment_init(struct segment *s, int dir_fd, uint64_t number)
{
	memset(s, 0, sizeof(*s));
	s->dir_fd = dir_fd;
	s->fd = -1;
	s->number = number;
	s->zstd = ZSTD_createCCtx();
	if (s->zstd == NULL || !set(s->zstd, ZSTD_c_compressionLevel, LEVEL) ||
		!set(s->zstd, ZSTD_c_minMatch, MIN_MATCH) ||
		!set(s->zstd, ZSTD_c_windowLog, WINDOW_LOG))
		return -ENOMEM;
	return 0;
}

void segment_free(struct segment *s)
{
	if (s->fd >= 0)
		close(s->fd);
	ZSTD_freeCCtx(s->zstd);
	free(s->items);
	free(s->out);
}

size_t segment_pack(
	struct segment *s, const char *entry, size_t entry_len, const char *lines, size_t len)
{
	const size_t head = frame_entry_size(entry_len), room = head + ZSTD_compressBound(len);
	struct frame_block b = {.raw_len = (uint32_t)len, .entry = entry, .entry_len = entry_len};
	size_t n;

	if (room > s->out_cap) {
		uint8_t *out = realloc(s->out, room);

		if (out == NULL)
			return 0;
		s->out = out;
		s->out_cap = room;
	}
	n = ZSTD_compress2(s->zstd, s->out + head, room - head, lines, len);
	if (ZSTD_isError(n))
		return 0;
	b.data_len = (uint32_t)n;
	b.data_crc = crc32c(s->out + head, n);
	frame_put_entry(s->out, &b);
	return head + n;
}

static void open_name(const char *name, char out[SEGMENT_NAME_MAX + 8])
{
	snprintf(out, SEGMENT_NAME_MAX + 8, "%s" SEGMENT_SUFFIX_OPEN, name);
}

int segment_begin(struct segment *s, int64_t t)
{
	char name[SEGMENT_NAME_MAX + 8];

	segment_name_make(t, s->number + 1, s->name);
	open_name(s->name, name);
	s->fd = openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (s->fd < 0)
		return -errno;
	s->number++;
	s->size = 0;
	s->n = 0;
	s->t = t;
	s->torn = false;
	return 0;
}

int segment_note(struct segment *s, const struct entry *e, uint64_t offset)
{
	if (s->n == s->cap) {
		const uint32_t cap = s->cap != 0 ? s->cap * 2 : 256;
		struct frame_item *items = reallocarray(s->items, cap, sizeof(*items));

		if (items == NULL)
			return -ENOMEM;
		s->items = items;
		s->cap = cap;
	}
	s->items[s->n++] =
		(struct frame_item){offset, e->block, e->first, e->attempted, e->t0, e->t1};
	return 0;
}

int segment_add(struct segment *s, const struct entry *e, size_t bytes)
{
	int rc = segment_note(s, e, s->size);

	if (rc != 0)
		return rc;
	rc = disk_write(s->fd, s->out, bytes, (off_t)s->size);
	if (rc != 0) {
		s->n--;
		s->torn = ftruncate(s->fd, (off_t)s->size) != 0;
		return rc;
	}
	// The disk may begin now: the next fdatasync() then waits for less.
	sync_file_range(s->fd, (off64_t)s->size, (off64_t)bytes, SYNC_FILE_RANGE_WRITE);
	s->size += bytes;
	return 0;
}

int segment_sync(struct segment *s)
{
	return s->fd >= 0 && fdatasync(s->fd) != 0 ? -errno : 0;
}

static int put_footer(struct segment *s)
{
	const size_t size = frame_footer_size(s->n);
	uint8_t *footer = malloc(size);
	int rc;

	if (footer == NULL)
		return -ENOMEM;
	frame_put_footer(footer, s->items, s->n);
	rc = disk_write(s->fd, footer, size, (off_t)s->size);
	free(footer);
	// Without room for it the file stands without: its blocks can be read all the same.
	if (rc != 0 && ftruncate(s->fd, (off_t)s->size) != 0)
		return rc;
	return 0;
}

// The final name, which a try before may have given already, on disk where sync is set.
static int give_name(const struct segment *s, const char *name, bool sync)
{
	char open[SEGMENT_NAME_MAX + 8];
	int rc;

	open_name(name, open);
	rc = disk_rename(s->dir_fd, open, name);
	if (rc == -ENOENT && faccessat(s->dir_fd, name, F_OK, 0) == 0)
		rc = 0;
	if (rc == 0 && sync && fsync(s->dir_fd) != 0)
		rc = -errno;
	return rc;
}

int segment_finish(struct segment *s, bool sync)
{
	char name[SEGMENT_NAME_MAX + 8];
	int rc = 0;

	if (s->fd < 0)
		return 0;
	open_name(s->name, name);
	if (s->n == 0 && !s->torn) { // begun, but nothing could be written
		close(s->fd);
		s->fd = -1;
		return unlinkat(s->dir_fd, name, 0) == 0 ? 0 : -errno;
	}
	if (!s->torn)
		rc = put_footer(s);
	if (rc == 0 && sync && fsync(s->fd) != 0)
		rc = -errno;
	if (close(s->fd) != 0 && rc == 0)
		rc = -errno;
	s->fd = -1;
	// A block that could not be cut off stays under the open name: the next start moves it
	// aside.
	if (rc == 0 && !s->torn) {
		rc = give_name(s, s->name, sync);
		if (rc != 0 && s->n_unnamed < SEGMENT_UNNAMED_MAX)
			strcpy(s->unnamed[s->n_unnamed++], s->name);
	}
	return rc;
}

int segment_name(struct segment *s, bool sync)
{
	int rc = 0;

	while (rc == 0 && s->n_unnamed != 0) {
		rc = give_name(s, s->unnamed[s->n_unnamed - 1], sync);
		s->n_unnamed -= rc == 0;
	}
	return rc;
}
