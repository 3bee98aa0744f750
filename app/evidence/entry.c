// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum kind {
	TEXT,
	UNSIGNED,
	SIGNED,
	HEX64,
	HASH,
};

static const struct field {
	const char *key; // with what stands before it
	enum kind kind;
	size_t at;
} fields[] = {
#define FIELD(key, kind, member)                                                                   \
	{                                                                                          \
		",\"" key "\":", kind, offsetof(struct entry, member)                              \
	}
	FIELD("gw", TEXT, gw),
	FIELD("boot", HEX64, boot),
	FIELD("block", UNSIGNED, block),
	FIELD("kept", UNSIGNED, kept), // not in format 1
	FIELD("first", UNSIGNED, first),
	FIELD("n", UNSIGNED, n),
	FIELD("t0", SIGNED, t0),
	FIELD("t1", SIGNED, t1),
	FIELD("root", HASH, root),
	FIELD("prev", HASH, prev),
	FIELD("attempted", UNSIGNED, attempted),
	FIELD("ring_full", UNSIGNED, ring_full),
	FIELD("disk_full", UNSIGNED, disk_full),
	FIELD("write_error", UNSIGNED, write_error),
	FIELD("too_long", UNSIGNED, too_long),
	FIELD("crash", UNSIGNED, crash),
	FIELD("missed", UNSIGNED, missed),
	FIELD("policy", HASH, policy),
	FIELD("db", HASH, db),
	FIELD("dpi", TEXT, dpi),
#undef FIELD
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))
#define BEGIN    (sizeof("{\"v\":1") - 1)

// Whether the entry has the field: formats differ by one.
static bool has(const struct entry *e, const struct field *f)
{
	return e->states_kept || f->at != offsetof(struct entry, kept);
}

static size_t put_value(const struct entry *e, const struct field *f, char *out, size_t room)
{
	const char *at = (const char *)e + f->at;
	char hex[65];
	int n = 0;

	switch (f->kind) {
	case TEXT:
		n = snprintf(out, room, "%s%s", f->key, at);
		break;
	case UNSIGNED:
		n = snprintf(out, room, "%s%" PRIu64, f->key, *(const uint64_t *)(const void *)at);
		break;
	case SIGNED:
		n = snprintf(out, room, "%s%" PRId64, f->key, *(const int64_t *)(const void *)at);
		break;
	case HEX64:
		n = snprintf(out, room, "%s\"%016" PRIx64 "\"", f->key,
			*(const uint64_t *)(const void *)at);
		break;
	case HASH:
		hash_hex((const struct hash *)(const void *)at, hex);
		n = snprintf(out, room, "%s\"%s\"", f->key, hex);
		break;
	}
	return (size_t)n;
}

size_t entry_format(const struct entry *e, char out[ENTRY_LINE_MAX])
{
	size_t len = (size_t)snprintf(out, ENTRY_LINE_MAX, "{\"v\":%d", e->states_kept ? 2 : 1);

	for (unsigned i = 0; i < N_FIELDS; i++)
		if (has(e, &fields[i]))
			len += put_value(e, &fields[i], out + len, ENTRY_LINE_MAX - len);
	out[len++] = '}'; // two texts, 20 digits a number: it always fits
	out[len] = '\0';
	return len;
}

// A string with its quotes; where it ends.
static const char *skip_text(const char *p, const char *end)
{
	if (p == end || *p != '"')
		return NULL;
	for (p++; p != end && *p != '"'; p++) {
		if (*p == '\\' && ++p == end)
			return NULL;
		if ((unsigned char)*p < 0x20)
			return NULL;
	}
	return p != end ? p + 1 : NULL;
}

// Values are read leniently: entry_parse() compares with what they would be written as.
static const char *take_value(
	struct entry *e, const struct field *f, const char *p, const char *end)
{
	char *at = (char *)e + f->at, text[32];
	const char *stop;
	size_t n;

	switch (f->kind) {
	case TEXT:
		stop = skip_text(p, end);
		if (stop == NULL || stop - p >= ENTRY_TEXT_MAX)
			return NULL;
		memcpy(at, p, (size_t)(stop - p));
		at[stop - p] = '\0';
		return stop;
	case HASH:
		if (end - p < 66 || !hash_parse_hex(p + 1, (struct hash *)(void *)at))
			return NULL;
		return p + 66;
	default:
		break;
	}
	for (n = 0; n < sizeof(text) - 1 && p + n != end && p[n] != ',' && p[n] != '}'; n++)
		text[n] = p[n];
	text[n] = '\0';
	if (f->kind == UNSIGNED)
		n = sscanf(text, "%" SCNu64, (uint64_t *)(void *)at) == 1 ? n : 0;
	else if (f->kind == SIGNED)
		n = sscanf(text, "%" SCNd64, (int64_t *)(void *)at) == 1 ? n : 0;
	else
		n = sscanf(text, "\"%16" SCNx64 "\"", (uint64_t *)(void *)at) == 1 ? n : 0;
	return n != 0 ? p + n : NULL;
}

bool entry_parse(const char *line, size_t len, struct entry *out)
{
	const char *p = line + BEGIN, *end = line + len;
	char again[ENTRY_LINE_MAX];

	memset(out, 0, sizeof(*out));
	if (len <= BEGIN || len >= ENTRY_LINE_MAX)
		return false;
	out->states_kept = memcmp(line, "{\"v\":2", BEGIN) == 0;
	if (!out->states_kept && memcmp(line, "{\"v\":1", BEGIN) != 0)
		return false;
	for (unsigned i = 0; i < N_FIELDS; i++) {
		const size_t key = strlen(fields[i].key);

		if (!has(out, &fields[i]))
			continue;
		if ((size_t)(end - p) < key || memcmp(p, fields[i].key, key) != 0)
			return false;
		p = take_value(out, &fields[i], p + key, end);
		if (p == NULL)
			return false;
	}
	return entry_format(out, again) == len && memcmp(again, line, len) == 0;
}

uint64_t entry_lost(const struct entry *e)
{
	return e->ring_full + e->disk_full + e->write_error + e->too_long + e->crash;
}

bool entry_adds_up(const struct entry *e, const struct entry *before)
{
	const uint64_t attempted = before != NULL ? before->attempted : 0;
	const uint64_t lost = before != NULL ? entry_lost(before) : 0;

	return e->attempted - attempted - e->n == entry_lost(e) - lost && entry_lost(e) >= lost;
}

const char *entry_follows(const struct entry *e, const struct entry *before)
{
	const uint64_t attempted = before != NULL ? before->attempted : 0;

	if (e->block != (before != NULL ? before->block + 1 : 0))
		return "its number does not follow";
	if (before != NULL && strcmp(e->gw, before->gw) != 0)
		return "it is of another gateway";
	if (e->n == 0 || e->n > ENTRY_BLOCK_RECORDS || e->first <= attempted ||
		e->attempted < e->first || e->attempted - e->first < e->n - 1)
		return "its sequence numbers do not follow";
	if (e->t0 > e->t1)
		return "its times run backwards";
	if (before != NULL && before->states_kept && !e->states_kept)
		return "it does not state what is kept, and the one before does";
	if (before != NULL && e->states_kept && e->kept < before->kept)
		return "it keeps blocks that were given up before";
	if (e->kept > e->block)
		return "it keeps blocks from one on that comes later";
	return NULL;
}
