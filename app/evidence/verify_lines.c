// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Lines, their root, and their numbers: a hole must be told by the gap records right behind it.

#include "app/evidence/verify_part.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// What stands behind a key. A quote inside a string is escaped, so that no string can hold a key.
static const char *behind(const char *line, size_t len, const char *key)
{
	const char *p = memmem(line, len, key, strlen(key));

	return p != NULL && p + strlen(key) != line + len ? p + strlen(key) : NULL;
}

static bool digits(const char *p, const char *end, uint64_t *v)
{
	if (p == NULL || p == end || !isdigit((unsigned char)*p))
		return false;
	for (*v = 0; p != end && isdigit((unsigned char)*p); p++)
		*v = *v * 10 + (uint64_t)(*p - '0');
	return true;
}

static bool number_of(const char *line, size_t len, const char *key, uint64_t *v)
{
	return digits(behind(line, len, key), line + len, v);
}

static bool time_of(const char *line, size_t len, const char *key, int64_t *t)
{
	const char *p = behind(line, len, key);
	const bool minus = p != NULL && *p == '-';
	uint64_t v;

	if (!digits(minus ? p + 1 : p, line + len, &v))
		return false;
	*t = (int64_t)(minus ? -v : v);
	return true;
}

static const char *take_gap(struct numbers *n, const char *line, size_t len)
{
	uint64_t lost, from, to;

	n->gaps++;
	if (!number_of(line, len, ",\"lost\":", &lost))
		return "a gap record does not say how many are lost";
	if (lost == 0)
		return n->hole_from != 0 ? "records are missing that no gap record tells of" : NULL;
	if (!number_of(line, len, ",\"from\":", &from) || !number_of(line, len, ",\"to\":", &to) ||
		to < from || to - from + 1 != lost)
		return "a gap record does not add up";
	if (n->hole_from == 0) // told by the first line that is there: the rest was pruned
		return n->next == 0 ? NULL : "a gap record tells of records that are not missing";
	if (from != n->hole_from || to > n->hole_to)
		return "a gap record tells of others than those that are missing";
	n->hole_from = to == n->hole_to ? 0 : to + 1;
	return NULL;
}

static const char *take_number(struct numbers *n, const char *line, size_t len)
{
	static const char gap[] = "{\"v\":1,\"ev\":\"gap\"";
	const char *wrong = NULL;
	uint64_t seq;

	if (!number_of(line, len, ",\"seq\":", &seq) || seq == 0)
		return "a line has no sequence number";
	if (n->next != 0 && seq < n->next)
		return "sequence numbers go back";
	if (n->next != 0 && seq > n->next) {
		if (n->hole_from != 0)
			return "records are missing that no gap record tells of";
		n->hole_from = n->next;
		n->hole_to = seq - 1;
	}
	if (len > sizeof(gap) && memcmp(line, gap, sizeof(gap) - 1) == 0)
		wrong = take_gap(n, line, len);
	else if (n->hole_from != 0)
		wrong = "records are missing that no gap record tells of";
	n->next = seq + 1;
	return wrong;
}

// Search goes by the times of the entry, and so does what may stand behind the newest checkpoint: a
// record of others would not be found.
static bool has_times(const struct entry *e, const char *line, size_t len)
{
	int64_t t0, t1;

	return time_of(line, len, ",\"t0\":", &t0) && time_of(line, len, ",\"t1\":", &t1) &&
	       t0 >= e->t0 && t1 <= e->t1;
}

static bool has_gateway(const struct entry *e, const char *line, size_t len)
{
	char key[ENTRY_TEXT_MAX + 8];
	const int n = snprintf(key, sizeof(key), ",\"gw\":%s,", e->gw);

	return memmem(line, len, key, (size_t)n) != NULL;
}

const char *verify_lines(struct verifier *v, const struct entry *e, const char *lines, size_t len)
{
	const char *p = lines, *end = lines + len, *wrong = NULL;
	struct hash root;
	uint64_t n;

	if (!segment_root(v->hasher, lines, len, &root, &n) || n != e->n ||
		!hash_equal(&root, &e->root))
		return "its records are not those that its entry is of";
	// From here on they are what the gateway wrote.
	if (v->numbers.next == 0 && v->tree.size == 0)
		v->numbers.next = 1;
	while (p < end && wrong == NULL) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (!has_gateway(e, p, (size_t)(nl - p)))
			return "a record of another gateway stands in it";
		if (!has_times(e, p, (size_t)(nl - p)))
			return "a record of other times than its entry's stands in it";
		if (!verify_capture(v, e->block, p, (size_t)(nl - p)))
			return NULL;
		wrong = take_number(&v->numbers, p, (size_t)(nl - p));
		p = nl + 1;
	}
	if (wrong == NULL && v->numbers.next != e->attempted + 1)
		wrong = "its last sequence number is not its entry's";
	if (wrong != NULL)
		verify_bad(v, &v->r->completeness, true, e->block, "%s", wrong);
	return NULL;
}
