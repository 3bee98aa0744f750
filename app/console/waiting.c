// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/waiting.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct waiting_one {
	int fd; // -1: free
	bool waits;
	uint64_t since; // how many had come before: many come within one second
	int64_t until;  // seconds of the monotonic clock; 0: any
};

struct waiting {
	pthread_mutex_t lock; // over all below
	pthread_cond_t end;
	pthread_t thread;
	bool ends;
	unsigned max, n_waiting;
	uint64_t n_come;
	struct waiting_one all[];
};

static int64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

// The server closes it when it finds that nothing more comes; the descriptor is still its own.
static void cut(struct waiting_one *one)
{
	shutdown(one->fd, SHUT_RDWR);
	one->until = 0;
}

static void *run(void *ctx)
{
	struct waiting *w = ctx;
	struct timespec next;

	pthread_mutex_lock(&w->lock);
	while (!w->ends) {
		const int64_t now = now_s();

		for (unsigned i = 0; i < w->max; i++) {
			if (w->all[i].fd >= 0 && w->all[i].until != 0 && now >= w->all[i].until) {
				cut(&w->all[i]);
			}
		}
		clock_gettime(CLOCK_MONOTONIC, &next);
		next.tv_sec++;
		pthread_cond_timedwait(&w->end, &w->lock, &next);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct waiting *waiting_new(unsigned max)
{
	struct waiting *w = calloc(1, sizeof(*w) + max * sizeof(w->all[0]));
	pthread_condattr_t monotonic;

	if (w == NULL) {
		return NULL;
	}
	w->max = max;
	for (unsigned i = 0; i < max; i++) {
		w->all[i].fd = -1;
	}
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->end, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&w->thread, NULL, run, w) != 0) {
		free(w);
		return NULL;
	}
	return w;
}

void waiting_free(struct waiting *w)
{
	if (w == NULL) {
		return;
	}
	pthread_mutex_lock(&w->lock);
	w->ends = true;
	pthread_cond_signal(&w->end);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->end);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

// With the lock held.
static void set(struct waiting *w, struct waiting_one *one, bool waits, unsigned seconds)
{
	w->n_waiting += waits;
	w->n_waiting -= one->waits;
	one->waits = waits;
	one->since = w->n_come++;
	one->until = seconds != 0 ? now_s() + seconds : 0;
}

// With the lock held.
static void make_room(struct waiting *w)
{
	struct waiting_one *oldest = NULL;

	for (unsigned i = 0; i < w->max; i++) {
		struct waiting_one *one = &w->all[i];

		if (one->fd >= 0 && one->waits && (oldest == NULL || one->since < oldest->since)) {
			oldest = one;
		}
	}
	if (oldest != NULL) {
		cut(oldest);
		oldest->waits = false;
		w->n_waiting--;
	}
}

struct waiting_one *waiting_add(struct waiting *w, int fd, unsigned seconds)
{
	struct waiting_one *one = NULL;

	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; one == NULL && i < w->max; i++) {
		one = w->all[i].fd < 0 ? &w->all[i] : NULL;
	}
	if (one != NULL) {
		if (w->n_waiting >= WAITING_MAX) {
			make_room(w);
		}
		one->fd = fd;
		set(w, one, true, seconds);
	}
	pthread_mutex_unlock(&w->lock);
	return one;
}

void waiting_set(struct waiting *w, struct waiting_one *one, bool waits, unsigned seconds)
{
	if (one != NULL) {
		pthread_mutex_lock(&w->lock);
		set(w, one, waits, seconds);
		pthread_mutex_unlock(&w->lock);
	}
}

void waiting_remove(struct waiting *w, struct waiting_one *one)
{
	if (one != NULL) {
		pthread_mutex_lock(&w->lock);
		set(w, one, false, 0);
		one->fd = -1;
		pthread_mutex_unlock(&w->lock);
	}
}
