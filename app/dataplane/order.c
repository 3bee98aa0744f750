// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/hash.h"
#include "app/dataplane/opening.h"
#include "app/dataplane/order_parts.h"
#include "app/dataplane/parse.h"

#include <string.h>

// Four lanes, so that a full segment costs some 200 cycles.
static uint32_t digest(const uint8_t *b, uint32_t n)
{
	uint64_t h[4] = {n, 1, 2, 3}, last[4] = {0};

	for (; n >= sizeof(last); b += sizeof(last), n -= sizeof(last)) {
		for (unsigned i = 0; i < 4; i++) {
			uint64_t v = (h[i] ^ hash_load(b + 8 * i)) * 0x9e3779b97f4a7c15;

			h[i] = v << 29 | v >> 35;
		}
	}
	memcpy(last, b, n);
	for (unsigned i = 0; i < 4; i++)
		h[i] = hash_mum(h[i] ^ last[i], 0xd6e8feb86659fd93);
	return (uint32_t)hash_mum(h[0] ^ h[1], h[2] ^ h[3]);
}

// The bytes from seq on have been given on.
static void given(struct order_dir *d, uint32_t seq, const uint8_t *payload, uint32_t len)
{
	d->seen[d->at].seq = seq;
	d->seen[d->at].len = len;
	d->seen[d->at].digest = digest(payload, len);
	d->at = (d->at + 1) % ORDER_SEEN;
	d->next = seq + len;
	d->flags |= DIR_DATA | DIR_OPENED;
}

// The same place and length as before, but other bytes?
static bool repeats_otherwise(
	const struct order_dir *d, uint32_t seq, const uint8_t *payload, uint32_t len)
{
	for (unsigned i = 0; i < ORDER_SEEN; i++)
		if (d->seen[i].len == len && d->seen[i].seq == seq)
			return d->seen[i].digest != digest(payload, len);
	return false;
}

static enum order_step take_data(
	struct order *o, uint32_t ctx, const struct order_packet *p, uint32_t seq, uint32_t len)
{
	struct order_dir *d = &o->contexts[ctx].dir[p->dir];
	const uint8_t *payload = p->ip + p->len - len;
	uint32_t end = seq + len, n;
	bool full;

	if (!(d->flags & DIR_KNOWN)) { // midstream: nobody knows what was before
		d->next = seq;
		d->flags |= DIR_KNOWN | DIR_GAPPED | DIR_OPENED;
	}
	if (!order_before(d->next, end)) {
		if (d->flags & DIR_GAPPED)
			return ORDER_FEED; // late, perhaps: the library will see
		o->stats.repeated++;
		o->stats.conflicts += !p->cut && repeats_otherwise(d, seq, payload, len);
		return ORDER_IGNORE;
	}
	if (p->cut) {
		if (!order_before(d->next, seq))
			d->next = end;
		return ORDER_IGNORE;
	}
	if (seq == d->next &&
		(d->first == BLOCK_NONE || !order_before(o->held[d->first].seq, end)) &&
		((d->flags & DIR_OPENED) || opening_complete(payload, len))) {
		given(d, seq, payload, len);
		return ORDER_FEED;
	}
	n = order_keep(o, ctx, p, order_before(seq, d->next) ? d->next : seq, end, &full);
	if (full && seq == d->next) { // its turn, and no room to see what of it was there before
		d->next = end;
		d->flags |= DIR_DATA | DIR_OPENED;
		return ORDER_FEED;
	}
	o->stats.repeated += n == 0 && !full;
	o->stats.kept += n != 0 && order_before(d->next, seq);
	o->stats.gathered += n != 0 && !order_before(d->next, seq) && !(d->flags & DIR_OPENED);
	return n != 0 ? ORDER_KEPT : ORDER_IGNORE;
}

// A SYN says where its direction begins, and its answer where the other one does: from then on a
// SYN alone says nothing, for who wants to hide could send one that never arrives. An answer that
// begins elsewhere is another connection's.
static void synchronise(struct order *o, uint32_t ctx, unsigned dir, const uint8_t *tcp)
{
	struct order_dir *d = &o->contexts[ctx].dir[dir], *other = &o->contexts[ctx].dir[!dir];
	uint32_t seq = parse_be32(tcp + 4), ack = parse_be32(tcp + 8);
	bool answer = tcp[13] & TCP_ACK;

	if (answer && (d->flags & DIR_SYN) && seq != d->isn) {
		order_drop_all(o, ctx);
		d->flags = other->flags = 0;
	}
	if (!(d->flags & (DIR_DATA | DIR_AGREED))) {
		d->isn = seq;
		d->next = seq + 1;
		d->flags |= DIR_KNOWN | DIR_SYN;
	}
	if (answer && !(other->flags & DIR_DATA)) {
		other->next = ack;
		other->flags |= DIR_KNOWN | DIR_AGREED;
	}
}

// The receiver has everything before ack. Where it begins to count elsewhere than the SYN said (a
// middlebox between), it is right, and nobody knows what was before.
static void acknowledge(struct order_dir *d, uint32_t ack)
{
	if ((d->flags & (DIR_KNOWN | DIR_DATA)) == DIR_KNOWN && d->n == 0 && ack != d->next) {
		d->next = ack;
		d->flags |= DIR_GAPPED;
	}
	if (!(d->flags & DIR_ACKED) || order_before(d->acked, ack)) {
		d->acked = ack;
		d->flags |= DIR_ACKED;
	}
}

enum order_step order_take(struct order *o, uint32_t ctx, const struct order_packet *p)
{
	const uint8_t *tcp = p->ip + p->l4;
	struct order_dir *other = &o->contexts[ctx].dir[!p->dir];
	uint32_t ack = parse_be32(tcp + 8), head = p->l4 + (tcp[12] >> 4) * 4u;

	if (tcp[13] & TCP_SYN) {
		synchronise(o, ctx, p->dir, tcp);
		return ORDER_FEED;
	}
	if (tcp[13] & TCP_ACK)
		acknowledge(other, ack);
	if (head < p->l4 + 20u || head >= p->len)
		return ORDER_FEED; // without data, or damaged
	if (!(other->flags & DIR_OPENED) && (other->flags & DIR_KNOWN) &&
		order_before(other->next, ack))
		other->flags |= DIR_ANSWERED;
	return take_data(o, ctx, p, parse_be32(tcp + 4), p->len - head);
}

// What is kept from the direction's next byte on, as a packet: of the first copy alone, or of all
// that follow each other without a gap. How many bytes of payload.
static uint32_t rebuild(struct order *o, const struct order_dir *d, bool all)
{
	const struct order_held *h = &o->held[d->first];
	uint32_t skip = d->next - h->seq, n = h->len - skip, head = h->head, l4 = h->l4;

	blocks_get(&o->pool, h->block, 0, o->out, head);
	blocks_get(&o->pool, h->block, head + skip, o->out + head, n);
	while (all && h->next != BLOCK_NONE) {
		h = &o->held[h->next];
		if (h->seq != d->next + n || head + n + h->len > UINT16_MAX)
			break;
		blocks_get(&o->pool, h->block, h->head, o->out + head + n, h->len);
		n += h->len;
	}
	if (o->out[0] >> 4 == 4)
		put_be16(o->out + 2, head + n);
	else
		put_be16(o->out + 4, head + n - 40);
	put_be16(o->out + l4 + 4, d->next >> 16);
	put_be16(o->out + l4 + 6, d->next);
	return n;
}

// Whether what is kept waits for the rest of an opening.
static bool waits(const struct order *o, struct order_dir *d, const uint8_t *payload, uint32_t n)
{
	d->flags &= (uint16_t)~DIR_CHANGED;
	return !(d->flags & (DIR_OPENED | DIR_ANSWERED)) && d->n < o->c.segments &&
	       !opening_complete(payload, n);
}

// Puts the first copy's bytes in front of what is next in the turn. False: nothing is.
static bool turn(struct order *o, uint32_t ctx, struct order_dir *d, bool end)
{
	while (d->first != BLOCK_NONE) {
		const struct order_held *h = &o->held[d->first];

		if (order_before(d->next, h->seq)) {
			if (!end && !((d->flags & DIR_ACKED) && !order_before(d->acked, h->seq)))
				return false;
			o->stats.gaps += !end;
			d->flags |= DIR_GAPPED;
			d->next = h->seq;
		}
		if (order_before(d->next, h->seq + h->len))
			return true;
		order_drop(o, ctx, d, &d->first);
	}
	return false;
}

const uint8_t *order_next(struct order *o, uint32_t ctx, unsigned dir, bool end, uint32_t *len)
{
	struct order_dir *d = &o->contexts[ctx].dir[dir];
	uint32_t head, n;

	if (!turn(o, ctx, d, end))
		return NULL;
	if (!end && !(d->flags & (DIR_OPENED | DIR_CHANGED | DIR_ANSWERED)))
		return NULL;
	head = o->held[d->first].head;
	n = rebuild(o, d, !(d->flags & DIR_OPENED));
	if (!end && waits(o, d, o->out + head, n))
		return NULL;
	given(d, d->next, o->out + head, n);
	while (d->first != BLOCK_NONE &&
		!order_before(d->next, o->held[d->first].seq + o->held[d->first].len))
		order_drop(o, ctx, d, &d->first);
	o->stats.released++;
	*len = head + n;
	return o->out;
}
