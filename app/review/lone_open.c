// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/lone_open.h"

#include "app/review/block_index.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

struct slot {
	uint64_t fid;
	uint32_t run; // in which it was seen, from 1; 0: the slot is free
	bool ended;
};

// Open addressing with linear probing; at most half full. What is taken out goes when the table is
// made anew.
struct lone_open {
	struct slot *slots;
	size_t n_slots, n;
	uint32_t run, settled; // this one; that of the last lone_open_settle()
};

struct lone_open *lone_open_new(void)
{
	struct lone_open *o = calloc(1, sizeof(*o));

	if (o != NULL) {
		o->n_slots = FIRST_SLOTS;
		o->run = o->settled = 1;
		o->slots = calloc(o->n_slots, sizeof(*o->slots));
	}
	if (o == NULL || o->slots == NULL) {
		free(o);
		return NULL;
	}
	return o;
}

void lone_open_free(struct lone_open *o)
{
	if (o != NULL) {
		free(o->slots);
		free(o);
	}
}

// The finalizer of splitmix64: ids of one gateway differ in few bits.
static struct slot *slot_of(struct slot *slots, size_t n, uint64_t fid)
{
	uint64_t h = (fid ^ fid >> 30) * 0xbf58476d1ce4e5b9ull;
	size_t at;

	h = (h ^ h >> 27) * 0x94d049bb133111ebull;
	for (at = (size_t)(h ^ h >> 31) & (n - 1); slots[at].run != 0 && slots[at].fid != fid;
		at = (at + 1) & (n - 1)) {
	}
	return &slots[at];
}

bool lone_open_has(const struct lone_open *o, uint64_t fid)
{
	return slot_of(o->slots, o->n_slots, fid)->run != 0;
}

// Into a new table of n slots; settles: leaves out what has ended.
static bool rebuild(struct lone_open *o, size_t n, bool settles)
{
	struct slot *slots = calloc(n, sizeof(*slots));
	size_t kept = 0;

	if (slots == NULL) {
		return false;
	}
	for (size_t i = 0; i < o->n_slots; i++) {
		const struct slot *s = &o->slots[i];

		if (s->run != 0 && !(settles && (s->ended || s->run != o->run))) {
			*slot_of(slots, n, s->fid) = *s;
			kept++;
		}
	}
	free(o->slots);
	o->slots = slots;
	o->n_slots = n;
	o->n = kept;
	return true;
}

bool lone_open_add(struct lone_open *o, uint64_t fid)
{
	struct slot *s;

	if (o->n * 2 >= o->n_slots && !rebuild(o, o->n_slots * 2, false)) {
		return false;
	}
	s = slot_of(o->slots, o->n_slots, fid);
	o->n += s->run == 0;
	*s = (struct slot){.fid = fid, .run = o->run};
	return true;
}

void lone_open_end(struct lone_open *o, uint64_t fid)
{
	struct slot *s = slot_of(o->slots, o->n_slots, fid);

	s->ended = s->run != 0;
}

void lone_open_start(struct lone_open *o)
{
	o->run++;
}

void lone_open_settle(struct lone_open *o, bool taken)
{
	size_t left = 0, want = FIRST_SLOTS;

	for (size_t i = 0; i < o->n_slots; i++) {
		struct slot *s = &o->slots[i];

		if (!taken && s->run != 0) {
			s->ended = false;
			s->run = o->settled;
		}
		left += s->run == o->run && !s->ended;
	}
	if (!taken) {
		o->run = o->settled;
		return;
	}
	while (want < left * 4) {
		want *= 2;
	}
	rebuild(o, want, true); // without memory they stay, which does no harm
	o->settled = o->run;
}

bool lone_open_put(const struct lone_open *o, struct bytes *out)
{
	for (size_t i = 0; i < o->n_slots; i++) {
		if (o->slots[i].run != 0 && !bytes_add(out, &o->slots[i].fid, 8)) {
			return false;
		}
	}
	return true;
}

bool lone_open_take(struct lone_open *o, const char *bytes, size_t len)
{
	memset(o->slots, 0, o->n_slots * sizeof(*o->slots));
	o->n = 0;
	for (size_t at = 0; at + 8 <= len; at += 8) {
		uint64_t fid;

		memcpy(&fid, bytes + at, 8);
		if (!lone_open_add(o, fid)) {
			return false;
		}
	}
	return len % 8 == 0;
}
