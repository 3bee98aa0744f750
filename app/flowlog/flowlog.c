// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The numbers, the clock and the gaps; the lines themselves are spool.c's.
//
// While writing fails the spool keeps what it has room for. From the first record that finds no
// room on, all are lost until writing works again: so the lost numbers are one stretch, and the gap
// records that tell of them, one a cause, follow right behind it.

#include "app/flowlog/flowlog.h"

#include "app/flowlog/capture_file.h"
#include "app/flowlog/flow_capture.h"
#include "app/flowlog/line.h"
#include "app/flowlog/lost.h"
#include "app/flowlog/spool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_ROOM 4096 // tried first; doubled for a line that does not fit

struct flowlog {
	struct line_source source;
	char *gateway; // JSON
	struct spool spool;
	struct capture_files *captures; // NULL: no directory to keep them in
	int64_t clock;                  // latest time seen, microseconds since 1970 UTC
	uint64_t first_seq, next_seq;
	struct lost_list lost; // to be told
	bool crashed;          // the same, of the run before
	char crash_detail[256];
	uint64_t lost_ring, lost_disk, gaps;
};

struct item { // what becomes a line
	enum record_ev ev;
	union {
		const struct record *record;
		const struct notice_start *start;
		const struct notice_policy *policy;
		const struct notice_gap *gap;
		const struct notice_stop *stop;
	};
	int64_t t;
};

static char *gateway_json(const char *name, size_t *len)
{
	const size_t n = strlen(name), room = 6 * n + 2; // every byte escaped, and the quotes
	char *text = malloc(room);
	struct json_out j = {text, text + room, false};

	if (text != NULL) {
		json_put_string(&j, name, n);
		*len = (size_t)(j.p - text);
	}
	return text;
}

static void describe_crash(struct flowlog *l, const struct segments_found *found)
{
	int n = snprintf(l->crash_detail, sizeof(l->crash_detail),
		"the run before wrote no stop record; what it had in memory is not known");

	if (found->torn[0] != '\0') {
		snprintf(l->crash_detail + n, sizeof(l->crash_detail) - (size_t)n,
			"; %" PRIu64 " bytes that are no whole record are in %s", found->torn_bytes,
			found->torn);
	}
}

static bool open_captures(
	struct flowlog *l, const struct flowlog_config *c, char *err, size_t err_size)
{
	const struct capture_files_config cc = {
		.dir = c->dir,
		.gateway = c->gateway,
		.max_bytes = c->capture_bytes != 0 ? c->capture_bytes : 1ull << 30,
		.max_per_s = c->captures_per_s != 0 ? c->captures_per_s : 100,
	};

	if (c->dir == NULL)
		return true;
	l->captures = capture_files_open(&cc, err, err_size);
	return l->captures != NULL;
}

struct flowlog *flowlog_open(const struct flowlog_config *c, char *err, size_t err_size)
{
	struct flowlog *l = calloc(1, sizeof(*l));
	struct segments_found found;

	if (l != NULL) {
		l->gateway = gateway_json(c->gateway, &l->source.gateway_len);
	}
	if (l == NULL || l->gateway == NULL) {
		snprintf(err, err_size, "out of memory for the flow log");
		free(l);
		return NULL;
	}
	l->source.gateway = l->gateway;
	l->source.words = c->words;
	if (!open_captures(l, c, err, err_size) ||
		spool_open(&l->spool, c, &found, err, err_size) != 0) {
		capture_files_close(l->captures);
		free(l->gateway);
		free(l);
		return NULL;
	}
	l->first_seq = l->next_seq = found.any ? found.last_seq + 1 : 1;
	l->crashed = (found.any && !found.stopped) || found.torn[0] != '\0';
	describe_crash(l, &found);
	return l;
}

static void advance(struct flowlog *l, int64_t t)
{
	if (t > l->clock) {
		l->clock = t;
	}
}

// ---- lines

static void put_item(struct flowlog *l, struct json_out *j, const struct item *i)
{
	switch (i->ev) {
	case RECORD_POLICY:
		line_policy(j, &l->source, l->next_seq, i->policy);
		break;
	case RECORD_GAP:
		line_gap(j, &l->source, l->next_seq, i->gap);
		break;
	case RECORD_START:
		line_start(j, &l->source, l->next_seq, i->start);
		break;
	case RECORD_STOP:
		line_stop(j, &l->source, l->next_seq, i->stop);
		break;
	default:
		line_record(j, &l->source, l->next_seq, i->record);
		break;
	}
}

static int append(struct flowlog *l, const struct item *i)
{
	struct spool *s = &l->spool;
	size_t room = LINE_ROOM;

	for (;;) {
		struct json_out j;
		int rc = spool_reserve(s, room);

		if (rc != 0) {
			return rc;
		}
		j = (struct json_out){s->buf + s->len, s->buf + s->cap, false};
		put_item(l, &j, i);
		if (!j.full) {
			advance(l, i->t);
			l->next_seq++;
			spool_add(s, (size_t)(j.p - (s->buf + s->len)), l->clock);
			return 0;
		}
		while (room <= s->cap - s->len) {
			room *= 2;
		}
	}
}

// ---- losses

static int tell_gap(struct flowlog *l, struct notice_gap *gap)
{
	const struct item i = {.ev = RECORD_GAP, .gap = gap, .t = gap->t};
	int rc = append(l, &i);

	l->gaps += rc == 0;
	return rc;
}

// Writes the gap records that are due, before anything else gets a number. t is when they are told.
static int settle(struct flowlog *l, int64_t t)
{
	int rc = 0;

	if (l->crashed) {
		struct notice_gap gap = {.t = t, .cause = "crash", .detail = l->crash_detail};

		rc = tell_gap(l, &gap);
		l->crashed = rc != 0;
	}
	if (rc == 0 && l->lost.n != 0) {
		rc = spool_push(&l->spool, false);
	}
	while (rc == 0 && l->lost.n != 0) {
		const struct lost_run *run = &l->lost.runs[0];
		struct notice_gap gap = {
			.t = t,
			.cause = lost_cause_name(run->cause),
			.lost = run->to - run->from + 1,
			.from = run->from,
			.to = run->to,
		};

		rc = tell_gap(l, &gap);
		if (rc == 0) {
			lost_shift(&l->lost);
		}
	}
	if (rc == 0 && l->spool.sync_failed) {
		struct notice_gap gap = {.t = t,
			.cause = "write_error",
			.detail = "the disk did not confirm the lines before this one"};

		rc = tell_gap(l, &gap);
		l->spool.sync_failed = rc != 0;
	}
	return rc;
}

static void lose(struct flowlog *l, int rc)
{
	enum lost_cause cause = LOST_WRITE_ERROR;

	if (rc == -ENOSPC || rc == -EDQUOT) {
		cause = LOST_DISK_FULL;
	} else if (rc == -EMSGSIZE) {
		cause = LOST_TOO_LONG;
	}
	lost_add(&l->lost, cause, l->next_seq, 1);
	l->next_seq++;
	l->lost_disk++;
}

static int log_item(struct flowlog *l, const struct item *i)
{
	int rc = spool_is_dead(&l->spool) ? l->spool.error : 0;

	if (rc == 0) {
		rc = settle(l, l->clock > i->t ? l->clock : i->t);
	}
	if (rc == 0) {
		rc = append(l, i);
	}
	if (rc != 0) {
		advance(l, i->t);
		lose(l, rc);
	}
	return rc;
}

int flowlog_write(struct flowlog *l, const struct record *r)
{
	const struct item i = {
		.ev = r->ev <= RECORD_END ? r->ev : RECORD_END, .record = r, .t = r->t1};

	char cap[CAPTURE_FILE_TEXT];
	int rc;

	// The file first, so that no record names one that is not there.
	if (r->capture != NULL && l->captures != NULL && capture_files_save(l->captures, r, cap)) {
		l->source.cap = cap;
	}
	rc = log_item(l, &i);
	l->source.cap = NULL;
	flow_capture_release(r->capture);
	return rc;
}

int flowlog_start(struct flowlog *l, const struct notice_start *n)
{
	const struct item i = {.ev = RECORD_START, .start = n, .t = n->t};

	return log_item(l, &i);
}

int flowlog_policy(struct flowlog *l, const struct notice_policy *n)
{
	const struct item i = {.ev = RECORD_POLICY, .policy = n, .t = n->t};

	return log_item(l, &i);
}

int flowlog_stop(struct flowlog *l, const struct notice_stop *n)
{
	struct notice_stop stop = *n;
	const struct item i = {.ev = RECORD_STOP, .stop = &stop, .t = n->t};

	// Gap records first, so that the counters hold for the line that carries them.
	spool_push(&l->spool, true);
	settle(l, l->clock > n->t ? l->clock : n->t);
	stop.attempted = l->next_seq - l->first_seq + 1;
	stop.lost_ring = l->lost_ring;
	stop.lost_disk = l->lost_disk;
	stop.written = stop.attempted - stop.lost_ring - stop.lost_disk;
	return log_item(l, &i);
}

void flowlog_lost(struct flowlog *l, uint64_t records, const char *cause, int64_t now)
{
	if (records == 0) {
		return;
	}
	lost_add(&l->lost, lost_cause_of(cause), l->next_seq, records);
	l->next_seq += records;
	l->lost_ring += records;
	advance(l, now);
	settle(l, l->clock);
}

int flowlog_flush(struct flowlog *l, int64_t now)
{
	struct spool *s = &l->spool;
	int rc, sync_rc;

	advance(l, now);
	rc = spool_push(s, false);
	if (rc == 0) {
		rc = settle(l, l->clock);
	}
	if (rc == 0) {
		rc = spool_push(s, false);
	}
	if (rc == 0 && now != 0) {
		rc = spool_age(s, now);
		l->clock = s->in_segment ? l->clock : now;
	}
	sync_rc = spool_sync(s);
	return rc != 0 ? rc : sync_rc != 0 ? sync_rc : s->stream_error;
}

void flowlog_get_stats(const struct flowlog *l, struct flowlog_stats *out)
{
	const struct spool *s = &l->spool;
	struct capture_files_stats captures = {0};

	if (l->captures != NULL) {
		capture_files_get_stats(l->captures, &captures);
	}
	*out = (struct flowlog_stats){
		.attempted = l->next_seq - l->first_seq,
		.written = s->written,
		.lost_ring = l->lost_ring,
		.lost_disk = l->lost_disk,
		.gaps = l->gaps,
		.bytes = s->bytes,
		.segments = s->segments != NULL ? segments_closed(s->segments) : 0,
		.next_seq = l->next_seq,
		.captures = captures.files,
		.captures_shed = captures.shed,
		.captures_failed = captures.failed,
		.disk_full = s->error == -ENOSPC || s->error == -EDQUOT,
	};
}

int flowlog_close(struct flowlog *l, char *err, size_t err_size)
{
	struct spool *s;
	char where[256];
	uint64_t lost;
	int rc;

	if (l == NULL) {
		return 0;
	}
	s = &l->spool;
	if (spool_push(s, true) == 0) {
		settle(l, l->clock);
	}
	snprintf(where, sizeof(where), "%s", s->dir != NULL ? s->dir : s->records);
	if (s->dir != NULL && s->stream_error != 0) {
		snprintf(where, sizeof(where), "%s", s->records);
	}
	rc = spool_close(s);
	lost = s->lines + l->lost_disk;
	if (rc != 0 && lost != 0) {
		snprintf(err, err_size,
			"%s: cannot write records: %s; %" PRIu64 " of them are lost", where,
			strerror(-rc), lost);
	} else if (rc != 0) {
		snprintf(err, err_size, "%s: cannot write records: %s", where, strerror(-rc));
	}
	capture_files_close(l->captures);
	free(l->gateway);
	free(l);
	return rc;
}

static int emit(void *ctx, const struct record *r)
{
	return flowlog_write(ctx, r);
}

struct record_sink flowlog_sink(struct flowlog *l)
{
	return (struct record_sink){l, emit};
}
