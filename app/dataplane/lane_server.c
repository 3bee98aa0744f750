// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/lane_server.h"
#include "app/dataplane/share.h"

#include <emmintrin.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lane_slot {
	struct dpi_flow *flow;  // NULL: free, or its last word has been said
	uint32_t gen;           // 0: never used
	uint32_t host;          // hash of the name that was told
	struct dpi_label label; // that was told
	uint8_t host_source;
};

int lane_server_init(struct lane_server *s, struct lanes *const *workers, unsigned n,
	unsigned number, const struct dpi_config *c, const _Atomic bool *stop, char *err,
	size_t err_size)
{
	struct dpi_config all = *c;

	memset(s, 0, sizeof(*s));
	s->stop = stop;
	s->served = calloc(n, sizeof(*s->served));
	if (s->served == NULL)
		goto no_memory;
	s->n = n;
	all.contexts = 0;
	for (unsigned i = 0; i < n; i++) {
		struct lane_served *x = &s->served[i];

		x->lane = &workers[i]->lane[number];
		x->n = share_of(workers[i]->all, workers[i]->n, number);
		x->slots = calloc(x->n, sizeof(*x->slots));
		if (x->slots == NULL)
			goto no_memory;
		all.contexts += x->n;
	}
	s->dpi = dpi_create(&all, err, err_size);
	return s->dpi != NULL ? 0 : -EIO;
no_memory:
	snprintf(err, err_size, "no memory for an lcore that does DPI; lower dpi.contexts");
	return -ENOMEM;
}

void lane_server_fini(struct lane_server *s)
{
	for (unsigned i = 0; s->served != NULL && i < s->n; i++) {
		for (uint32_t k = 0; s->served[i].slots != NULL && k < s->served[i].n; k++)
			if (s->served[i].slots[k].flow != NULL)
				dpi_flow_close(s->dpi, s->served[i].slots[k].flow);
		free(s->served[i].slots);
	}
	free(s->served);
	dpi_free(s->dpi);
	memset(s, 0, sizeof(*s));
}

// FNV-1a: whether a name is the one that was told.
static uint32_t hash_of(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s != '\0')
		h = (h ^ (uint8_t)*s++) * 16777619u;
	return h;
}

static struct lane_answer *wait_for_room(struct lane_server *s, struct lane *lane)
{
	struct lane_answer *a;

	if ((a = message_ring_reserve(&lane->answers, sizeof(*a))) != NULL)
		return a;
	s->stats.waits++;
	while ((a = message_ring_reserve(&lane->answers, sizeof(*a))) == NULL &&
		!atomic_load_explicit(s->stop, memory_order_relaxed))
		_mm_pause();
	return a;
}

static bool is_news(const struct lane_slot *slot, const struct dpi_label *l, uint32_t host,
	enum dpi_host_source source)
{
	const struct dpi_label *o = &slot->label;

	return l->final || l->app != o->app || l->master != o->master || l->cat != o->cat ||
	       l->conf != o->conf || l->risks != o->risks || slot->host_source != source ||
	       slot->host != host;
}

static void answer(struct lane_server *s, struct lane *lane, struct lane_slot *slot,
	const struct lane_request *r, const struct dpi_label *label)
{
	enum dpi_host_source source;
	const char *host = dpi_flow_host(slot->flow, label, &source);
	uint32_t hash = hash_of(host);
	struct lane_answer *a;

	if (!is_news(slot, label, hash, source))
		return;
	a = wait_for_room(s, lane);
	if (a == NULL) // stopping: nobody is there to read it
		return;
	*a = (struct lane_answer){.ctx = r->ctx,
		.gen = r->gen,
		.label = *label,
		.packet = r->packet,
		.host_source = (uint8_t)source};
	memcpy(a->host, host, strlen(host) + 1);
	a->has_ja3 = label->final && dpi_flow_ja3(slot->flow, label, a->ja3);
	message_ring_commit(&lane->answers);
	slot->label = *label;
	slot->host = hash;
	slot->host_source = (uint8_t)source;
	s->stats.answers++;
}

static void close_slot(struct lane_server *s, struct lane_slot *slot)
{
	if (slot->flow != NULL)
		dpi_flow_close(s->dpi, slot->flow);
	slot->flow = NULL;
}

// A number's new flow: the one before has ended, whether that was told or not. The pool has a
// context for every number.
static void begin(struct lane_server *s, struct lane_slot *slot, uint32_t gen)
{
	close_slot(s, slot);
	*slot = (struct lane_slot){.gen = gen, .flow = dpi_flow_open(s->dpi)};
}

static void serve(struct lane_server *s, struct lane_served *from, const struct lane_request *r)
{
	struct lane_slot *slot = &from->slots[r->ctx];
	struct dpi_label label;

	if (slot->gen != r->gen && r->kind != LANE_CLOSE)
		begin(s, slot, r->gen);
	if (slot->gen != r->gen || slot->flow == NULL)
		return;
	switch ((enum lane_kind)r->kind) {
	case LANE_PACKET:
		s->stats.packets++;
		dpi_flow_packet(s->dpi, slot->flow, r->ip,
			r->len > UINT16_MAX ? UINT16_MAX : (uint16_t)r->len, r->ms, &label);
		break;
	case LANE_FINISH:
		dpi_flow_finish(s->dpi, slot->flow, &label);
		break;
	case LANE_CLOSE:
		close_slot(s, slot);
		return;
	}
	answer(s, from->lane, slot, r, &label);
	if (label.final)
		close_slot(s, slot);
}

unsigned lane_server_turn(struct lane_server *s, unsigned max)
{
	unsigned done = 0;

	for (unsigned i = 0; i < s->n; i++) {
		struct message_ring *ring = &s->served[i].lane->requests;
		const struct lane_request *r;
		size_t len;

		for (unsigned k = 0; k < max && (r = message_ring_peek(ring, &len)) != NULL; k++) {
			serve(s, &s->served[i], r);
			message_ring_take(ring);
			done++;
		}
	}
	return done;
}
