// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The entries: which blocks are the period's, and the proof that they are in the log.

#include "app/bundle/bundle.h"
#include "app/evidence/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int entries_open(struct bundle *b, struct entries *e)
{
	const int fd = openat(b->dir_fd, FILE_ENTRIES, O_RDONLY | O_CLOEXEC);
	int rc;

	*e = (struct entries){.f = fd >= 0 ? fdopen(fd, "r") : NULL};
	if (e->f != NULL)
		return 0;
	rc = -errno;
	if (fd >= 0)
		close(fd);
	return bundle_say(b, rc, "%.300s/" FILE_ENTRIES ": %s", b->o->dir, strerror(-rc));
}

int entries_next(struct bundle *b, struct entries *e)
{
	const ssize_t n = getline(&e->line, &e->cap, e->f);

	e->len = n > 0 ? (size_t)n - 1 : 0;
	if (n <= 0 || e->line[n - 1] != '\n')
		return bundle_say(b, -EBADMSG,
			"the entries end at block %" PRIu64 ", the checkpoint is of %" PRIu64
			"; see bhlog verify",
			e->next, b->newest.c.size);
	if (!entry_parse(e->line, e->len, &e->e) || e->e.block != e->next)
		return bundle_say(b, -EBADMSG,
			"the entry of block %" PRIu64 " is not one; see bhlog verify", e->next);
	e->next++;
	return 0;
}

void entries_close(struct entries *e)
{
	if (e->f != NULL)
		fclose(e->f);
	free(e->line);
}

int bundle_choose(struct bundle *b)
{
	const int64_t since = b->o->when.since - BUNDLE_MARGIN;
	const int64_t until = b->o->when.until + BUNDLE_MARGIN;
	struct entries e;
	bool found = false;
	int64_t before = INT64_MIN; // t1 of the block before
	int rc = entries_open(b, &e);

	while (rc == 0 && e.next < b->newest.c.size && (rc = entries_next(b, &e)) == 0) {
		const bool out = e.e.t1 < since || before >= until;

		before = e.e.t1;
		if (out)
			continue;
		if (b->end == 0)
			b->first = e.e.block;
		found = found || e.e.t0 < until;
		b->end = e.next;
		b->last = e.e.t1;
		memcpy(b->gateway, e.e.gw, sizeof(b->gateway));
		if (!named_in_force(&b->named, &e.e.policy))
			rc = bundle_say(b, -ENOMEM, "out of memory");
	}
	b->states_kept = e.e.states_kept;
	b->kept = e.e.kept;
	entries_close(&e);
	if (rc != 0 || found)
		return rc;
	return bundle_say(b, 1,
		"nothing of this period is in the %" PRIu64 " blocks that the checkpoint is of",
		b->newest.c.size);
}

// What one pass over all entries gives.
struct pass {
	struct tree tree;
	struct range_maker range, growth;
	struct range_proof range_proof, growth_proof;
	uint64_t from, to; // entries that are written
	struct hash cosigned;
};

static int check_roots(struct bundle *b, const struct pass *p)
{
	struct hash root;

	tree_root(b->hasher, &p->tree, &root);
	if (!hash_equal(&root, &b->newest.c.root))
		return bundle_say(b, -EBADMSG,
			"the entries are not those that the checkpoint is of; see bhlog verify");
	if (b->cosigned.text != NULL && !hash_equal(&p->cosigned, &b->cosigned.c.root))
		return bundle_say(b, -EBADMSG,
			"the entries are not those that the witness's checkpoint is of; see bhlog "
			"verify");
	return 0;
}

static int pass_entries(struct bundle *b, struct pass *p)
{
	struct entries e;
	struct hash leaf;
	int rc = entries_open(b, &e);

	if (b->cosigned.text != NULL && b->cosigned.c.size == 0)
		tree_root(b->hasher, &p->tree, &p->cosigned);
	while (rc == 0 && e.next < b->newest.c.size && (rc = entries_next(b, &e)) == 0) {
		hash_leaf(b->hasher, e.line, e.len, &leaf);
		tree_add(b->hasher, &p->tree, &leaf);
		range_add(b->hasher, &p->range, &leaf);
		range_add(b->hasher, &p->growth, &leaf);
		if (e.next == b->cosigned.c.size)
			tree_root(b->hasher, &p->tree, &p->cosigned);
		if (e.next - 1 >= p->from && e.next <= p->to) {
			e.line[e.len] = '\n';
			tar_add(b->tar, e.line, e.len + 1);
		}
	}
	entries_close(&e);
	return rc;
}

static int put_proof(struct bundle *b, const char *name, const struct range_proof *proof)
{
	char *text = range_write(proof);
	int rc = text != NULL ? bundle_put(b, name, text, strlen(text))
			      : bundle_say(b, -ENOMEM, "out of memory");

	free(text);
	return rc;
}

int bundle_put_entries(struct bundle *b)
{
	const uint64_t size = b->newest.c.size;
	struct pass *p = calloc(1, sizeof(*p));
	int rc, end_rc;

	if (p == NULL)
		return bundle_say(b, -ENOMEM, "out of memory");
	p->from = b->first - (b->first != 0);
	p->to = b->end + (b->end != size);
	range_begin(&p->range, p->from, p->to, size, &p->range_proof);
	range_begin(&p->growth, b->cosigned.c.size, b->cosigned.c.size, size, &p->growth_proof);
	tar_begin(b->tar, FILE_ENTRIES, 0644);
	rc = pass_entries(b, p);
	end_rc = tar_end(b->tar);
	if (rc == 0)
		rc = end_rc != 0 ? bundle_say_write(b, end_rc) : check_roots(b, p);
	if (rc == 0)
		rc = put_proof(b, "proof", &p->range_proof);
	if (rc == 0 && b->cosigned.text != NULL)
		rc = put_proof(b, "growth", &p->growth_proof);
	free(p);
	return rc;
}
