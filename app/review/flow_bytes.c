// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/flow_bytes.h"

#include "app/review/lone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

struct slot {
	uint64_t flow; // 0: free
	uint64_t updates[2], counted[2];
	int64_t last; // t1 of its last record
	uint32_t group;
	uint8_t act;
};

// Open addressing with linear probing; at most half full.
struct flow_bytes {
	struct slot *slots;
	size_t n_slots, n;
};

struct flow_bytes *flow_bytes_new(void)
{
	struct flow_bytes *f = calloc(1, sizeof(*f));

	if (f != NULL) {
		f->n_slots = FIRST_SLOTS;
		f->slots = calloc(f->n_slots, sizeof(*f->slots));
	}
	if (f == NULL || f->slots == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

void flow_bytes_free(struct flow_bytes *f)
{
	if (f != NULL) {
		free(f->slots);
		free(f);
	}
}

// ---- records

static uint64_t hash_cell(uint64_t h, const struct cell *c) // FNV-1a
{
	for (size_t i = 0; c != NULL && i < c->len; i++) {
		h = (h ^ (uint8_t)c->text[i]) * 0x100000001b3ull;
	}
	return (h ^ 0xff) * 0x100000001b3ull;
}

// The finalizer of splitmix64.
static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ h >> 27) * 0x94d049bb133111ebull;
	return h ^ h >> 31;
}

bool flow_record_read(const struct row *r, struct flow_record *out)
{
	static const char *const names[] = {"gw", "src", "sport", "dst", "dport", "proto"};
	const struct cell *ev = row_find(r, "ev"), *act = row_find(r, "act");
	uint64_t h = 0xcbf29ce484222325ull, fid;

	if (!lone_is_flow(r, &fid, &out->t1)) {
		return false;
	}
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		h = hash_cell(h, row_find(r, names[i]));
	}
	out->flow = mix(h ^ mix(fid));
	out->flow += out->flow == 0;
	out->t0 = INT64_MIN;
	cell_i64(row_find(r, "t0"), &out->t0);
	out->bytes[0] = out->bytes[1] = 0;
	cell_u64(row_find(r, "ob"), &out->bytes[0]);
	cell_u64(row_find(r, "rb"), &out->bytes[1]);
	out->ev = FLOW_EV_DECISION;
	if (cell_is(ev, "end", false) ||
		lone_packet(ev, row_find(r, "rule"), row_find(r, "reason"))) {
		out->ev = FLOW_EV_END;
	} else if (cell_is(ev, "update", false)) {
		out->ev = FLOW_EV_UPDATE;
	}
	out->act = cell_is(act, "block", false) ? 2 : cell_is(act, "flag", false) ? 1 : 0;
	return true;
}

// ---- the table

// The flow's slot, or the free one where it would go.
static struct slot *slot_of(const struct flow_bytes *f, uint64_t flow)
{
	size_t at = (size_t)flow & (f->n_slots - 1);

	while (f->slots[at].flow != 0 && f->slots[at].flow != flow) {
		at = (at + 1) & (f->n_slots - 1);
	}
	return &f->slots[at];
}

static bool grow(struct flow_bytes *f)
{
	struct flow_bytes bigger = {.n_slots = f->n_slots * 2, .n = f->n};

	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (bigger.slots == NULL) {
		return false;
	}
	for (size_t i = 0; i < f->n_slots; i++) {
		if (f->slots[i].flow != 0) {
			*slot_of(&bigger, f->slots[i].flow) = f->slots[i];
		}
	}
	free(f->slots);
	*f = bigger;
	return true;
}

// Moves up what would no longer be found past the hole (Knuth, volume 3, 6.4, algorithm R).
static void take_out(struct flow_bytes *f, struct slot *s)
{
	const size_t mask = f->n_slots - 1;
	size_t hole = (size_t)(s - f->slots);

	for (size_t at = (hole + 1) & mask; f->slots[at].flow != 0; at = (at + 1) & mask) {
		if (((at - f->slots[at].flow) & mask) >= ((at - hole) & mask)) {
			f->slots[hole] = f->slots[at];
			hole = at;
		}
	}
	f->slots[hole].flow = 0;
	f->n--;
}

// ---- counting

static void growth(struct slot *s, const struct flow_record *r, uint64_t more[2])
{
	for (unsigned i = 0; i < 2; i++) {
		uint64_t v = r->bytes[i];

		if (r->ev == FLOW_EV_UPDATE) {
			v = __builtin_add_overflow(s->updates[i], v, &v) ? UINT64_MAX : v;
			s->updates[i] = v;
		}
		more[i] = v > s->counted[i] ? v - s->counted[i] : 0;
		s->counted[i] += more[i];
	}
}

int flow_bytes_take(
	struct flow_bytes *f, const struct flow_record *r, uint64_t more[2], uint32_t *group)
{
	struct slot *s = slot_of(f, r->flow);
	const uint32_t own = *group;

	// No flow begins behind its last record: the id came again in another run.
	if (s->flow != 0 && r->t0 > s->last) {
		take_out(f, s);
		s = slot_of(f, r->flow);
	}
	if (s->flow == 0) {
		if (r->ev == FLOW_EV_END) {
			memcpy(more, r->bytes, sizeof(r->bytes));
			return 0;
		}
		if (f->n == FLOW_BYTES_MAX) {
			return -E2BIG;
		}
		if (f->n * 2 >= f->n_slots) {
			if (!grow(f)) {
				return -ENOMEM;
			}
			s = slot_of(f, r->flow);
		}
		*s = (struct slot){.flow = r->flow, .last = r->t1, .group = own, .act = r->act};
		f->n++;
	}
	growth(s, r, more);
	*group = s->act != r->act ? s->group : own;
	s->group = own;
	s->act = r->act;
	s->last = r->t1 > s->last ? r->t1 : s->last;
	if (r->ev == FLOW_EV_END) {
		take_out(f, s);
	}
	return 0;
}
