// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/state.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PATIENCE_NS 400000000 // a page waits so long for a check: that of a small log is done
#define REST        20        // a check is followed by so many times as long without one

struct state {
	const char *dir;
	const struct verify_options *o;

	pthread_mutex_t lock; // over all below
	pthread_cond_t ended;
	bool known, running;
	bool begun; // a thread was, and is to be joined
	pthread_t thread;
	uint64_t stamp;      // of the files before the check that is known
	int64_t began, took; // nanoseconds of the monotonic clock
	int64_t at;
	struct verify_report report;
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

// Another number where a file of the log came, went, or was written. The order in which the folder
// gives them does not matter.
static uint64_t stamp_of(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	uint64_t sum = 0;
	struct stat st;

	while (d != NULL && (e = readdir(d)) != NULL) {
		uint64_t h = 0;

		// The catalogue is a cache, and not part of what is verified.
		if (e->d_name[0] == '.' || strncmp(e->d_name, "catalogue.", 10) == 0 ||
			fstatat(dirfd(d), e->d_name, &st, 0) != 0) {
			continue;
		}
		for (const char *c = e->d_name; *c != '\0'; c++) {
			h = mix(h, (unsigned char)*c);
		}
		h = mix(mix(h, st.st_ino), (uint64_t)st.st_size);
		h = mix(mix(h, (uint64_t)st.st_mtim.tv_sec), (uint64_t)st.st_mtim.tv_nsec);
		sum += mix(mix(h, (uint64_t)st.st_ctim.tv_sec), (uint64_t)st.st_ctim.tv_nsec);
	}
	if (d != NULL) {
		closedir(d);
	}
	return sum;
}

struct state *state_new(const char *dir, const struct verify_options *o)
{
	struct state *s = calloc(1, sizeof(*s));
	pthread_condattr_t monotonic;

	if (s != NULL) {
		s->dir = dir;
		s->o = o;
		pthread_mutex_init(&s->lock, NULL);
		pthread_condattr_init(&monotonic);
		pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
		pthread_cond_init(&s->ended, &monotonic);
		pthread_condattr_destroy(&monotonic);
	}
	return s;
}

void state_check(struct state *s, struct verify_report *out)
{
	const int64_t began = clock_ns(CLOCK_MONOTONIC), at = clock_ns(CLOCK_REALTIME) / 1000;
	const uint64_t stamp = stamp_of(s->dir);

	verify_log(s->dir, s->o, out);
	pthread_mutex_lock(&s->lock);
	if (!s->known || began > s->began) {
		s->known = true;
		s->stamp = stamp;
		s->began = began;
		s->took = clock_ns(CLOCK_MONOTONIC) - began;
		s->at = at;
		s->report = *out;
	}
	pthread_mutex_unlock(&s->lock);
}

static void *run(void *ctx)
{
	struct verify_report *out = calloc(1, sizeof(*out));
	struct state *s = ctx;

	if (out != NULL) {
		state_check(s, out);
	}
	free(out);
	pthread_mutex_lock(&s->lock);
	s->running = false;
	pthread_cond_broadcast(&s->ended);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

// The one that runs no more: what it holds is given back when it has really ended.
static void join(struct state *s)
{
	if (s->begun) {
		pthread_join(s->thread, NULL);
	}
	s->begun = false;
}

static void begin(struct state *s)
{
	join(s);
	s->begun = s->running = pthread_create(&s->thread, NULL, run, s) == 0;
}

void state_get(struct state *s, struct state_answer *out)
{
	const int64_t now = clock_ns(CLOCK_MONOTONIC), until = now + PATIENCE_NS;
	const struct timespec deadline = {until / 1000000000, until % 1000000000};
	const uint64_t stamp = stamp_of(s->dir);
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->running &&
		(!s->known || (s->stamp != stamp && now - s->began >= s->took * (REST + 1)))) {
		begin(s);
	}
	while (s->running && rc == 0 && (!s->known || s->took < PATIENCE_NS)) {
		rc = pthread_cond_timedwait(&s->ended, &s->lock, &deadline);
	}
	out->known = s->known;
	out->running = s->running;
	out->current = s->stamp == stamp || s->began >= now;
	out->at = s->at;
	out->report = s->report;
	pthread_mutex_unlock(&s->lock);
}

bool state_free(struct state *s)
{
	bool running;

	pthread_mutex_lock(&s->lock);
	running = s->running;
	pthread_mutex_unlock(&s->lock);
	if (!running) {
		join(s);
		pthread_cond_destroy(&s->ended);
		pthread_mutex_destroy(&s->lock);
		free(s);
	}
	return !running;
}
