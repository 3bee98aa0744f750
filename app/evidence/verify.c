// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/verify_part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *verify_status_name(enum verify_status s)
{
	static const char *const names[] = {
		"good", "tampered", "unreadable", "unconfirmed", "unasked", "pruned"};

	return names[s];
}

// The segment that holds a block that was read, or the one that is being read.
static const char *holder(const struct verifier *v, uint64_t block)
{
	const char *name = "";

	if (block >= v->tree.size)
		return v->segment != NULL ? v->segment : "";
	for (size_t i = 0; v->first != NULL && i < v->list.n; i++)
		if (v->first[i] <= block)
			name = v->list.v[i].name;
	return name;
}

void verify_bad(struct verifier *v, struct verify_answer *a, bool known, uint64_t block,
	const char *format, ...)
{
	va_list ap;

	if (verify_is_bad(v))
		return;
	a->status = VERIFY_TAMPERED;
	va_start(ap, format);
	vsnprintf(a->text, sizeof(a->text), format, ap);
	va_end(ap);
	v->r->has_bad = known;
	v->r->bad_block = block;
	snprintf(v->r->bad_segment, sizeof(v->r->bad_segment), "%s", known ? holder(v, block) : "");
}

bool verify_is_bad(const struct verifier *v)
{
	const struct verify_report *r = v->r;

	return r->integrity.status == VERIFY_TAMPERED || r->integrity.status == VERIFY_UNREADABLE ||
	       r->completeness.status == VERIFY_TAMPERED || r->anchor.status == VERIFY_TAMPERED;
}

// ---- one block

// The entries' line of the next block, without its newline. False: there are no more.
static bool next_line(struct verifier *v, size_t *len)
{
	const long at = ftell(v->entries);
	ssize_t n;

	if (at < 0 || (uint64_t)at >= v->entry_bytes)
		return false;
	n = getline(&v->line, &v->line_cap, v->entries);
	if (n <= 0 || v->line[n - 1] != '\n')
		return false; // a torn last line: the segment's copy stands for it
	*len = (size_t)n - 1;
	return true;
}

// The entry of block tree.size. False: it is bad, as the next.
static bool check_entry(struct verifier *v, const struct entry *e)
{
	static const struct hash zero;
	const struct entry *before = v->tree.size != 0 ? &v->before : NULL;
	const uint64_t block = v->tree.size;
	struct verify_answer *a = &v->r->integrity;
	const char *wrong;

	wrong = entry_follows(e, before);
	if (wrong != NULL) {
		verify_bad(v, a, true, block, "its entry is wrong: %s", wrong);
		return false;
	}
	if (!hash_equal(&e->prev, before != NULL ? &v->before_hash : &zero)) {
		verify_bad(v, a, true, block != 0 ? block - 1 : 0,
			"the entry after it is chained to another");
		return false;
	}
	if (!entry_adds_up(e, before)) {
		verify_bad(v, &v->r->completeness, true, block,
			"attempted - lost is not what is present");
		return false;
	}
	return true;
}

static bool take_entry(struct verifier *v, const char *line, size_t len, struct entry *e)
{
	if (!entry_parse(line, len, e)) {
		verify_bad(v, &v->r->integrity, true, v->tree.size,
			"its entry is not in the form of an entry");
		return false;
	}
	return check_entry(v, e);
}

static void add_entry(struct verifier *v, const struct entry *e, const char *line, size_t len)
{
	struct verify_report *r = v->r;

	hash_leaf(v->hasher, line, len, &v->before_hash);
	tree_add(v->hasher, &v->tree, &v->before_hash);
	r->attempted = e->attempted;
	r->lost = entry_lost(e);
	r->missed = e->missed;
	snprintf(r->gateway, sizeof(r->gateway), "%s", e->gw);
	verify_reach_targets(v);
	verify_kept_add(v, e);
	v->before = *e;
}

// Entries of blocks that are not there: those before `block`.
static void skip_pruned(struct verifier *v, uint64_t block)
{
	struct entry e;
	size_t len;

	v->r->pruned = block;
	while (v->tree.size < block && !verify_is_bad(v)) {
		if (!next_line(v, &len)) {
			verify_bad(v, &v->r->integrity, true, v->tree.size,
				"neither it nor its entry is there");
			break;
		}
		if (take_entry(v, v->line, len, &e))
			add_entry(v, &e, v->line, len);
	}
	v->numbers.next = 0;
}

static void take_block(struct verifier *v, struct segment_reader *reader,
	const struct segment_block *b, const struct segment_file *f)
{
	const bool closed = !f->open && f->number < v->seen.closed;
	const uint64_t block = v->tree.size;
	struct verify_answer *a = &v->r->integrity;
	const char *lines, *wrong;
	struct entry e = b->entry;
	size_t len;
	const bool listed = next_line(v, &len);
	const bool other =
		listed && (len != b->frame.entry_len || memcmp(v->line, b->frame.entry, len) != 0);

	if (b->entry.block != block) {
		verify_bad(v, a, true, block, "block %" PRIu64 " stands where it should",
			b->entry.block);
		return;
	}
	// The reader took the segment's copy apart: where the line is the same, once is enough.
	if (other ? !take_entry(v, v->line, len, &e) : !check_entry(v, &e))
		return;
	if (other) {
		verify_bad(v, a, true, block, "its entry in the segment is another");
		return;
	}
	v->sealed_tail = v->sealed_tail || (closed && !listed);
	v->r->entries += listed;
	lines = segment_reader_lines(reader, b, &len);
	if (lines == NULL) {
		verify_bad(v, a, true, block, "its records cannot be unpacked");
		return;
	}
	wrong = verify_lines(v, &e, lines, len);
	if (wrong != NULL) {
		verify_bad(v, a, true, block, "%s", wrong);
	}
	if (verify_is_bad(v))
		return;
	v->r->blocks++;
	v->r->records += e.n;
	if (v->o->lines != NULL)
		v->o->lines(v->o->ctx, lines, len, b->size);
	if (block >= v->r->checkpoint)
		verify_add_tail(v, f, b);
	add_entry(v, &e, b->frame.entry, b->frame.entry_len);
	if (!verify_is_bad(v) && !verify_index_add(v, b)) {
		v->r->integrity.status = VERIFY_UNREADABLE;
		snprintf(v->r->integrity.text, sizeof(v->r->integrity.text), "out of memory");
	}
}

// ---- one segment

static bool more_entries(const struct verifier *v)
{
	const long at = ftell(v->entries);

	return at >= 0 && (uint64_t)at < v->entry_bytes;
}

static void end_of_segment(struct verifier *v, int fd, enum segment_next end, bool closed)
{
	if (end == SEGMENT_END || end == SEGMENT_OPEN) {
		verify_index_check(v, fd, end, closed);
		return;
	}
	if (end == SEGMENT_ERROR) {
		v->r->integrity.status = VERIFY_UNREADABLE;
		snprintf(v->r->integrity.text, sizeof(v->r->integrity.text), "%s: %s", v->segment,
			folder_strerror(errno));
		return;
	}
	if (!closed && !more_entries(v) && v->tree.size >= v->r->checkpoint) {
		v->r->torn = true;
		return; // being written, or torn by a crash; nothing vouches for it yet
	}
	verify_bad(v, &v->r->integrity, true, v->tree.size, "%s",
		end == SEGMENT_TORN ? "the segment ends inside it"
				    : "its bytes are damaged or changed");
}

static void take_segment(struct verifier *v, size_t i)
{
	const struct segment_file *f = &v->list.v[i];
	int fd = segment_file_open(v->dir_fd, f);
	struct segment_reader *reader = fd >= 0 ? segment_reader_new(fd) : NULL;
	struct segment_block b;
	enum segment_next next = SEGMENT_ERROR;

	v->segment = f->name;
	if (fd == -ENOENT && (verify_segment_went(v) || v->r->blocks == 0))
		return;
	errno = fd < 0 ? -fd : ENOMEM;
	v->r->segments++;
	v->index.n = 0;
	while (reader != NULL && !verify_is_bad(v) &&
		(next = segment_reader_next(reader, &b)) == SEGMENT_BLOCK) {
		if (v->r->blocks == 0 && b.entry.block > v->tree.size)
			skip_pruned(v, b.entry.block);
		if (v->index.n == 0 && b.entry.block != v->tree.size &&
			(i == 0 || f->number != v->list.v[i - 1].number + 1) &&
			!verify_index_lists(fd, v->tree.size))
			v->segment = NULL; // it may have been in one that is not there
		if (v->index.n == 0 && b.entry.block == v->tree.size)
			v->first[i] = v->tree.size;
		if (!verify_is_bad(v))
			take_block(v, reader, &b, f);
	}
	if (!verify_is_bad(v))
		end_of_segment(v, fd, next, !f->open);
	segment_reader_free(reader);
	if (fd >= 0)
		close(fd);
}

// ---- all of it

// Up to the end of the last whole line: what follows is being written, or was torn.
static uint64_t whole_lines(int fd, off_t size)
{
	char part[2 * ENTRY_LINE_MAX];

	// What a crash left behind it may be many lines' room, all zeros.
	while (size > 0) {
		const off_t from = size > (off_t)sizeof(part) ? size - (off_t)sizeof(part) : 0;
		const ssize_t n = pread(fd, part, (size_t)(size - from), from);
		const char *nl = n > 0 ? memrchr(part, '\n', (size_t)n) : NULL;

		if (nl != NULL)
			return (uint64_t)(from + (nl + 1 - part));
		size = from;
	}
	return 0;
}

static bool open_entries(struct verifier *v)
{
	int fd = folder_open(v->dir_fd, FILE_ENTRIES);
	struct stat st = {0};

	if (fd == -ENOENT)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else if (fd < 0)
		errno = -fd;
	v->entries = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (v->entries == NULL || fstat(fd, &st) != 0) {
		v->r->integrity.status = VERIFY_UNREADABLE;
		snprintf(v->r->integrity.text, sizeof(v->r->integrity.text), FILE_ENTRIES ": %s",
			folder_strerror(errno));
		return false;
	}
	v->entry_bytes = whole_lines(fd, st.st_size);
	return true;
}

static void take_segments(struct verifier *v)
{
	struct segment_list *l = &v->list;
	int rc = segment_list_read(v->dir_fd, l);

	if (rc == 0 && verify_list_changed(v))
		return;
	if (rc == 0 && l->n == 0 && v->entry_bytes == 0)
		rc = -ENOENT;
	if (rc == 0 && l->n != 0) {
		v->first = malloc(l->n * sizeof(*v->first));
		rc = v->first != NULL ? 0 : -ENOMEM;
	}
	if (rc != 0) {
		v->r->integrity.status = VERIFY_UNREADABLE;
		snprintf(v->r->integrity.text, sizeof(v->r->integrity.text), "%s",
			rc == -ENOENT ? "there is no flow log" : strerror(-rc));
	}
	for (size_t i = 0; v->first != NULL && i < l->n; i++)
		v->first[i] = UINT64_MAX;
	for (size_t i = 0; i < l->n && !verify_is_bad(v) && !v->again; i++)
		take_segment(v, i);
	v->segment = NULL;
	if (!verify_is_bad(v) && more_entries(v)) {
		verify_bad(
			v, &v->r->integrity, true, v->tree.size, "it is missing: the log was cut");
	}
	if (!verify_is_bad(v))
		verify_kept_end(v);
}

static void check_origin(struct verifier *v)
{
	char gw[ORIGIN_MAX + 2];

	if (!v->targets.have_newest || v->tree.size == 0 || strchr(v->r->gateway, '\\') != NULL)
		return;
	snprintf(gw, sizeof(gw), "\"%s\"", v->targets.newest.origin);
	if (strcmp(gw, v->r->gateway) != 0)
		verify_bad(v, &v->r->integrity, false, 0, "the checkpoint is of another log (%s)",
			v->targets.newest.origin);
}

static void answer_rest(struct verifier *v)
{
	struct verify_report *r = v->r;
	const bool bad = verify_is_bad(v);

	r->gaps = v->numbers.gaps;
	r->not_signed = v->tail.blocks;
	if (!bad) {
		verify_answer_whole(v);
	} else if (r->integrity.status == VERIFY_GOOD) {
		r->integrity.status = VERIFY_UNCONFIRMED;
		snprintf(r->integrity.text, sizeof(r->integrity.text),
			"not examined past block %" PRIu64, v->tree.size);
	}
	if (r->completeness.status == VERIFY_GOOD && bad) {
		r->completeness.status = VERIFY_UNCONFIRMED;
		snprintf(r->completeness.text, sizeof(r->completeness.text),
			"not examined past block %" PRIu64, v->tree.size);
	} else if (r->completeness.status == VERIFY_GOOD) {
		snprintf(r->completeness.text, sizeof(r->completeness.text),
			"of %" PRIu64 " records attempted %" PRIu64 " were lost, which %" PRIu64
			" gap records tell; the ports missed %" PRIu64 " packets",
			r->attempted, r->lost, r->gaps, r->missed);
	}
	verify_answer_redaction(v);
}

// False: retention removed segments meanwhile, so that what was read of them does not fit.
static bool try_log(
	const char *dir, const struct verify_options *o, struct verify_report *out, unsigned tries)
{
	struct verifier v = {.o = o, .r = out, .tries = tries};

	memset(out, 0, sizeof(*out));
	out->anchor.status = VERIFY_UNASKED;
	out->signer.status = VERIFY_UNCONFIRMED;
	snprintf(out->signer.text, sizeof(out->signer.text), "not examined");
	v.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	v.hasher = hasher_new();
	if (v.dir_fd < 0 || v.hasher == NULL) {
		out->integrity.status = VERIFY_UNREADABLE;
		snprintf(out->integrity.text, sizeof(out->integrity.text), "%.300s: %s", dir,
			strerror(errno));
		answer_rest(&v);
		verify_end_targets(&v);
	} else {
		if (o->begin != NULL)
			o->begin(o->ctx);
		verify_note_seen(&v);
		verify_read_targets(&v);
		if (!verify_is_bad(&v) && open_entries(&v))
			take_segments(&v);
		check_origin(&v);
		verify_end_targets(&v);
		answer_rest(&v);
	}
	if (v.entries != NULL)
		fclose(v.entries);
	if (v.dir_fd >= 0)
		close(v.dir_fd);
	hasher_free(v.hasher);
	segment_list_free(&v.list);
	free(v.first);
	free(v.index.v);
	free(v.line);
	free(v.targets.v);
	return !v.again;
}

void verify_log(const char *dir, const struct verify_options *o, struct verify_report *out)
{
	for (unsigned tries = 1; !try_log(dir, o, out, tries); tries++) {
	}
}

int verify_exit(const struct verify_report *r)
{
	const enum verify_status all[] = {r->integrity.status, r->signer.status, r->anchor.status,
		r->completeness.status, r->redaction.status};
	bool seen[VERIFY_PRUNED + 1] = {false};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		seen[all[i]] = true;
	return seen[VERIFY_TAMPERED]      ? 1
	       : seen[VERIFY_UNREADABLE]  ? 2
	       : seen[VERIFY_UNCONFIRMED] ? 3
					  : 0;
}
