// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/datagram.h"
#include "app/dataplane/datagram_parts.h"
#include "app/dataplane/frag.h"
#include "app/dataplane/pages.h"
#include "app/dataplane/parse.h"

#include <stdlib.h>
#include <string.h>

#define NONE     BLOCK_NONE
#define OUT_SIZE (65535 + DATAGRAM_MAX_HEAD)

struct name { // of a datagram
	uint8_t version, proto;
	uint16_t vlan;
	uint32_t vni, id, unused;
	uint64_t ends[4]; // sender, receiver
};

struct piece { // sorted by off
	uint32_t next, off, len, block;
};

struct datagram {
	struct name name;
	int64_t since;
	struct fragment first; // len 0: not seen
	uint32_t pieces, n, bytes;
	uint32_t total;        // payload bytes; 0: the last fragment was not seen
	uint32_t ctx;          // NONE: not known
	uint32_t chain;        // same hash, or free list
	uint32_t older, newer; // by since
	bool bad;
};

struct context {
	uint32_t n; // datagrams that wait for it
	bool shed;
};

struct datagrams {
	struct datagram_config c;
	struct datagram *d;
	struct piece *pieces; // one for each block
	struct context *contexts;
	uint32_t *heads; // of chains, as many as datagrams
	struct blocks pool;
	uint32_t free, fresh, waiting, oldest, newest;
	uint32_t free_piece, fresh_piece;
	uint8_t out[OUT_SIZE];
	struct datagram_stats stats;
};

struct datagrams *datagrams_create(const struct datagram_config *c)
{
	struct datagrams *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->c = *c;
	d->free = d->oldest = d->newest = d->free_piece = NONE;
	d->d = pages_map(c->datagrams, sizeof(*d->d), c->touch);
	d->pieces = pages_map(c->blocks, sizeof(*d->pieces), c->touch);
	d->contexts = pages_map(c->contexts, sizeof(*d->contexts), c->touch);
	d->heads = malloc(c->datagrams * sizeof(*d->heads));
	if (blocks_init(&d->pool, c->blocks, c->touch) < 0 || d->d == NULL || d->pieces == NULL ||
		d->contexts == NULL || d->heads == NULL) {
		datagrams_free(d);
		return NULL;
	}
	memset(d->heads, 0xff, c->datagrams * sizeof(*d->heads));
	return d;
}

void datagrams_free(struct datagrams *d)
{
	if (d == NULL)
		return;
	pages_unmap(d->d, d->c.datagrams, sizeof(*d->d));
	pages_unmap(d->pieces, d->c.blocks, sizeof(*d->pieces));
	pages_unmap(d->contexts, d->c.contexts, sizeof(*d->contexts));
	free(d->heads);
	blocks_fini(&d->pool);
	free(d);
}

static void name_of(const struct packet *p, const struct fragment *f, struct name *n)
{
	const uint8_t *ip = p->data + p->l3_off;

	memset(n, 0, sizeof(*n));
	n->version = p->key.version;
	n->proto = f->proto;
	n->vlan = p->key.vlan;
	n->vni = p->key.vni;
	n->id = f->id;
	if (n->version == 4)
		memcpy(n->ends, ip + 12, 8);
	else
		memcpy(n->ends, ip + 8, 32);
}

static uint32_t *head_of(struct datagrams *d, const struct name *n)
{
	const uint64_t *s = d->c.seed.s;
	uint64_t h = hash_mum(hash_load(n) ^ s[0], ((uint64_t)n->vni << 32 | n->id) ^ s[1]);

	h ^= hash_mum(n->ends[0] ^ s[2], n->ends[1] ^ s[3]);
	h += hash_mum(n->ends[2] ^ s[3], n->ends[3] ^ s[2]);
	return &d->heads[(hash_mum(h ^ s[2], h ^ s[3]) >> 32) * d->c.datagrams >> 32];
}

static void drop_pieces(struct datagrams *d, struct datagram *x)
{
	while (x->pieces != NONE) {
		uint32_t i = x->pieces;

		x->pieces = d->pieces[i].next;
		blocks_give(&d->pool, d->pieces[i].block);
		d->pieces[i].next = d->free_piece;
		d->free_piece = i;
	}
	x->n = x->bytes = 0;
}

static void leave_context(struct datagrams *d, struct datagram *x)
{
	if (x->ctx != NONE)
		d->contexts[x->ctx].n--;
	x->ctx = NONE;
}

static void drop(struct datagrams *d, uint32_t i)
{
	struct datagram *x = &d->d[i];
	uint32_t *link = head_of(d, &x->name);

	drop_pieces(d, x);
	leave_context(d, x);
	while (*link != i)
		link = &d->d[*link].chain;
	*link = x->chain;
	*(x->older != NONE ? &d->d[x->older].newer : &d->oldest) = x->newer;
	*(x->newer != NONE ? &d->d[x->newer].older : &d->newest) = x->older;
	x->chain = d->free;
	d->free = i;
	d->waiting--;
}

static void expire(struct datagrams *d, int64_t now)
{
	while (d->oldest != NONE) {
		const struct datagram *x = &d->d[d->oldest];

		if (now - x->since <= FRAG_TIMEOUT_US && x->since - now <= FRAG_TIMEOUT_US)
			return;
		d->stats.timeouts += !x->bad;
		drop(d, d->oldest);
	}
}

// The oldest goes, but not the one at hand. False: there is no other.
static bool shed(struct datagrams *d, uint32_t but)
{
	uint32_t i = d->oldest;

	if (i != NONE && i == but)
		i = d->d[i].newer;
	if (i == NONE)
		return false;
	if (d->d[i].ctx != NONE)
		d->contexts[d->d[i].ctx].shed = true;
	d->stats.pool_full += !d->d[i].bad;
	drop(d, i);
	return true;
}

static uint32_t open_datagram(struct datagrams *d, const struct name *n, int64_t now)
{
	uint32_t *head, i;
	struct datagram *x;

	if (d->waiting == d->c.datagrams)
		shed(d, NONE);
	i = d->free;
	if (i != NONE)
		d->free = d->d[i].chain;
	else
		i = d->fresh++;
	head = head_of(d, n);
	x = &d->d[i];
	*x = (struct datagram){.name = *n,
		.since = now,
		.pieces = NONE,
		.ctx = NONE,
		.chain = *head,
		.older = d->newest,
		.newer = NONE};
	*head = i;
	*(d->newest != NONE ? &d->d[d->newest].newer : &d->oldest) = i;
	d->newest = i;
	d->waiting++;
	return i;
}

static uint32_t find(struct datagrams *d, const struct name *n)
{
	uint32_t i = *head_of(d, n);

	while (i != NONE && memcmp(&d->d[i].name, n, sizeof(*n)) != 0)
		i = d->d[i].chain;
	return i;
}

// The datagram is nothing for DPI any more; it is remembered for what else comes of it.
static enum datagram_step refuse(struct datagrams *d, struct datagram *x, uint64_t *counter)
{
	drop_pieces(d, x);
	leave_context(d, x);
	x->bad = true;
	(*counter)++;
	return DATAGRAM_DROPPED;
}

// Whether the fragment's place contradicts what is known of the datagram's end.
static bool past_end(const struct datagrams *d, const struct datagram *x, const struct fragment *f)
{
	uint32_t end = f->off + f->len;

	if (x->total != 0 && (f->more ? end > x->total : end != x->total))
		return true;
	if (f->more)
		return false;
	for (uint32_t i = x->pieces; i != NONE; i = d->pieces[i].next)
		if (d->pieces[i].off + d->pieces[i].len > end)
			return true;
	return false;
}

// Where in the list it belongs. *again: it is there already, byte for byte. NULL: it overlaps.
static uint32_t *place(struct datagrams *d, struct datagram *x, const struct fragment *f,
	const uint8_t *payload, bool *again)
{
	uint32_t *link = &x->pieces;

	*again = false;
	for (; *link != NONE; link = &d->pieces[*link].next) {
		const struct piece *q = &d->pieces[*link];
		uint32_t head = q->off == 0 ? x->first.head : 0;

		if (q->off + q->len <= f->off)
			continue;
		if (f->off + f->len <= q->off)
			break;
		*again = q->off == f->off && q->len == f->len &&
			 blocks_equal(&d->pool, q->block, head, payload, f->len);
		return *again ? link : NULL;
	}
	return link;
}

static void insert(struct datagrams *d, struct datagram *x, const struct fragment *f,
	const uint8_t *ip, uint32_t *link)
{
	uint32_t i = d->free_piece, skip = f->off == 0 ? 0 : f->head;
	struct piece *q;

	if (i != NONE)
		d->free_piece = d->pieces[i].next;
	else
		i = d->fresh_piece++; // no more than blocks
	q = &d->pieces[i];
	// The first one's headers stand before its payload.
	q->block = blocks_put(&d->pool, ip + skip, f->head + f->len - skip);
	q->off = f->off;
	q->len = f->len;
	q->next = *link;
	*link = i;
	x->n++;
	x->bytes += f->len;
	if (f->off == 0)
		x->first = *f;
	if (!f->more)
		x->total = f->off + f->len;
	d->stats.kept++;
}

static uint32_t put_together(struct datagrams *d, struct datagram *x)
{
	uint32_t head = x->first.head, at, i = x->pieces;

	blocks_get(&d->pool, d->pieces[i].block, 0, d->out, head);
	at = fragment_whole_head(d->out, &x->first, x->total);
	blocks_get(&d->pool, d->pieces[i].block, head, d->out + at, d->pieces[i].len);
	while (at += d->pieces[i].len, (i = d->pieces[i].next) != NONE)
		blocks_get(&d->pool, d->pieces[i].block, 0, d->out + at, d->pieces[i].len);
	return at;
}

// A place for the fragment: NULL where there is none, with *step saying why.
static uint32_t *find_place(struct datagrams *d, uint32_t i, const struct packet *p,
	const struct fragment *f, enum datagram_step *step)
{
	struct datagram *x = &d->d[i];
	uint32_t *link;
	bool again;

	if ((p->notes & NOTES_MALFORMED) || f->len == 0 || (f->more && f->len % 8 != 0) ||
		f->head + f->off + f->len > 65535) {
		*step = refuse(d, x, &d->stats.malformed);
		return NULL;
	}
	link = place(d, x, f, p->data + p->l3_off + f->head, &again);
	if (link == NULL || (!again && past_end(d, x, f))) {
		*step = refuse(d, x, &d->stats.overlaps);
		return NULL;
	}
	*step = DATAGRAM_KEPT;
	d->stats.repeated += again;
	if (again)
		return NULL;
	*step = DATAGRAM_NO_ROOM;
	if (x->n == d->c.fragments) {
		refuse(d, x, &d->stats.pool_full);
		return NULL;
	}
	while (!blocks_fit(&d->pool, f->head + f->len))
		if (!shed(d, i)) {
			refuse(d, x, &d->stats.pool_full);
			return NULL;
		}
	return link;
}

enum datagram_step datagram_take(struct datagrams *d, const struct packet *p, uint32_t ctx,
	const uint8_t **ip, uint32_t *len)
{
	enum datagram_step step;
	struct fragment f;
	struct datagram *x;
	struct name n;
	uint32_t i, *link;

	if (!fragment_read(p, &f)) {
		d->stats.malformed++;
		return DATAGRAM_DROPPED;
	}
	expire(d, p->ts);
	name_of(p, &f, &n);
	i = find(d, &n);
	if (i == NONE)
		i = open_datagram(d, &n, p->ts);
	x = &d->d[i];
	if (x->bad)
		return DATAGRAM_DROPPED;
	link = find_place(d, i, p, &f, &step);
	if (link == NULL)
		return step;
	insert(d, x, &f, p->data + p->l3_off, link);
	if (x->ctx == NONE && ctx != NONE) {
		x->ctx = ctx;
		d->contexts[ctx].n++;
	}
	if (x->bytes != x->total)
		return DATAGRAM_KEPT;
	*len = put_together(d, x);
	*ip = d->out;
	d->stats.whole++;
	drop(d, i);
	return DATAGRAM_WHOLE;
}

// A datagram that waits for the context; NONE.
static uint32_t of_context(const struct datagrams *d, uint32_t ctx)
{
	uint32_t i = d->contexts[ctx].n != 0 ? d->oldest : NONE;

	while (i != NONE && d->d[i].ctx != ctx)
		i = d->d[i].newer;
	return i;
}

const uint8_t *datagram_rest(struct datagrams *d, uint32_t ctx, uint32_t *len)
{
	uint32_t i;

	while ((i = of_context(d, ctx)) != NONE) {
		const struct datagram *x = &d->d[i];

		if (x->first.len != 0) {
			*len = x->first.head + x->first.len;
			blocks_get(&d->pool, d->pieces[x->pieces].block, 0, d->out, *len);
			drop(d, i);
			return d->out;
		}
		drop(d, i);
	}
	return NULL;
}

bool datagram_shed(struct datagrams *d, uint32_t ctx)
{
	bool was = d->contexts[ctx].shed;

	d->contexts[ctx].shed = false;
	return was;
}

void datagram_close(struct datagrams *d, uint32_t ctx)
{
	uint32_t i;

	while ((i = of_context(d, ctx)) != NONE)
		drop(d, i);
	d->contexts[ctx].shed = false;
}

void datagram_shift(struct datagrams *d, int64_t by)
{
	for (uint32_t i = d->oldest; i != NONE; i = d->d[i].newer)
		d->d[i].since += by;
}

const struct datagram_stats *datagram_stats(const struct datagrams *d)
{
	return &d->stats;
}

uint32_t datagrams_waiting(const struct datagrams *d)
{
	return d->waiting;
}
