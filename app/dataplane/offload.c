// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/offload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int offload_init(struct offload *o, uint32_t max, uint32_t min_packets)
{
	memset(o, 0, sizeof(*o));
	o->slots = calloc(max, sizeof(*o->slots));
	if (o->slots == NULL || message_ring_init(&o->requests, OFFLOAD_RING_BYTES) < 0 ||
		message_ring_init(&o->answers, OFFLOAD_RING_BYTES) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < max; i++)
		o->slots[i].next = i + 1 < max ? i + 1 : OFFLOAD_NONE;
	o->max = max;
	o->min_packets = min_packets;
	o->stop_ms = OFFLOAD_STOP_MS;
	return 0;
}

void offload_fini(struct offload *o)
{
	message_ring_fini(&o->requests);
	message_ring_fini(&o->answers);
	free(o->slots);
	o->slots = NULL;
}

uint32_t offload_open(struct offload *o, uint32_t flow, bool drop)
{
	uint32_t slot = o->free;
	struct offload_slot *s;

	if (slot == OFFLOAD_NONE) {
		o->stats.full++;
		return OFFLOAD_NONE;
	}
	s = &o->slots[slot];
	o->free = s->next;
	*s = (struct offload_slot){
		.flow = flow, .gen = s->gen + 1, .state = OFFLOAD_ASKED, .drop = drop};
	o->used++;
	return slot;
}

void offload_close(struct offload *o, uint32_t slot)
{
	o->slots[slot].state = OFFLOAD_FREE;
	o->slots[slot].next = o->free;
	o->free = slot;
	o->used--;
}

bool offload_send(struct offload *o, uint32_t slot, struct offload_request *r)
{
	void *room = message_ring_reserve(&o->requests, sizeof(*r));

	if (room == NULL) {
		o->stats.ring_full++;
		return false;
	}
	r->slot = slot;
	r->gen = slot != OFFLOAD_NONE ? o->slots[slot].gen : 0;
	memcpy(room, r, sizeof(*r));
	message_ring_commit(&o->requests);
	return true;
}

void offload_withdraw(struct offload *o, uint32_t slot)
{
	struct offload_request r = {.ask = OFFLOAD_WITHDRAW};

	if (o->slots[slot].state == OFFLOAD_LEAVING)
		return;
	o->slots[slot].state = OFFLOAD_LEAVING;
	if (!offload_send(o, slot, &r))
		o->recall = true;
}

void offload_recall(struct offload *o)
{
	struct offload_request r = {.ask = OFFLOAD_RECALL};

	o->recall = o->used != 0 && !offload_send(o, OFFLOAD_NONE, &r);
	if (o->used == 0 || o->recall)
		return;
	o->stats.recalls++;
	for (uint32_t i = 0; i < o->max; i++)
		if (o->slots[i].state != OFFLOAD_FREE)
			o->slots[i].state = OFFLOAD_LEAVING;
}

const struct offload_answer *offload_answer(struct offload *o)
{
	const struct offload_answer *a;
	size_t len;

	while ((a = message_ring_peek(&o->answers, &len)) != NULL) {
		if (a->slot < o->max && o->slots[a->slot].state != OFFLOAD_FREE &&
			o->slots[a->slot].gen == a->gen)
			return a;
		offload_taken(o);
	}
	return NULL;
}

void offload_taken(struct offload *o)
{
	message_ring_take(&o->answers);
}
