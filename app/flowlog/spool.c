// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES  (1u << 20)
#define BUFFER_MAX    (64u << 20) // for a line with a hundred thousand legal bases
#define PUSH_BYTES    (256u << 10)
#define RETRY_NS      1000000000
#define RETRY_NEVER   INT64_MAX
#define SEGMENT_BYTES (1ull << 30)
#define SEGMENT_S     3600

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static int open_stream(struct spool *s, const char *path, char *err, size_t err_size)
{
	int fd = STDOUT_FILENO;

	if (strcmp(path, "-") != 0) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	}
	if (fd < 0) {
		int rc = -errno;

		snprintf(err, err_size, "%s: cannot open for records: %s", path, strerror(-rc));
		return rc;
	}
	line_file_init(&s->stream, fd);
	s->has_stream = true;
	return 0;
}

static void release(struct spool *s)
{
	segments_free(s->segments);
	s->segments = NULL;
	free(s->buf);
	free(s->dir);
	free(s->records);
	s->buf = s->dir = s->records = NULL;
}

int spool_open(struct spool *s, const struct flowlog_config *c, struct segments_found *found,
	char *err, size_t err_size)
{
	int rc = 0;

	memset(s, 0, sizeof(*s));
	memset(found, 0, sizeof(*found));
	if (c->dir == NULL && c->records == NULL) {
		snprintf(err, err_size, "the flow log has neither a directory nor a file to go to");
		return -EINVAL;
	}
	s->segment_bytes = c->segment_bytes != 0 ? c->segment_bytes : SEGMENT_BYTES;
	s->segment_us = (c->segment_s != 0 ? c->segment_s : SEGMENT_S) * 1000000ll;
	s->sync_ns = c->sync_ms * 1000000ll;
	s->cap = BUFFER_BYTES;
	s->buf = malloc(s->cap);
	s->dir = c->dir != NULL ? strdup(c->dir) : NULL;
	s->records = c->records != NULL ? strdup(c->records) : NULL;
	if (s->buf == NULL || (c->dir != NULL && s->dir == NULL) ||
		(c->records != NULL && s->records == NULL)) {
		snprintf(err, err_size, "out of memory for the flow log");
		release(s);
		return -ENOMEM;
	}
	if (c->dir != NULL) {
		s->segments = segments_open(c->dir, found, err, err_size);
		rc = s->segments == NULL ? -EIO : 0;
	}
	if (rc == 0 && c->records != NULL) {
		rc = open_stream(s, c->records, err, err_size);
	}
	if (rc != 0) {
		release(s);
	}
	return rc;
}

static uint64_t count_lines(const char *p, size_t len)
{
	const char *end = p + len;
	uint64_t n = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		n++;
		p++;
	}
	return n;
}

// The first done bytes of the buffer are in the file.
static void commit(struct spool *s, size_t done)
{
	const uint64_t lines = done == s->len ? s->lines : count_lines(s->buf, done);
	size_t n;

	if (done == 0) {
		return;
	}
	if (s->segments != NULL && s->has_stream && s->stream_error == 0) {
		s->stream_error = line_file_write(&s->stream, s->buf, done, &n);
	}
	s->written += lines;
	s->bytes += done;
	s->lines -= lines;
	s->len -= done;
	memmove(s->buf, s->buf + done, s->len);
	s->unsynced = true;
}

bool spool_is_dead(const struct spool *s)
{
	return s->error != 0 && s->retry_at == RETRY_NEVER;
}

int spool_push(struct spool *s, bool force)
{
	size_t done;
	int rc;

	if (s->error != 0 && (spool_is_dead(s) || (!force && monotonic_ns() < s->retry_at))) {
		return s->error;
	}
	s->error = 0;
	if (s->len == 0) {
		return 0;
	}
	if (s->segments != NULL) {
		rc = segments_append(s->segments, s->segment_t, s->buf, s->len, &done);
	} else {
		rc = line_file_write(&s->stream, s->buf, s->len, &done);
	}
	commit(s, done);
	if (rc != 0) {
		const bool dead = s->segments == NULL && (rc == -EPIPE || s->stream.torn);

		s->error = rc;
		s->retry_at = dead ? RETRY_NEVER : monotonic_ns() + RETRY_NS;
	}
	return rc;
}

int spool_reserve(struct spool *s, size_t room)
{
	int rc = 0;

	if (s->cap - s->len < room && s->len != 0) {
		rc = spool_push(s, false);
	}
	while (rc == 0 && s->cap - s->len < room) {
		char *buf = s->cap < BUFFER_MAX ? realloc(s->buf, s->cap * 2) : NULL;

		if (buf == NULL) {
			return s->cap < BUFFER_MAX ? -ENOMEM : -EMSGSIZE;
		}
		s->buf = buf;
		s->cap *= 2;
	}
	return rc;
}

static int end_segment(struct spool *s)
{
	int rc = segments_close(s->segments);

	s->sync_failed = s->sync_failed || rc != 0;
	s->in_segment = false;
	s->unsynced = false;
	return rc;
}

static bool is_segment_over(const struct spool *s, size_t size, int64_t t)
{
	return s->segments != NULL && s->in_segment &&
	       (s->segment_size + size > s->segment_bytes || t - s->segment_t >= s->segment_us);
}

void spool_add(struct spool *s, size_t size, int64_t t)
{
	const size_t at = s->len;

	// The new line stands behind the others, which must be written out first. Where they
	// cannot, the segment grows past its size rather than lose a line.
	if (is_segment_over(s, size, t)) {
		if (spool_push(s, false) == 0) {
			end_segment(s); // a failure is told by a gap record, see flowlog.c
		}
		memmove(s->buf + s->len, s->buf + at, size);
	}
	if (!s->in_segment) {
		s->in_segment = true;
		s->segment_t = t;
		s->segment_size = 0;
	}
	s->len += size;
	s->lines++;
	s->segment_size += size;
	if (s->len >= PUSH_BYTES) {
		spool_push(s, false); // a failure keeps the lines; whoever finds no room reports it
	}
}

int spool_age(struct spool *s, int64_t now)
{
	if (s->segments == NULL || !s->in_segment || s->len != 0 ||
		(now - s->segment_t < s->segment_us && s->segment_t - now < s->segment_us)) {
		return 0;
	}
	return end_segment(s);
}

int spool_sync(struct spool *s)
{
	int rc = 0;

	if (s->segments == NULL || !s->unsynced || monotonic_ns() - s->synced_at < s->sync_ns) {
		return 0;
	}
	rc = segments_sync(s->segments);
	s->sync_failed = s->sync_failed || rc != 0;
	s->unsynced = false;
	s->synced_at = monotonic_ns();
	return rc;
}

int spool_close(struct spool *s)
{
	int rc = spool_push(s, true), close_rc = 0;

	if (s->segments != NULL) {
		close_rc = end_segment(s);
	}
	rc = rc != 0 ? rc : close_rc != 0 ? close_rc : s->stream_error;
	if (s->has_stream && s->stream.fd != STDOUT_FILENO && close(s->stream.fd) != 0) {
		rc = rc != 0 ? rc : -errno;
	}
	release(s);
	return rc;
}
