// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The blocks: out of the segments, held against their entries, into files of gzip members.

#include "app/bundle/bundle.h"
#include "app/evidence/folder.h"
#include "app/evidence/proof.h"
#include "app/evidence/segment_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define LEVEL    4  // of 9: of half a gigabyte of lines less than a twentieth is won above
#define GZIP     31 // window bits that mean gzip and not zlib
#define OUT_SIZE 65536
#define SHOW     64 // blocks between two words of progress

struct blocks_out {
	struct bundle *b;
	struct entries entries;
	z_stream z;
	uint8_t *out;
	uint64_t next; // the block that comes
	bool begun;    // some block was written
	bool in_file;  // a member of the archive is open
};

static int check_line(struct blocks_out *o, const char *line, size_t len)
{
	struct bundle *b = o->b;
	int64_t t1;

	b->records++;
	b->of_period += named_number(line, len, ",\"t1\":", &t1) && t1 >= b->o->when.since &&
			t1 < b->o->when.until;
	return named_line(&b->named, line, len) ? 0 : bundle_say(b, -ENOMEM, "out of memory");
}

static int check_block(struct blocks_out *o, const struct segment_block *sb, const char *lines,
	size_t len, const char *segment)
{
	struct hash root;
	uint64_t n;
	int rc = entries_next(o->b, &o->entries);

	if (rc != 0)
		return rc;
	if (o->entries.len != sb->frame.entry_len ||
		memcmp(o->entries.line, sb->frame.entry, o->entries.len) != 0)
		return bundle_say(o->b, -EBADMSG,
			"%s: the entry of block %" PRIu64 " is another; see bhlog verify", segment,
			o->next);
	if (lines == NULL || !segment_root(o->b->hasher, lines, len, &root, &n) ||
		n != sb->entry.n || !hash_equal(&root, &sb->entry.root))
		return bundle_say(o->b, -EBADMSG,
			"%s: block %" PRIu64 " is damaged or was changed; see bhlog verify",
			segment, o->next);
	for (const char *p = lines, *end = lines + len, *nl; p < end && rc == 0; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p)); // there: segment_root() has seen it
		rc = check_line(o, p, (size_t)(nl - p));
	}
	return rc;
}

static int pack(struct blocks_out *o, const char *lines, size_t len)
{
	int z = deflateReset(&o->z);

	o->z.next_in = (Bytef *)(uintptr_t)lines;
	o->z.avail_in = (uInt)len; // FRAME_MAX_RAW at most
	while (z == Z_OK) {
		o->z.next_out = o->out;
		o->z.avail_out = OUT_SIZE;
		z = deflate(&o->z, Z_FINISH);
		if (z == Z_OK || z == Z_STREAM_END)
			tar_add(o->b->tar, o->out, OUT_SIZE - o->z.avail_out);
	}
	return z == Z_STREAM_END ? 0 : bundle_say(o->b, -EIO, "zlib: error %d", z);
}

static int put_block(struct blocks_out *o, struct segment_reader *r, const struct segment_block *sb,
	const char *segment)
{
	struct bundle *b = o->b;
	size_t len = 0;
	const char *lines = segment_reader_lines(r, sb, &len);
	int rc = check_block(o, sb, lines, len, segment);
	char name[64];

	if (rc != 0)
		return rc;
	if (!o->in_file) {
		snprintf(name, sizeof(name), "blocks/%010" PRIu64 ".jsonl.gz", o->next);
		tar_begin(b->tar, name, 0644);
		o->in_file = true;
	}
	rc = pack(o, lines, len);
	o->begun = true;
	o->next++;
	if (b->o->progress && o->next % SHOW == 0)
		fprintf(stderr, "\rblock %" PRIu64 " of %" PRIu64, o->next - b->first,
			b->end - b->first);
	return rc;
}

// Of blocks that are not there, whether the log states that retention removed them, or is of the
// format that does not say. 0 or -EBADMSG.
static int check_pruned(struct blocks_out *o, uint64_t end)
{
	if (!o->b->states_kept || end <= o->b->kept)
		return 0;
	if (checkpoint_grew(o->b->dir_fd, o->b->newest.c.size))
		return bundle_say(o->b, -EAGAIN,
			"the log went on, and blocks of the period were removed meanwhile; ask "
			"again");
	return bundle_say(o->b, -EBADMSG,
		"block %" PRIu64 " is not there, and the log does not state that retention removed "
		"it; see bhlog verify",
		o->next > o->b->kept ? o->next : o->b->kept);
}

// Blocks before this one are not in any segment. They may be missing at the begin only.
static int skip_pruned(struct blocks_out *o, uint64_t block)
{
	int rc;

	if (o->begun)
		return bundle_say(
			o->b, -EBADMSG, "block %" PRIu64 " is missing; see bhlog verify", o->next);
	rc = check_pruned(o, block);
	for (; o->next < block && rc == 0; o->next++)
		rc = entries_next(o->b, &o->entries);
	o->b->pruned = o->next - o->b->first;
	return rc;
}

static int end_of_segment(struct blocks_out *o, enum segment_next how, const char *segment)
{
	if (how == SEGMENT_ERROR)
		return bundle_say(o->b, -errno, "%s: %s", segment, strerror(errno));
	if (how == SEGMENT_BAD || how == SEGMENT_TORN) // of a block that the checkpoint vouches for
		return bundle_say(o->b, -EBADMSG,
			"%s: damaged at block %" PRIu64 " or before; see bhlog verify", segment,
			o->next);
	return 0;
}

// To the first block that is wanted, where the footer tells.
static void seek(struct segment_reader *r, int fd, uint64_t block)
{
	uint32_t n, i = 0;
	off_t at;
	struct frame_item *items = segment_footer(fd, &n, &at);

	while (items != NULL && i < n && items[i].block < block)
		i++;
	if (items != NULL)
		segment_reader_seek(r, i < n ? (off_t)items[i].offset : at);
	free(items);
}

static int read_segment(struct blocks_out *o, int fd, const char *segment)
{
	struct segment_reader *r = segment_reader_new(fd);
	enum segment_next how = SEGMENT_BLOCK;
	struct segment_block sb;
	int rc = 0, end_rc;

	if (r == NULL)
		return bundle_say(o->b, -ENOMEM, "out of memory");
	seek(r, fd, o->next);
	o->in_file = false;
	while (rc == 0 && o->next < o->b->end &&
		(how = segment_reader_next(r, &sb)) == SEGMENT_BLOCK) {
		if (sb.entry.block < o->next)
			continue;
		if (sb.entry.block >= o->b->end)
			break;
		if (sb.entry.block > o->next)
			rc = skip_pruned(o, sb.entry.block);
		if (rc == 0)
			rc = put_block(o, r, &sb, segment);
	}
	if (rc == 0 && how != SEGMENT_BLOCK)
		rc = end_of_segment(o, how, segment);
	if (o->in_file) {
		end_rc = tar_end(o->b->tar);
		if (rc == 0 && end_rc != 0)
			rc = bundle_say_write(o->b, end_rc);
	}
	segment_reader_free(r);
	return rc;
}

static int read_segments(struct blocks_out *o)
{
	struct segment_list l;
	int rc = segment_list_read(o->b->dir_fd, &l);

	if (rc != 0)
		return bundle_say(o->b, rc, "%.300s: %s", o->b->o->dir, strerror(-rc));
	for (size_t i = 0; i < l.n && rc == 0 && o->next < o->b->end; i++) {
		const int fd = segment_file_open(o->b->dir_fd, &l.v[i]);
		struct frame_item last;

		if (fd == -ENOENT && !o->begun)
			continue; // pruned meanwhile
		if (fd < 0) {
			rc = bundle_say(o->b, fd, "%s: %s", l.v[i].name, strerror(-fd));
			break;
		}
		if (!segment_last(fd, &last) || last.block >= o->next)
			rc = read_segment(o, fd, l.v[i].name);
		close(fd);
	}
	segment_list_free(&l);
	if (rc != 0 || o->next == o->b->end)
		return rc;
	if (o->begun)
		return bundle_say(
			o->b, -EBADMSG, "block %" PRIu64 " is missing; see bhlog verify", o->next);
	rc = check_pruned(o, o->b->end);
	return rc != 0 ? rc
		       : bundle_say(o->b, 1,
				 "the %" PRIu64
				 " blocks of this period were pruned; their entries are all that "
				 "is left",
				 o->b->end - o->b->first);
}

int bundle_put_blocks(struct bundle *b)
{
	struct blocks_out *o = calloc(1, sizeof(*o));
	int rc;

	if (o == NULL)
		return bundle_say(b, -ENOMEM, "out of memory");
	o->b = b;
	o->next = b->first;
	o->out = malloc(OUT_SIZE);
	if (o->out == NULL ||
		deflateInit2(&o->z, LEVEL, Z_DEFLATED, GZIP, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(o->out);
		free(o);
		return bundle_say(b, -ENOMEM, "out of memory");
	}
	rc = entries_open(b, &o->entries);
	while (rc == 0 && o->entries.next < b->first)
		rc = entries_next(b, &o->entries);
	if (rc == 0)
		rc = read_segments(o);
	if (b->o->progress)
		fprintf(stderr, "\r%40s\r", "");
	entries_close(&o->entries);
	deflateEnd(&o->z);
	free(o->out);
	free(o);
	return rc;
}
