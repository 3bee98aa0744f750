// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The pages of "bhlog serve". Each is written to a page's stream; what they have in common is here.
#pragma once

#include "app/console/http.h"
#include "app/console/page.h"
#include "app/console/report_load.h"
#include "app/console/state.h"

#include <pthread.h>

#define SERVE_TABLE_ROWS 15

struct serve {
	const char *dir;
	struct policy_words *policy;
	struct verify_options verify;
	struct state *state;
	int64_t offset;
	enum lang lang; // until a browser asks for another

	struct lookup_bad bad_catalogue;

	// The digest that was asked for last, and of what: counting takes a pass over the log.
	pthread_mutex_t lock;
	struct digest *digest;
	uint64_t size; // of the log then, bytes
	bool torn;
	char stopped[512]; // where reading ended too early; "": nowhere
};

// One request on its way.
struct view {
	struct serve *s;
	const struct http_request *r;
	struct http_reply *reply;
	struct page page;
	const char *here; // path of the page, for the menu
};

void serve_answer(void *ctx, const struct http_request *r, struct http_reply *reply);
// In all languages: the page that asks for the token.
void serve_refuse(void *ctx, const struct http_request *r, struct http_reply *reply);

// The pages; each writes the inside of its <main>.
void serve_overview(struct view *v);
void serve_search(struct view *v);
extern const char *const serve_search_names[]; // of what can be asked for, NULL behind the last
void serve_record(struct view *v);
void serve_policy(struct view *v);
void serve_integrity(struct view *v);

// ---- what they are made of

// The digest of the asked-for period, with v->s->lock held until serve_digest_done(). False: an
// error was written to the page.
bool serve_digest(struct view *v);
void serve_digest_done(struct view *v);

// Bytes of the log's files.
uint64_t serve_log_size(const struct serve *s);

// How the pages use the log's catalogue: they show, and change nothing.
struct lookup_options serve_catalogue(struct serve *s);

// False only where the line is no "start" of a run of the gateway.
bool serve_may_start(const char *line, size_t len);

// A section with the records of one flow, by the cell of its id and the number of one of them.
void serve_story(struct view *v, const struct cell *fid, uint64_t seq);

// Whether the log is whole, as far as that is known: a paragraph on top of each page.
void serve_state(struct view *v);

void serve_error(struct view *v, unsigned status, const char *text);
// A value that a field cannot have, with what is expected.
void serve_bad_value(struct view *v, enum word field, const char *text, const char *expected);
void serve_heading(struct view *v, enum word title); // <h1>

// A field of a form; value "" where the URL has none.
const char *serve_value(const struct view *v, const char *key);
// A field for a time, which stands there in the zone of the page, whatever zone the URL has it in.
void serve_time_field(struct view *v, const char *key, enum word label);
// The period of the URL, in words of --since and --until. False: wrong, the page says so.
bool serve_period(struct view *v, struct period_bounds *o);
