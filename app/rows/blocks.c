// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/blocks.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 8

// Of a thread.
struct worker {
	struct unpacker *unpacker;
	struct blocks_lines lines; // where the result of a block is all that is asked for
};

struct slot {
	struct blocks_done done;
	struct frame_block frame; // without its entry
	uint8_t *data;
	size_t data_cap;
	struct blocks_lines lines;
	bool unpacked; // lines were put in, there is no data
	void *result;
	off_t offset;
	int rc;     // of the work
	bool ready; // guarded by the mutex
};

struct blocks {
	struct blocks_job job;
	struct segment_reader *reader;
	int fd;
	struct frame_item *items; // of the footer; NULL: there is none, go frame by frame
	uint32_t n_items, at;     // the next block of the file
	off_t footer_at;
	bool jumped; // blocks before `at` were not read: the file goes on elsewhere
	uint32_t skipped;
	int read_rc; // what ended the reading, once it has: 1: not yet
	enum blocks_end how;
	off_t bad_at;
	struct slot *slots;
	unsigned n_slots;
	uint64_t given, taken; // slots filled, slots that were handed out; the caller's alone
	struct worker own;     // where no thread is made

	pthread_t threads[MAX_THREADS];
	unsigned n_threads;
	pthread_mutex_t mutex;
	pthread_cond_t filled, finished;
	uint64_t queued, begun; // slots that threads may take, have taken; guarded
	bool stop;              // guarded
};

static bool worker_init(struct worker *w)
{
	*w = (struct worker){.unpacker = unpacker_new()};
	return w->unpacker != NULL;
}

static void worker_fini(struct worker *w)
{
	unpacker_free(w->unpacker);
	free(w->lines.v);
}

static void work_on(struct blocks *b, struct slot *s, struct worker *w)
{
	const bool result_only = b->job.result_only;
	struct blocks_lines *l = result_only && !s->unpacked ? &w->lines : &s->lines;

	if (!s->unpacked) {
		if (!unpacker_lines(w->unpacker, &s->frame, s->data, &l->v, &l->cap)) {
			s->rc = -EBADMSG;
			return;
		}
		l->len = s->frame.raw_len;
	}
	s->done.lines = result_only ? NULL : l->v;
	s->done.len = l->len;
	s->rc = b->job.work == NULL || b->job.work(b->job.ctx, l->v, l->len, &s->result) ? 0
											 : -ENOMEM;
	s->done.result = s->result;
}

static void *run(void *arg)
{
	struct blocks *b = arg;
	struct worker w;
	const bool ok = worker_init(&w);

	pthread_mutex_lock(&b->mutex);
	for (;;) {
		struct slot *s;

		while (!b->stop && b->begun == b->queued) {
			pthread_cond_wait(&b->filled, &b->mutex);
		}
		if (b->stop) {
			break;
		}
		s = &b->slots[b->begun++ % b->n_slots];
		pthread_mutex_unlock(&b->mutex);
		if (ok) {
			work_on(b, s, &w);
		} else {
			s->rc = -ENOMEM;
		}
		pthread_mutex_lock(&b->mutex);
		s->ready = true;
		pthread_cond_signal(&b->finished);
	}
	pthread_mutex_unlock(&b->mutex);
	worker_fini(&w);
	return NULL;
}

unsigned blocks_threads(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) != 0) {
		return 1;
	}
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (unsigned)n;
}

struct blocks *blocks_new(const struct blocks_job *job)
{
	struct blocks *b = calloc(1, sizeof(*b));
	const unsigned threads = job->threads > MAX_THREADS ? MAX_THREADS : job->threads;

	if (b == NULL) {
		return NULL;
	}
	b->job = *job;
	b->fd = -1;
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->filled, NULL);
	pthread_cond_init(&b->finished, NULL);
	b->n_slots = threads == 0 ? 1 : 2 * threads + 2;
	b->slots = calloc(b->n_slots, sizeof(*b->slots));
	if (b->slots == NULL || (threads == 0 && !worker_init(&b->own))) {
		blocks_free(b);
		return NULL;
	}
	while (b->n_threads < threads &&
		pthread_create(&b->threads[b->n_threads], NULL, run, b) == 0) {
		b->n_threads++;
	}
	if (b->n_threads == 0 && threads != 0) {
		blocks_free(b);
		return NULL;
	}
	return b;
}

void blocks_free(struct blocks *b)
{
	if (b == NULL) {
		return;
	}
	pthread_mutex_lock(&b->mutex);
	b->stop = true;
	pthread_cond_broadcast(&b->filled);
	pthread_mutex_unlock(&b->mutex);
	for (unsigned i = 0; i < b->n_threads; i++) {
		pthread_join(b->threads[i], NULL);
	}
	for (unsigned i = 0; b->slots != NULL && i < b->n_slots; i++) {
		free(b->slots[i].data);
		free(b->slots[i].lines.v);
		if (b->slots[i].result != NULL) {
			b->job.free_result(b->slots[i].result);
		}
	}
	free(b->slots);
	free(b->items);
	segment_reader_free(b->reader);
	worker_fini(&b->own);
	pthread_cond_destroy(&b->filled);
	pthread_cond_destroy(&b->finished);
	pthread_mutex_destroy(&b->mutex);
	free(b);
}

static void wait_for(struct blocks *b, struct slot *s)
{
	pthread_mutex_lock(&b->mutex);
	while (!s->ready) {
		pthread_cond_wait(&b->finished, &b->mutex);
	}
	pthread_mutex_unlock(&b->mutex);
}

int blocks_begin(struct blocks *b, int fd)
{
	for (; b->taken < b->given; b->taken++) { // of a file that was left before its end
		wait_for(b, &b->slots[b->taken % b->n_slots]);
	}
	segment_reader_free(b->reader);
	b->reader = segment_reader_new(fd);
	free(b->items);
	b->items = segment_footer(fd, &b->n_items, &b->footer_at);
	b->fd = fd;
	b->at = b->skipped = 0;
	b->jumped = false;
	b->read_rc = 1;
	b->how = BLOCKS_OPEN;
	return b->reader != NULL ? 0 : -ENOMEM;
}

const struct frame_item *blocks_items(const struct blocks *b, uint32_t *n)
{
	*n = b->n_items;
	return b->items;
}

// Passes over blocks that the footer tells of and nobody wants. *want: of block b->at, BLOCKS_SKIP
// where there are no more. False: the footer does not fit the file.
static bool seek_wanted(struct blocks *b, enum blocks_want *want, struct blocks_lines *instead)
{
	const off_t at = segment_reader_at(b->reader);
	off_t to;

	for (*want = BLOCKS_SKIP; b->at < b->n_items; b->at++) {
		*want = b->job.wanted(b->job.ctx, b->at, &b->items[b->at], instead);
		if (*want != BLOCKS_SKIP) {
			break;
		}
		b->skipped++;
		b->jumped = true;
	}
	if (*want == BLOCKS_INSTEAD) {
		b->jumped = true;
		return true;
	}
	to = b->at < b->n_items ? (off_t)b->items[b->at].offset : b->footer_at;
	if (b->jumped ? to <= at || to > b->footer_at : to != at) {
		return false;
	}
	b->jumped = false;
	if (to != at) {
		segment_reader_seek(b->reader, to);
	}
	return true;
}

// What the entry, or a footer that was found to be right, says of a block.
static struct frame_item item_of(const struct segment_block *sb)
{
	const struct entry *e = &sb->entry;

	return (struct frame_item){(uint64_t)sb->offset, e->block, e->first,
		e->first + e->n - (e->n != 0), e->t0, e->t1};
}

static int keep(struct blocks *b, const struct segment_block *sb, struct slot *s)
{
	if (s->data_cap < sb->frame.data_len) {
		free(s->data);
		s->data = malloc(sb->frame.data_len);
		s->data_cap = s->data != NULL ? sb->frame.data_len : 0;
		if (s->data == NULL) {
			return -ENOMEM;
		}
	}
	memcpy(s->data, sb->data, sb->frame.data_len);
	s->frame = sb->frame;
	s->frame.entry = NULL;
	s->unpacked = false;
	s->offset = sb->offset;
	s->done = (struct blocks_done){.i = b->at++, .item = item_of(sb), .size = sb->size};
	s->ready = false;
	return 1;
}

// The next wanted block, by the footer.
static int find_block(struct blocks *b, struct slot *s)
{
	struct segment_block sb;
	enum blocks_want want;

	if (!seek_wanted(b, &want, &s->lines)) {
		return -EBADMSG;
	}
	if (want == BLOCKS_INSTEAD) {
		s->unpacked = true;
		s->ready = false;
		s->offset = (off_t)b->items[b->at].offset;
		s->done = (struct blocks_done){.i = b->at, .item = b->items[b->at]};
		b->at++;
		return 1;
	}
	b->bad_at = segment_reader_at(b->reader);
	switch (segment_reader_next(b->reader, &sb)) {
	case SEGMENT_BLOCK:
		if (b->at == b->n_items || sb.entry.block != b->items[b->at].block) {
			return -EBADMSG;
		}
		return keep(b, &sb, s);
	case SEGMENT_END:
		b->how = BLOCKS_WHOLE;
		return b->at == b->n_items ? 0 : -EBADMSG;
	case SEGMENT_ERROR:
		return -errno;
	default: // a file with a footer ends with it
		return -EBADMSG;
	}
}

// The next wanted block, frame by frame.
static int read_block(struct blocks *b, struct slot *s)
{
	struct segment_block sb;

	for (;; b->at++, b->skipped++) {
		struct frame_item item;

		b->bad_at = segment_reader_at(b->reader);
		switch (segment_reader_next(b->reader, &sb)) {
		case SEGMENT_BLOCK:
			item = item_of(&sb);
			if (b->job.wanted == NULL ||
				b->job.wanted(b->job.ctx, b->at, &item, &s->lines) != BLOCKS_SKIP) {
				return keep(b, &sb, s);
			}
			break;
		case SEGMENT_END:
			b->how = BLOCKS_WHOLE;
			return 0;
		case SEGMENT_OPEN:
			return 0;
		case SEGMENT_TORN:
			b->how = BLOCKS_TORN;
			return 0;
		case SEGMENT_BAD:
			return -EBADMSG;
		case SEGMENT_ERROR:
			return -errno;
		}
	}
}

// Reads ahead as far as slots are free. The one that was handed out last stays as it is until the
// caller asks for the next, which is when this runs.
static void read_ahead(struct blocks *b)
{
	while (b->read_rc > 0 && b->given - b->taken < b->n_slots) {
		struct slot *s = &b->slots[b->given % b->n_slots];

		b->read_rc = b->items != NULL && b->job.wanted != NULL ? find_block(b, s)
								       : read_block(b, s);
		if (b->read_rc <= 0) {
			return;
		}
		b->given++;
		if (b->n_threads == 0) {
			work_on(b, s, &b->own);
			return;
		}
		pthread_mutex_lock(&b->mutex);
		b->queued++;
		pthread_cond_signal(&b->filled);
		pthread_mutex_unlock(&b->mutex);
	}
}

int blocks_next(struct blocks *b, struct blocks_done *out)
{
	struct slot *s;

	read_ahead(b);
	if (b->taken == b->given) {
		return b->read_rc;
	}
	s = &b->slots[b->taken++ % b->n_slots];
	if (b->n_threads != 0) {
		wait_for(b, s);
	}
	if (s->rc != 0) {
		b->bad_at = s->offset;
		return s->rc;
	}
	*out = s->done;
	return 1;
}

enum blocks_end blocks_how(const struct blocks *b)
{
	return b->how;
}

off_t blocks_at(const struct blocks *b)
{
	return b->bad_at;
}

uint32_t blocks_skipped(const struct blocks *b)
{
	return b->skipped;
}
