// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Classification where other lcores do DPI: what a worker sends them, and what it makes of answers.

#include "app/dataplane/monotonic.h"
#include "app/dataplane/pipeline.h"

#include <unistd.h>

#define STOP_NAP_US 50

uint32_t flow_lane_open(struct pipeline *pl, uint32_t i, uint64_t hash)
{
	uint32_t ctx = lanes_open(pl->c.lanes, hash, i);

	return ctx == LANE_NONE ? FLOW_NONE : ctx;
}

// What was kept is of no use any more.
static void close_kept(struct pipeline *pl, uint32_t ctx)
{
	order_close(&pl->order, ctx);
	datagram_close(pl->datagrams, ctx);
}

static void close_context(struct pipeline *pl, uint32_t i, bool tell)
{
	uint32_t ctx = pl->table.cold[i].dpi;

	if (pl->c.lanes->contexts[ctx].state != LANE_ASKED)
		close_kept(pl, ctx);
	lanes_close(pl->c.lanes, ctx, tell);
	flow_label_close(pl, i);
}

// The lane is full: DPI is slower than flows come. What is known of this one is its label.
static bool shed(struct pipeline *pl, uint32_t i, bool *changed)
{
	pl->c.lanes->stats.full++;
	close_context(pl, i, true);
	flow_dpi_no_room(pl, i, changed);
	*changed = true;
	return true;
}

static uint16_t packet_number(const struct pipeline *pl, uint32_t i)
{
	uint64_t n = pl->kept != 0 ? pl->kept : flow_packets_seen(pl, i) + 1;

	return n > UINT16_MAX ? UINT16_MAX : (uint16_t)n;
}

static bool send_packet(
	struct pipeline *pl, uint32_t i, const uint8_t *ip, uint32_t len, int64_t t, uint16_t n)
{
	if (!lanes_packet(
		    pl->c.lanes, pl->table.cold[i].dpi, ip, len, t > 0 ? (uint64_t)t / 1000 : 0, n))
		return false;
	pl->stats.dpi_packets++;
	return true;
}

bool flow_lane_packet(
	struct pipeline *pl, uint32_t i, const uint8_t *ip, uint32_t len, int64_t t, bool *changed)
{
	return !send_packet(pl, i, ip, len, t, packet_number(pl, i)) && shed(pl, i, changed);
}

// Sends what was kept, then asks. n: the packet that the answer is about, 0: none.
static bool ask(struct pipeline *pl, uint32_t i, uint16_t n)
{
	uint32_t ctx = pl->table.cold[i].dpi, len;
	bool changed = false;
	const uint8_t *ip;

	while ((ip = flow_dpi_rest(pl, ctx, &len)) != NULL)
		if (!send_packet(pl, i, ip, len, pl->table.hot[i].last, n))
			return shed(pl, i, &changed);
	if (!lanes_finish(pl->c.lanes, ctx, n))
		return shed(pl, i, &changed);
	close_kept(pl, ctx);
	return false;
}

bool flow_lane_finish(struct pipeline *pl, uint32_t i, bool at_packet)
{
	return ask(pl, i, at_packet ? packet_number(pl, i) : 0);
}

bool flow_lane_last_word(struct pipeline *pl, uint32_t i)
{
	struct lane_context *x;
	uint32_t ctx;

	if (!flow_dpi_end_wait(pl, i) || pl->table.cold[i].dpi == FLOW_NONE)
		return false;
	ctx = pl->table.cold[i].dpi;
	x = &pl->c.lanes->contexts[ctx];
	if (x->state == LANE_OPEN && ask(pl, i, 0))
		return false;
	return ++x->looks <= LANE_LOOKS;
}

void flow_lane_abandon(struct pipeline *pl, uint32_t i)
{
	pl->c.lanes->stats.unanswered++;
	if (flow_dpi_waits(&pl->table.cold[i]))
		flow_label_close(pl, i);
	else
		close_context(pl, i, true);
}

// A flow whose end has waited for this.
static bool is_due(const struct pipeline *pl, uint32_t i, bool waited)
{
	const struct flow_hot *h = &pl->table.hot[i];

	return waited && h->last + pl->c.timeout_us[h->class_] <= pl->now;
}

static void take(struct pipeline *pl, uint32_t i, const struct lane_answer *a)
{
	bool waited = pl->c.lanes->contexts[pl->table.cold[i].dpi].looks != 0;
	struct flow_name name = {
		.host = a->host, .source = a->host_source, .ja3 = a->has_ja3 ? a->ja3 : NULL};
	bool changed = flow_label_store(pl, i, &a->label, &name);

	if (a->label.final) {
		pl->table.cold[i].label_packet = a->packet;
		close_context(pl, i, false);
	}
	// As of a flow that ends otherwise: what a limit says about its last packet holds.
	pl->ending = a->label.final && is_due(pl, i, waited);
	if (changed)
		flow_decide(pl, i, NULL);
	if (pl->ending) {
		pl->ending = false;
		flow_end(pl, i, RECORD_END_IDLE);
	}
}

unsigned flow_lane_answers(struct pipeline *pl, unsigned budget)
{
	struct lanes *l = pl->c.lanes;
	const struct lane_answer *a;
	unsigned done = 0;
	uint32_t ctx;

	for (unsigned i = 0; i < l->n; i++)
		for (unsigned k = 0; k < budget && (a = lanes_answer(l, i, &ctx)) != NULL; k++) {
			take(pl, l->contexts[ctx].flow, a);
			lanes_taken(l, i);
			done++;
		}
	return done;
}

// Answers go on while there is time. False where there is none left.
static bool wait_a_little(struct pipeline *pl, int64_t until)
{
	if (flow_lane_answers(pl, UINT32_MAX) == 0)
		usleep(STOP_NAP_US);
	return monotonic_us() < until;
}

void flow_lane_last_words(struct pipeline *pl)
{
	struct lanes *l = pl->c.lanes;
	int64_t until = monotonic_us() + l->stop_ms * 1000ll;
	bool time = true;

	for (uint32_t i = 0; time && i < pl->table.fresh; i++) {
		uint32_t ctx;

		if (pl->table.hot[i].version == 0 || !flow_dpi_end_wait(pl, i) ||
			flow_dpi_taking(pl, i) == FLOW_NONE)
			continue;
		while (time &&
			!message_ring_roomy(&l->lane[pl->table.cold[i].dpi / l->per_lane].requests))
			time = wait_a_little(pl, until);
		// An answer may have been its last word.
		ctx = flow_dpi_taking(pl, i);
		if (time && ctx != FLOW_NONE)
			ask(pl, i, 0);
	}
	while (l->open != 0 && time)
		time = wait_a_little(pl, until);
}
