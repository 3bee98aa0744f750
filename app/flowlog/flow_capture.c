// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/flow_capture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct flow_capture_pool {
	struct flow_capture_block *blocks, *free_blocks;
	struct flow_capture *captures, *free_captures;
	uint32_t n_blocks, n_captures, fresh_blocks, fresh_captures;
	_Atomic uint64_t shed;
	_Atomic(struct flow_capture *) returned; // by other threads
};

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct flow_capture_pool *flow_capture_pool_create(uint32_t blocks, uint32_t captures)
{
	struct flow_capture_pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->n_blocks = blocks;
	p->n_captures = captures;
	p->blocks = map((size_t)blocks * sizeof(*p->blocks)); // touched when used
	p->captures = map((size_t)captures * sizeof(*p->captures));
	if (p->blocks == NULL || p->captures == NULL) {
		flow_capture_pool_free(p);
		return NULL;
	}
	return p;
}

void flow_capture_pool_free(struct flow_capture_pool *p)
{
	if (p == NULL)
		return;
	if (p->blocks != NULL)
		munmap(p->blocks, (size_t)p->n_blocks * sizeof(*p->blocks));
	if (p->captures != NULL)
		munmap(p->captures, (size_t)p->n_captures * sizeof(*p->captures));
	free(p);
}

uint64_t flow_capture_pool_shed(const struct flow_capture_pool *p)
{
	return atomic_load_explicit(&p->shed, memory_order_relaxed);
}

static void shed(struct flow_capture_pool *p)
{
	atomic_fetch_add_explicit(&p->shed, 1, memory_order_relaxed);
}

static void give_blocks(struct flow_capture *c)
{
	if (c->first == NULL)
		return;
	c->last->next = c->pool->free_blocks;
	c->pool->free_blocks = c->first;
	c->first = c->last = NULL;
}

void flow_capture_drop(struct flow_capture *c)
{
	give_blocks(c);
	c->next = c->pool->free_captures;
	c->pool->free_captures = c;
}

static void take_back(struct flow_capture_pool *p)
{
	struct flow_capture *c = atomic_exchange_explicit(&p->returned, NULL, memory_order_acquire);

	while (c != NULL) {
		struct flow_capture *next = c->next;

		flow_capture_drop(c);
		c = next;
	}
}

static struct flow_capture_block *take_block(struct flow_capture_pool *p)
{
	struct flow_capture_block *b;

	if (p->free_blocks == NULL)
		take_back(p);
	b = p->free_blocks;
	if (b != NULL)
		p->free_blocks = b->next;
	else if (p->fresh_blocks < p->n_blocks)
		b = &p->blocks[p->fresh_blocks++];
	else
		return NULL;
	b->next = NULL;
	return b;
}

struct flow_capture *flow_capture_begin(
	struct flow_capture_pool *p, uint16_t max, uint16_t snap, uint16_t dlt)
{
	struct flow_capture *c;

	if (p->free_captures == NULL)
		take_back(p);
	c = p->free_captures;
	if (c != NULL)
		p->free_captures = c->next;
	else if (p->fresh_captures < p->n_captures)
		c = &p->captures[p->fresh_captures++];
	else {
		shed(p);
		return NULL;
	}
	*c = (struct flow_capture){.pool = p, .max = max, .snap = snap, .dlt = dlt};
	return c;
}

// Room for n bytes, at once: a packet is kept whole or not at all.
static bool reserve(struct flow_capture *c, size_t n)
{
	size_t room = c->last == NULL ? 0 : FLOW_CAPTURE_BLOCK - c->used;
	struct flow_capture_block *first = NULL, *last = NULL;

	while (room < n) {
		struct flow_capture_block *b = take_block(c->pool);

		if (b == NULL) {
			if (first != NULL) {
				last->next = c->pool->free_blocks;
				c->pool->free_blocks = first;
			}
			return false;
		}
		if (first == NULL)
			first = b;
		else
			last->next = b;
		last = b;
		room += FLOW_CAPTURE_BLOCK;
	}
	if (first == NULL)
		return true;
	if (c->last == NULL) {
		c->first = c->last = first;
		c->used = 0;
	} else {
		c->last->next = first;
	}
	return true;
}

static void put(struct flow_capture *c, const void *data, size_t n)
{
	const uint8_t *from = data;

	c->bytes += (uint32_t)n;
	while (n != 0) {
		size_t part = FLOW_CAPTURE_BLOCK - c->used;

		if (part == 0) {
			c->last = c->last->next;
			c->used = 0;
			continue;
		}
		part = part < n ? part : n;
		memcpy(c->last->data + c->used, from, part);
		c->used += (uint32_t)part;
		from += part;
		n -= part;
	}
}

void flow_capture_add(
	struct flow_capture *c, const uint8_t *data, uint32_t len, uint32_t wire_len, int64_t t)
{
	struct flow_capture_packet p = {
		.t = t, .len = len < c->snap ? len : c->snap, .wire_len = wire_len};

	if (flow_capture_complete(c))
		return;
	if (!reserve(c, sizeof(p) + p.len)) {
		c->truncated = true;
		shed(c->pool);
		return;
	}
	put(c, &p, sizeof(p));
	put(c, data, p.len);
	c->packets++;
}

void flow_capture_release(struct flow_capture *c)
{
	struct flow_capture *head;

	if (c == NULL)
		return;
	head = atomic_load_explicit(&c->pool->returned, memory_order_relaxed);
	do
		c->next = head;
	while (!atomic_compare_exchange_weak_explicit(
		&c->pool->returned, &head, c, memory_order_release, memory_order_relaxed));
}

bool flow_capture_read(
	const struct flow_capture *c, struct flow_capture_cursor *at, void *out, size_t n)
{
	uint8_t *to = out;

	if (!at->begun)
		*at = (struct flow_capture_cursor){
			.block = c->first, .left = c->bytes, .begun = true};
	if (at->left < n)
		return false;
	at->left -= (uint32_t)n;
	while (n != 0) {
		size_t part = FLOW_CAPTURE_BLOCK - at->at;

		if (part == 0) {
			at->block = at->block->next;
			at->at = 0;
			continue;
		}
		part = part < n ? part : n;
		memcpy(to, at->block->data + at->at, part);
		at->at += (uint32_t)part;
		to += part;
		n -= part;
	}
	return true;
}
