// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/lone.h"

#include "app/review/block_index.h"

#include <stdlib.h>
#include <string.h>

#define GATEWAY_MAX 320 // as a report takes it

enum lone_what {
	KEPT,   // what no flow follows from: notices, lines that are no records of flows
	STARTS, // a run of the gateway
	OPENS,  // a flow goes on
	ENDS,   // a flow ends, and its line is kept
	MAY_BE_LONE,
};

enum key { // of enum lone_part, and those of the rule
	KEY_RULE = LONE_RULE,
	KEYS = LONE_RULE + LONE_RULE_PARTS,
};

size_t lone_rule_key(const struct cell *const parts[LONE_RULE_PARTS], char *key, size_t size)
{
	size_t len = 0;

	for (unsigned i = 0; i < LONE_RULE_PARTS; i++) {
		const size_t n = parts[i] != NULL ? parts[i]->len : 0;

		if (n >= size - len) {
			return 0;
		}
		if (n != 0) {
			memcpy(key + len, parts[i]->text, n);
		}
		len += n;
		key[len++] = LONE_SEPARATOR;
	}
	return len;
}

bool lone_packet(const struct cell *ev, const struct cell *rule, const struct cell *reason)
{
	return (cell_is(reason, "FLOW_TABLE_FULL", false) || cell_is(reason, "OVERLOAD", false)) &&
	       rule == NULL && cell_is(ev, "decision", false);
}

// ---- a line

static bool note_keys(struct lone_line *l, const struct row *r, const char *lines)
{
	static const char *const names[KEYS] = {[LONE_GATEWAY] = "gw",
		[LONE_COUNTRY] = "cc",
		[LONE_TENANT] = "tn",
		[LONE_APP] = "app",
		[KEY_RULE] = "act",
		"rule",
		"reason",
		"sev",
		"basis",
		"limit"};
	size_t rule = LONE_RULE_PARTS;

	for (unsigned i = 0; i < KEYS; i++) {
		const struct cell *c = names[i] != NULL ? row_find(r, names[i]) : NULL;

		l->key[i].from = c != NULL ? (uint32_t)(c->text - lines) : 0;
		l->key[i].len = c != NULL ? (uint32_t)c->len : 0;
		rule += i >= KEY_RULE ? l->key[i].len : 0;
		if (i < KEY_RULE && l->key[i].len > LONE_TEXT_MAX) {
			return false;
		}
	}
	l->local = row_find(r, "cc") == NULL;
	return rule <= LONE_KEY_MAX;
}

bool lone_is_flow(const struct row *r, uint64_t *fid, int64_t *t1)
{
	const struct cell *gw = row_find(r, "gw");

	return row_find(r, "ev") != NULL && gw != NULL && gw->kind == CELL_STRING &&
	       gw->len < GATEWAY_MAX && cell_i64(row_find(r, "t1"), t1) &&
	       cell_fid(row_find(r, "fid"), fid);
}

static uint8_t what_is(struct lone_line *l, const struct row *r, const char *lines)
{
	static const char *const bytes[LONE_BYTES] = {"ob", "rb", "db", "pb"};
	const struct cell *ev = row_find(r, "ev"), *act = row_find(r, "act");

	if (row_find(r, "fid") == NULL) {
		return cell_is(ev, "start", false) ? STARTS : KEPT;
	}
	if (!lone_is_flow(r, &l->fid, &l->t1)) {
		return KEPT; // a report takes it for no record
	}
	if (!cell_is(ev, "end", false)) {
		return lone_packet(ev, row_find(r, "rule"), row_find(r, "reason")) ? ENDS : OPENS;
	}
	for (unsigned i = 0; i < LONE_BYTES; i++) {
		l->bytes[i] = 0;
		cell_u64(row_find(r, bytes[i]), &l->bytes[i]);
	}
	return cell_is(act, "flag", false) || cell_is(act, "block", false) ||
			       !note_keys(l, r, lines)
		       ? ENDS
		       : MAY_BE_LONE;
}

bool lone_note(
	struct lone_lines *l, const struct row *r, const char *lines, const char *at, size_t len)
{
	struct lone_line *to;

	if (l->n == l->cap) {
		const size_t cap = l->cap != 0 ? l->cap * 2 : 4096;
		struct lone_line *v = reallocarray(l->v, cap, sizeof(*v));

		if (v == NULL) {
			return false;
		}
		l->v = v;
		l->cap = cap;
	}
	to = &l->v[l->n++];
	to->from = (uint32_t)(at - lines); // a block is less than 4 GiB
	to->len = (uint32_t)len;
	to->what = what_is(to, r, lines);
	return true;
}

// ---- sums

struct key_sum {
	struct lone_sum sum;
	int64_t step;
	char *key; // malloc()ed
};

struct lone_sums {
	struct key_sum *v;
	size_t n, cap;
	uint32_t *table; // index + 1 into v; 0: free. A power of two, at most half full
	size_t size;
};

struct lone_sums *lone_sums_new(void)
{
	return calloc(1, sizeof(struct lone_sums));
}

void lone_sums_clear(struct lone_sums *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].key);
	}
	s->n = 0;
	if (s->table != NULL) {
		memset(s->table, 0, s->size * sizeof(*s->table));
	}
}

void lone_sums_free(struct lone_sums *s)
{
	if (s != NULL) {
		lone_sums_clear(s);
		free(s->v);
		free(s->table);
		free(s);
	}
}

// FNV-1a.
static size_t slot_of(
	const struct lone_sums *s, enum lone_part part, int64_t step, const char *key, size_t len)
{
	uint64_t h =
		(0xcbf29ce484222325ull ^ (uint64_t)step ^ (uint64_t)part << 56) * 0x100000001b3ull;
	size_t i;

	for (size_t k = 0; k < len; k++) {
		h = (h ^ (uint8_t)key[k]) * 0x100000001b3ull;
	}
	for (i = (size_t)(h ^ h >> 32) & (s->size - 1); s->table[i] != 0;
		i = (i + 1) & (s->size - 1)) {
		const struct key_sum *at = &s->v[s->table[i] - 1];

		if (at->step == step && at->sum.part == part && at->sum.len == len &&
			memcmp(at->key, key, len) == 0) {
			break;
		}
	}
	return i;
}

static bool grow(struct lone_sums *s)
{
	const size_t cap = s->cap != 0 ? s->cap * 2 : 256;
	struct key_sum *v = reallocarray(s->v, cap, sizeof(*v));
	uint32_t *table;

	if (v == NULL) {
		return false;
	}
	s->v = v;
	table = calloc(cap * 2, sizeof(*table));
	if (table == NULL) {
		return false;
	}
	free(s->table);
	s->table = table;
	s->size = cap * 2;
	s->cap = cap;
	for (size_t i = 0; i < s->n; i++) {
		const struct key_sum *k = &v[i];

		s->table[slot_of(s, k->sum.part, k->step, k->key, k->sum.len)] = (uint32_t)i + 1;
	}
	return true;
}

static void count(uint64_t *to, uint64_t more)
{
	if (__builtin_add_overflow(*to, more, to)) {
		*to = UINT64_MAX;
	}
}

static int64_t step_of(int64_t t)
{
	return t / LONE_STEP_US - (t % LONE_STEP_US < 0);
}

// counts: otherwise only the key is there, with zeros.
static bool add(struct lone_sums *s, enum lone_part part, const struct lone_line *l,
	const char *key, size_t len, bool counts)
{
	const int64_t step = step_of(l->t1);
	struct key_sum *to;
	size_t slot;

	if (s->n == s->cap && !grow(s)) {
		return false;
	}
	slot = slot_of(s, part, step, key, len);
	if (s->table[slot] == 0) {
		to = &s->v[s->n];
		*to = (struct key_sum){.step = step,
			.key = malloc(len + 1),
			.sum = {.part = part, .first = l->t1, .last = l->t1, .len = len}};
		if (to->key == NULL) {
			return false;
		}
		memcpy(to->key, key, len);
		to->sum.key = to->key;
		s->table[slot] = (uint32_t)++s->n;
	}
	to = &s->v[s->table[slot] - 1];
	to->sum.first = l->t1 < to->sum.first ? l->t1 : to->sum.first;
	to->sum.last = l->t1 > to->sum.last ? l->t1 : to->sum.last;
	if (counts) {
		to->sum.n++;
		for (unsigned i = 0; i < LONE_BYTES; i++) {
			count(&to->sum.bytes[i], l->bytes[i]);
		}
	}
	return true;
}

static bool add_line(struct lone_sums *s, const struct lone_line *l, const char *lines)
{
	char rule[LONE_KEY_MAX + LONE_RULE_PARTS + 1];
	struct cell cells[LONE_RULE_PARTS];
	const struct cell *parts[LONE_RULE_PARTS];
	size_t len;

	for (unsigned i = 0; i < LONE_RULE_PARTS; i++) {
		cells[i] = (struct cell){
			.text = lines + l->key[KEY_RULE + i].from, .len = l->key[KEY_RULE + i].len};
		parts[i] = &cells[i];
	}
	len = lone_rule_key(parts, rule, sizeof(rule));
	for (enum lone_part part = LONE_COUNTRY; part < LONE_RULE; part++) {
		if (!add(s, part, l, lines + l->key[part].from, l->key[part].len, !l->local)) {
			return false;
		}
	}
	return add(s, LONE_GATEWAY, l, lines + l->key[LONE_GATEWAY].from, l->key[LONE_GATEWAY].len,
		       true) &&
	       add(s, l->local ? LONE_LOCAL : LONE_ALL, l, "", 0, true) &&
	       add(s, LONE_RULE, l, rule, len, !l->local);
}

// ---- a block

// Which ends stand alone: the others become ENDS. How many bytes are to be kept.
static bool decide(struct lone_lines *l, struct lone_open *open, size_t *keep)
{
	*keep = 0;
	for (size_t i = 0; i < l->n; i++) {
		struct lone_line *at = &l->v[i];

		at->alone = at->what != OPENS;
		if ((at->what == MAY_BE_LONE || at->what == ENDS) && lone_open_has(open, at->fid)) {
			at->what = ENDS;
			at->alone = false;
		}
		if (at->what == STARTS) {
			lone_open_start(open);
		} else if (at->what == OPENS && !lone_open_add(open, at->fid)) {
			return false;
		} else if (at->what == ENDS) {
			lone_open_end(open, at->fid);
		}
		*keep += at->what != MAY_BE_LONE ? at->len + 1 : 0;
	}
	return true;
}

bool lone_block(struct lone_sums *s, struct lone_open *open, struct lone_lines *l,
	const char *lines, size_t len, bool odd, struct bytes *kept, bool *whole)
{
	size_t keep;

	kept->len = 0;
	if (!decide(l, open, &keep)) {
		return false;
	}
	*whole = !odd && keep <= len / 2;
	for (size_t i = 0; *whole && i < l->n; i++) {
		const struct lone_line *at = &l->v[i];
		const bool ok = at->what == MAY_BE_LONE
					? add_line(s, at, lines)
					: bytes_add(kept, lines + at->from, at->len) &&
						  bytes_add(kept, "\n", 1);

		if (!ok) {
			return false;
		}
	}
	return true;
}

// ---- bytes

struct packed {
	int64_t first, last;
	uint64_t n, bytes[LONE_BYTES];
	uint32_t part, len; // of the key, which follows
};

bool lone_sums_put(const struct lone_sums *s, struct bytes *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct lone_sum *k = &s->v[i].sum;
		struct packed p = {.first = k->first,
			.last = k->last,
			.n = k->n,
			.part = k->part,
			.len = (uint32_t)k->len};

		memcpy(p.bytes, k->bytes, sizeof(p.bytes));
		if (!bytes_add(out, &p, sizeof(p)) || !bytes_add(out, k->key, k->len)) {
			return false;
		}
	}
	return true;
}

bool lone_next(const char *bytes, size_t len, size_t *at, struct lone_sum *out)
{
	struct packed p;

	if (len - *at < sizeof(p)) {
		return false;
	}
	memcpy(&p, bytes + *at, sizeof(p));
	if (p.part >= LONE_PARTS || p.len > len - *at - sizeof(p)) {
		return false;
	}
	*out = (struct lone_sum){.part = p.part,
		.first = p.first,
		.last = p.last,
		.n = p.n,
		.key = bytes + *at + sizeof(p),
		.len = p.len};
	memcpy(out->bytes, p.bytes, sizeof(p.bytes));
	*at += sizeof(p) + p.len;
	return true;
}
