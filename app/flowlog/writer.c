// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/writer.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH       64        // records of one ring before the next ring's turn
#define FLUSH_NS    100000000 // lines reach the kernel at least this often
#define IDLE_NS     5000000   // sleep where nothing waits
#define MAX_NOTICES 1000

struct queued { // a notice with its own strings
	struct queued *next;
	struct notice_policy policy;
	char text[]; // the strings
};

struct log_writer {
	struct flowlog *log;
	struct record_ring *const *rings;
	unsigned n_rings;
	uint64_t *lost_told; // a ring: what gap records have told of; writer thread
	unsigned *round;     // a ring: records to take in this round; writer thread
	pthread_t thread;
	int64_t flushed_at;           // writer thread
	int result;                   // writer thread, read after it has ended
	atomic_uint_least64_t missed; // packets, as the ports count them

	pthread_mutex_t mutex; // guards all below
	pthread_cond_t wake;
	struct queued *first, **last;
	unsigned n_queued;
	uint64_t refused; // notices
	bool stopping;
	struct flowlog_stats stats;
};

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static int64_t now_us(void)
{
	return clock_ns(CLOCK_REALTIME) / 1000;
}

// Looked at before the notices are: whoever put such a record may have gone by a policy whose
// notice was given before, and then that notice is in the queue by now. What is put later waits for
// the next round, even where it would be seen already.
static void note_round(struct log_writer *w)
{
	for (unsigned i = 0; i < w->n_rings; i++) {
		const unsigned n = record_ring_available(w->rings[i], BATCH);

		w->round[i] = n < BATCH ? n : BATCH;
	}
}

static unsigned drain_ring(struct log_writer *w, struct record_ring *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		// A record that cannot be stored is counted by the log and told by a gap.
		flowlog_write(w->log, record_ring_peek(r, i));
	}
	record_ring_release(r, n);
	return n;
}

static unsigned drain_rings(struct log_writer *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_rings; i++) {
		n += drain_ring(w, w->rings[i], w->round[i]);
	}
	return n;
}

static unsigned drain_notices(struct log_writer *w)
{
	struct queued *q;
	uint64_t refused;
	unsigned n = 0;

	pthread_mutex_lock(&w->mutex);
	q = w->first;
	w->first = NULL;
	w->last = &w->first;
	w->n_queued = 0;
	refused = w->refused;
	w->refused = 0;
	pthread_mutex_unlock(&w->mutex);
	while (q != NULL) {
		struct queued *next = q->next;

		flowlog_policy(w->log, &q->policy);
		free(q);
		q = next;
		n++;
	}
	flowlog_lost(w->log, refused, "ring_full", now_us());
	return n;
}

static void tell_lost(struct log_writer *w)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < w->n_rings; i++) {
		const uint64_t count = record_ring_lost_count(w->rings[i]);

		lost += count - w->lost_told[i];
		w->lost_told[i] = count;
	}
	flowlog_lost(w->log, lost, "ring_full", now_us());
}

static void note_waiting(struct log_writer *w)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < w->n_rings; i++) {
		n += record_ring_put_count(w->rings[i]) - record_ring_taken_count(w->rings[i]);
	}
	flowlog_waiting(w->log, n);
}

static int flush(struct log_writer *w)
{
	struct flowlog_stats stats;
	int rc;

	tell_lost(w);
	flowlog_missed(w->log, atomic_load_explicit(&w->missed, memory_order_relaxed));
	rc = flowlog_flush(w->log, now_us());
	w->flushed_at = clock_ns(CLOCK_MONOTONIC);
	flowlog_get_stats(w->log, &stats);
	pthread_mutex_lock(&w->mutex);
	w->stats = stats;
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

// Sleeps a little, or until a notice or the stop comes. Returns whether to stop.
static bool idle(struct log_writer *w)
{
	int64_t until = clock_ns(CLOCK_MONOTONIC) + IDLE_NS;
	const struct timespec ts = {until / 1000000000, until % 1000000000};
	bool stopping;

	pthread_mutex_lock(&w->mutex);
	if (!w->stopping && w->first == NULL) {
		pthread_cond_timedwait(&w->wake, &w->mutex, &ts);
	}
	stopping = w->stopping && w->first == NULL;
	pthread_mutex_unlock(&w->mutex);
	return stopping;
}

static void *run(void *arg)
{
	struct log_writer *w = arg;
	bool stopping = false;

	pthread_setname_np(pthread_self(), "bh-log");
	for (;;) {
		unsigned n;

		// A policy's record stands before those of the flows that it decided.
		note_round(w);
		n = drain_notices(w);
		n += drain_rings(w);
		note_waiting(w);
		if (clock_ns(CLOCK_MONOTONIC) - w->flushed_at >= FLUSH_NS) {
			flush(w); // an error is in the counters, and in the log once it works
		}
		if (n != 0) {
			continue;
		}
		if (stopping) { // and this was one more empty round after it was known
			break;
		}
		stopping = idle(w);
	}
	w->result = flush(w);
	return NULL;
}

static int start_thread(struct log_writer *w)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	int rc;

	pthread_mutex_init(&w->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0) {
		pthread_cond_destroy(&w->wake);
		pthread_mutex_destroy(&w->mutex);
	}
	return -rc;
}

struct log_writer *log_writer_start(struct flowlog *log, struct record_ring *const *rings,
	unsigned n_rings, char *err, size_t err_size)
{
	struct log_writer *w = calloc(1, sizeof(*w));
	uint64_t *told = calloc(n_rings + 1, sizeof(*told));
	unsigned *round = calloc(n_rings + 1, sizeof(*round));
	int rc = -ENOMEM;

	if (w != NULL && told != NULL && round != NULL) {
		w->log = log;
		w->rings = rings;
		w->n_rings = n_rings;
		w->lost_told = told;
		w->round = round;
		w->last = &w->first;
		flowlog_get_stats(log, &w->stats);
		rc = start_thread(w);
	}
	if (rc != 0) {
		snprintf(err, err_size, "cannot start the flow log's thread: %s", strerror(-rc));
		free(w);
		free(told);
		free(round);
		return NULL;
	}
	return w;
}

static const char *keep(char **to, const char *text)
{
	const char *kept = *to;
	size_t n;

	if (text == NULL) {
		return NULL;
	}
	n = strlen(text) + 1;
	memcpy(*to, text, n);
	*to += n;
	return kept;
}

static size_t room_of(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static struct queued *copy_notice(const struct notice_policy *n)
{
	struct queued *q =
		malloc(sizeof(*q) + room_of(n->how) + room_of(n->who) + room_of(n->outcome) +
			room_of(n->id) + room_of(n->sha256) + room_of(n->detail));
	char *to;

	if (q == NULL) {
		return NULL;
	}
	to = q->text;
	q->next = NULL;
	q->policy = *n;
	q->policy.how = keep(&to, n->how);
	q->policy.who = keep(&to, n->who);
	q->policy.outcome = keep(&to, n->outcome);
	q->policy.id = keep(&to, n->id);
	q->policy.sha256 = keep(&to, n->sha256);
	q->policy.detail = keep(&to, n->detail);
	return q;
}

int log_writer_policy(struct log_writer *w, const struct notice_policy *n)
{
	struct queued *q = copy_notice(n);
	int rc = q != NULL ? 0 : -ENOMEM;

	pthread_mutex_lock(&w->mutex);
	if (rc == 0 && w->n_queued == MAX_NOTICES) {
		rc = -ENOSPC;
	}
	if (rc == 0) {
		*w->last = q;
		w->last = &q->next;
		w->n_queued++;
	} else {
		w->refused++;
	}
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->mutex);
	if (rc != 0) {
		free(q);
	}
	return rc;
}

void log_writer_missed(struct log_writer *w, uint64_t packets)
{
	atomic_store_explicit(&w->missed, packets, memory_order_relaxed);
}

void log_writer_stats(struct log_writer *w, struct flowlog_stats *out)
{
	pthread_mutex_lock(&w->mutex);
	*out = w->stats;
	pthread_mutex_unlock(&w->mutex);
}

int log_writer_stop(struct log_writer *w, const struct notice_stop *n)
{
	int rc, flush_rc;

	pthread_mutex_lock(&w->mutex);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->mutex);
	pthread_join(w->thread, NULL);
	// The log is the caller's again.
	rc = flowlog_stop(w->log, n);
	flush_rc = flowlog_flush(w->log, n->t);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->mutex);
	free(w->lost_told);
	free(w->round);
	free(w);
	return rc != 0 ? rc : flush_rc;
}
