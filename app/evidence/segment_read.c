// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/segment_read.h"

#include "app/evidence/crc32c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define FIRST_BUFFER (256u << 10)
#define MAX_DATA     (FRAME_MAX_RAW + (1u << 20))

struct unpacker {
	ZSTD_DCtx *zstd;
};

struct segment_reader {
	int fd;
	off_t at;  // where buf[from] stands in the file
	off_t end; // what is not read; -1: all is
	uint8_t *buf;
	size_t from, len, cap; // [from, len) is read and not used yet
	char *lines;
	size_t lines_cap;
	struct unpacker *unpacker;
};

struct unpacker *unpacker_new(void)
{
	struct unpacker *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->zstd = ZSTD_createDCtx();
	if (u->zstd == NULL) {
		free(u);
		return NULL;
	}
	return u;
}

void unpacker_free(struct unpacker *u)
{
	if (u == NULL)
		return;
	ZSTD_freeDCtx(u->zstd);
	free(u);
}

struct segment_reader *segment_reader_new(int fd)
{
	struct segment_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->fd = fd;
	r->end = -1;
	r->cap = FIRST_BUFFER;
	r->buf = malloc(r->cap);
	r->unpacker = unpacker_new();
	if (r->buf == NULL || r->unpacker == NULL) {
		segment_reader_free(r);
		return NULL;
	}
	return r;
}

void segment_reader_free(struct segment_reader *r)
{
	if (r == NULL)
		return;
	unpacker_free(r->unpacker);
	free(r->lines);
	free(r->buf);
	free(r);
}

void segment_reader_seek(struct segment_reader *r, off_t offset)
{
	r->at = offset;
	r->end = -1;
	r->from = r->len = 0;
}

void segment_reader_place(struct segment_reader *r, int fd, off_t offset, size_t size)
{
	segment_reader_seek(r, offset);
	r->fd = fd;
	r->end = offset + (off_t)size;
}

// Bytes that may be read behind those that are there.
static size_t room(const struct segment_reader *r)
{
	const size_t n = r->cap - r->len;
	const off_t at = r->at + (off_t)r->len;

	return r->end >= 0 && r->end - at < (off_t)n ? (size_t)(r->end - at) : n;
}

off_t segment_reader_at(const struct segment_reader *r)
{
	return r->at;
}

// At least `want` bytes in the buffer, or all that there are. 0 or -errno.
static int fill(struct segment_reader *r, size_t want)
{
	if (r->len - r->from >= want)
		return 0;
	memmove(r->buf, r->buf + r->from, r->len - r->from);
	r->len -= r->from;
	r->from = 0;
	if (want > r->cap) {
		uint8_t *buf = realloc(r->buf, want);

		if (buf == NULL)
			return -ENOMEM;
		r->buf = buf;
		r->cap = want;
	}
	while (r->len < want) {
		const ssize_t n = pread(r->fd, r->buf + r->len, room(r), r->at + (off_t)r->len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		r->len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static enum segment_next failed(int rc)
{
	errno = -rc;
	return SEGMENT_ERROR;
}

static void advance(struct segment_reader *r, size_t n)
{
	r->from += n;
	r->at += (off_t)n;
}

static enum segment_next after_footer(struct segment_reader *r, size_t size)
{
	int rc;

	advance(r, size);
	rc = fill(r, 1);
	if (rc != 0)
		return failed(rc);
	return r->len == r->from ? SEGMENT_END : SEGMENT_BAD;
}

enum segment_next segment_reader_next(struct segment_reader *r, struct segment_block *b)
{
	size_t want = 1, size = 0;
	enum frame_kind kind;
	int rc;

	do { // the head of the frame, then all of it
		rc = fill(r, want);
		if (rc != 0)
			return failed(rc);
		if (r->len == r->from)
			return SEGMENT_OPEN;
		kind = frame_read(r->buf + r->from, r->len - r->from, &b->frame, &size);
		if (kind == FRAME_CUT && (size <= want || size <= r->len - r->from))
			return SEGMENT_TORN;
		want = size;
	} while (kind == FRAME_CUT);
	if (kind == FRAME_BAD)
		return SEGMENT_BAD;
	if (kind == FRAME_FOOTER)
		return after_footer(r, size);
	if (b->frame.data_len > MAX_DATA ||
		!entry_parse(b->frame.entry, b->frame.entry_len, &b->entry))
		return SEGMENT_BAD;
	rc = fill(r, size + b->frame.data_len);
	if (rc != 0)
		return failed(rc);
	if (r->len - r->from < size + b->frame.data_len)
		return SEGMENT_TORN;
	frame_read(r->buf + r->from, size, &b->frame, &size); // the buffer may have moved
	b->data = r->buf + r->from + size;
	b->offset = r->at;
	b->size = size + b->frame.data_len;
	if (crc32c(b->data, b->frame.data_len) != b->frame.data_crc)
		return SEGMENT_BAD;
	advance(r, b->size);
	return SEGMENT_BLOCK;
}

bool unpacker_lines(struct unpacker *u, const struct frame_block *b, const uint8_t *data,
	char **lines, size_t *cap)
{
	size_t n;

	if (b->raw_len > *cap || *lines == NULL) {
		char *grown = realloc(*lines, (size_t)b->raw_len + 1);

		if (grown == NULL)
			return false;
		*lines = grown;
		*cap = b->raw_len;
	}
	// Exactly one frame that fills exactly what the entry frame says: nothing may hide behind
	// it.
	if (ZSTD_findFrameCompressedSize(data, b->data_len) != b->data_len)
		return false;
	n = ZSTD_decompressDCtx(u->zstd, *lines, b->raw_len, data, b->data_len);
	return !ZSTD_isError(n) && n == b->raw_len;
}

const char *segment_reader_lines(
	struct segment_reader *r, const struct segment_block *b, size_t *len)
{
	if (!unpacker_lines(r->unpacker, &b->frame, b->data, &r->lines, &r->lines_cap))
		return NULL;
	*len = b->frame.raw_len;
	return r->lines;
}

bool segment_root(struct hasher *h, const char *lines, size_t len, struct hash *root, uint64_t *n)
{
	const char *p = lines, *end = lines + len;
	struct tree t = {0};
	struct hash leaf;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl == NULL)
			return false;
		hash_leaf(h, p, (size_t)(nl - p), &leaf);
		tree_add(h, &t, &leaf);
		p = nl + 1;
	}
	tree_root(h, &t, root);
	*n = t.size;
	return true;
}

struct frame_item *segment_footer(int fd, uint32_t *n, off_t *at)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	struct frame_item *items = NULL;
	uint8_t tail[8], *footer;
	size_t len;

	if (size < 8 || pread(fd, tail, sizeof(tail), size - 8) != 8)
		return NULL;
	len = frame_footer_tail(tail);
	if (len == 0 || (off_t)len > size)
		return NULL;
	footer = malloc(len);
	if (footer != NULL && pread(fd, footer, len, size - (off_t)len) == (ssize_t)len &&
		frame_read_footer(footer, len, n) && *n != 0)
		items = reallocarray(NULL, *n, sizeof(*items));
	for (uint32_t i = 0; items != NULL && i < *n; i++)
		frame_footer_item(footer, i, &items[i]);
	*at = size - (off_t)len;
	free(footer);
	return items;
}

bool segment_last(int fd, struct frame_item *out)
{
	uint32_t n;
	off_t at;
	struct frame_item *items = segment_footer(fd, &n, &at);

	if (items == NULL)
		return false;
	*out = items[n - 1];
	free(items);
	return true;
}
