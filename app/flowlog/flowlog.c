// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The numbers, the clock and the gaps; what becomes of full blocks is sealer.c's.
//
// While writing fails the sealer keeps what it has room for. From the first record that finds no
// room on, all are lost until writing works again: so the lost numbers are one stretch, and the gap
// records that tell of them, one a cause, follow right behind it.

#include "app/flowlog/flowlog_part.h"

#include "app/flowlog/flow_capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_ROOM    4096         // tried first; doubled for a line that does not fit
#define STREAM_BYTES (256u << 10) // a stream's block, handed on
#define STREAM_MAX   (1u << 20)   // and kept while it cannot be
#define BLOCK_BYTES  (8u << 20)   // of long lines

struct item { // what becomes a line
	enum record_ev ev;
	union {
		const struct record *record;
		const struct notice_start *start;
		const struct notice_policy *policy;
		const struct notice_gap *gap;
		const struct notice_stop *stop;
	};
	int64_t t0, t;
};

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

static void took_number(struct flowlog *l, uint64_t n)
{
	l->next_seq += n;
	progress_next(l->progress, l->next_seq);
}

static bool is_full(const struct flowlog *l, const struct block *b)
{
	if (l->dir == NULL)
		return b->len >= STREAM_BYTES;
	return b->entry.n >= ENTRY_BLOCK_RECORDS || b->len >= BLOCK_BYTES;
}

// Where the log is not where it was, all that it told or was about to tell went with it: the next
// line says so and nothing else.
static void note_left(struct flowlog *l)
{
	if (sealer_left(l->sealer, &l->left_from)) {
		l->left = true;
		l->lost.n = 0;
		l->crashed = l->sync_failed = false;
	}
}

static int hand_on(struct flowlog *l, bool force)
{
	const int rc = sealer_push(l->sealer, force);

	if (rc == -ESTALE) {
		note_left(l);
	}
	return rc;
}

// A block with room for a line. 0, or -errno: there is none, and no room to make one.
static int reserve(struct flowlog *l, size_t room, struct block **out)
{
	struct block *b = sealer_block(l->sealer);
	int rc = is_full(l, b) ? hand_on(l, false) : 0;

	if (rc != 0 && (l->dir != NULL || b->len >= STREAM_MAX))
		return rc;
	rc = 0;
	*out = b = sealer_block(l->sealer);
	if (room > b->cap - b->len && b->entry.n != 0 && b->len >= STREAM_BYTES && room > LINE_ROOM)
		rc = hand_on(l, false); // a long line begins its own
	*out = b = sealer_block(l->sealer);
	return rc != 0 ? rc : block_reserve(b, room);
}

static void take_line(struct flowlog *l, struct block *b, const struct item *i, size_t size)
{
	struct entry *e = &b->entry;
	const struct entry *now = &l->entry;

	if (e->n == 0) {
		*e = *now;
		e->n = 0;
		b->opened = l->now;
		b->t = l->clock;
	}
	e->ring_full = now->ring_full;
	e->disk_full = now->disk_full;
	e->write_error = now->write_error;
	e->too_long = now->too_long;
	e->missed = now->missed;
	e->policy = now->policy;
	e->db = now->db;
	b->captures = b->captures || l->source.cap != NULL;
	block_add(b, sealer_hasher(l->sealer), size, l->next_seq, i->t0, i->t);
}

static int append(struct flowlog *l, const struct item *i)
{
	size_t room = LINE_ROOM;

	for (;;) {
		struct block *b;
		struct json_out j;
		int rc = reserve(l, room, &b);

		if (rc != 0)
			return rc;
		j = (struct json_out){b->buf + b->len, b->buf + b->cap, false};
		put_item(l, &j, i);
		if (!j.full) {
			advance(l, i->t);
			take_line(l, b, i, (size_t)(j.p - (b->buf + b->len)));
			took_number(l, 1);
			return 0;
		}
		while (room <= b->cap - b->len)
			room *= 2;
	}
}

// ---- losses

static int tell_gap(struct flowlog *l, struct notice_gap *gap)
{
	const struct item i = {
		.ev = RECORD_GAP, .gap = gap, .t0 = gap->t0 != 0 ? gap->t0 : gap->t, .t = gap->t};
	int rc = append(l, &i);

	l->gaps += rc == 0;
	return rc;
}

static int tell_lost(struct flowlog *l, int64_t t)
{
	const struct lost_run *run = &l->lost.runs[0];
	struct notice_gap gap = {
		.t = t,
		.t0 = run->t < t ? run->t : t,
		.cause = lost_cause_name(run->cause),
		.lost = run->to - run->from + 1,
		.from = run->from,
		.to = run->to,
		.detail = run->cause == LOST_CRASH ? l->crash_detail : NULL,
	};
	int rc = tell_gap(l, &gap);

	if (rc == 0) {
		lost_shift(&l->lost);
	}
	return rc;
}

static int tell_left(struct flowlog *l, int64_t t)
{
	const uint64_t lost = l->next_seq - l->left_from;
	struct notice_gap gap = {
		.t = t,
		.cause = lost_cause_name(LOST_WRITE_ERROR),
		.lost = lost,
		.from = lost != 0 ? l->left_from : 0,
		.to = lost != 0 ? l->next_seq - 1 : 0,
		.detail = "the log's files were removed, or its directory was moved or replaced, "
			  "while it was written: what stood there is not in this log",
	};
	int rc;

	l->lost.n = 0; // among them
	rc = tell_gap(l, &gap);
	l->left = rc != 0;
	return rc;
}

// Writes the gap records that are due, before anything else gets a number. t is when they are told.
static int settle(struct flowlog *l, int64_t t)
{
	int rc = l->dead;

	if (rc == 0 && l->left) {
		rc = tell_left(l, t);
	}
	if (rc == 0 && l->crashed) {
		struct notice_gap gap = {.t = t, .cause = "crash", .detail = l->crash_detail};

		rc = tell_gap(l, &gap);
		l->crashed = rc != 0;
	}
	while (rc == 0 && l->lost.n != 0) {
		rc = tell_lost(l, t);
	}
	if (rc == 0 && l->sync_failed) {
		struct notice_gap gap = {.t = t,
			.cause = "write_error",
			.detail = "the disk did not confirm the lines before this one"};

		rc = tell_gap(l, &gap);
		l->sync_failed = rc != 0;
	}
	return rc;
}

static void lose(struct flowlog *l, int rc, int64_t t)
{
	enum lost_cause cause = LOST_WRITE_ERROR;

	if (is_full_disk(rc)) {
		cause = LOST_DISK_FULL;
		l->entry.disk_full++;
	} else if (rc == -EMSGSIZE) {
		cause = LOST_TOO_LONG;
		l->entry.too_long++;
	} else {
		l->entry.write_error++;
	}
	lost_add(&l->lost, cause, l->next_seq, 1, t);
	took_number(l, 1);
	l->lost_disk++;
}

static int log_item(struct flowlog *l, const struct item *i)
{
	int rc = l->dead;

	if (rc == 0) {
		do {
			rc = settle(l, l->clock > i->t ? l->clock : i->t);
			rc = rc == 0 ? append(l, i) : rc;
		} while (rc == -ESTALE); // each time the log has been begun anew
	}
	if (rc != 0) {
		advance(l, i->t);
		lose(l, rc, i->t);
	}
	return rc;
}

void flowlog_lost(struct flowlog *l, uint64_t records, const char *cause, int64_t now)
{
	if (records == 0) {
		return;
	}
	lost_add(&l->lost, lost_cause_of(cause), l->next_seq, records, now);
	l->entry.ring_full += records;
	took_number(l, records);
	l->lost_ring += records;
	advance(l, now);
	settle(l, l->clock);
}

// ---- records

int flowlog_write(struct flowlog *l, const struct record *r)
{
	const struct item i = {.ev = r->ev <= RECORD_END ? r->ev : RECORD_END,
		.record = r,
		.t0 = r->t0 < r->t1 ? r->t0 : r->t1,
		.t = r->t1};
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
	const struct item i = {.ev = RECORD_START, .start = n, .t0 = n->t, .t = n->t};

	flowlog_name_data(l, n);
	l->starting = l->live;
	return log_item(l, &i);
}

int flowlog_policy(struct flowlog *l, const struct notice_policy *n)
{
	const struct item i = {.ev = RECORD_POLICY, .policy = n, .t0 = n->t, .t = n->t};

	if (n->sha256 != NULL && n->outcome != NULL && strcmp(n->outcome, "published") == 0 &&
		strlen(n->sha256) == 64) {
		hash_parse_hex(n->sha256, &l->entry.policy);
	}
	return log_item(l, &i);
}

// Records of this run that went with files of the log.
static uint64_t removed(struct flowlog *l)
{
	struct sealer_state s;

	sealer_get(l->sealer, &s);
	return s.removed;
}

int flowlog_stop(struct flowlog *l, const struct notice_stop *n)
{
	struct notice_stop stop = *n;
	const struct item i = {.ev = RECORD_STOP, .stop = &stop, .t0 = n->t, .t = n->t};

	// Gap records first, so that the counters hold for the line that carries them.
	hand_on(l, true);
	flowlog_missed(l, n->missed);
	settle(l, l->clock > n->t ? l->clock : n->t);
	stop.attempted = l->next_seq - l->first_seq + 1;
	stop.lost_ring = l->lost_ring;
	stop.lost_disk = l->lost_disk + removed(l);
	stop.written = stop.attempted - stop.lost_ring - stop.lost_disk;
	l->stopped = true;
	return log_item(l, &i);
}

void flowlog_missed(struct flowlog *l, uint64_t packets)
{
	if (l->missed_before + packets > l->entry.missed) {
		l->entry.missed = l->missed_before + packets;
	}
}

void flowlog_waiting(struct flowlog *l, uint64_t records)
{
	progress_waiting(l->progress, records);
}

// ---- blocks

static bool is_due(const struct flowlog *l, int64_t now)
{
	const struct block *b = sealer_block(l->sealer);

	return b->entry.n != 0 && (l->dir == NULL || l->stopped || l->starting || now < b->opened ||
					  now - b->opened >= l->block_us);
}

int flowlog_flush(struct flowlog *l, int64_t now)
{
	struct sealer_state state;
	int rc, tick_rc;

	advance(l, now);
	l->now = now != 0 ? now : l->now;
	note_left(l);
	l->sync_failed = sealer_sync_failed(l->sealer) || l->sync_failed;
	rc = settle(l, l->clock);
	if (rc == 0 && is_due(l, l->now)) {
		rc = hand_on(l, false);
		l->starting = l->starting && rc != 0;
	}
	if (rc == 0 && l->clock - l->now >= l->segment_us) { // the clock was set back
		rc = hand_on(l, false);
		l->clock = l->now;
	}
	if (rc == 0 && l->stopped) {
		rc = sealer_drain(l->sealer);
	}
	tick_rc = sealer_tick(l->sealer, l->now);
	sealer_get(l->sealer, &state);
	l->dead = state.dead ? state.error : 0;
	if (rc == 0) {
		rc = state.error != 0 ? state.error : tick_rc;
	}
	return rc != 0 ? rc : state.stream_error;
}

// So that the next start knows what this run's last records were lost to.
static void note_full(struct flowlog *l)
{
	int64_t since = l->clock;

	for (unsigned i = l->lost.n; i-- != 0;) {
		if (l->lost.runs[i].cause == LOST_DISK_FULL) {
			since = l->lost.runs[i].t;
		}
	}
	progress_full(l->progress, since);
}

int flowlog_close(struct flowlog *l, char *err, size_t err_size)
{
	struct sealer_state s;
	char where[256];
	uint64_t lost;
	int rc;

	if (l == NULL) {
		return 0;
	}
	if (hand_on(l, true) == 0) {
		settle(l, l->clock);
	}
	sealer_get(l->sealer, &s);
	if (is_full_disk(s.error)) {
		note_full(l);
	}
	snprintf(where, sizeof(where), "%s",
		l->dir != NULL && s.stream_error == 0 ? l->dir : l->records);
	rc = sealer_close(l->sealer, l->clock, &lost);
	lost += l->lost_disk + s.removed;
	if (rc != 0 && lost != 0) {
		snprintf(err, err_size,
			"%s: cannot write records: %s; %" PRIu64 " of them are lost", where,
			strerror(-rc), lost);
	} else if (rc != 0) {
		snprintf(err, err_size, "%s: cannot write records: %s", where, strerror(-rc));
	}
	flowlog_release(l);
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
