// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What waits for its turn: contexts in line, lists of copies, and their limits.

#include "app/dataplane/order_parts.h"
#include "app/dataplane/pages.h"
#include "app/dataplane/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUT_SIZE (65535 + 40)

static uint32_t earlier(uint32_t a, uint32_t b)
{
	return order_before(a, b) ? a : b;
}

int order_init(struct order *o, const struct order_config *c)
{
	memset(o, 0, sizeof(*o));
	o->c = *c;
	o->free = o->oldest = o->newest = BLOCK_NONE;
	o->contexts = pages_map(c->contexts, sizeof(*o->contexts), c->touch);
	o->held = pages_map(c->blocks, sizeof(*o->held), c->touch);
	o->out = malloc(OUT_SIZE);
	if (blocks_init(&o->pool, c->blocks, c->touch) < 0 || o->contexts == NULL ||
		o->held == NULL || o->out == NULL) {
		order_fini(o);
		return -ENOMEM;
	}
	return 0;
}

void order_fini(struct order *o)
{
	pages_unmap(o->contexts, o->c.contexts, sizeof(*o->contexts));
	pages_unmap(o->held, o->c.blocks, sizeof(*o->held));
	blocks_fini(&o->pool);
	free(o->out);
	memset(o, 0, sizeof(*o));
}

void order_open(struct order *o, uint32_t ctx)
{
	struct order_context *c = &o->contexts[ctx];

	memset(c, 0, sizeof(*c));
	c->dir[0].first = c->dir[1].first = BLOCK_NONE;
}

static bool keeps(const struct order_context *c)
{
	return c->dir[0].n != 0 || c->dir[1].n != 0;
}

static void line_up(struct order *o, uint32_t ctx)
{
	struct order_context *c = &o->contexts[ctx];

	c->older = o->newest;
	c->newer = BLOCK_NONE;
	if (o->newest != BLOCK_NONE)
		o->contexts[o->newest].newer = ctx;
	else
		o->oldest = ctx;
	o->newest = ctx;
}

static void leave_line(struct order *o, uint32_t ctx)
{
	struct order_context *c = &o->contexts[ctx];

	if (c->older != BLOCK_NONE)
		o->contexts[c->older].newer = c->newer;
	else
		o->oldest = c->newer;
	if (c->newer != BLOCK_NONE)
		o->contexts[c->newer].older = c->older;
	else
		o->newest = c->older;
}

void order_drop(struct order *o, uint32_t ctx, struct order_dir *d, uint32_t *link)
{
	uint32_t i = *link;
	struct order_held *h = &o->held[i];

	*link = h->next;
	d->n--;
	d->bytes -= h->len;
	blocks_give(&o->pool, h->block);
	h->next = o->free;
	o->free = i;
	if (!keeps(&o->contexts[ctx]))
		leave_line(o, ctx);
}

void order_drop_all(struct order *o, uint32_t ctx)
{
	for (unsigned i = 0; i < 2; i++) {
		struct order_dir *d = &o->contexts[ctx].dir[i];

		while (d->first != BLOCK_NONE)
			order_drop(o, ctx, d, &d->first);
	}
}

void order_close(struct order *o, uint32_t ctx)
{
	order_drop_all(o, ctx);
}

bool order_shed(struct order *o, uint32_t ctx)
{
	bool shed = o->contexts[ctx].shed;

	o->contexts[ctx].shed = false;
	return shed;
}

// Room for len bytes: others lose what they have kept longest.
static bool make_room(struct order *o, uint32_t ctx, uint32_t len)
{
	while (!blocks_fit(&o->pool, len)) {
		uint32_t victim = o->oldest;

		if (victim == ctx)
			victim = o->contexts[ctx].newer;
		if (victim == BLOCK_NONE) { // nobody else: the flow itself goes without
			o->contexts[ctx].shed = true;
			o->stats.pool_full++;
			return false;
		}
		o->contexts[victim].shed = true;
		o->stats.pool_full++;
		order_drop_all(o, victim);
	}
	return true;
}

// Keeps a direction below its limits: what is furthest goes, which may be the new one (false).
static bool within_limits(
	struct order *o, uint32_t ctx, struct order_dir *d, uint32_t seq, uint32_t len)
{
	while (d->n >= o->c.segments || d->bytes + len > o->c.bytes) {
		uint32_t *link = &d->first;

		o->stats.over_limit++;
		if (*link == BLOCK_NONE)
			return false;
		while (o->held[*link].next != BLOCK_NONE)
			link = &o->held[*link].next;
		if (order_before(o->held[*link].seq, seq))
			return false;
		order_drop(o, ctx, d, link);
	}
	return true;
}

// Adds to what is kept where it goes on right behind it: small segments take no more room than one.
static bool keep_behind(struct order *o, struct order_dir *d, struct order_held *h,
	const uint8_t *payload, uint32_t len)
{
	uint32_t have = h->head + (uint32_t)h->len;

	if (have + len > UINT16_MAX || d->bytes + len > o->c.bytes ||
		!blocks_fit_more(&o->pool, have, len))
		return false;
	blocks_add(&o->pool, h->block, have, payload, len);
	h->len = (uint16_t)(h->len + len);
	d->bytes += len;
	return true;
}

static uint32_t take_held(struct order *o)
{
	uint32_t i = o->free;

	if (i == BLOCK_NONE)
		return o->fresh++; // no more than blocks
	o->free = o->held[i].next;
	return i;
}

// Keeps the headers and the bytes from seq on, before what *link names.
static bool keep(struct order *o, uint32_t ctx, const struct order_packet *p, uint32_t seq,
	uint32_t len, uint32_t *link)
{
	struct order_dir *d = &o->contexts[ctx].dir[p->dir];
	uint32_t head = p->l4 + (p->ip[p->l4 + 12] >> 4) * 4u, i;
	struct order_held *h;

	if (!within_limits(o, ctx, d, seq, len) || !make_room(o, ctx, head + len))
		return false;
	if (!keeps(&o->contexts[ctx]))
		line_up(o, ctx);
	memcpy(o->out, p->ip, head);
	memcpy(o->out + head, p->ip + head + (seq - parse_be32(p->ip + p->l4 + 4)), len);
	i = take_held(o);
	h = &o->held[i];
	h->block = blocks_put(&o->pool, o->out, head + len);
	h->seq = seq;
	h->len = (uint16_t)len;
	h->head = (uint16_t)head;
	h->l4 = p->l4;
	h->next = *link;
	*link = i;
	d->n++;
	d->bytes += len;
	return true;
}

uint32_t order_keep(struct order *o, uint32_t ctx, const struct order_packet *p, uint32_t at,
	uint32_t end, bool *full)
{
	struct order_dir *d = &o->contexts[ctx].dir[p->dir];
	uint32_t seq = parse_be32(p->ip + p->l4 + 4), *link = &d->first, n = 0;
	const uint8_t *payload = p->ip + p->len - (end - seq);
	bool overlap = at != seq, conflict = false;
	struct order_held *behind = NULL; // ends where the next piece begins

	*full = false;
	while (!*full && order_before(at, end)) {
		struct order_held *h = *link != BLOCK_NONE ? &o->held[*link] : NULL;
		uint32_t to = end;

		if (h != NULL && !order_before(at, h->seq + h->len)) {
			behind = h->seq + h->len == at ? h : NULL;
			link = &h->next;
			continue;
		}
		if (h != NULL && !order_before(at, h->seq)) { // there already: the first counts
			to = earlier(end, h->seq + h->len);
			overlap = true;
			conflict |= !blocks_equal(&o->pool, h->block, h->head + (at - h->seq),
				payload + (at - seq), to - at);
		} else {
			to = h != NULL ? earlier(end, h->seq) : end;
			*full = (behind == NULL || !keep_behind(o, d, behind, payload + (at - seq),
							   to - at)) &&
				!keep(o, ctx, p, at, to - at, link);
			n += !*full;
		}
		at = to;
	}
	o->stats.overlaps += overlap && (n != 0 || *full);
	o->stats.conflicts += conflict;
	d->flags |= DIR_CHANGED;
	return n;
}
