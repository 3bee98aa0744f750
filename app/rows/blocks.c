// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/blocks.h"

#include "app/rows/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_THREADS 8
// A block of fewer bytes is unpacked sooner than a thread is woken for it: an idle gateway writes
// one a second, of a line or two.
#define SMALL 4096

struct slot {
	struct blocks_done done;
	struct frame_block frame; // without its entry
	uint8_t *data;
	size_t data_cap;
	struct blocks_lines lines;
	enum {
		SLOT_DATA,  // a thread unpacks it
		SLOT_PLACE, // it reads it, too: offset and done.size, by the footer
		SLOT_LINES, // they were put in, there is no data
	} has;
	void *result;
	off_t offset;
	int rc;     // of the work
	bool ready; // guarded by the mutex
};

struct blocks {
	struct blocks_job job;
	struct segment_reader *reader;
	int fd;                   // our own; -1: none
	struct frame_item *items; // of the footer; NULL: there is none, go frame by frame
	uint32_t n_items, at;     // the next block of the file
	struct ledger *ledger;    // borrowed; NULL: nothing is passed over by what the file says
	bool doubted;             // there is a footer, but it is not to be believed
	off_t footer_at;
	uint32_t skipped;
	int read_rc; // what ended the reading, once it has: 1: not yet
	enum blocks_end how;
	off_t bad_at;
	struct slot *slots;
	unsigned n_slots;
	uint64_t given, taken; // slots filled, slots that were handed out; the caller's alone
	struct worker own;     // the caller's

	pthread_t threads[MAX_THREADS];
	unsigned n_threads;
	pthread_mutex_t mutex;
	pthread_cond_t filled, finished;
	struct slot **queue;    // of n_slots
	uint64_t queued, begun; // of them: that threads may take, have taken; guarded
	bool stop;              // guarded
};

// What the entry, or a footer that was found to be right, says of a block.
static struct frame_item item_of(const struct segment_block *sb)
{
	const struct entry *e = &sb->entry;

	return (struct frame_item){(uint64_t)sb->offset, e->block, e->first,
		e->first + e->n - (e->n != 0), e->t0, e->t1};
}

static int unpack(const struct blocks *b, struct slot *s, struct worker *w, const uint8_t *data)
{
	struct blocks_lines *l = b->job.result_only ? &w->lines : &s->lines;

	if (!unpacker_lines(w->unpacker, &s->frame, data, &l->v, &l->cap)) {
		return -EBADMSG;
	}
	s->done.lines = l->v;
	s->done.len = s->frame.raw_len;
	return 0;
}

// A block that the footer tells of: it must be there, and end where the next begins. 0 or -errno.
static int read_place(const struct blocks *b, struct slot *s, struct worker *w)
{
	struct segment_block sb;

	if (w == &b->own) {
		worker_go_to(w, b->fd, s->offset, s->done.size);
	} else {
		segment_reader_place(w->reader, b->fd, s->offset, s->done.size);
	}
	switch (segment_reader_next(w->reader, &sb)) {
	case SEGMENT_BLOCK:
		break;
	case SEGMENT_ERROR:
		return -errno;
	default:
		return -EBADMSG;
	}
	if (sb.entry.block != s->done.item.block || sb.size != s->done.size) {
		return -EBADMSG;
	}
	s->done.item = item_of(&sb);
	s->frame = sb.frame;
	s->frame.entry = NULL;
	return unpack(b, s, w, sb.data);
}

static int get_lines(const struct blocks *b, struct slot *s, struct worker *w)
{
	switch (s->has) {
	case SLOT_DATA:
		return unpack(b, s, w, s->data);
	case SLOT_PLACE:
		return read_place(b, s, w);
	default:
		s->done.lines = s->lines.v;
		s->done.len = s->lines.len;
		return 0;
	}
}

static void work_on(struct blocks *b, struct slot *s, struct worker *w)
{
	s->rc = get_lines(b, s, w);
	if (s->rc == 0 && b->job.work != NULL &&
		!b->job.work(b->job.ctx, s->done.lines, s->done.len, &s->result)) {
		s->rc = -ENOMEM;
	}
	s->done.result = s->result;
	if (b->job.result_only) {
		s->done.lines = NULL; // the thread's next block will be there
	}
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
		s = b->queue[b->begun++ % b->n_slots];
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
	b->queue = calloc(b->n_slots, sizeof(*b->queue));
	if (b->slots == NULL || b->queue == NULL || !worker_init(&b->own)) {
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

static void close_fd(struct blocks *b)
{
	if (b->fd >= 0) {
		close(b->fd);
		b->fd = -1;
	}
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
	free(b->queue);
	free(b->items);
	segment_reader_free(b->reader);
	worker_fini(&b->own);
	close_fd(b);
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

// Nothing is passed over where all blocks are wanted, so that the footer need not be right.
static void read_footer(struct blocks *b, int fd)
{
	free(b->items);
	b->doubted = false;
	b->items = b->ledger != NULL && b->job.wanted != NULL
			   ? ledger_footer(b->ledger, fd, &b->n_items, &b->footer_at, &b->doubted)
			   : segment_footer(fd, &b->n_items, &b->footer_at);
}

int blocks_begin(struct blocks *b, int fd, struct ledger *ledger)
{
	for (; b->taken < b->given; b->taken++) { // of a file that was left before its end
		wait_for(b, &b->slots[b->taken % b->n_slots]);
	}
	close_fd(b);
	b->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0); // threads read it for as long as they need
	b->ledger = ledger;
	read_footer(b, fd);
	segment_reader_free(b->reader);
	b->reader = segment_reader_new(b->fd);
	worker_forget(&b->own);
	b->at = b->skipped = 0;
	b->read_rc = 1;
	b->how = BLOCKS_OPEN;
	return b->fd >= 0 && b->reader != NULL ? 0 : -ENOMEM;
}

const struct frame_item *blocks_items(const struct blocks *b, uint32_t *n)
{
	*n = b->n_items;
	return b->items;
}

// Where block i ends, by the footer.
static off_t end_of(const struct blocks *b, uint32_t i)
{
	return i + 1 < b->n_items ? (off_t)b->items[i + 1].offset : b->footer_at;
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
	s->has = SLOT_DATA;
	s->offset = sb->offset;
	s->done = (struct blocks_done){.i = b->at++, .item = item_of(sb), .size = sb->size};
	s->ready = false;
	return 1;
}

// The next wanted block, by the footer: those that nobody wants are passed over, and a thread reads
// it.
static int find_block(struct blocks *b, struct slot *s)
{
	enum blocks_want want = BLOCKS_SKIP;
	const struct frame_item *item;

	for (; b->at < b->n_items; b->at++, b->skipped++) {
		want = b->job.wanted(b->job.ctx, b->at, &b->items[b->at], &s->lines);
		if (want != BLOCKS_SKIP) {
			break;
		}
	}
	if (b->at == b->n_items) {
		b->how = BLOCKS_WHOLE;
		return 0;
	}
	item = &b->items[b->at];
	s->offset = (off_t)item->offset;
	s->done = (struct blocks_done){.i = b->at, .item = *item};
	s->has = SLOT_LINES;
	if (want != BLOCKS_INSTEAD) {
		const off_t end = end_of(b, b->at);

		b->bad_at = s->offset;
		if (end <= s->offset || s->offset < 0 || (b->at == 0 && s->offset != 0)) {
			return -EBADMSG;
		}
		s->has = SLOT_PLACE;
		s->done.size = (size_t)(end - s->offset);
	}
	s->ready = false;
	b->at++;
	return 1;
}

// Whether the block may be passed over by its entry in the file, of which the ledger must say the
// same. Of the newest blocks it may not tell yet: they are looked at.
static bool may_pass_over(struct blocks *b, const struct segment_block *sb)
{
	struct ledger_facts told;
	const struct frame_item item = item_of(sb);

	if (b->job.wanted == NULL || b->doubted) {
		return false;
	}
	return b->ledger == NULL || !ledger_is_there(b->ledger) ||
	       (ledger_find(b->ledger, sb->entry.block, &told) && ledger_agrees(&told, &item));
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
			if (!may_pass_over(b, &sb) ||
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

static bool is_small(const struct blocks *b, const struct slot *s)
{
	if (s->has == SLOT_LINES) {
		return b->job.work == NULL || s->lines.len < SMALL;
	}
	return s->done.size < SMALL;
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
		if (b->n_threads == 0 || is_small(b, s)) {
			work_on(b, s, &b->own);
			s->ready = true;
			if (b->given - b->taken == 1) {
				return; // it is the next
			}
			continue;
		}
		pthread_mutex_lock(&b->mutex);
		b->queue[b->queued++ % b->n_slots] = s;
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

bool blocks_doubted(const struct blocks *b)
{
	return b->doubted;
}

off_t blocks_at(const struct blocks *b)
{
	return b->bad_at;
}

uint32_t blocks_skipped(const struct blocks *b)
{
	return b->skipped;
}
