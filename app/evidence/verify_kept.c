// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Blocks that are not there: whether the log states that retention removed them.
//
// A writer removes a segment only when a checkpoint on disk covers an entry which states that it
// goes. So it is the last entry of the newest checkpoint that counts: those behind it nobody has
// signed, and whoever removes files could write them himself. A writer that removes more meanwhile
// has signed more, too: then all is begun anew (verify_segment_went()).

#include "app/evidence/verify_part.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRIES 4 // retention removes a few files at a time: it is seldom met twice

bool verify_segment_went(struct verifier *v)
{
	v->again = v->again || (v->tries < TRIES && !verify_is_bad(v));
	return v->again;
}

bool verify_list_changed(struct verifier *v)
{
	return v->seen.any && v->list.n != 0 && v->list.v[0].number != v->seen.first &&
	       verify_segment_went(v);
}

// The first segment that a block was read of, or is about to be.
static const struct segment_file *first_segment(struct verifier *v, size_t *i)
{
	for (*i = 0; v->first != NULL && *i < v->list.n; ++*i)
		if (v->first[*i] != UINT64_MAX || v->segment == v->list.v[*i].name)
			return &v->list.v[*i];
	return NULL;
}

// Its leading blocks may have been cut out: then its index may still tell of them.
static const char *place(struct verifier *v, uint64_t block)
{
	size_t i;
	const struct segment_file *f = first_segment(v, &i);
	const int fd = f != NULL ? segment_file_open(v->dir_fd, f) : -1;

	if (fd >= 0 && verify_index_lists(fd, block))
		v->first[i] = block; // that it held it
	if (fd >= 0)
		close(fd);
	return f != NULL ? f->name : "no segment";
}

static void judge(struct verifier *v, uint64_t kept)
{
	const char *first;

	v->r->kept = kept;
	if (v->r->pruned <= kept || verify_is_bad(v))
		return;
	first = place(v, kept);
	if (v->r->checkpoint != 0)
		verify_bad(v, &v->r->integrity, true, kept,
			"it is not there, nor are those up to block %" PRIu64
			", where %s begins: the entry of block %" PRIu64
			", the last of the checkpoint, states that the log keeps them",
			v->r->pruned - 1, first, v->r->checkpoint - 1);
	else
		verify_bad(v, &v->r->integrity, true, kept,
			"it is not there, nor are those up to block %" PRIu64
			", where %s begins, and no checkpoint covers an entry that states that "
			"retention removed them",
			v->r->pruned - 1, first);
	v->r->redaction.status = VERIFY_TAMPERED;
}

void verify_kept_add(struct verifier *v, const struct entry *e)
{
	struct verify_report *r = v->r;

	if (verify_is_bad(v))
		return;
	// Before the first block that is there none can state that those before it are gone.
	if (!r->has_stated && r->pruned != 0 && e->states_kept && e->kept >= r->pruned &&
		e->block < r->checkpoint) {
		r->has_stated = true;
		r->stated_in = e->block;
		v->stated_at = e->t1;
		v->stated_anew = v->tree.size > 1 && !v->before.states_kept;
	}
	if (v->tree.size == r->pruned)
		v->pruned_t = e->t1;
	if (v->tree.size == r->checkpoint) {
		r->has_kept = e->states_kept;
		if (r->has_kept)
			judge(v, e->kept);
		v->judged = true;
	}
}

void verify_kept_end(struct verifier *v)
{
	if (v->r->checkpoint == 0 && v->before.states_kept)
		judge(v, 0);
	v->judged = v->judged || v->r->checkpoint == 0;
}

static const char *moment(int64_t t, char out[32])
{
	const time_t s = (time_t)(t / 1000000);
	struct tm tm;

	if (t < 0 || gmtime_r(&s, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(out, "an odd time");
	return out;
}

static void tell_removed(struct verifier *v)
{
	struct verify_report *r = v->r;
	char newest[32], at[32];
	int n = snprintf(r->redaction.text, sizeof(r->redaction.text),
		"the first %" PRIu64 " blocks, up to %s, are not there, only their entries: ",
		r->pruned, moment(v->pruned_t, newest));
	char *p = r->redaction.text + n;
	const size_t room = sizeof(r->redaction.text) - (size_t)n;

	if (!v->judged)
		snprintf(p, room, "whether retention removed them was not examined");
	else if (r->redaction.status == VERIFY_TAMPERED)
		snprintf(p, room,
			"from block %" PRIu64 " on nothing states that retention removed them",
			r->kept);
	else if (!r->has_kept)
		snprintf(p, room,
			"the log is of a format that does not say what retention removed, so "
			"that they may have been removed by hand");
	else if (v->stated_anew)
		snprintf(p, room,
			"they were not when block %" PRIu64
			" was written at %s; those before it are of a format that does not say "
			"what retention removed",
			r->stated_in, moment(v->stated_at, at));
	else
		snprintf(p, room, "removed by retention, stated in block %" PRIu64 " at %s",
			r->stated_in, moment(v->stated_at, at));
}

void verify_answer_redaction(struct verifier *v)
{
	struct verify_report *r = v->r;
	size_t n;

	if (r->redaction.status != VERIFY_TAMPERED)
		r->redaction.status = r->pruned == 0 ? VERIFY_GOOD
				      : v->judged    ? VERIFY_PRUNED
						     : VERIFY_UNCONFIRMED;
	if (r->integrity.status == VERIFY_UNREADABLE && r->segments == 0) {
		r->redaction.status = VERIFY_UNCONFIRMED;
		snprintf(r->redaction.text, sizeof(r->redaction.text), "not examined");
		return;
	}
	if (r->pruned != 0)
		tell_removed(v);
	else
		snprintf(r->redaction.text, sizeof(r->redaction.text),
			"none: nothing was taken out since the log began");
	if (r->captures_gone != 0) {
		n = strlen(r->redaction.text);
		snprintf(r->redaction.text + n, sizeof(r->redaction.text) - n,
			"; %" PRIu64
			" evidence captures are not there: taken away or pruned, which nobody can "
			"tell",
			r->captures_gone);
	}
}
