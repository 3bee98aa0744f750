// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/rows/ledger.h"

#include "app/evidence/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (256u << 10)

struct ledger {
	int fd; // negative: there is none
	bool is_set;
	char path[4200];
	uint64_t next; // block of the line at `from`, once one was found
	off_t at;      // where buf[from] stands in the file
	size_t from, len;
	char buf[BUFFER];
};

struct ledger *ledger_new(void)
{
	struct ledger *l = malloc(sizeof(*l));

	if (l != NULL) {
		l->fd = -1;
		l->is_set = false;
	}
	return l;
}

static void forget(struct ledger *l)
{
	l->next = UINT64_MAX;
	l->at = 0;
	l->from = l->len = 0;
}

void ledger_free(struct ledger *l)
{
	if (l != NULL && l->fd >= 0) {
		close(l->fd);
	}
	free(l);
}

void ledger_beside(struct ledger *l, const char *segment)
{
	const char *slash = strrchr(segment, '/');
	char path[sizeof(l->path)];

	if ((size_t)snprintf(path, sizeof(path), "%.*s" FILE_ENTRIES,
		    slash != NULL ? (int)(slash - segment) + 1 : 0, segment) >= sizeof(path)) {
		path[0] = '\0';
	}
	if (l->is_set && strcmp(path, l->path) == 0) {
		return;
	}
	if (l->fd >= 0) {
		close(l->fd);
	}
	forget(l);
	l->is_set = true;
	strcpy(l->path, path);
	l->fd = folder_open(AT_FDCWD, path);
}

bool ledger_is_there(const struct ledger *l)
{
	return l->fd >= 0;
}

// The line at `from`, with its newline; NULL: the file ends before one.
static const char *line(struct ledger *l, size_t *len)
{
	for (;;) {
		const char *at = l->buf + l->from, *nl = memchr(at, '\n', l->len - l->from);
		ssize_t n;

		if (nl != NULL) {
			*len = (size_t)(nl - at) + 1;
			return at;
		}
		memmove(l->buf, at, l->len - l->from);
		l->len -= l->from;
		l->from = 0;
		do {
			n = pread(l->fd, l->buf + l->len, BUFFER - l->len, l->at + (off_t)l->len);
		} while (n < 0 && errno == EINTR);
		if (n <= 0) {
			return NULL; // or a line that is longer than any entry
		}
		l->len += (size_t)n;
	}
}

static void pass(struct ledger *l, size_t n)
{
	l->from += n;
	l->at += (off_t)n;
}

// The number behind a key, and where it ends. A key with its quotes can stand nowhere else: within
// a string they would be escaped.
static const char *number(const char *at, const char *end, const char *key, uint64_t *v)
{
	const size_t n = strlen(key);

	at = at != NULL ? memmem(at, (size_t)(end - at), key, n) : NULL;
	if (at == NULL) {
		return NULL;
	}
	*v = at[n] == '-' ? (uint64_t)strtoll(at + n, NULL, 10) : strtoull(at + n, NULL, 10);
	return at + n;
}

// A line ends in a newline, so that no number runs past it.
static bool parse(const char *at, size_t len, struct ledger_facts *out)
{
	const char *end = at + len;
	uint64_t t0, t1;

	at = number(at, end, ",\"block\":", &out->block);
	at = number(at, end, ",\"first\":", &out->first);
	at = number(at, end, ",\"n\":", &out->n);
	at = number(at, end, ",\"t0\":", &t0);
	at = number(at, end, ",\"t1\":", &t1);
	at = number(at, end, ",\"attempted\":", &out->attempted);
	if (at == NULL) {
		return false;
	}
	out->t0 = (int64_t)t0;
	out->t1 = (int64_t)t1;
	return true;
}

static void go_to(struct ledger *l, off_t at)
{
	l->at = at;
	l->from = l->len = 0;
}

// Goes to where the block's line must be: line i is of block i, so that numbers rise with the
// offset.
static void seek(struct ledger *l, uint64_t block)
{
	off_t from = 0, to = lseek(l->fd, 0, SEEK_END);
	struct ledger_facts f;
	size_t len;

	while (to - from > (off_t)BUFFER / 2) {
		const off_t middle = from + (to - from) / 2;
		const char *at;

		go_to(l, middle);
		if (line(l, &len) == NULL) {
			break;
		}
		pass(l, len); // what is left of a line
		at = line(l, &len);
		if (at == NULL || !parse(at, len, &f) || f.block > block) {
			to = middle;
		} else {
			from = l->at;
		}
	}
	go_to(l, from);
}

bool ledger_find(struct ledger *l, uint64_t block, struct ledger_facts *out)
{
	const char *at;
	size_t len;

	if (l->fd < 0) {
		return false;
	}
	if (block != l->next) {
		seek(l, block);
	}
	while ((at = line(l, &len)) != NULL && parse(at, len, out) && out->block <= block) {
		pass(l, len);
		if (out->block == block) {
			l->next = block + 1;
			return true;
		}
	}
	l->next = UINT64_MAX;
	return false;
}

// ---- footers

struct ledger_facts ledger_facts_of(const struct entry *e)
{
	return (struct ledger_facts){e->block, e->first, e->n, e->attempted, e->t0, e->t1};
}

bool ledger_agrees(const struct ledger_facts *f, const struct frame_item *item)
{
	// Numbers that were lost behind the last record are the block's, too.
	return item->block == f->block && item->first == f->first &&
	       (item->last == f->attempted || item->last == f->first + f->n - 1) &&
	       item->t0 == f->t0 && item->t1 == f->t1;
}

// The entry that stands before a block's lines, and where the block ends.
static bool read_frame(int fd, const struct frame_item *item, struct ledger_facts *out, off_t *end)
{
	uint8_t buf[ENTRY_LINE_MAX + 64];
	const ssize_t n = pread(fd, buf, sizeof(buf), (off_t)item->offset);
	struct frame_block b;
	struct entry e;
	size_t size;

	if (n <= 0 || frame_read(buf, (size_t)n, &b, &size) != FRAME_ENTRY ||
		!entry_parse(b.entry, b.entry_len, &e)) {
		return false;
	}
	*out = ledger_facts_of(&e);
	*end = (off_t)(item->offset + size + b.data_len);
	return true;
}

// That no block is hidden before the first or behind the last, or left out between two.
static bool is_all(int fd, const struct frame_item *items, uint32_t n, off_t footer)
{
	struct ledger_facts last;
	off_t end;

	for (uint32_t i = 1; i < n; i++) {
		if (items[i].block != items[0].block + i ||
			items[i].offset <= items[i - 1].offset) {
			return false;
		}
	}
	return items[0].offset == 0 && items[n - 1].offset < (uint64_t)footer &&
	       read_frame(fd, &items[n - 1], &last, &end) && ledger_agrees(&last, &items[n - 1]) &&
	       end == footer;
}

struct frame_item *ledger_footer(struct ledger *l, int fd, uint32_t *n, off_t *at, bool *doubted)
{
	struct frame_item *items = segment_footer(fd, n, at);
	struct ledger_facts f;
	off_t end;

	*doubted = items != NULL && !is_all(fd, items, *n, *at);
	for (uint32_t i = 0; items != NULL && !*doubted && i < *n; i++) {
		*doubted = !((ledger_find(l, items[i].block, &f) ||
				     read_frame(fd, &items[i], &f, &end)) &&
			     ledger_agrees(&f, &items[i]));
	}
	if (*doubted) {
		free(items);
		items = NULL;
		*n = 0;
	}
	return items;
}
