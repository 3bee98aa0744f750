// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/message_ring.h"
#include "app/dataplane/pages.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HEAD 8u         // of a message: its length, and to keep what follows aligned
#define SKIP UINT32_MAX // instead of a length: go on at the start

int message_ring_init(struct message_ring *r, size_t size)
{
	assert(size >= 4096 && (size & (size - 1)) == 0);
	memset(r, 0, sizeof(*r));
	r->data = pages_map(size, 1, false);
	r->size = size;
	return r->data != NULL ? 0 : -ENOMEM;
}

void message_ring_fini(struct message_ring *r)
{
	pages_unmap(r->data, r->size, 1);
	r->data = NULL;
}

static bool has_room(struct message_ring *r, uint64_t end)
{
	if (end - r->put.tail_seen <= r->size)
		return true;
	r->put.tail_seen = atomic_load_explicit(&r->take.tail, memory_order_acquire);
	return end - r->put.tail_seen <= r->size;
}

void *message_ring_reserve(struct message_ring *r, size_t len)
{
	uint64_t head = atomic_load_explicit(&r->put.head, memory_order_relaxed);
	uint64_t at = head & (r->size - 1), need = HEAD + ((len + 7) & ~(size_t)7), skip = 0;
	uint32_t word = (uint32_t)len;

	if (len > r->size / 4)
		return NULL;
	if (need > r->size - at)
		skip = r->size - at;
	if (!has_room(r, head + skip + need))
		return NULL;
	if (skip != 0) {
		const uint32_t mark = SKIP;

		memcpy(r->data + at, &mark, sizeof(mark));
		at = 0;
	}
	memcpy(r->data + at, &word, sizeof(word));
	r->put.next = head + skip + need;
	return r->data + at + HEAD;
}

void message_ring_commit(struct message_ring *r)
{
	atomic_store_explicit(&r->put.head, r->put.next, memory_order_release);
}

bool message_ring_roomy(struct message_ring *r)
{
	return has_room(r, atomic_load_explicit(&r->put.head, memory_order_relaxed) + r->size / 2);
}

const void *message_ring_peek(struct message_ring *r, size_t *len)
{
	uint64_t tail = atomic_load_explicit(&r->take.tail, memory_order_relaxed), at;
	uint32_t word;

	if (tail == r->take.head_seen) {
		r->take.head_seen = atomic_load_explicit(&r->put.head, memory_order_acquire);
		if (tail == r->take.head_seen)
			return NULL;
	}
	at = tail & (r->size - 1);
	memcpy(&word, r->data + at, sizeof(word));
	if (word == SKIP) { // a message follows: both are published at once
		tail += r->size - at;
		at = 0;
		memcpy(&word, r->data, sizeof(word));
	}
	r->take.next = tail + HEAD + (((uint64_t)word + 7) & ~UINT64_C(7));
	*len = word;
	return r->data + at + HEAD;
}

void message_ring_take(struct message_ring *r)
{
	atomic_store_explicit(&r->take.tail, r->take.next, memory_order_release);
}
