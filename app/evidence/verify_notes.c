// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Checkpoints: the newest, the history, those that were kept elsewhere.

#include "app/evidence/verify_part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HISTORY   (64u * NOTE_MAX) // read at a time: it grows as long as the log is written
#define SIGNATURE "\xe2\x80\x94 "  // a dash and a space begin a line of it

static bool add_target(struct targets *t, const struct target *new)
{
	if (t->n == t->cap) {
		const size_t cap = t->cap != 0 ? t->cap * 2 : 64;
		struct target *v = reallocarray(t->v, cap, sizeof(*v));

		if (v == NULL)
			return false;
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n++] = *new;
	return true;
}

static void no_memory(struct verifier *v)
{
	v->r->integrity.status = VERIFY_UNREADABLE;
	snprintf(v->r->integrity.text, sizeof(v->r->integrity.text), "out of memory");
}

static void unreadable(struct verifier *v, const char *name, int error)
{
	v->r->integrity.status = VERIFY_UNREADABLE;
	snprintf(v->r->integrity.text, sizeof(v->r->integrity.text), "%s: %s", name,
		folder_strerror(error));
}

// A file that the log may have. NULL: it has not, or it cannot be read, which is another thing.
static char *read_optional(struct verifier *v, const char *name, size_t max, size_t *len)
{
	char *text = folder_read(v->dir_fd, name, max, len);

	if (text == NULL && errno != ENOENT)
		unreadable(v, name, errno);
	return text;
}

static void read_keys(struct verifier *v)
{
	size_t len;
	char *text;

	if (v->o->key == NULL)
		return;
	text = read_optional(v, FILE_ROTATIONS, ROTATION_MAX_KEYS * NOTE_MAX, &len);
	v->n_keys = rotation_follow(
		text != NULL ? text : "", text != NULL ? len : 0, v->o->key, v->keys);
	free(text);
}

static enum note_signature check(
	const struct verifier *v, const struct note *n, const struct key_public **by)
{
	return rotation_check(n, v->keys, v->n_keys, by);
}

// A write that was cut short left the beginning of one note of this log (origin "": not known yet):
// a part of its text, or all of it and behind the empty line signatures, of which the last has no
// end. Anything else behind the last readable note is not of a crash.
static bool torn_end(const char *s, size_t len, const char *origin)
{
	const char *end = s + len, *tail = memmem(s, len, "\n\n", 2), *line;
	const size_t head = tail != NULL ? (size_t)(tail - s) : len, n = strlen(SIGNATURE);
	const size_t name = strlen(origin);
	struct checkpoint c;
	struct note note;

	if (memcmp(s, origin, len < name ? len : name) != 0 ||
		(name != 0 && len > name && s[name] != '\n'))
		return false;
	if (len >= NOTE_MAX || memmem(s, head, "\n" SIGNATURE, 1 + n) != NULL)
		return false;
	if (tail == NULL)
		return true;
	if (end[-1] == '\n' || !note_read(s, head + 2, &note, &c))
		return false;
	for (line = tail + 2; (tail = memchr(line, '\n', (size_t)(end - line))) != NULL;
		line = tail + 1) {
		if ((size_t)(tail - line) < n || memcmp(line, SIGNATURE, n) != 0)
			return false;
	}
	return true;
}

// What a torn write left at the end is no checkpoint yet; the writer cuts it off.
static void end_history(
	struct verifier *v, const char *rest, size_t len, uint64_t size, const char *origin)
{
	if (torn_end(rest, len, origin))
		v->r->torn_history = len;
	else
		verify_bad(v, &v->r->integrity, false, 0,
			"the history of checkpoints is damaged behind the one of %" PRIu64
			" blocks",
			size);
}

// Whose log the history is of, to be compared when the newest checkpoint is known.
static void note_origin(struct targets *t, const char *origin)
{
	char *to = t->history[0];

	if (to[0] != '\0')
		to = strcmp(to, origin) != 0 && t->history[1][0] == '\0' ? t->history[1] : NULL;
	if (to != NULL)
		memcpy(to, origin, strlen(origin) + 1);
}

// One of the history, behind one of `before` blocks.
static void take_history(
	struct verifier *v, const struct note *n, const struct checkpoint *c, uint64_t before)
{
	struct targets *t = &v->targets;
	const struct target next = {c->size, c->root, TARGET_HISTORY, false, FILE_CHECKPOINTS};
	const struct target *last = t->n != 0 ? &t->v[t->n - 1] : NULL;
	const struct key_public *by;

	if (c->size < before)
		verify_bad(v, &v->r->integrity, false, 0,
			"the history of checkpoints goes back from %" PRIu64 " to %" PRIu64
			" blocks",
			before, c->size);
	else if (check(v, n, &by) == NOTE_FORGED)
		verify_bad(v, &v->r->integrity, false, 0,
			"a checkpoint of %" PRIu64 " blocks in the history has a false signature",
			c->size);
	else if (last != NULL && last->size == c->size && hash_equal(&last->root, &c->root))
		; // nothing came between
	else if (!add_target(t, &next))
		no_memory(v);
	note_origin(t, c->origin);
}

// What was read is at text[0, len); whether it is all that there was.
static void take_notes(struct verifier *v, FILE *f, char *text)
{
	size_t at = 0, len = 0;
	char origin[ORIGIN_MAX] = "";
	uint64_t size = 0;
	struct checkpoint c;
	struct note n;

	do {
		// With a note's length at hand it makes no difference that more comes behind.
		if (len - at < NOTE_MAX) {
			memmove(text, text + at, len - at);
			len -= at;
			at = 0;
			len += fread(text + len, 1, HISTORY - len, f);
		}
		if (len == at || !note_read(text + at, len - at, &n, &c))
			break;
		take_history(v, &n, &c, size);
		size = c.size;
		memcpy(origin, c.origin, sizeof(origin));
		at += n.len;
	} while (!verify_is_bad(v));
	if (ferror(f))
		unreadable(v, FILE_CHECKPOINTS, EIO);
	else if (len != at && !verify_is_bad(v))
		end_history(v, text + at, len - at, size, origin);
}

static void read_history(struct verifier *v)
{
	int fd = folder_open(v->dir_fd, FILE_CHECKPOINTS);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *text = malloc(HISTORY);

	if (fd < 0 && fd != -ENOENT)
		unreadable(v, FILE_CHECKPOINTS, fd);
	else if (fd >= 0 && (f == NULL || text == NULL))
		no_memory(v);
	else if (f != NULL)
		take_notes(v, f, text);
	free(text);
	if (f != NULL)
		fclose(f);
	else if (fd >= 0)
		close(fd);
}

static void list_signers(const struct note *n, char *out, size_t size)
{
	char one[KEY_NAME_MAX + 16];
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; note_signer(n, i, one) && len + sizeof(one) + 2 < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i != 0 ? ", " : "", one);
}

static void answer_signer(struct verifier *v, const struct note *n, const struct checkpoint *c)
{
	struct verify_answer *a = &v->r->signer;
	const struct key_public *k = v->o->key;
	const enum note_signature s = check(v, n, &k);
	char signers[300];

	list_signers(n, signers, sizeof(signers));
	a->status = VERIFY_UNCONFIRMED;
	if (n->signatures == 0) {
		snprintf(a->text, sizeof(a->text),
			"nobody: the checkpoint is not signed, so whoever can write to the "
			"directory "
			"could have made this log");
	} else if (k == NULL) {
		snprintf(a->text, sizeof(a->text),
			"the checkpoint says %s; not confirmed, for no public key was given",
			signers);
	} else if (s == NOTE_SIGNED) {
		a->status = VERIFY_GOOD;
		snprintf(a->text, sizeof(a->text),
			"%s+%08x signed the checkpoint of %" PRIu64 " blocks%s", k->name, k->id,
			c->size,
			k != &v->keys[0] ? "; the key that was given handed over to it" : "");
	} else if (s == NOTE_FORGED) {
		a->status = VERIFY_TAMPERED;
		snprintf(a->text, sizeof(a->text),
			"the checkpoint's signature in the name of %s+%08x is false", k->name,
			k->id);
	} else {
		snprintf(a->text, sizeof(a->text), "not the key that was given (%s+%08x) but: %s",
			k->name, k->id, signers);
	}
}

static void read_newest(struct verifier *v)
{
	size_t len;
	char *text = folder_read(v->dir_fd, FILE_CHECKPOINT, NOTE_MAX, &len);
	const int error = text == NULL ? errno : 0;
	struct target t = {.kind = TARGET_NEWEST, .file = FILE_CHECKPOINT};
	struct checkpoint c;
	struct note n;

	v->r->signer.status = VERIFY_UNCONFIRMED;
	if (error == ENOENT) {
		snprintf(v->r->signer.text, sizeof(v->r->signer.text),
			"nobody: there is no checkpoint");
	} else if (error != 0 && error != EFBIG) {
		unreadable(v, FILE_CHECKPOINT, error);
		snprintf(v->r->signer.text, sizeof(v->r->signer.text),
			"nobody: the checkpoint cannot be read");
	} else if (text == NULL || !note_read(text, len, &n, &c) || n.len != len) {
		verify_bad(v, &v->r->integrity, false, 0, "the checkpoint is not one");
		snprintf(v->r->signer.text, sizeof(v->r->signer.text),
			"nobody: the checkpoint cannot be read");
	} else {
		answer_signer(v, &n, &c);
		v->r->checkpoint = c.size;
		v->r->checkpoint_time = c.time;
		v->targets.have_newest = true;
		v->targets.newest = c;
		t.size = c.size;
		t.root = c.root;
		if (!add_target(&v->targets, &t))
			no_memory(v);
	}
	free(text);
}

static void read_anchor(struct verifier *v, int dir_fd, const char *name, bool optional)
{
	size_t len;
	char *text = folder_read(dir_fd, name, NOTE_MAX, &len);
	struct target t = {.kind = TARGET_ANCHOR, .file = name};
	struct targets *all = &v->targets;
	enum note_signature s;
	struct checkpoint c;
	struct note n;

	if (text == NULL && errno == ENOENT && optional)
		return;
	if (text == NULL || !note_read(text, len, &n, &c)) {
		v->r->anchor.status = VERIFY_UNREADABLE;
		snprintf(v->r->anchor.text, sizeof(v->r->anchor.text),
			"%.300s: cannot be read as a checkpoint", name);
	} else {
		s = v->o->witness != NULL ? note_check(&n, v->o->witness) : NOTE_UNSIGNED;
		t.witnessed = s == NOTE_SIGNED;
		t.size = c.size;
		t.root = c.root;
		if (all->foreign.file == NULL && strcmp(c.origin, all->newest.origin) != 0) {
			all->foreign.file = name;
			memcpy(all->foreign.origin, c.origin, sizeof(c.origin));
		}
		if (s == NOTE_FORGED)
			verify_bad(v, &v->r->anchor, false, 0,
				"%.300s: the witness's signature is false", name);
		else if (!add_target(&v->targets, &t))
			no_memory(v);
	}
	free(text);
}

static int by_size(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

static void is_foreign(
	struct verifier *v, struct verify_answer *a, const char *file, const char *origin)
{
	verify_bad(v, a, false, 0, "%.200s: a checkpoint of another log (%.100s)", file, origin);
}

void verify_read_targets(struct verifier *v)
{
	struct targets *t = &v->targets;

	read_keys(v);
	// The history first: the writer replaces the newest before it adds to the history.
	if (!verify_is_bad(v))
		read_history(v);
	if (!verify_is_bad(v))
		read_newest(v);
	if (!verify_is_bad(v))
		read_anchor(v, v->dir_fd, FILE_COSIGNED, true);
	for (unsigned i = 0; i < v->o->n_anchors && !verify_is_bad(v); i++)
		read_anchor(v, AT_FDCWD, v->o->anchors[i], false);
	if (t->have_newest) {
		for (unsigned i = 0; i < 2 && t->history[i][0] != '\0'; i++)
			if (strcmp(t->history[i], t->newest.origin) != 0)
				is_foreign(v, &v->r->integrity, FILE_CHECKPOINTS, t->history[i]);
		if (t->foreign.file != NULL)
			is_foreign(v, &v->r->anchor, t->foreign.file, t->foreign.origin);
	}
	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), by_size);
}

static const char *kind_text(const struct target *t)
{
	return t->kind == TARGET_NEWEST    ? "the checkpoint"
	       : t->kind == TARGET_HISTORY ? "a checkpoint of the history"
					   : "a checkpoint that was kept elsewhere";
}

void verify_reach_targets(struct verifier *v)
{
	struct targets *t = &v->targets;
	struct hash root;

	if (v->target == t->n || t->v[v->target].size > v->tree.size)
		return;
	tree_root(v->hasher, &v->tree, &root);
	for (; v->target < t->n && t->v[v->target].size <= v->tree.size; v->target++) {
		const struct target *x = &t->v[v->target];
		const bool anchor = x->kind == TARGET_ANCHOR;

		if (x->size == 0)
			continue;
		if (!hash_equal(&x->root, &root)) {
			// Who forks a log makes its history, too: only other anchors tell where.
			// Where another of as many blocks is right, it is this one that is wrong.
			const uint64_t from = anchor ? v->good_anchor : v->good;

			verify_bad(v, anchor ? &v->r->anchor : &v->r->integrity, from < x->size,
				from, "%s of %" PRIu64 " blocks has another root: %s", kind_text(x),
				x->size,
				from < x->size ? "blocks were changed at or after this one"
					       : "it was changed");
			return;
		}
		v->good = x->size;
		if (anchor)
			v->good_anchor = x->size;
	}
}

static void answer_anchor(struct verifier *v)
{
	struct verify_answer *a = &v->r->anchor;
	const struct target *best = NULL, *unseen = NULL;

	for (size_t i = 0; i < v->targets.n; i++) {
		const struct target *t = &v->targets.v[i];

		if (t->kind != TARGET_ANCHOR || (v->o->witness != NULL && !t->witnessed))
			continue;
		if (t->size <= v->good_anchor)
			best = t;
		else
			unseen = t;
	}
	if (unseen != NULL && (v->o->witness != NULL || v->o->n_anchors != 0)) {
		a->status = VERIFY_UNCONFIRMED;
		snprintf(a->text, sizeof(a->text),
			"a checkpoint of %" PRIu64 " blocks is here, but only %" PRIu64
			" blocks were examined",
			unseen->size, v->tree.size);
	} else if (best != NULL && (v->o->witness != NULL || v->o->n_anchors != 0)) {
		a->status = VERIFY_GOOD;
		snprintf(a->text, sizeof(a->text),
			"the first %" PRIu64 " blocks are those that %s; %" PRIu64 " are newer",
			best->size,
			v->o->witness != NULL ? "the witness cosigned"
					      : "the kept checkpoint is of",
			v->tree.size - best->size);
	} else if (v->o->witness != NULL) {
		a->status = VERIFY_UNCONFIRMED;
		snprintf(a->text, sizeof(a->text),
			"no checkpoint that the witness %s+%08x cosigned is here",
			v->o->witness->name, v->o->witness->id);
	} else {
		a->status = VERIFY_UNASKED;
		snprintf(a->text, sizeof(a->text),
			"none was asked for: without a witness, whoever holds the signing key "
			"could have "
			"rewritten everything");
	}
}

void verify_end_targets(struct verifier *v)
{
	const struct targets *t = &v->targets;

	if (!verify_is_bad(v) && v->target < t->n) {
		const struct target *x = &t->v[v->target];

		verify_bad(v, x->kind == TARGET_ANCHOR ? &v->r->anchor : &v->r->integrity, true,
			v->tree.size,
			"%s is of %" PRIu64 " blocks, the log has %" PRIu64
			": it was cut, or rolled back",
			kind_text(x), x->size, v->tree.size);
	}
	for (size_t i = 0; i < t->n && !verify_is_bad(v) && t->have_newest; i++) {
		if (t->v[i].kind == TARGET_HISTORY && t->v[i].size > t->newest.size)
			verify_bad(v, &v->r->integrity, false, 0,
				"the checkpoint is older than the history's newest: it was rolled "
				"back");
	}
	if (v->r->anchor.status == VERIFY_UNASKED)
		answer_anchor(v);
}
