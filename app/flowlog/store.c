// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/store.h"

#include "app/flowlog/chain.h"
#include "app/flowlog/clock_watch.h"
#include "app/flowlog/dir_lock.h"
#include "app/flowlog/recover.h"
#include "app/flowlog/retain.h"
#include "app/flowlog/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	bool captures; // files that their lines name, likewise
	bool sync_failed;
	int64_t synced_at; // monotonic
	int64_t checkpoint_t;
	bool checkpointed; // in this run
	bool begun;        // a block has come in this run
	bool hurry;        // a checkpoint is due however long ago the last was
	uint64_t closed, failed;
	bool away;           // the log is not where it was begun, and could not go on there yet
	bool same;           // another directory of the name held all: numbers of files do not tell
	bool only_new;       // nor can it in a directory that holds blocks
	struct entry left;   // the last block's when it was left
	bool recount;        // the next block's counters do not fit those of what is there
	uint64_t unfindable; // records that went with files: lost, to the counters of all blocks
	struct retain retain;
	struct clock_watch clock; // of a live log
	int64_t wall;             // when it was looked at last
	bool ages;                // and believed
	int decided;              // -errno where it could not be said what goes; 0
};

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

// ---- opening

static int read_log(struct store *s, struct store_found *found, char *err, size_t err_size)
{
	uint64_t number;
	int rc;

	s->chain = chain_open(s->dir_fd, s->dir, err, err_size);
	if (s->chain == NULL)
		return -EBADMSG;
	rc = recover(s->dir_fd, s->dir, s->chain, &number, found, err, err_size);
	if (rc != 0)
		return rc;
	rc = segment_init(&s->segment, s->dir_fd, number);
	if (rc != 0)
		snprintf(err, err_size, "%s: out of memory", s->dir);
	retain_begin(&s->retain, s->dir_fd, chain_last(s->chain));
	return rc;
}

static int read_dir(struct store *s, struct store_found *found, char *err, size_t err_size)
{
	int rc = read_log(s, found, err, err_size);

	if (rc == 0)
		s->progress = progress_open(s->dir_fd, &found->progress);
	clock_watch_begin(&s->clock, found->last.t1, found->progress.clock_left);
	return rc;
}

static void let_go(struct store *s)
{
	segment_free(&s->segment);
	memset(&s->segment, 0, sizeof(s->segment));
	chain_free(s->chain);
	s->chain = NULL;
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	s->dir_fd = s->lock_fd = s->segment.fd = -1;
	s->unsynced = false;
}

static void release(struct store *s)
{
	let_go(s);
	progress_close(s->progress);
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
	s->retain = (struct retain){.us = c->retain_us, .bytes = c->retain_bytes};
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
	if (dir_lock_open(s->dir, &s->dir_fd, &s->lock_fd, err, err_size) != 0 ||
		read_dir(s, found, err, err_size) != 0) {
		release(s);
		return NULL;
	}
	s->hurry = chain_size(s->chain) > chain_checkpointed(s->chain);
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
	int rc;

	// Another thread wrote them, before the lines. All of the disk at once: they are many, and
	// small. What it says of other files is theirs; a try that failed is made again.
	if (s->captures && syncfs(s->dir_fd) == 0)
		s->captures = false;
	rc = s->unsynced ? segment_sync(&s->segment) : 0;
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
		s->hurry = false;
	}
	s->failed += rc != 0;
	return rc;
}

static int64_t steady_us(const struct store *s)
{
	struct timespec ts;

	if (s->config.steady != NULL)
		return s->config.steady(s->config.steady_ctx);
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000ll + ts.tv_nsec / 1000;
}

static void watch_clock(struct store *s, int64_t now)
{
	s->wall = now;
	s->ages = clock_watch_look(&s->clock, now, steady_us(s));
	if (s->progress != NULL)
		s->progress->clock_left = s->clock.left;
}

// What goes; the next entry states it. The time of a block may be of a clock that was not looked at
// yet. Where records bring their own time there is none to be held against it.
static void decide(struct store *s, int64_t t)
{
	s->decided = retain_decide(&s->retain, s->dir_fd, s->live ? s->wall : t,
		s->ages || !s->live, chain_size(s->chain));
}

// Removes what a checkpoint states that this run has made: that one is on disk. So what was stated
// before a crash goes with the first.
static int prune(struct store *s)
{
	const int rc = retain_remove(&s->retain, s->dir_fd, chain_kept(s->chain));

	return rc != 0 ? rc : s->decided;
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
		decide(s, t);
	}
	return rc != 0 ? rc : finish_rc;
}

static bool is_over(const struct store *s, size_t more, int64_t t)
{
	return s->segment.fd >= 0 && s->segment.n != 0 &&
	       (s->segment.size + more > s->config.segment_bytes ||
		       t - s->segment.t >= s->config.segment_us);
}

// ---- a log that is not there any more

static bool is_unlinked(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 0;
}

// Whether the name is another directory's, or nobody's.
static bool is_elsewhere(const struct store *s)
{
	struct stat here, there;

	if (s->same)
		return false;
	if (fstat(s->dir_fd, &here) != 0)
		return false;
	if (stat(s->dir, &there) != 0)
		return errno == ENOENT || errno == ENOTDIR;
	return here.st_dev != there.st_dev || here.st_ino != there.st_ino;
}

static int read_place(struct store *s, struct store_found *found)
{
	char err[512];
	int rc;

	memset(found, 0, sizeof(*found));
	rc = dir_lock_open(s->dir, &s->dir_fd, &s->lock_fd, err, sizeof(err));
	if (rc == 0)
		rc = read_log(s, found, err, sizeof(err));
	if (rc != 0)
		let_go(s);
	return rc;
}

// Goes on in the directory of the name: in a new log, or in what is left of the old one.
static int come_back(struct store *s, struct store_found *found)
{
	int rc = read_place(s, found);

	if (rc == -EBADMSG && recover_put_aside(s->dir) == 0)
		rc = read_place(s, found);
	if (rc == 0 && found->any &&
		(s->only_new || found->last.attempted > s->left.attempted ||
			strcmp(found->last.gw, s->left.gw) != 0))
		rc = -EEXIST; // not what was left
	if (rc != 0) {
		let_go(s);
		return rc;
	}
	progress_move(s->progress, s->dir_fd);
	s->away = s->begun = false;
	s->recount = true;
	return 0;
}

static int be_back(struct store *s)
{
	struct store_found found;

	return s->away ? come_back(s, &found) : 0;
}

bool store_left(struct store *s, int64_t t, uint64_t *from, uint64_t *lost)
{
	const bool whole = s->away || !(is_unlinked(s->dir_fd) || is_unlinked(s->segment.fd) ||
					      chain_removed(s->chain));
	struct store_found found;

	if (!s->live || s->away || (whole && !is_elsewhere(s)))
		return false;
	if (whole)
		end_segment(s, t); // it was moved: it ends well where it went
	memset(&s->left, 0, sizeof(s->left));
	if (chain_last(s->chain) != NULL)
		s->left = *chain_last(s->chain);
	let_go(s);
	s->away = true;
	s->checkpointed = false;
	s->checkpoint_t = t;
	s->only_new = s->same = false;
	*lost = s->left.attempted - entry_lost(&s->left);
	*from = 1;
	s->only_new = come_back(s, &found) != 0; // for then the gap record will tell of all
	if (!s->only_new && found.any) {
		*from = found.lost_from != 0 ? found.lost_from : found.last.attempted + 1;
		*lost -= found.present;
		s->same = whole && *lost == 0 && found.last.attempted == s->left.attempted;
	}
	return !s->same;
}

// ---- the way in

// Records that went with files count as lost, so that attempted - lost is what is present.
static void recount(struct store *s, const struct entry *e)
{
	const struct entry *last = chain_last(s->chain);
	const uint64_t before = last != NULL ? last->attempted - entry_lost(last) : 0;

	if (s->recount)
		s->unfindable = e->attempted - entry_lost(e) - e->n - before;
}

int store_put(struct store *s, struct block *b, struct hasher *h)
{
	char line[ENTRY_LINE_MAX];
	struct entry e = b->entry;
	size_t len, bytes;
	int rc = be_back(s);

	if (rc != 0)
		return rc;
	recount(s, &e);
	e.write_error += s->unfindable;
	if (s->segment.fd < 0) // it may have been long since one was closed
		decide(s, b->t);
	e.states_kept = true;
	e.kept = s->retain.kept;
	tree_root(h, &b->tree, &e.root);
	len = chain_next(s->chain, &e, line);
	bytes = segment_pack(&s->segment, line, len, b->buf, b->len);
	if (bytes == 0 || chain_reserve(s->chain) != 0)
		return -ENOMEM;
	if (is_over(s, bytes, b->t))
		rc = end_segment(s, b->t);
	for (unsigned try = 0; rc == 0; try++) {
		if (s->segment.fd < 0)
			rc = segment_begin(&s->segment, b->t);
		if (rc == 0)
			rc = segment_add(&s->segment, &e, bytes);
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
	s->captures = s->captures || b->captures;
	s->recount = false;
	s->hurry = s->hurry || !s->begun;
	s->begun = true;
	chain_put(s->chain, &e, line, len);
	return 0;
}

// A run may end before a period has, again and again. So what an earlier one left without a
// signature is signed at once, and the block with this one's start record.
static bool is_due(const struct store *s, int64_t now)
{
	const int64_t quiet = now - s->checkpoint_t;

	return s->hurry ||
	       ((quiet >= s->config.checkpoint_us || -quiet >= s->config.checkpoint_us) &&
		       s->checkpoint_t != now);
}

// Syncs and signs as it is due.
static int keep_up(struct store *s, int64_t now)
{
	int rc = 0;

	if (!s->checkpointed && s->checkpoint_t == 0)
		s->checkpoint_t = now;
	if (s->unsynced && monotonic_ns() - s->synced_at >= s->config.sync_ns)
		rc = sync_all(s);
	if (rc == 0 && is_due(s, now)) {
		rc = sync_all(s);
		if (rc == 0)
			rc = checkpoint(s, now);
	}
	return rc;
}

int store_tick(struct store *s, int64_t now)
{
	const int64_t age = now - s->segment.t;
	int rc = be_back(s), name_rc;

	if (s->live)
		watch_clock(s, now);
	if (rc != 0)
		return rc;
	name_rc = segment_name(&s->segment, true); // keeps nothing else from being done
	if (s->segment.fd >= 0 && (age >= s->config.segment_us || -age >= s->config.segment_us))
		rc = end_segment(s, now);
	else if (s->live)
		rc = keep_up(s, now);
	if (rc == 0)
		rc = prune(s);
	return rc != 0 ? rc : name_rc;
}

int store_close(struct store *s, int64_t now)
{
	int rc = s->away ? -ENOENT : end_segment(s, now);

	// Nothing came since the last segment was closed: time is signed all the same.
	if (rc == 0 && s->live && s->checkpoint_t < now)
		rc = checkpoint(s, now);
	if (rc == 0)
		rc = segment_name(&s->segment, true);
	if (rc == 0)
		rc = prune(s);
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
		.blocks = s->chain != NULL ? chain_size(s->chain) : 0,
		.checkpointed = s->chain != NULL ? chain_checkpointed(s->chain) : 0,
		.checkpoint_t = s->checkpointed ? s->checkpoint_t : 0,
		.failed = s->failed,
		.ages_wait = s->config.retain_us != 0 ? s->clock.left : 0,
	};
}

bool store_sync_failed(struct store *s)
{
	const bool failed = s->sync_failed;

	s->sync_failed = false;
	return failed;
}
