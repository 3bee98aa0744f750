// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/offload_server.h"

#include "app/dataplane/monotonic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum rules_state {
	RULES_NONE,
	RULES_MADE,
	RULES_REMOVE, // a device did not let go of them: again at the next sweep
	RULES_GONE,   // to be told
};

struct offload_rules {
	void *rule[2]; // from the inside, from the outside; NULL: removed
	uint64_t packets_seen[2], bytes_seen[2];
	uint64_t packets[2], bytes[2]; // to be told
	uint32_t gen, idle_s;
	int64_t active; // when the last packet was counted
	uint8_t state;  // enum rules_state
};

int offload_server_init(struct offload_server *s, struct offload *const *workers, unsigned n,
	const struct offload_ops *ops, int64_t idle_us)
{
	memset(s, 0, sizeof(*s));
	s->ops = *ops;
	s->idle_us = idle_us;
	s->ends = calloc(n, sizeof(*s->ends));
	if (s->ends == NULL)
		return -ENOMEM;
	s->n = n;
	for (unsigned i = 0; i < n; i++) {
		s->ends[i].offload = workers[i];
		s->ends[i].rules = calloc(workers[i]->max, sizeof(*s->ends[i].rules));
		if (s->ends[i].rules == NULL)
			return -ENOMEM;
	}
	return 0;
}

static bool answer(
	struct offload_end *e, uint32_t slot, struct offload_rules *r, enum offload_say say)
{
	struct offload_answer *a = message_ring_reserve(&e->offload->answers, sizeof(*a));

	if (a == NULL)
		return false;
	*a = (struct offload_answer){.slot = slot,
		.gen = r->gen,
		.say = (uint8_t)say,
		.idle_s = r->idle_s,
		.packets = {r->packets[0], r->packets[1]},
		.bytes = {r->bytes[0], r->bytes[1]}};
	message_ring_commit(&e->offload->answers);
	memset(r->packets, 0, sizeof(r->packets));
	memset(r->bytes, 0, sizeof(r->bytes));
	return true;
}

// Adds what was counted since the last time. A device's counter that stands still or cannot be read
// adds nothing.
static int read_rule(struct offload_server *s, struct offload_rules *r, unsigned i, int64_t now)
{
	struct offload_counts c = {0};
	uint64_t packets, frames, link;
	int rc = s->ops.query(s->ops.ctx, r->rule[i], &c);

	s->stats.queries++;
	if (rc < 0) {
		s->stats.query_errors++;
		return rc;
	}
	if (c.packets <= r->packets_seen[i])
		return 0;
	packets = c.packets - r->packets_seen[i];
	frames = c.bytes > r->bytes_seen[i] ? c.bytes - r->bytes_seen[i] : 0;
	link = packets * OFFLOAD_LINK_BYTES;
	r->packets[i] += packets;
	r->bytes[i] += frames > link ? frames - link : 0;
	r->packets_seen[i] = c.packets;
	r->bytes_seen[i] = c.bytes;
	r->active = now;
	if (c.idle_s == OFFLOAD_NONE)
		c.idle_s = 0;
	if (c.idle_s < r->idle_s)
		r->idle_s = c.idle_s;
	return 0;
}

static int read_both(struct offload_server *s, struct offload_rules *r, int64_t now)
{
	int rc = 0;

	r->idle_s = UINT32_MAX;
	for (unsigned i = 0; i < 2; i++) {
		int one = r->rule[i] != NULL ? read_rule(s, r, i, now) : 0;

		rc = one < 0 ? one : rc;
	}
	if (r->idle_s == UINT32_MAX)
		r->idle_s = 0;
	return rc;
}

static void tell_gone(struct offload_server *s, struct offload_end *e, uint32_t slot, bool again)
{
	struct offload_rules *r = &e->rules[slot];

	if (answer(e, slot, r, OFFLOAD_GONE)) {
		r->state = RULES_NONE;
		s->untold -= again;
		return;
	}
	r->state = RULES_GONE;
	s->untold += !again;
}

// Removes what is left of the two. False where a device keeps one.
static bool remove_both(struct offload_server *s, struct offload_rules *r)
{
	for (unsigned i = 0; i < 2; i++) {
		if (r->rule[i] == NULL)
			continue;
		if (s->ops.remove(s->ops.ctx, r->rule[i]) < 0) {
			s->stats.remove_errors++;
			continue;
		}
		s->stats.removed++;
		r->rule[i] = NULL;
	}
	return r->rule[0] == NULL && r->rule[1] == NULL;
}

// The counters go with the rule: they are read right before.
static void withdraw(struct offload_server *s, struct offload_end *e, uint32_t slot, int64_t now)
{
	struct offload_rules *r = &e->rules[slot];

	read_both(s, r, now);
	if (remove_both(s, r))
		tell_gone(s, e, slot, false);
	else
		r->state = RULES_REMOVE;
}

static void make(struct offload_server *s, struct offload_end *e, const struct offload_request *q,
	int64_t now)
{
	struct offload_rules *r = &e->rules[q->slot];
	struct offload_match m = {
		.wire = q->wire, .drop = q->drop, .version = q->version, .proto = q->proto};

	*r = (struct offload_rules){.gen = q->gen, .state = RULES_MADE, .active = now};
	for (unsigned i = 0; i < 2; i++) {
		m.from_inside = i == 0;
		m.sport = q->port[i];
		m.dport = q->port[!i];
		memcpy(m.src, q->addr[i], sizeof(m.src));
		memcpy(m.dst, q->addr[!i], sizeof(m.dst));
		r->rule[i] = s->ops.make(s->ops.ctx, &m);
		s->stats.made += r->rule[i] != NULL;
		if (r->rule[i] == NULL)
			break;
	}
	// What cannot be counted would make records untrue.
	if (r->rule[1] != NULL && read_both(s, r, now) == 0) {
		// Where there is no room for the word, the flow goes back.
		if (answer(e, q->slot, r, OFFLOAD_MADE))
			return;
	} else if (r->rule[1] != NULL) {
		s->stats.uncounted++;
	}
	if (remove_both(s, r) && r->packets[0] + r->packets[1] == 0 &&
		answer(e, q->slot, r, OFFLOAD_REFUSED))
		r->state = RULES_NONE;
	else
		r->state = RULES_REMOVE;
}

static void recall(struct offload_server *s, struct offload_end *e, int64_t now)
{
	int64_t start = monotonic_us(), took;

	for (uint32_t i = 0; i < e->offload->max; i++)
		if (e->rules[i].state == RULES_MADE)
			withdraw(s, e, i, now);
	took = monotonic_us() - start;
	if ((uint64_t)took > s->stats.recall_us_max)
		s->stats.recall_us_max = (uint64_t)took;
}

static unsigned serve(struct offload_server *s, struct offload_end *e, int64_t now)
{
	const struct offload_request *q;
	unsigned n = 0;
	size_t len;

	for (; n < OFFLOAD_REQUESTS && (q = message_ring_peek(&e->offload->requests, &len)) != NULL;
		n++) {
		if (q->ask == OFFLOAD_RECALL)
			recall(s, e, now);
		else if (q->ask == OFFLOAD_MAKE)
			make(s, e, q, now);
		else if (e->rules[q->slot].gen == q->gen && e->rules[q->slot].state == RULES_MADE)
			withdraw(s, e, q->slot, now);
		message_ring_take(&e->offload->requests);
	}
	return n;
}

static void sweep(struct offload_server *s, struct offload_end *e, int64_t now)
{
	for (uint32_t i = 0; i < e->offload->max; i++) {
		struct offload_rules *r = &e->rules[i];

		if (r->state == RULES_REMOVE) {
			withdraw(s, e, i, now);
		} else if (r->state == RULES_MADE && read_both(s, r, now) < 0) {
			withdraw(s, e, i, now); // not counted any more: back to the worker
		} else if (r->state == RULES_MADE && now - r->active >= s->idle_us) {
			s->stats.idle++;
			withdraw(s, e, i, now);
		} else if (r->state == RULES_MADE && r->packets[0] + r->packets[1] != 0) {
			answer(e, i, r, OFFLOAD_COUNTED); // no room: next time
		}
	}
}

unsigned offload_server_turn(struct offload_server *s, int64_t now)
{
	bool due = now >= s->next_sweep;
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++) {
		struct offload_end *e = &s->ends[i];

		for (uint32_t k = 0; s->untold != 0 && k < e->offload->max; k++)
			if (e->rules[k].state == RULES_GONE)
				tell_gone(s, e, k, true);
		n += serve(s, e, now);
		if (due)
			sweep(s, e, now);
	}
	if (due)
		s->next_sweep = now + OFFLOAD_PERIOD_US;
	return n;
}

void offload_server_fini(struct offload_server *s)
{
	for (unsigned i = 0; s->ends != NULL && i < s->n; i++) {
		struct offload_end *e = &s->ends[i];

		for (uint32_t k = 0; e->rules != NULL && k < e->offload->max; k++)
			if (e->rules[k].state == RULES_MADE || e->rules[k].state == RULES_REMOVE)
				remove_both(s, &e->rules[k]);
		free(e->rules);
	}
	free(s->ends);
	s->ends = NULL;
}
