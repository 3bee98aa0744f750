// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/retain.h"

#include "app/evidence/folder.h"
#include "app/evidence/segment_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The entry of the block that a segment begins with. False: it cannot be read.
static bool read_first(int dir_fd, const struct segment_file *f, struct entry *out)
{
	int fd = segment_file_open(dir_fd, f);
	struct segment_reader *r = fd >= 0 ? segment_reader_new(fd) : NULL;
	struct segment_block b;
	const bool ok = r != NULL && segment_reader_next(r, &b) == SEGMENT_BLOCK;

	if (ok)
		*out = b.entry;
	segment_reader_free(r);
	if (fd >= 0)
		close(fd);
	return ok;
}

void retain_begin(struct retain *r, int dir_fd, const struct entry *last)
{
	struct segment_list l;
	struct entry first;

	r->kept = last != NULL ? last->kept : 0;
	r->removed = 0;
	if (last == NULL || last->states_kept || segment_list_read(dir_fd, &l) != 0)
		return;
	if (l.n != 0 && read_first(dir_fd, &l.v[0], &first))
		r->kept = first.block;
	segment_list_free(&l);
}

static uint64_t size_of(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_size : 0;
}

// Whether all records of a segment are older: those behind it begin before. It goes by what their
// entries say, for anybody can give a file another name; past one that is damaged by the next.
static bool is_old(int dir_fd, const struct segment_list *l, size_t i, int64_t limit)
{
	struct entry next;

	for (i++; i < l->n; i++)
		if (read_first(dir_fd, &l->v[i], &next))
			return next.t1 < limit;
	return false;
}

// How many segments of the list are given up.
static size_t count(
	const struct retain *r, int dir_fd, const struct segment_list *l, int64_t now, bool ages)
{
	uint64_t total = 0;
	size_t closed = 0, n = 0;
	int64_t limit = 0;

	ages = ages && r->us != 0 && !__builtin_sub_overflow(now, r->us, &limit);
	for (size_t i = 0; i < l->n; i++) {
		total += l->v[i].open ? 0 : size_of(dir_fd, l->v[i].name);
		closed += !l->v[i].open;
	}
	for (size_t i = 0; i + 1 < l->n && closed > 1; i++) {
		if (l->v[i].open)
			continue;
		if (!(r->bytes != 0 && total > r->bytes) && !(ages && is_old(dir_fd, l, i, limit)))
			break;
		total -= size_of(dir_fd, l->v[i].name);
		closed--;
		n = i + 1;
	}
	return n;
}

int retain_decide(struct retain *r, int dir_fd, int64_t now, bool ages, uint64_t next)
{
	struct segment_list l;
	struct entry first;
	int rc = r->us != 0 || r->bytes != 0 ? segment_list_read(dir_fd, &l) : -ENOENT;
	size_t n;

	if (rc != 0)
		return rc == -ENOENT ? 0 : rc;
	n = count(r, dir_fd, &l, now, ages);
	// One that is damaged does not tell where it begins: then the one before it stays, too.
	while (n != 0 && !read_first(dir_fd, &l.v[n], &first))
		n--;
	if (n != 0 && first.block > r->kept && first.block < next)
		r->kept = first.block;
	segment_list_free(&l);
	return 0;
}

// How many segments of the list hold only blocks before `stated`.
static size_t count_before(int dir_fd, const struct segment_list *l, uint64_t stated)
{
	uint64_t block = 0;
	struct entry first;
	size_t n = 0;

	for (size_t i = 1; i < l->n; i++) {
		if (!read_first(dir_fd, &l->v[i], &first))
			continue;
		if (first.block > stated || first.block <= block)
			break;
		block = first.block;
		n = i;
	}
	return n;
}

int retain_remove(struct retain *r, int dir_fd, uint64_t stated)
{
	struct segment_list l;
	int rc = 0;
	size_t n;

	if (stated <= r->removed)
		return 0;
	rc = segment_list_read(dir_fd, &l);
	if (rc != 0)
		return rc;
	n = count_before(dir_fd, &l, stated);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!l.v[i].open && unlinkat(dir_fd, l.v[i].name, 0) != 0 && errno != ENOENT)
			rc = -errno;
	segment_list_free(&l);
	if (rc == 0)
		r->removed = stated;
	return rc;
}
