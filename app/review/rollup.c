// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/rollup.h"

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

bool rollup_row(struct groups *g, const struct row *r)
{
	static const char *const fields[] = {
		"ev", "tn", "app", "master", "cc", "act", "rule", "border"};
	uint64_t out = 0, in = 0;
	char key[KEY_MAX];
	size_t len = 0;

	put(key, &len, "{", 1);
	for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct cell *c = row_find(r, fields[i]);

		if (c == NULL || c->kind != CELL_STRING) {
			continue;
		}
		if (!put_name(key, &len, fields[i]) || !put(key, &len, "\"", 1) ||
			!put(key, &len, c->text, c->len) || !put(key, &len, "\"", 1)) {
			return false;
		}
	}
	if (!put_hour(key, &len, r, "t0") || !put_hour(key, &len, r, "t1")) {
		return false;
	}
	cell_u64(row_find(r, "ob"), &out);
	cell_u64(row_find(r, "rb"), &in);
	return groups_add(g, key, len, 1, out, in) == 0;
}

static bool is_hour(int64_t t)
{
	return t % HOUR_US == 0;
}

bool rollup_answers(const struct filter *f)
{
	return f->n[FILTER_HOST] == 0 && f->n[FILTER_ADDR] == 0 && f->n[FILTER_REMOTE] == 0 &&
	       f->n[FILTER_REASON] == 0 && f->n[FILTER_FID] == 0 && f->min_bytes == 0 &&
	       (!f->when.has_since || is_hour(f->when.since)) &&
	       (!f->when.has_until || is_hour(f->when.until));
}

size_t rollup_line(const struct group *g, char *out, size_t size)
{
	return (size_t)snprintf(out, size,
		"%s%s\"n\":%" PRIu64 ",\"ob\":%" PRIu64 ",\"rb\":%" PRIu64 "}", g->key,
		g->len > 1 ? "," : "", g->records, g->out, g->in);
}
