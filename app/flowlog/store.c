// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/store.h"

#include "app/flowlog/chain.h"
#include "app/flowlog/recover.h"
#include "app/flowlog/retain.h"
#include "app/flowlog/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SEGMENT_BYTES (1ull << 30)

struct store {
	struct store_config config;
	char *dir, *origin;
	int dir_fd, lock_fd;
	struct segment segment;
	struct chain *chain;
	struct progress *progress;
	bool live;     // syncs by itself, not only with each segment
	bool unsynced; // blocks that no fdatasync() has seen
	bool sync_failed;
	int64_t synced_at; // monotonic
	int64_t checkpoint_t;
	bool checkpointed; // in this run
	uint64_t closed;
};

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

// ---- opening

static int take_lock(struct store *s, char *err, size_t err_size)
{
	char pid[32] = "";
	ssize_t n;

	s->lock_fd = openat(s->dir_fd, FILE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (s->lock_fd < 0) {
		int rc = -errno;

		snprintf(err, err_size, "%s/lock: cannot open: %s; the directory must be writable",
			s->dir, strerror(-rc));
		return rc;
	}
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		int rc = -errno;

		n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		if (rc == -EWOULDBLOCK)
			snprintf(err, err_size,
				"%s: process %s writes this log already; stop it, or choose "
				"another directory",
				s->dir, pid[0] != '\0' ? pid : "(unknown)");
		else
			snprintf(err, err_size, "%s/lock: cannot lock: %s", s->dir, strerror(-rc));
		return rc;
	}
	// Only for people and the message above; the lock itself is the kernel's.
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
		return 0; // a full disk: the lock holds all the same
	return 0;
}

static int open_dir(struct store *s, char *err, size_t err_size)
{
	int rc;

	if (mkdir(s->dir, 0750) != 0 && errno != EEXIST) {
		rc = -errno;
		snprintf(err, err_size, "%s: cannot make the directory: %s", s->dir, strerror(-rc));
		return rc;
	}
	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0) {
		rc = -errno;
		snprintf(err, err_size, "%s: cannot open the directory: %s", s->dir, strerror(-rc));
		return rc;
	}
	return take_lock(s, err, err_size);
}

static int read_dir(struct store *s, struct store_found *found, char *err, size_t err_size)
{
	uint64_t number;
	int rc;

	s->chain = chain_open(s->dir_fd, s->dir, err, err_size);
	if (s->chain == NULL)
		return -EBADMSG;
	rc = recover(s->dir_fd, s->dir, s->chain, &number, found, err, err_size);
	if (rc != 0)
		return rc;
	s->progress = progress_open(
		s->dir_fd, &found->progress_next, &found->progress_waiting, &found->progress_known);
	rc = segment_init(&s->segment, s->dir_fd, number);
	if (rc != 0)
		snprintf(err, err_size, "%s: out of memory", s->dir);
	return rc;
}

static void release(struct store *s)
{
	segment_free(&s->segment);
	progress_close(s->progress);
	chain_free(s->chain);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->dir);
	free(s->origin);
	free(s);
}

struct store *store_open(
	const struct store_config *c, struct store_found *found, char *err, size_t err_size)
{
	struct store *s = calloc(1, sizeof(*s));

	memset(found, 0, sizeof(*found));
	if (s == NULL) {
		snprintf(err, err_size, "%s: out of memory", c->dir);
		return NULL;
	}
	s->config = *c;
	s->live = c->checkpoint_us != 0;
	if (s->config.segment_bytes == 0)
		s->config.segment_bytes = SEGMENT_BYTES;
	s->dir_fd = s->lock_fd = s->segment.fd = -1;
	s->dir = strdup(c->dir);
	s->origin = strdup(c->origin);
	if (s->dir == NULL || s->origin == NULL) {
		snprintf(err, err_size, "%s: out of memory", c->dir);
		release(s);
		return NULL;
	}
	if (open_dir(s, err, err_size) != 0 || read_dir(s, found, err, err_size) != 0) {
		release(s);
		return NULL;
	}
	return s;
}

struct progress *store_progress(struct store *s)
{
	return s->progress;
}

// ---- the way to the disk

// Blocks to the disk, then their entries.
static int sync_all(struct store *s)
{
	int rc = s->unsynced ? segment_sync(&s->segment) : 0;

	s->sync_failed = s->sync_failed || rc != 0;
	if (rc == 0)
		rc = chain_write(s->chain, true);
	s->unsynced = s->unsynced && rc != 0;
	s->synced_at = monotonic_ns();
	return rc;
}

static int checkpoint(struct store *s, int64_t t)
{
	int rc = 0;

	if (chain_size(s->chain) != 0)
		rc = chain_checkpoint(s->chain, s->origin, t, s->config.key, true);
	if (rc == 0) {
		s->checkpoint_t = t;
		s->checkpointed = true;
	}
	return rc;
}

// Sync, entries, signature, name: in this order nothing is vouched for that is not on disk.
static int end_segment(struct store *s, int64_t t)
{
	int rc = 0, finish_rc;

	if (s->segment.fd < 0)
		return 0;
	if (s->segment.n != 0) {
		rc = sync_all(s);
		if (rc == 0)
			rc = checkpoint(s, t);
		if (rc != 0 && !s->segment.torn)
			return rc; // it stays open until that works
	}
	finish_rc = segment_finish(&s->segment, true);
	s->unsynced = false;
	if (finish_rc == 0 && s->segment.n != 0) {
		s->closed++;
		finish_rc = retain_prune(s->dir_fd, t, s->config.retain_us, s->config.retain_bytes);
	}
	return rc != 0 ? rc : finish_rc;
}

static bool is_over(const struct store *s, size_t more, int64_t t)
{
	return s->segment.fd >= 0 && s->segment.n != 0 &&
	       (s->segment.size + more > s->config.segment_bytes ||
		       t - s->segment.t >= s->config.segment_us);
}

int store_put(struct store *s, struct block *b, struct hasher *h)
{
	char line[ENTRY_LINE_MAX];
	size_t len, bytes;
	int rc = 0;

	tree_root(h, &b->tree, &b->entry.root);
	len = chain_next(s->chain, &b->entry, line);
	bytes = segment_pack(&s->segment, line, len, b->buf, b->len);
	if (bytes == 0 || chain_reserve(s->chain) != 0)
		return -ENOMEM;
	if (is_over(s, bytes, b->t))
		rc = end_segment(s, b->t);
	for (unsigned try = 0; rc == 0; try++) {
		if (s->segment.fd < 0)
			rc = segment_begin(&s->segment, b->t);
		if (rc == 0)
			rc = segment_add(&s->segment, &b->entry, bytes);
		if (rc == 0)
			break;
		// A file that cannot grow, or be mended, is left for a new one.
		if (s->segment.fd >= 0 && s->segment.torn)
			end_segment(s, b->t);
		else if (rc == -EFBIG && s->segment.n != 0 && try == 0)
			rc = end_segment(s, b->t);
	}
	if (rc != 0)
		return rc;
	s->unsynced = true;
	chain_put(s->chain, &b->entry, line, len);
	return 0;
}

// Syncs and signs as it is due.
static int keep_up(struct store *s, int64_t now)
{
	const int64_t quiet = now - s->checkpoint_t;
	int rc = 0;

	if (!s->checkpointed && s->checkpoint_t == 0)
		s->checkpoint_t = now; // the first is due one period after the start
	if (s->unsynced && monotonic_ns() - s->synced_at >= s->config.sync_ns)
		rc = sync_all(s);
	if (rc == 0 && (quiet >= s->config.checkpoint_us || -quiet >= s->config.checkpoint_us) &&
		s->checkpoint_t != now) {
		rc = sync_all(s);
		if (rc == 0)
			rc = checkpoint(s, now);
	}
	return rc;
}

int store_tick(struct store *s, int64_t now)
{
	const int64_t age = now - s->segment.t;
	const int name_rc = segment_name(&s->segment, true); // keeps nothing else from being done
	int rc = 0;

	if (s->segment.fd >= 0 && (age >= s->config.segment_us || -age >= s->config.segment_us))
		rc = end_segment(s, now);
	else if (s->live)
		rc = keep_up(s, now);
	return rc != 0 ? rc : name_rc;
}

int store_close(struct store *s, int64_t now)
{
	int rc = end_segment(s, now);

	// Nothing came since the last segment was closed: time is signed all the same.
	if (rc == 0 && s->live && s->checkpoint_t < now)
		rc = checkpoint(s, now);
	if (rc == 0)
		rc = segment_name(&s->segment, true);
	release(s);
	return rc;
}

uint64_t store_segments(const struct store *s)
{
	return s->closed;
}

void store_get_evidence(const struct store *s, struct store_evidence *out)
{
	*out = (struct store_evidence){
		.blocks = chain_size(s->chain),
		.checkpointed = chain_checkpointed(s->chain),
		.checkpoint_t = s->checkpointed ? s->checkpoint_t : 0,
	};
}

bool store_sync_failed(struct store *s)
{
	const bool failed = s->sync_failed;

	s->sync_failed = false;
	return failed;
}
