// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/rollup.h"

#include "app/rows/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HOUR_US 3600000000ll
#define KEY_MAX 2048

static bool put(char *key, size_t *len, const char *text, size_t n)
{
	if (n > KEY_MAX - *len) {
		return false;
	}
	memcpy(key + *len, text, n);
	*len += n;
	return true;
}

static bool put_name(char *key, size_t *len, const char *name)
{
	const size_t n = strlen(name);

	return (*len == 1 || put(key, len, ",", 1)) && put(key, len, "\"", 1) &&
	       put(key, len, name, n) && put(key, len, "\":", 2);
}

static bool put_hour(char *key, size_t *len, const struct row *r, const char *name)
{
	const struct cell *c = row_find(r, name);
	int64_t t, rest;
	char text[24];

	if (!cell_i64(c, &t)) {
		return true; // a filter with times finds none here either
	}
	rest = t % HOUR_US;
	t -= rest < 0 ? rest + HOUR_US : rest;
	snprintf(text, sizeof(text), "%" PRId64, t);
	return put_name(key, len, name) && put(key, len, text, strlen(text));
}

// Its length; 0: it is too long.
static size_t make_key(const struct row *r, char key[KEY_MAX])
{
	static const char *const fields[] = {
		"ev", "tn", "app", "master", "cc", "act", "rule", "border"};
	size_t len = 0;

	put(key, &len, "{", 1);
	for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct cell *c = row_find(r, fields[i]);

		if (c == NULL || c->kind != CELL_STRING) {
			continue;
		}
		if (!put_name(key, &len, fields[i]) || !put(key, &len, "\"", 1) ||
			!put(key, &len, c->text, c->len) || !put(key, &len, "\"", 1)) {
			return 0;
		}
	}
	return put_hour(key, &len, r, "t0") && put_hour(key, &len, r, "t1") ? len : 0;
}

bool rollup_row(struct groups *g, const struct row *r)
{
	uint64_t out = 0, in = 0;
	char key[KEY_MAX];
	const size_t len = make_key(r, key);

	cell_u64(row_find(r, "ob"), &out);
	cell_u64(row_find(r, "rb"), &in);
	return len != 0 && groups_add(g, key, len, 1, out, in) == 0;
}

bool rollup_single_out(
	struct groups *g, const struct row *r, struct groups *to, struct bytes *singles)
{
	struct rollup_single s;
	char key[KEY_MAX];
	const size_t len = make_key(r, key);

	memset(&s, 0, sizeof(s)); // what lies between its fields is stored, too
	return len != 0 && flow_record_read(r, &s.record) &&
	       groups_take(g, key, len, s.record.bytes[0], s.record.bytes[1]) &&
	       groups_find(to, key, len, &s.key) == 0 && bytes_add(singles, &s, sizeof(s));
}

bool rollup_single_at(const char *singles, size_t len, size_t i, struct rollup_single *out)
{
	if (len / sizeof(*out) <= i) {
		return false;
	}
	memcpy(out, singles + i * sizeof(*out), sizeof(*out));
	return true;
}

bool rollup_put(const struct groups *g, const struct bytes *singles, struct bytes *out, size_t most)
{
	for (size_t i = 0; i < groups_count(g); i++) {
		char line[KEY_MAX + 128];
		const size_t len = rollup_line(groups_at(g, i), line, sizeof(line) - 1);

		line[len] = '\n';
		if (!bytes_add(out, line, len + 1) || out->len > most) {
			return false;
		}
	}
	return bytes_add(out, "", 1) && bytes_add(out, singles->v, singles->len) &&
	       out->len <= most;
}

static bool is_hour(int64_t t)
{
	return t % HOUR_US == 0;
}

bool rollup_answers(const struct filter *f)
{
	return f->n[FILTER_HOST] == 0 && f->n[FILTER_ADDR] == 0 && f->n[FILTER_REMOTE] == 0 &&
	       f->n[FILTER_REASON] == 0 && f->n[FILTER_FID] == 0 && !f->has_min_bytes &&
	       (!f->when.has_since || is_hour(f->when.since)) &&
	       (!f->when.has_until || is_hour(f->when.until));
}

size_t rollup_line(const struct group *g, char *out, size_t size)
{
	return (size_t)snprintf(out, size,
		"%s%s\"n\":%" PRIu64 ",\"ob\":%" PRIu64 ",\"rb\":%" PRIu64 "}", g->key,
		g->len > 1 ? "," : "", g->records, g->out, g->in);
}
