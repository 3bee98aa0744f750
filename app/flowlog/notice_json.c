// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/line.h"

static void put_span(struct json_out *j, int64_t t0, int64_t t)
{
	JSON_KEY(j, "t0");
	json_put_i64(j, t0);
	JSON_KEY(j, "t1");
	json_put_i64(j, t);
}

static void put_times(struct json_out *j, int64_t t)
{
	put_span(j, t, t);
}

static void put_value(struct json_out *j, const char *text)
{
	json_put_string(j, text, strlen(text));
}

// Key and value, or neither where the value is not known.
#define PUT_TEXT(j, key, text)                                                                     \
	do {                                                                                       \
		if ((text) != NULL) {                                                              \
			JSON_KEY(j, key);                                                          \
			put_value(j, text);                                                        \
		}                                                                                  \
	} while (0)

#define PUT_U64(j, key, v)                                                                         \
	do {                                                                                       \
		JSON_KEY(j, key);                                                                  \
		json_put_u64(j, v);                                                                \
	} while (0)

void line_start(
	struct json_out *j, const struct line_source *s, uint64_t seq, const struct notice_start *n)
{
	line_head(j, s, "\"start\"", seq);
	put_times(j, n->t);
	PUT_TEXT(j, "ver", n->version);
	PUT_TEXT(j, "mode", n->mode);
	PUT_TEXT(j, "dpi", n->dpi);
	for (unsigned i = 0; i < n->n_db; i++) {
		if (i == 0) {
			JSON_LITERAL(j, ",\"dbs\":[");
		} else {
			JSON_LITERAL(j, ",");
		}
		put_value(j, n->db[i]);
	}
	if (n->n_db != 0) {
		JSON_LITERAL(j, "]");
	}
	PUT_TEXT(j, "warn", n->warning);
	JSON_LITERAL(j, "}\n");
}

void line_policy(struct json_out *j, const struct line_source *s, uint64_t seq,
	const struct notice_policy *n)
{
	line_head(j, s, "\"policy\"", seq);
	put_times(j, n->t);
	PUT_TEXT(j, "how", n->how);
	PUT_TEXT(j, "who", n->who);
	PUT_TEXT(j, "outcome", n->outcome);
	PUT_TEXT(j, "id", n->id);
	if (n->version != 0) {
		PUT_U64(j, "pol", n->version);
	}
	if (n->epoch != 0) {
		PUT_U64(j, "epoch", n->epoch);
	}
	PUT_TEXT(j, "sha256", n->sha256);
	PUT_TEXT(j, "detail", n->detail);
	JSON_LITERAL(j, "}\n");
}

void line_gap(
	struct json_out *j, const struct line_source *s, uint64_t seq, const struct notice_gap *n)
{
	line_head(j, s, "\"gap\"", seq);
	put_span(j, n->t0 != 0 ? n->t0 : n->t, n->t);
	PUT_TEXT(j, "cause", n->cause);
	PUT_U64(j, "lost", n->lost);
	if (n->lost != 0) {
		PUT_U64(j, "from", n->from);
		PUT_U64(j, "to", n->to);
	}
	PUT_TEXT(j, "detail", n->detail);
	JSON_LITERAL(j, "}\n");
}

void line_stop(
	struct json_out *j, const struct line_source *s, uint64_t seq, const struct notice_stop *n)
{
	line_head(j, s, "\"stop\"", seq);
	put_times(j, n->t);
	PUT_TEXT(j, "why", n->why);
	PUT_U64(j, "attempted", n->attempted);
	PUT_U64(j, "written", n->written);
	PUT_U64(j, "lost_ring", n->lost_ring);
	PUT_U64(j, "lost_disk", n->lost_disk);
	PUT_U64(j, "pkts", n->packets);
	PUT_U64(j, "bytes", n->bytes);
	PUT_U64(j, "missed", n->missed);
	JSON_LITERAL(j, "}\n");
}
