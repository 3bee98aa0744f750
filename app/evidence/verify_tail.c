// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Blocks behind the newest checkpoint: what they may look like, and what is said of them.

#include "app/evidence/verify_part.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAMP (sizeof("flow-YYYYMMDDTHHMMSSZ") - 1) // how a segment's name begins

void verify_note_seen(struct verifier *v)
{
	struct segment_list l;
	struct stat st;
	int fd;

	if (segment_list_read(v->dir_fd, &l) != 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		if (!l.v[i].open && l.v[i].number >= v->seen.closed)
			v->seen.closed = l.v[i].number + 1;
	if (l.n != 0) {
		v->seen.any = true;
		v->seen.first = l.v[0].number;
		v->seen.number = l.v[l.n - 1].number;
		fd = segment_file_open(v->dir_fd, &l.v[l.n - 1]);
		if (fd >= 0 && fstat(fd, &st) == 0)
			v->seen.size = st.st_size;
		if (fd >= 0)
			close(fd);
	}
	segment_list_free(&l);
}

static bool came_later(
	const struct seen *s, const struct segment_file *f, const struct segment_block *b)
{
	return f->number > s->number ||
	       (f->number == s->number && b->offset + (off_t)b->size > s->size);
}

// Names of one form compare as their times do.
static bool is_named_late(const char *name, int64_t checkpoint)
{
	char limit[SEGMENT_NAME_MAX];
	int64_t t;

	if (__builtin_add_overflow(checkpoint, VERIFY_TAIL_US, &t))
		return false;
	segment_name_make(t, 0, limit);
	return memcmp(name, limit, STAMP) > 0;
}

void verify_add_tail(
	struct verifier *v, const struct segment_file *f, const struct segment_block *b)
{
	struct tail *t = &v->tail;

	t->t = t->blocks == 0 ? v->r->checkpoint_time : t->t;
	t->blocks++;
	t->records += b->entry.n;
	if (came_later(&v->seen, f, b))
		return;
	t->t = b->entry.t1 > t->t ? b->entry.t1 : t->t;
	t->named_late = t->named_late || is_named_late(f->name, v->r->checkpoint_time);
	t->closed = !f->open && f->number < v->seen.closed;
}

// Why the blocks behind the checkpoint are not those that a gateway is about to sign; NULL: they
// are.
static const char *doubt(const struct verifier *v)
{
	const struct tail *t = &v->tail;
	int64_t reach;

	if (t->blocks == 0)
		return NULL;
	if (t->closed)
		return "and nobody writes this log any more: whoever can write to the directory "
		       "could have made them";
	if (!v->targets.newest.has_time ||
		__builtin_sub_overflow(t->t, v->r->checkpoint_time, &reach) ||
		reach > VERIFY_TAIL_US || t->named_late)
		return "and reach further past the checkpoint than a gateway lets them: whoever "
		       "can write to the directory could have made them";
	return NULL;
}

void verify_answer_whole(struct verifier *v)
{
	struct verify_report *r = v->r;
	const struct tail *t = &v->tail;
	const char *why = doubt(v);
	size_t n;

	r->integrity.status = why != NULL || v->sealed_tail || !v->targets.have_newest
				      ? VERIFY_UNCONFIRMED
				      : VERIFY_GOOD;
	if (!v->targets.have_newest) {
		snprintf(r->integrity.text, sizeof(r->integrity.text),
			"all %" PRIu64 " records in %" PRIu64
			" blocks fit their entries, but there is no checkpoint that vouches for "
			"them",
			r->records, r->blocks);
		return;
	}
	n = (size_t)snprintf(r->integrity.text, sizeof(r->integrity.text),
		"all %" PRIu64 " records in the %" PRIu64
		" blocks of the checkpoint are as written",
		r->records - t->records, r->blocks - t->blocks);
	if (t->blocks != 0)
		n += (size_t)snprintf(r->integrity.text + n, sizeof(r->integrity.text) - n,
			"; %" PRIu64 " newer blocks are not signed%s%s", t->blocks,
			why != NULL ? ", " : " yet", why != NULL ? why : "");
	if (r->no_index != 0)
		n += (size_t)snprintf(r->integrity.text + n, sizeof(r->integrity.text) - n,
			"; %" PRIu64 " closed segments have no index, as a full disk leaves them",
			r->no_index);
	snprintf(r->integrity.text + n, sizeof(r->integrity.text) - n, "%s%s",
		v->sealed_tail ? "; entries do not tell of all blocks of closed segments" : "",
		r->torn_history != 0 ? "; the history of checkpoints ends in a part of one, as a "
				       "crash leaves it"
				     : "");
}
