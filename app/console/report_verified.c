// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/report_verified.h"

#include "app/rows/bytes.h"
#include "app/rows/how_far.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH   (1u << 20) // bytes of lines that are handed on at once
#define BATCHES 4

// From the verifier, which hands lines on, to a thread that adds them up: each takes about as long
// as the other. Batches go round in a ring.
struct relay {
	struct digest *digest; // NULL: nobody adds up
	struct bytes batches[BATCHES];
	uint64_t given, taken; // guarded
	bool ended;            // guarded: no more will be given
	bool failed;           // without memory; the verifier's
	bool foreign;          // the adder's until it has ended
	bool threaded;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct how_far how_far;
	uint64_t read; // bytes of files
};

static void add_up(struct relay *r, const struct bytes *b)
{
	const char *at = (const char *)b->v, *end = at + b->len, *nl;

	for (; at < end && (nl = memchr(at, '\n', (size_t)(end - at))) != NULL; at = nl + 1) {
		r->foreign = digest_line(r->digest, at, (size_t)(nl - at)) == -EXDEV || r->foreign;
	}
}

static void *run(void *ctx)
{
	struct relay *r = ctx;

	pthread_mutex_lock(&r->mutex);
	for (;;) {
		while (r->given == r->taken && !r->ended) {
			pthread_cond_wait(&r->changed, &r->mutex);
		}
		if (r->given == r->taken) {
			break;
		}
		pthread_mutex_unlock(&r->mutex);
		add_up(r, &r->batches[r->taken % BATCHES]);
		pthread_mutex_lock(&r->mutex);
		r->taken++;
		pthread_cond_signal(&r->changed);
	}
	pthread_mutex_unlock(&r->mutex);
	return NULL;
}

// The batch that is being filled is handed on; the next one is free when this returns.
static void hand_on(struct relay *r)
{
	if (!r->threaded) {
		add_up(r, &r->batches[0]);
		r->batches[0].len = 0;
		return;
	}
	pthread_mutex_lock(&r->mutex);
	r->given++;
	pthread_cond_signal(&r->changed);
	while (r->given - r->taken == BATCHES) {
		pthread_cond_wait(&r->changed, &r->mutex);
	}
	r->batches[r->given % BATCHES].len = 0;
	pthread_mutex_unlock(&r->mutex);
}

static struct bytes *filling(struct relay *r)
{
	return &r->batches[r->threaded ? r->given % BATCHES : 0]; // only the verifier changes given
}

// What was added up so far counts for nothing.
static void start_over(void *ctx)
{
	struct relay *r = ctx;
	const struct digest_options o =
		r->digest != NULL ? r->digest->o : (struct digest_options){0};

	if (r->read == 0) {
		return;
	}
	r->read = 0;
	if (r->digest == NULL) {
		return;
	}
	pthread_mutex_lock(&r->mutex);
	while (r->threaded && r->given != r->taken) {
		pthread_cond_wait(&r->changed, &r->mutex);
	}
	filling(r)->len = 0;
	digest_free(r->digest);
	r->digest = digest_new(&o);
	r->failed = r->failed || r->digest == NULL;
	r->foreign = false;
	pthread_mutex_unlock(&r->mutex);
}

static void take_lines(void *ctx, const char *lines, size_t len, size_t size)
{
	struct relay *r = ctx;

	r->read += size;
	how_far_show(&r->how_far, r->read);
	if (r->digest == NULL || r->failed) {
		return;
	}
	r->failed = !bytes_add(filling(r), lines, len);
	if (filling(r)->len >= BATCH) {
		hand_on(r);
	}
}

static void begin(struct relay *r, const char *source)
{
	how_far_begin_dir(&r->how_far, source);
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->threaded = r->digest != NULL && pthread_create(&r->thread, NULL, run, r) == 0;
}

static void end(struct relay *r)
{
	if (r->digest != NULL) {
		hand_on(r);
	}
	if (r->threaded) {
		pthread_mutex_lock(&r->mutex);
		r->ended = true;
		pthread_cond_signal(&r->changed);
		pthread_mutex_unlock(&r->mutex);
		pthread_join(r->thread, NULL);
	}
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->mutex);
	for (unsigned i = 0; i < BATCHES; i++) {
		free(r->batches[i].v);
	}
	how_far_end(&r->how_far);
}

int report_read_verified(const char *source, const struct verify_options *o,
	const struct digest_options *d, struct report_evidence *out, struct digest **digest,
	char *err, size_t err_size)
{
	struct relay r = {.digest = digest != NULL ? digest_new(d) : NULL};
	struct verify_options each = *o;
	int rc = report_read_notes(source, out, err, err_size);

	if (rc == 0 && digest != NULL && r.digest == NULL) {
		rc = -ENOMEM;
	}
	if (rc == 0 && out->answers != NULL) {
		begin(&r, source);
		each.begin = start_over;
		each.lines = take_lines;
		each.ctx = &r;
		verify_log(source, &each, out->answers);
		end(&r);
		rc = r.failed ? -ENOMEM : 0;
	}
	if (rc == -ENOMEM) {
		snprintf(err, err_size, "out of memory");
	}
	if (digest == NULL) {
		return rc;
	}
	*digest = NULL;
	if (rc == 0 && !r.foreign && out->answers != NULL &&
		out->answers->integrity.status == VERIFY_GOOD) {
		digest_finish(r.digest);
		r.digest->verified = true;
		*digest = r.digest;
	} else {
		digest_free(r.digest);
	}
	return rc;
}
