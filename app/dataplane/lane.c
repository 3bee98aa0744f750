// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/lane.h"
#include "app/dataplane/share.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int lanes_init(struct lanes *l, unsigned n, const struct dpi_config *c, size_t bytes)
{
	memset(l, 0, sizeof(*l));
	l->lane = aligned_alloc(64, n * sizeof(*l->lane)); // written by this pair of threads alone
	if (l->lane == NULL)
		return -ENOMEM;
	memset(l->lane, 0, n * sizeof(*l->lane));
	l->n = n;
	l->all = c->contexts;
	l->per_lane = share_of(l->all, n, 0);
	l->max_tcp = c->max_packets_tcp;
	l->max_udp = c->max_packets_udp;
	l->stop_ms = LANE_STOP_MS;
	l->contexts = calloc((size_t)n * l->per_lane, sizeof(*l->contexts));
	if (l->contexts == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		uint32_t first = i * l->per_lane, has = share_of(l->all, n, i);

		if (message_ring_init(&l->lane[i].requests, bytes) < 0 ||
			message_ring_init(&l->lane[i].answers, LANE_ANSWER_BYTES) < 0)
			return -ENOMEM;
		for (uint32_t k = 0; k < has; k++)
			l->contexts[first + k].next = k + 1 < has ? first + k + 1 : LANE_NONE;
		l->free[i] = has != 0 ? first : LANE_NONE;
	}
	return 0;
}

void lanes_fini(struct lanes *l)
{
	for (unsigned i = 0; l->lane != NULL && i < l->n; i++) {
		message_ring_fini(&l->lane[i].requests);
		message_ring_fini(&l->lane[i].answers);
	}
	free(l->lane);
	free(l->contexts);
	memset(l, 0, sizeof(*l));
}

uint32_t lanes_open(struct lanes *l, uint64_t hash, uint32_t flow)
{
	unsigned lane = lanes_lane(l, hash);
	uint32_t ctx = l->free[lane];
	struct lane_context *x;

	if (ctx == LANE_NONE)
		return LANE_NONE;
	x = &l->contexts[ctx];
	l->free[lane] = x->next;
	*x = (struct lane_context){.flow = flow, .gen = x->gen + 1, .state = LANE_OPEN};
	l->open++;
	return ctx;
}

static void *request(struct lanes *l, uint32_t ctx, enum lane_kind kind, uint32_t len, uint16_t n)
{
	struct lane_request *r =
		message_ring_reserve(&l->lane[ctx / l->per_lane].requests, sizeof(*r) + len);

	if (r == NULL)
		return NULL;
	*r = (struct lane_request){.ctx = ctx % l->per_lane,
		.gen = l->contexts[ctx].gen,
		.kind = (uint16_t)kind,
		.packet = n,
		.len = len};
	return r;
}

static void commit(struct lanes *l, uint32_t ctx)
{
	message_ring_commit(&l->lane[ctx / l->per_lane].requests);
}

void lanes_close(struct lanes *l, uint32_t ctx, bool tell)
{
	uint32_t *list = &l->free[ctx / l->per_lane];

	// Where there is no room, the number's next flow tells.
	if (tell && request(l, ctx, LANE_CLOSE, 0, 0) != NULL)
		commit(l, ctx);
	l->contexts[ctx].state = LANE_FREE;
	l->contexts[ctx].next = *list;
	*list = ctx;
	l->open--;
}

bool lanes_packet(
	struct lanes *l, uint32_t ctx, const uint8_t *ip, uint32_t len, uint64_t ms, uint16_t n)
{
	struct lane_request *r = request(l, ctx, LANE_PACKET, len, n);

	if (r == NULL)
		return false;
	r->ms = ms;
	memcpy(r->ip, ip, len);
	commit(l, ctx);
	return true;
}

bool lanes_finish(struct lanes *l, uint32_t ctx, uint16_t n)
{
	if (request(l, ctx, LANE_FINISH, 0, n) == NULL)
		return false;
	commit(l, ctx);
	l->contexts[ctx].state = LANE_ASKED;
	return true;
}

bool lanes_count(struct lanes *l, uint32_t ctx, uint8_t proto)
{
	struct lane_context *x = &l->contexts[ctx];

	x->packets += x->packets != UINT16_MAX;
	return x->packets > (proto == IPPROTO_TCP ? l->max_tcp : l->max_udp);
}

const struct lane_answer *lanes_answer(struct lanes *l, unsigned lane, uint32_t *ctx)
{
	const struct lane_answer *a;
	size_t len;

	while ((a = message_ring_peek(&l->lane[lane].answers, &len)) != NULL) {
		*ctx = lane * l->per_lane + a->ctx;
		if (l->contexts[*ctx].gen == a->gen && l->contexts[*ctx].state != LANE_FREE)
			return a;
		l->stats.late++;
		lanes_taken(l, lane);
	}
	return NULL;
}

void lanes_taken(struct lanes *l, unsigned lane)
{
	message_ring_take(&l->lane[lane].answers);
}

bool lanes_waiting(struct lanes *l)
{
	size_t len;

	for (unsigned i = 0; i < l->n; i++)
		if (message_ring_peek(&l->lane[i].answers, &len) != NULL)
			return true;
	return false;
}
