// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/handshake.h"
#include "app/dataplane/pages.h"

#include <errno.h>
#include <string.h>

struct head {
	int64_t ts;
	uint16_t len;
} __attribute__((packed));

int handshakes_init(struct handshakes *h, uint32_t n, bool touch)
{
	*h = (struct handshakes){.places = pages_map(n, sizeof(*h->places), touch), .n = n};
	return h->places != NULL ? 0 : -ENOMEM;
}

void handshakes_fini(struct handshakes *h)
{
	pages_unmap(h->places, h->n, sizeof(*h->places));
	memset(h, 0, sizeof(*h));
}

uint32_t handshakes_open(struct handshakes *h, uint64_t fid)
{
	uint32_t place = h->next;
	struct handshake *s = &h->places[place];

	h->next = place + 1 < h->n ? place + 1 : 0;
	// In a flood the next flow's, and long out of the cache.
	__builtin_prefetch(&h->places[h->next], 1);
	__builtin_prefetch(h->places[h->next].bytes + 64, 1);
	s->fid = fid;
	s->used = 0;
	return place;
}

struct handshake *handshakes_at(const struct handshakes *h, uint32_t place, uint64_t fid)
{
	return h->places[place].fid == fid ? &h->places[place] : NULL;
}

bool handshake_keep(struct handshake *s, const uint8_t *ip, uint32_t len, int64_t ts)
{
	const struct head head = {.ts = ts, .len = (uint16_t)len};

	if (len > HANDSHAKE_ROOM || s->used + sizeof(head) + len > HANDSHAKE_ROOM)
		return false;
	memcpy(s->bytes + s->used, &head, sizeof(head));
	memcpy(s->bytes + s->used + sizeof(head), ip, len);
	s->used = (uint16_t)(s->used + sizeof(head) + len);
	return true;
}

const uint8_t *handshake_next(const struct handshake *s, uint32_t *at, uint32_t *len, int64_t *ts)
{
	const uint8_t *ip = s->bytes + *at + sizeof(struct head);
	struct head head;

	if (*at >= s->used)
		return NULL;
	memcpy(&head, s->bytes + *at, sizeof(head));
	*ts = head.ts;
	*len = head.len;
	*at += (uint32_t)sizeof(head) + head.len;
	return ip;
}
