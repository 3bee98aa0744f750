// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Lamport's single-producer single-consumer ring (1983), each side with a copy of the other's index
// that it refreshes only when it seems to be full or empty (MCRingBuffer, Lee et al., IPDPS 2010),
// so that in the common case neither side touches a line that the other writes.

#include "app/flowlog/writer.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// Two lines: the adjacent-line prefetcher of x86 fetches pairs.
#define APART 128

struct slot {
	alignas(64) struct record record;
};

struct record_ring {
	alignas(APART) atomic_uint_least64_t head; // producer: rw, others: ro; records put so far
	uint64_t tail_seen;                        // producer
	atomic_uint_least64_t lost;                // producer: rw, others: ro
	alignas(APART) atomic_uint_least64_t tail; // consumer: rw, others: ro; records taken so far
	uint64_t head_seen;                        // consumer
	alignas(APART) uint64_t mask;              // never changes
	struct slot *slots;
};

static_assert(
	offsetof(struct record_ring, tail) / APART != offsetof(struct record_ring, lost) / APART,
	"producer and consumer must not share a cache line");
static_assert(offsetof(struct record_ring, mask) / APART !=
		      offsetof(struct record_ring, head_seen) / APART,
	"what both read must not share a line with what one writes");
static_assert(offsetof(struct record, host) + RECORD_HOST_MAX + 1 <= sizeof(struct record) &&
		      sizeof(struct record) - offsetof(struct record, host) < RECORD_HOST_MAX + 16,
	"host is the last field: put() copies no more than is used of it");

#define AHEAD    4 // records: whose lines are asked for when one is put
#define MAX_SIZE (1u << 24)

struct record_ring *record_ring_create(uint32_t size)
{
	struct record_ring *r;
	uint64_t n = 2;

	while (n < size && n < MAX_SIZE) {
		n *= 2;
	}
	r = aligned_alloc(APART, sizeof(*r));
	if (r == NULL) {
		return NULL;
	}
	memset(r, 0, sizeof(*r));
	r->mask = n - 1;
	r->slots = aligned_alloc(alignof(struct slot), n * sizeof(struct slot));
	if (r->slots == NULL) {
		free(r);
		return NULL;
	}
	// Touched now, so that no worker takes the page faults.
	memset(r->slots, 0, n * sizeof(struct slot));
	return r;
}

void record_ring_free(struct record_ring *r)
{
	if (r != NULL) {
		free(r->slots);
		free(r);
	}
}

struct line {
	uint8_t bytes[64];
};

static_assert(sizeof(struct record) % sizeof(struct line) == 0, "copied line by line");

// Lines of a size that the compiler knows: what it makes of a length in between ("rep movs") takes
// longer to begin than all of this. What stands behind the host's end is of no record.
static void copy_record(struct record *to, const struct record *from)
{
	const size_t host = strnlen(from->host, RECORD_HOST_MAX);
	const size_t n = (offsetof(struct record, host) + host) / sizeof(struct line) + 1;

	for (size_t i = 0; i < n; i++)
		memcpy((struct line *)to + i, (const struct line *)from + i, sizeof(struct line));
	to->host[host] = '\0';
}

// The consumer has read the slot since it was written last: its lines are away.
static inline void want_soon(const struct slot *slot)
{
	for (size_t i = 0; i <= offsetof(struct record, host); i += sizeof(struct line))
		__builtin_prefetch((const uint8_t *)slot + i, 1);
}

int record_ring_put(struct record_ring *r, const struct record *rec)
{
	const uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (head - r->tail_seen > r->mask) {
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
		if (head - r->tail_seen > r->mask) {
			const uint64_t lost = atomic_load_explicit(&r->lost, memory_order_relaxed);

			atomic_store_explicit(&r->lost, lost + 1, memory_order_relaxed);
			return -ENOSPC;
		}
	}
	copy_record(&r->slots[head & r->mask].record, rec);
	want_soon(&r->slots[(head + AHEAD) & r->mask]);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return 0;
}

unsigned record_ring_available(struct record_ring *r, unsigned want)
{
	const uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (r->head_seen - tail < want) {
		r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
	}
	return (unsigned)(r->head_seen - tail);
}

const struct record *record_ring_peek(const struct record_ring *r, unsigned i)
{
	const uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	return &r->slots[(tail + i) & r->mask].record;
}

void record_ring_release(struct record_ring *r, unsigned n)
{
	const uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	atomic_store_explicit(&r->tail, tail + n, memory_order_release);
}

unsigned record_ring_get(struct record_ring *r, struct record *out, unsigned n)
{
	const unsigned available = record_ring_available(r, n);

	if (n > available) {
		n = available;
	}
	for (unsigned i = 0; i < n; i++) {
		copy_record(&out[i], record_ring_peek(r, i));
	}
	record_ring_release(r, n);
	return n;
}

uint64_t record_ring_put_count(const struct record_ring *r)
{
	return atomic_load_explicit(&r->head, memory_order_acquire);
}

uint64_t record_ring_taken_count(const struct record_ring *r)
{
	return atomic_load_explicit(&r->tail, memory_order_acquire);
}

uint64_t record_ring_lost_count(const struct record_ring *r)
{
	return atomic_load_explicit(&r->lost, memory_order_relaxed);
}

static int emit(void *ctx, const struct record *rec)
{
	return record_ring_put(ctx, rec);
}

struct record_sink record_ring_sink(struct record_ring *r)
{
	return (struct record_sink){r, emit};
}
