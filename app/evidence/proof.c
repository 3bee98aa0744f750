// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/proof.h"

#include "app/evidence/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "bridgehead-proof/1\n"

struct text {
	const char *p, *end;
};

// The next line without its newline. False: there is no whole one.
static bool take(struct text *t, const char **line, size_t *len)
{
	const char *nl = t->p < t->end ? memchr(t->p, '\n', (size_t)(t->end - t->p)) : NULL;

	if (nl == NULL)
		return false;
	*line = t->p;
	*len = (size_t)(nl - t->p);
	t->p = nl + 1;
	return true;
}

// Hashes, one a line, up to a line that begins with `end` ('\n': an empty one).
static bool take_hashes(struct text *t, char end, struct hash *out, unsigned *n)
{
	const char *line;
	char one[48];
	size_t len, used;

	for (*n = 0; t->p < t->end && *t->p != end; (*n)++) {
		if (*n == TREE_PROOF_MAX || !take(t, &line, &len) || len >= sizeof(one))
			return false;
		memcpy(one, line, len);
		one[len] = '\0';
		if (!key_base64_decode(one, out[*n].b, sizeof(out[*n].b), &used) ||
			used != sizeof(out[*n].b))
			return false;
	}
	return t->p < t->end;
}

static bool take_u64(struct text *t, const char *word, uint64_t *v)
{
	const char *line;
	char copy[32], again[64];
	size_t len;

	if (!take(t, &line, &len) || len >= sizeof(copy) || strlen(word) >= len)
		return false;
	memcpy(copy, line, len);
	copy[len] = '\0';
	*v = strtoull(copy + strlen(word), NULL, 10);
	snprintf(again, sizeof(again), "%s%" PRIu64, word, *v);
	return strcmp(copy, again) == 0;
}

static bool take_note(struct text *t, struct note *n, struct checkpoint *c)
{
	t->p++; // the empty line
	return note_read(t->p, (size_t)(t->end - t->p), n, c) && t->p + n->len == t->end;
}

bool proof_read(char *text, size_t len, struct proof *out)
{
	struct text t = {text, text + len};
	const size_t magic = strlen(MAGIC);
	bool ok;

	memset(out, 0, sizeof(*out));
	out->text = text;
	if (len < magic || memcmp(text, MAGIC, magic) != 0)
		return false;
	t.p += magic;
	ok = take(&t, &out->record, &out->record_len) && take_u64(&t, "leaf ", &out->leaf) &&
	     take_hashes(&t, '{', out->in_block, &out->n_block) &&
	     take(&t, &out->entry_line, &out->entry_len) &&
	     entry_parse(out->entry_line, out->entry_len, &out->entry) &&
	     take_hashes(&t, '\n', out->in_log, &out->n_log);
	return ok && take_note(&t, &out->note, &out->checkpoint);
}

void proof_free(struct proof *p)
{
	free(p->text);
}

const char *proof_check(struct hasher *h, const struct proof *p)
{
	struct hash leaf;

	hash_leaf(h, p->record, p->record_len, &leaf);
	if (!tree_check_inclusion(
		    h, &leaf, p->leaf, p->entry.n, p->in_block, p->n_block, &p->entry.root))
		return "the record is not in the block that the entry is of";
	hash_leaf(h, p->entry_line, p->entry_len, &leaf);
	if (!tree_check_inclusion(h, &leaf, p->entry.block, p->checkpoint.size, p->in_log, p->n_log,
		    &p->checkpoint.root))
		return "the block is not in the log that the checkpoint is of";
	return NULL;
}

static void put_hashes(FILE *f, const struct hash *v, unsigned n)
{
	char base64[48];

	for (unsigned i = 0; i < n; i++) {
		key_base64(v[i].b, sizeof(v[i].b), base64);
		fprintf(f, "%s\n", base64);
	}
}

char *proof_write(const char *record, size_t record_len, uint64_t leaf, const struct hash *in_block,
	unsigned n_block, const char *entry, size_t entry_len, const struct hash *in_log,
	unsigned n_log, const char *note, size_t note_len)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	fprintf(f, MAGIC "%.*s\nleaf %" PRIu64 "\n", (int)record_len, record, leaf);
	put_hashes(f, in_block, n_block);
	fprintf(f, "%.*s\n", (int)entry_len, entry);
	put_hashes(f, in_log, n_log);
	fprintf(f, "\n%.*s", (int)note_len, note);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

bool consistency_read(const char *text, size_t len, struct consistency *out)
{
	struct text t = {text, text + len};

	memset(out, 0, sizeof(*out));
	return take_u64(&t, "old ", &out->old_size) && take_hashes(&t, '\n', out->proof, &out->n) &&
	       take_note(&t, &out->note, &out->checkpoint);
}

char *consistency_write(
	uint64_t old_size, const struct hash *proof, unsigned n, const char *note, size_t note_len)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	fprintf(f, "old %" PRIu64 "\n", old_size);
	put_hashes(f, proof, n);
	fprintf(f, "\n%.*s", (int)note_len, note);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int add_leaf(struct hasher *h, struct leaves *l, uint64_t *cap, const char *line, size_t len)
{
	if (l->n == *cap) {
		const uint64_t more = *cap != 0 ? *cap * 2 : 1024;
		struct hash *v = reallocarray(l->v, more, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		l->v = v;
		*cap = more;
	}
	hash_leaf(h, line, len, &l->v[l->n++]);
	return 0;
}

int leaves_read(struct hasher *h, int dir_fd, uint64_t limit, uint64_t seq, struct leaves *out)
{
	int fd = folder_open(dir_fd, FILE_ENTRIES), rc = 0;
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	uint64_t cap = 0;
	char *line = NULL;
	size_t line_cap = 0;
	ssize_t len;

	memset(out, 0, sizeof(*out));
	if (f == NULL)
		return fd < 0 ? fd : -errno;
	while (rc == 0 && out->n < limit && (len = getline(&line, &line_cap, f)) > 0 &&
		line[len - 1] == '\n') {
		struct entry e;

		len--;
		rc = add_leaf(h, out, &cap, line, (size_t)len);
		// Of the last it is asked what is kept.
		if (seq == 0 || (out->found && out->n != limit) ||
			!entry_parse(line, (size_t)len, &e))
			continue;
		out->states_kept = e.states_kept;
		out->kept = e.kept;
		if (!out->found && e.first <= seq && seq <= e.attempted) {
			out->found = true;
			out->entry = e;
			out->line_len = (size_t)len;
			memcpy(out->line, line, (size_t)len);
		}
	}
	free(line);
	fclose(f);
	if (rc != 0)
		leaves_free(out);
	return rc;
}

bool checkpoint_grew(int dir_fd, uint64_t size)
{
	struct checkpoint c;
	struct note n;
	size_t len;
	char *text = folder_read(dir_fd, FILE_CHECKPOINT, NOTE_MAX, &len);
	const bool grew = text != NULL && note_read(text, len, &n, &c) && c.size > size;

	free(text);
	return grew;
}

void leaves_free(struct leaves *l)
{
	free(l->v);
	l->v = NULL;
}
