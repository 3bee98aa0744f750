// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/chain.h"

#include "app/evidence/folder.h"
#include "app/flowlog/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTES_MAX 8192

struct chain {
	int dir_fd, fd;
	struct hasher *hasher;
	struct tree tree; // over the lines in the file
	uint64_t bytes;   // of those lines
	uint64_t n;       // in the file and waiting
	struct entry last;
	struct hash last_hash;
	char *waiting; // lines
	size_t len, cap;
	bool unsynced;
	struct checkpoint checkpoint; // size 0: none
	uint64_t kept;                // see chain_kept()
};

// ---- the tree's notes

// Size and bytes, then the peaks from the largest subtree down, one a line.
static size_t put_notes(const struct chain *c, char out[NOTES_MAX])
{
	int n = snprintf(out, NOTES_MAX, "bridgehead-tree/1\n%" PRIu64 " %" PRIu64 "\n",
		c->tree.size, c->bytes);

	for (unsigned k = TREE_LEVELS; k-- != 0;) {
		char hex[65];

		if ((c->tree.size >> k & 1) == 0)
			continue;
		hash_hex(&c->tree.peaks[k], hex);
		n += snprintf(out + n, NOTES_MAX - (size_t)n, "%s\n", hex);
	}
	return (size_t)n;
}

// False: there are none, or they do not give the checkpoint's root.
static bool take_notes(struct chain *c)
{
	struct tree t = {0};
	struct hash root;
	uint64_t bytes;
	size_t len;
	char *text = folder_read(c->dir_fd, FILE_TREE, NOTES_MAX, &len);
	const char *p;
	int used = 0;
	bool ok = text != NULL &&
		  sscanf(text, "bridgehead-tree/1\n%" SCNu64 " %" SCNu64 "\n%n", &t.size, &bytes,
			  &used) == 2 &&
		  used != 0 && t.size == c->checkpoint.size && t.size != 0;

	p = ok ? text + used : NULL;
	for (unsigned k = TREE_LEVELS; ok && k-- != 0;) {
		if ((t.size >> k & 1) == 0)
			continue;
		ok = text + len - p >= 65 && p[64] == '\n' && hash_parse_hex(p, &t.peaks[k]);
		p += 65;
	}
	free(text);
	if (!ok)
		return false;
	tree_root(c->hasher, &t, &root);
	if (!hash_equal(&root, &c->checkpoint.root))
		return false;
	c->tree = t;
	c->bytes = bytes;
	return true;
}

// The entry that ends where the notes say that the next begins.
static bool take_last(struct chain *c)
{
	char buf[ENTRY_LINE_MAX + 1];
	const size_t want = c->bytes < sizeof(buf) ? (size_t)c->bytes : sizeof(buf);
	const char *start;

	if (want < 2 || pread(c->fd, buf, want, (off_t)(c->bytes - want)) != (ssize_t)want ||
		buf[want - 1] != '\n')
		return false;
	start = memrchr(buf, '\n', want - 1);
	start = start != NULL ? start + 1 : buf;
	return entry_parse(start, (size_t)(buf + want - 1 - start), &c->last) &&
	       c->last.block + 1 == c->tree.size &&
	       (hash_leaf(c->hasher, start, (size_t)(buf + want - 1 - start), &c->last_hash), true);
}

// ---- reading

static bool take_line(struct chain *c, const char *line, size_t len)
{
	struct entry e;
	struct hash leaf;
	const struct entry *before = c->tree.size != 0 ? &c->last : NULL;
	static const struct hash zero;

	if (!entry_parse(line, len, &e) || entry_follows(&e, before) != NULL ||
		!hash_equal(&e.prev, before != NULL ? &c->last_hash : &zero))
		return false;
	hash_leaf(c->hasher, line, len, &leaf);
	tree_add(c->hasher, &c->tree, &leaf);
	c->last = e;
	c->last_hash = leaf;
	c->bytes += len + 1;
	return true;
}

// Reads at most limit entries. 0, -errno, or -EBADMSG: those that the checkpoint covers are others.
static int load(struct chain *c, uint64_t limit)
{
	int fd = dup(c->fd), rc = 0;
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (f == NULL) {
		if (fd >= 0)
			close(fd);
		return -ENOMEM;
	}
	if (!take_notes(c) || !take_last(c)) {
		c->tree.size = 0;
		c->bytes = 0;
	}
	if (fseeko(f, (off_t)c->bytes, SEEK_SET) != 0)
		rc = -errno;
	while (rc == 0 && c->tree.size < limit && (len = getline(&line, &cap, f)) > 0 &&
		line[len - 1] == '\n' && take_line(c, line, (size_t)len - 1)) {
		struct hash root;

		if (c->tree.size == c->checkpoint.size) {
			tree_root(c->hasher, &c->tree, &root);
			rc = hash_equal(&root, &c->checkpoint.root) ? 0 : -EBADMSG;
		}
	}
	rc = rc == 0 && ferror(f) ? -EIO : rc;
	c->n = c->tree.size;
	free(line);
	fclose(f);
	return rc;
}

static int read_checkpoint(struct chain *c, const char *dir, char *err, size_t err_size)
{
	size_t len;
	char *text = folder_read(c->dir_fd, FILE_CHECKPOINT, NOTE_MAX, &len);
	struct note note;
	bool ok;

	if (text == NULL && errno == ENOENT)
		return 0;
	ok = text != NULL && note_read(text, len, &note, &c->checkpoint);
	free(text);
	if (!ok)
		snprintf(err, err_size,
			"%s/" FILE_CHECKPOINT
			": cannot be read as a checkpoint; the log cannot go on "
			"from it: keep the directory as it is and choose another",
			dir);
	return ok ? 0 : -EBADMSG;
}

// Where the last whole note of the history's tail ends; 0: none does.
static size_t last_note(const char *text, size_t len)
{
	size_t best = 0;

	for (const char *p = text; p != NULL && p < text + len;
		p = memchr(p, '\n', (size_t)(text + len - p)), p = p != NULL ? p + 1 : NULL) {
		struct checkpoint c;
		struct note n;

		while (p < text + len && note_read(p, (size_t)(text + len - p), &n, &c)) {
			p += n.len;
			best = (size_t)(p - text);
		}
	}
	return best;
}

// A crash can leave a part of a checkpoint at the end of the history, or of the first one alone.
static int mend_history(const struct chain *c)
{
	int fd = openat(c->dir_fd, FILE_CHECKPOINTS, O_RDWR | O_CLOEXEC), rc = 0;
	const off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	const off_t from = size > 2 * NOTE_MAX ? size - 2 * NOTE_MAX : 0;
	char text[2 * NOTE_MAX];
	ssize_t n = fd >= 0 ? pread(fd, text, sizeof(text), from) : 0;
	const size_t end = n > 0 ? last_note(text, (size_t)n) : 0;
	const bool first = n > 0 && size < NOTE_MAX;

	if ((end != 0 || first) && from + (off_t)end < size &&
		ftruncate(fd, from + (off_t)end) != 0)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

// What lies behind the last whole entry was never checkpointed.
static int cut_file(struct chain *c)
{
	if (lseek(c->fd, 0, SEEK_END) == (off_t)c->bytes)
		return 0;
	return ftruncate(c->fd, (off_t)c->bytes) == 0 && fsync(c->fd) == 0 ? 0 : -errno;
}

struct chain *chain_open(int dir_fd, const char *dir, char *err, size_t err_size)
{
	struct chain *c = calloc(1, sizeof(*c));
	int rc;

	if (c != NULL) {
		c->dir_fd = dir_fd;
		c->fd = -1;
		c->hasher = hasher_new();
	}
	if (c == NULL || c->hasher == NULL) {
		snprintf(err, err_size, "%s: out of memory", dir);
		chain_free(c);
		return NULL;
	}
	rc = read_checkpoint(c, dir, err, err_size);
	if (rc != 0) {
		chain_free(c);
		return NULL;
	}
	c->fd = openat(dir_fd, FILE_ENTRIES, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	rc = c->fd >= 0 ? load(c, UINT64_MAX) : -errno;
	if (rc == 0 && c->n >= c->checkpoint.size)
		rc = cut_file(c);
	if (rc == 0)
		rc = mend_history(c);
	if (rc == -EBADMSG)
		snprintf(err, err_size,
			"%s/" FILE_ENTRIES
			": not what the checkpoint is of: the log was changed; keep "
			"the directory as it is (bhlog verify tells more) and choose another",
			dir);
	else if (rc != 0)
		snprintf(err, err_size, "%s/" FILE_ENTRIES ": %s", dir, strerror(-rc));
	if (rc != 0) {
		chain_free(c);
		return NULL;
	}
	return c;
}

void chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		close(c->fd);
	hasher_free(c->hasher);
	free(c->waiting);
	free(c);
}

int chain_cut(struct chain *c, uint64_t n)
{
	int rc = load(c, n);

	return rc != 0 ? rc : cut_file(c);
}

// ---- growing

uint64_t chain_size(const struct chain *c)
{
	return c->n;
}

const struct entry *chain_last(const struct chain *c)
{
	return c->n != 0 ? &c->last : NULL;
}

uint64_t chain_checkpointed(const struct chain *c)
{
	return c->checkpoint.size;
}

uint64_t chain_kept(const struct chain *c)
{
	return c->kept;
}

bool chain_removed(const struct chain *c)
{
	struct stat st;

	return fstat(c->fd, &st) == 0 && st.st_nlink == 0;
}

size_t chain_next(const struct chain *c, struct entry *e, char line[ENTRY_LINE_MAX])
{
	e->block = c->n;
	memset(&e->prev, 0, sizeof(e->prev));
	if (c->n != 0)
		e->prev = c->last_hash;
	return entry_format(e, line);
}

int chain_reserve(struct chain *c)
{
	const size_t cap = c->cap * 2 + 65536;
	char *waiting;

	if (c->cap - c->len >= ENTRY_LINE_MAX)
		return 0;
	waiting = realloc(c->waiting, cap);
	if (waiting == NULL)
		return -ENOMEM;
	c->waiting = waiting;
	c->cap = cap;
	return 0;
}

void chain_put(struct chain *c, const struct entry *e, const char *line, size_t len)
{
	memcpy(c->waiting + c->len, line, len);
	c->waiting[c->len + len] = '\n';
	c->len += len + 1;
	hash_leaf(c->hasher, line, len, &c->last_hash);
	c->last = *e;
	c->n++;
}

int chain_write(struct chain *c, bool sync)
{
	const char *p = c->waiting, *end = p;

	if (c->len != 0) { // nothing waits, and nothing was ever allocated, at the start
		int rc = disk_write(c->fd, c->waiting, c->len, (off_t)c->bytes);

		if (rc != 0) {
			if (ftruncate(c->fd, (off_t)c->bytes) != 0)
				return rc; // written over at the next try, cut at the next start
			return rc;
		}
		c->bytes += c->len;
		c->unsynced = true;
		end += c->len;
	}
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct hash leaf;

		hash_leaf(c->hasher, p, (size_t)(nl - p), &leaf);
		tree_add(c->hasher, &c->tree, &leaf);
		p = nl + 1;
	}
	c->len = 0;
	if (sync && c->unsynced) {
		if (fdatasync(c->fd) != 0)
			return -errno;
		c->unsynced = false;
	}
	return 0;
}

int chain_checkpoint(
	struct chain *c, const char *origin, int64_t t, const struct key_private *key, bool sync)
{
	struct checkpoint next = {.size = c->tree.size, .has_time = true, .time = t};
	char note[NOTE_MAX], notes[NOTES_MAX];
	size_t len;
	int rc;

	snprintf(next.origin, sizeof(next.origin), "%s", origin);
	tree_root(c->hasher, &c->tree, &next.root);
	len = note_make(&next, key, note);
	if (len == 0)
		return -EIO;
	// The notes first: they are believed only where they fit the checkpoint.
	rc = disk_replace(c->dir_fd, FILE_TREE, notes, put_notes(c, notes), false);
	if (rc == 0)
		rc = disk_replace(c->dir_fd, FILE_CHECKPOINT, note, len, sync);
	if (rc != 0)
		return rc;
	c->checkpoint = next;
	// Entries that wait are not covered.
	c->kept = c->len == 0 ? c->last.kept : c->kept;
	return disk_append(c->dir_fd, FILE_CHECKPOINTS, note, len, sync);
}
