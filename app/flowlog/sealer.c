// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/sealer.h"

#include "app/flowlog/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS   8 // on their way, and one that is filled
#define RETRY_NS 1000000000
#define TICK_NS  100000000

struct sealer {
	struct store *store;   // NULL: none; the thread's where there is one
	struct hasher *hasher; // of the caller: lines
	struct hasher *roots;  // of whoever delivers
	struct line_file stream;
	bool has_stream, threaded;

	struct block *filled;        // by the caller
	struct block *queue[BLOCKS]; // from queue[first] on, n of them
	unsigned first, n;
	struct block *spare[BLOCKS];
	unsigned n_spare;
	struct block blocks[BLOCKS];

	pthread_t thread;
	pthread_mutex_t mutex; // guards all but the streams, the store and `filled`
	pthread_cond_t work, done;
	bool stopping, sync_failed;
	bool left; // the log is not there, and the caller does not know yet
	uint64_t left_from;
	int64_t now;
	int64_t retry_at, tick_at; // monotonic
	struct sealer_state state;
};

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

// ---- delivering one block

static int to_stream(struct sealer *s, struct block *b)
{
	size_t done;
	const uint64_t lines = b->entry.n;
	int rc = line_file_write(&s->stream, b->buf, b->len, &done);

	if (done != b->len)
		block_drop(b, done);
	pthread_mutex_lock(&s->mutex);
	s->state.bytes += done;
	s->state.written += lines - (done == b->len ? 0 : b->entry.n);
	s->state.dead = rc == -EPIPE || s->stream.torn;
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

static int deliver(struct sealer *s, struct block *b)
{
	size_t done;
	int rc, stream_rc = 0;

	if (s->store == NULL)
		return to_stream(s, b);
	rc = store_put(s->store, b, s->roots);
	if (rc != 0)
		return rc;
	if (s->has_stream && s->state.stream_error == 0)
		stream_rc = line_file_write(&s->stream, b->buf, b->len, &done);
	pthread_mutex_lock(&s->mutex);
	s->state.bytes += b->len;
	s->state.written += b->entry.n;
	s->state.segments = store_segments(s->store);
	store_get_evidence(s->store, &s->state.evidence);
	if (stream_rc != 0)
		s->state.stream_error = stream_rc;
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

static void note_result(struct sealer *s, int rc)
{
	s->state.error = rc;
	s->retry_at = monotonic_ns() + RETRY_NS;
}

// The caller makes the next block begin with what is gone, so blocks that wait can stand nowhere.
static void drop_queue(struct sealer *s, uint64_t from, uint64_t lost)
{
	s->state.removed += lost < s->state.written ? lost : s->state.written;
	s->state.written -= lost < s->state.written ? lost : s->state.written;
	s->state.removed += s->state.waiting;
	s->state.waiting = 0;
	while (s->n != 0) {
		struct block *b = s->queue[s->first];

		s->first = (s->first + 1) % BLOCKS;
		s->n--;
		block_clear(b);
		s->spare[s->n_spare++] = b;
	}
	s->state.error = 0;
	s->state.left++;
	s->left = true;
	s->left_from = from;
	pthread_cond_broadcast(&s->done);
}

static void look(struct sealer *s, int64_t now)
{
	uint64_t from, lost;

	if (!s->threaded || s->store == NULL || now == 0 ||
		!store_left(s->store, now, &from, &lost))
		return;
	pthread_mutex_lock(&s->mutex);
	drop_queue(s, from, lost);
	pthread_mutex_unlock(&s->mutex);
}

// What fails is tried again, a second later at the earliest.
static int tick(struct sealer *s, int64_t now)
{
	int rc;

	if (s->store == NULL || now == 0)
		return 0;
	if (s->state.tick_error != 0 && monotonic_ns() < s->tick_at)
		return s->state.tick_error;
	rc = store_tick(s->store, now);
	s->tick_at = monotonic_ns() + RETRY_NS;
	pthread_mutex_lock(&s->mutex);
	s->state.tick_error = rc;
	s->sync_failed = store_sync_failed(s->store) || s->sync_failed;
	s->state.segments = store_segments(s->store);
	store_get_evidence(s->store, &s->state.evidence);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

// ---- the thread

static void wait_until(struct sealer *s, int64_t until)
{
	const struct timespec ts = {until / 1000000000, until % 1000000000};

	pthread_cond_timedwait(&s->work, &s->mutex, &ts);
}

// With the mutex held; gives it up meanwhile. The first of the queue stays there until it is
// written.
static void deliver_first(struct sealer *s)
{
	struct block *b = s->queue[s->first];
	int rc;

	pthread_mutex_unlock(&s->mutex);
	rc = deliver(s, b);
	pthread_mutex_lock(&s->mutex);
	note_result(s, rc);
	if (rc == 0) {
		s->first = (s->first + 1) % BLOCKS;
		s->n--;
		s->state.waiting -= b->entry.n;
		block_clear(b);
		s->spare[s->n_spare++] = b;
	}
	pthread_cond_broadcast(&s->done);
}

static void *run(void *arg)
{
	struct sealer *s = arg;
	int64_t ticked = 0;

	pthread_setname_np(pthread_self(), "bh-seal");
	pthread_mutex_lock(&s->mutex);
	for (;;) {
		const int64_t at = monotonic_ns();

		if (s->n != 0 && (s->state.error == 0 || s->stopping || at >= s->retry_at)) {
			deliver_first(s);
			if (s->stopping && s->state.error != 0)
				break;
		} else if (s->stopping) {
			break;
		} else {
			wait_until(s, at + TICK_NS);
		}
		if (monotonic_ns() - ticked >= TICK_NS) {
			const int64_t now = s->now;

			pthread_mutex_unlock(&s->mutex);
			look(s, now);
			tick(s, now);
			ticked = monotonic_ns();
			pthread_mutex_lock(&s->mutex);
		}
	}
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

static int start_thread(struct sealer *s)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&s->thread, NULL, run, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -rc;
}

// ---- the caller's side

static int open_stream(struct sealer *s, const char *path, char *err, size_t err_size)
{
	int fd = STDOUT_FILENO;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0) {
		int rc = -errno;

		snprintf(err, err_size, "%s: cannot open for records: %s", path, strerror(-rc));
		return rc;
	}
	line_file_init(&s->stream, fd);
	s->has_stream = true;
	return 0;
}

static void make_locks(struct sealer *s)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&s->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->work, &attr);
	pthread_cond_init(&s->done, &attr);
	pthread_condattr_destroy(&attr);
}

static void release(struct sealer *s)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		free(s->blocks[i].buf);
	hasher_free(s->hasher);
	hasher_free(s->roots);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->done);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

static int open_places(struct sealer *s, const struct sealer_config *c, struct store_found *found,
	char *err, size_t err_size)
{
	int rc;

	if (c->store.dir != NULL) {
		s->hasher = hasher_new();
		s->roots = hasher_new();
		if (s->hasher == NULL || s->roots == NULL) {
			snprintf(err, err_size, "out of memory for the flow log");
			return -ENOMEM;
		}
		s->store = store_open(&c->store, found, err, err_size);
		if (s->store == NULL)
			return -EIO;
	}
	if (c->records != NULL) {
		rc = open_stream(s, c->records, err, err_size);
		if (rc != 0)
			return rc;
	}
	s->threaded = c->threaded && s->store != NULL;
	rc = s->threaded ? start_thread(s) : 0;
	if (rc != 0)
		snprintf(err, err_size, "cannot start the flow log's thread: %s", strerror(-rc));
	return rc;
}

struct sealer *sealer_open(
	const struct sealer_config *c, struct store_found *found, char *err, size_t err_size)
{
	struct sealer *s = calloc(1, sizeof(*s));

	memset(found, 0, sizeof(*found));
	if (s == NULL) {
		snprintf(err, err_size, "out of memory for the flow log");
		return NULL;
	}
	make_locks(s);
	s->filled = &s->blocks[0];
	for (unsigned i = 1; i < BLOCKS; i++)
		s->spare[s->n_spare++] = &s->blocks[i];
	if (open_places(s, c, found, err, err_size) != 0) {
		if (s->store != NULL)
			store_close(s->store, 0);
		release(s);
		return NULL;
	}
	return s;
}

struct progress *sealer_progress(struct sealer *s)
{
	return s->store != NULL ? store_progress(s->store) : NULL;
}

struct block *sealer_block(struct sealer *s)
{
	return s->filled;
}

struct hasher *sealer_hasher(struct sealer *s)
{
	return s->hasher;
}

static int push_here(struct sealer *s, bool force)
{
	int rc;

	if (s->state.error != 0 && (s->state.dead || (!force && monotonic_ns() < s->retry_at)))
		return s->state.error;
	rc = deliver(s, s->filled);
	note_result(s, rc);
	if (rc == 0)
		block_clear(s->filled);
	return rc;
}

static int push_over(struct sealer *s)
{
	int rc = 0;

	pthread_mutex_lock(&s->mutex);
	while (s->n_spare == 0 && s->state.error == 0 && !s->left)
		pthread_cond_wait(&s->done, &s->mutex);
	if (s->left) {
		rc = -ESTALE;
	} else if (s->n_spare != 0) {
		s->queue[(s->first + s->n++) % BLOCKS] = s->filled;
		s->state.waiting += s->filled->entry.n;
		s->filled = s->spare[--s->n_spare];
		pthread_cond_signal(&s->work);
	} else {
		rc = s->state.error;
	}
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

int sealer_push(struct sealer *s, bool force)
{
	if (s->filled->entry.n == 0)
		return s->threaded ? 0 : (s->state.dead ? s->state.error : 0);
	return s->threaded ? push_over(s) : push_here(s, force);
}

int sealer_drain(struct sealer *s)
{
	int rc;

	pthread_mutex_lock(&s->mutex);
	while (s->n != 0 && s->state.error == 0)
		pthread_cond_wait(&s->done, &s->mutex);
	rc = s->n != 0 ? s->state.error : 0;
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

int sealer_tick(struct sealer *s, int64_t now)
{
	if (!s->threaded)
		return tick(s, now);
	pthread_mutex_lock(&s->mutex);
	s->now = now;
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

void sealer_get(struct sealer *s, struct sealer_state *out)
{
	pthread_mutex_lock(&s->mutex);
	*out = s->state;
	pthread_mutex_unlock(&s->mutex);
}

bool sealer_sync_failed(struct sealer *s)
{
	bool failed;

	pthread_mutex_lock(&s->mutex);
	failed = s->sync_failed;
	s->sync_failed = false;
	pthread_mutex_unlock(&s->mutex);
	return failed;
}

bool sealer_left(struct sealer *s, uint64_t *from)
{
	bool left;

	pthread_mutex_lock(&s->mutex);
	left = s->left;
	*from = s->left_from;
	s->left = false;
	if (left) {
		s->state.removed += s->filled->entry.n;
		block_clear(s->filled);
	}
	pthread_mutex_unlock(&s->mutex);
	return left;
}

static void stop_thread(struct sealer *s)
{
	pthread_mutex_lock(&s->mutex);
	s->stopping = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->mutex);
	pthread_join(s->thread, NULL);
	s->threaded = false;
}

int sealer_close(struct sealer *s, int64_t now, uint64_t *lost)
{
	int rc = 0, close_rc = 0;
	uint64_t from, gone;

	if (s->threaded) {
		stop_thread(s);
		rc = s->n != 0 ? s->state.error : 0;
	}
	if (rc == 0)
		rc = sealer_push(s, true);
	*lost = s->state.waiting + s->filled->entry.n;
	if (s->store != NULL && store_left(s->store, now, &from, &gone)) {
		*lost += gone < s->state.written ? gone : s->state.written;
		rc = rc != 0 ? rc : -ENOENT;
	}
	if (s->store != NULL)
		close_rc = store_close(s->store, now);
	rc = rc != 0 ? rc : close_rc != 0 ? close_rc : s->state.stream_error;
	if (s->has_stream && s->stream.fd != STDOUT_FILENO && close(s->stream.fd) != 0)
		rc = rc != 0 ? rc : -errno;
	release(s);
	return rc;
}
