// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/folder.h"
#include "app/evidence/proof.h"
#include "app/evidence/segment_read.h"
#include "app/review/block_find.h"
#include "app/review/evidence.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "Usage: bhlog prove DIR SEQ [--out FILE]\n"
			   "       bhlog prove DIR --since SIZE [--out FILE]\n"
			   "\n"
			   "The first proves that record number SEQ is in the log that the newest "
			   "checkpoint is of; the\n"
			   "proof stands by itself, \"bhlog verify --proof FILE\" checks it. The "
			   "second proves to a witness\n"
			   "that knew the log when it had SIZE blocks that it has only grown.\n"
			   "\n"
			   "  --out FILE   in place of standard output\n"
			   "\n"
			   "Exit status: 0 proven, 1 there is no such record, 2 an error, 3 no "
			   "checkpoint covers it yet.\n";

struct prove {
	const char *why; // not proven
	int dir_fd;
	struct hasher *hasher;
	char *note;
	size_t note_len;
	struct checkpoint checkpoint;
	struct leaves leaves;
};

static int say(struct prove *p, int status, const char *text)
{
	p->why = text;
	return status;
}

static int read_log(struct prove *p, const char *dir, uint64_t seq)
{
	struct note n;
	int rc;

	p->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->hasher = hasher_new();
	if (p->dir_fd < 0 || p->hasher == NULL) {
		return say(p, 2, strerror(errno));
	}
	p->note = folder_read(p->dir_fd, FILE_CHECKPOINT, NOTE_MAX, &p->note_len);
	if (p->note == NULL && errno == ENOENT)
		return say(p, 3, "the log has no checkpoint yet");
	if (p->note == NULL || !note_read(p->note, p->note_len, &n, &p->checkpoint))
		return say(p, 2, "the checkpoint cannot be read");
	rc = leaves_read(p->hasher, p->dir_fd, p->checkpoint.size, seq, &p->leaves);
	if (rc != 0 || p->leaves.n != p->checkpoint.size)
		return say(p, 2,
			"the entries are not as many as the checkpoint is of; see bhlog verify");
	return 0;
}

static void release(struct prove *p)
{
	leaves_free(&p->leaves);
	free(p->note);
	hasher_free(p->hasher);
	if (p->dir_fd >= 0)
		close(p->dir_fd);
}

// ---- a record

static bool is_record(const char *line, size_t len, uint64_t seq)
{
	char key[48];
	const int n = snprintf(key, sizeof(key), ",\"seq\":%" PRIu64 ",", seq);

	return memmem(line, len, key, (size_t)n) != NULL;
}

// The leaves of a block's lines, and which is the record's. False: none, or no memory.
static bool find_line(struct prove *p, const char *lines, size_t len, uint64_t seq,
	struct hash *leaves, uint64_t *index, const char **record, size_t *record_len)
{
	uint64_t n = 0;
	bool found = false;

	for (const char *at = lines, *end = lines + len; at < end && n < ENTRY_BLOCK_RECORDS;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		if (nl == NULL)
			return false;
		hash_leaf(p->hasher, at, (size_t)(nl - at), &leaves[n]);
		if (is_record(at, (size_t)(nl - at), seq)) {
			found = true;
			*index = n;
			*record = at;
			*record_len = (size_t)(nl - at);
		}
		n++;
		at = nl + 1;
	}
	return found && n == p->leaves.entry.n;
}

static char *prove_line(struct prove *p, const char *lines, size_t len, uint64_t seq)
{
	struct hash *leaves = calloc(ENTRY_BLOCK_RECORDS, sizeof(*leaves));
	struct hash in_block[TREE_PROOF_MAX], in_log[TREE_PROOF_MAX];
	const struct leaves *all = &p->leaves;
	const char *record;
	size_t record_len;
	uint64_t index;
	char *text = NULL;

	if (leaves != NULL && find_line(p, lines, len, seq, leaves, &index, &record, &record_len)) {
		const unsigned n_block =
			tree_inclusion(p->hasher, leaves, all->entry.n, index, in_block);
		const unsigned n_log =
			tree_inclusion(p->hasher, all->v, all->n, all->entry.block, in_log);

		text = proof_write(record, record_len, index, in_block, n_block, all->line,
			all->line_len, in_log, n_log, p->note, p->note_len);
	}
	free(leaves);
	return text;
}

// Looks for the block in one segment. 1: it was there, *text is the proof or NULL. 0: it is not.
static int look_in(struct prove *p, const struct segment_file *f, uint64_t seq, char **text)
{
	int fd = segment_file_open(p->dir_fd, f), found = 0;
	struct segment_reader *r = fd >= 0 ? segment_reader_new(fd) : NULL;
	const uint64_t block = p->leaves.entry.block;
	struct frame_item last;
	struct segment_block b;
	const char *lines;
	size_t len;

	if (r != NULL && (!segment_last(fd, &last) || last.block >= block)) {
		while (!found && segment_reader_next(r, &b) == SEGMENT_BLOCK &&
			b.entry.block <= block) {
			if (b.entry.block != block)
				continue;
			found = 1;
			lines = segment_reader_lines(r, &b, &len);
			*text = lines != NULL ? prove_line(p, lines, len, seq) : NULL;
		}
	}
	segment_reader_free(r);
	if (fd >= 0)
		close(fd);
	return found;
}

// By the footers; where they do not lead to a block whose lines make a proof, by all segments, one
// block after the other, whose answer it is. As look_in().
static int look(struct prove *p, const struct segment_list *l, uint64_t seq, char **text)
{
	struct segment_reader *r;
	struct segment_block b;
	int fd, found = 0;

	if (block_find(p->dir_fd, l, p->leaves.entry.block, &fd, &r, &b)) {
		size_t len;
		const char *lines = segment_reader_lines(r, &b, &len);

		*text = lines != NULL ? prove_line(p, lines, len, seq) : NULL;
		found = *text != NULL;
		segment_reader_free(r);
		close(fd);
	}
	for (size_t i = 0; i < l->n && !found; i++)
		found = look_in(p, &l->v[i], seq, text);
	return found;
}

// Whether the proof holds: a block whose lines are not those of its entry gives one that does not.
static bool holds(struct prove *p, const char *text)
{
	char *copy = strdup(text);
	struct proof proof = {0};
	bool ok = copy != NULL && proof_read(copy, strlen(text), &proof);

	ok = ok && proof_check(p->hasher, &proof) == NULL;
	proof_free(&proof);
	return ok;
}

// Whether a block has the record whose entry is not written yet: of a segment that is open.
static bool is_in_open(const struct prove *p, uint64_t seq)
{
	struct segment_list l;
	struct segment_block b;
	bool found = false;

	if (segment_list_read(p->dir_fd, &l) != 0)
		return false;
	for (size_t i = 0; i < l.n; i++) {
		const int fd = l.v[i].open ? segment_file_open(p->dir_fd, &l.v[i]) : -1;
		struct segment_reader *r = fd >= 0 ? segment_reader_new(fd) : NULL;

		while (r != NULL && !found && segment_reader_next(r, &b) == SEGMENT_BLOCK)
			found = b.entry.first <= seq && seq <= b.entry.attempted;
		segment_reader_free(r);
		if (fd >= 0)
			close(fd);
	}
	segment_list_free(&l);
	return found;
}

// No block of the checkpoint has the record: a newer one may, or none at all.
static int not_covered(struct prove *p, uint64_t seq)
{
	struct leaves all;
	const int rc = leaves_read(p->hasher, p->dir_fd, UINT64_MAX, seq, &all);
	const bool found = rc == 0 && all.found;

	leaves_free(&all);
	if (rc != 0)
		return say(p, 2, "the entries cannot be read");
	return found || is_in_open(p, seq)
		       ? say(p, 3, "no checkpoint covers a block with this record yet")
		       : say(p, 1, "no block has a record with this number");
}

static int not_there(struct prove *p)
{
	if (!p->leaves.states_kept)
		return say(p, 1,
			"its block was removed by retention, or by hand: the entry is there, the "
			"records are not");
	if (p->leaves.entry.block < p->leaves.kept)
		return say(p, 1,
			"its block was removed by retention, as the log states: the entry is "
			"there, the records are not");
	if (checkpoint_grew(p->dir_fd, p->checkpoint.size))
		return say(p, 2, "the log went on, and its block was removed meanwhile; ask again");
	return say(p, 2,
		"its block is not there, and the log does not state that retention removed it; "
		"see bhlog verify");
}

// *out: text that the caller frees; where it is not proven, NULL.
static int prove_record(struct prove *p, uint64_t seq, char **out)
{
	struct segment_list l;
	char *text = NULL;
	int found;

	if (!p->leaves.found)
		return not_covered(p, seq);
	if (segment_list_read(p->dir_fd, &l) != 0)
		return say(p, 2, "the directory cannot be listed");
	found = look(p, &l, seq, &text);
	segment_list_free(&l);
	if (!found)
		return not_there(p);
	if (text == NULL)
		return say(p, 1,
			"its block is there, but no record with this number (a gap record tells "
			"why)");
	if (!holds(p, text)) {
		free(text);
		return say(p, 2, "its block is not the one that its entry says; see bhlog verify");
	}
	*out = text;
	return 0;
}

int prove_text(const char *dir, uint64_t seq, char **text, const char **why)
{
	struct prove p = {.dir_fd = -1};
	int status;

	*text = NULL;
	status = read_log(&p, dir, seq);
	if (status == 0)
		status = prove_record(&p, seq, text);
	*why = p.why;
	release(&p);
	return status;
}

static int write_record(struct prove *p, uint64_t seq, const char *out)
{
	char *text = NULL;
	int status = prove_record(p, seq, &text);

	if (status == 0)
		status = evidence_write(out, text) == 0 ? 0 : 2;
	free(text);
	return status;
}

// ---- growth

static int prove_growth(struct prove *p, uint64_t old, const char *out)
{
	struct hash proof[TREE_PROOF_MAX];
	unsigned n;
	char *text;
	int rc;

	if (old > p->leaves.n)
		return say(p, 1, "the checkpoint is of fewer blocks than that");
	n = tree_consistency(p->hasher, p->leaves.v, old, p->leaves.n, proof);
	text = consistency_write(old, proof, n, p->note, p->note_len);
	rc = text != NULL ? evidence_write(out, text) : -ENOMEM;
	free(text);
	return rc == 0 ? 0 : 2;
}

static bool number(const char *text, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 10);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
}

int prove_main(int argc, char **argv)
{
	static const struct option options[] = {{"out", required_argument, NULL, 'o'},
		{"since", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	const char *out = NULL, *since = NULL;
	struct prove p = {.dir_fd = -1};
	uint64_t v;
	int option, status;

	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'o') {
			out = optarg;
		} else if (option == 's') {
			since = optarg;
		} else if (option == 'h') {
			fputs(help, stdout);
			return 0;
		} else {
			return 2;
		}
	}
	if (argc - optind != (since != NULL ? 1 : 2) ||
		!number(since != NULL ? since : argv[optind + 1], &v) ||
		(since == NULL && v == 0)) {
		fputs(help, stderr);
		return 2;
	}
	status = read_log(&p, argv[optind], since != NULL ? 0 : v);
	if (status == 0)
		status = since != NULL ? prove_growth(&p, v, out) : write_record(&p, v, out);
	if (p.why != NULL)
		fprintf(stderr, "bhlog: %s%s%s\n", status == 2 ? argv[optind] : "",
			status == 2 ? ": " : "", p.why);
	release(&p);
	return status;
}
