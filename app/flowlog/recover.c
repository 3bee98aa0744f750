// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/recover.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct recovery {
	int dir_fd;
	const char *dir;
	struct segments_found *found;
	char *err;
	size_t err_size;
};

struct names {
	struct name {
		char text[64];
		uint64_t number;
		bool open;
	} * v;
	size_t n, cap;
};

static int fail(struct recovery *r, int rc, const char *name, const char *what)
{
	snprintf(r->err, r->err_size, "%s/%s: %s: %s", r->dir, name, what, strerror(-rc));
	return rc;
}

static int names_add(struct names *l, const char *text, uint64_t number, bool open)
{
	if (l->n == l->cap) {
		size_t cap = l->cap != 0 ? l->cap * 2 : 64;
		struct name *v = reallocarray(l->v, cap, sizeof(*v));

		if (v == NULL) {
			return -ENOMEM;
		}
		l->v = v;
		l->cap = cap;
	}
	snprintf(l->v[l->n].text, sizeof(l->v[l->n].text), "%.63s", text);
	l->v[l->n].number = number;
	l->v[l->n].open = open;
	l->n++;
	return 0;
}

static int by_number_falling(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return x->number < y->number ? 1 : x->number > y->number ? -1 : strcmp(y->text, x->text);
}

static int names_read(struct recovery *r, struct names *l)
{
	int fd = openat(r->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	int rc = 0;

	if (d == NULL) {
		rc = -errno;
		if (fd >= 0) {
			close(fd);
		}
		return fail(r, rc, ".", "cannot list");
	}
	while (rc == 0 && (e = readdir(d)) != NULL) {
		uint64_t number;
		bool open;

		if (segment_name_parse(e->d_name, &number, &open)) {
			rc = names_add(l, e->d_name, number, open);
		}
	}
	closedir(d);
	if (l->n > 1) {
		qsort(l->v, l->n, sizeof(*l->v), by_number_falling);
	}
	return rc != 0 ? fail(r, rc, ".", "cannot list") : 0;
}

// A line as this log writes them; gives its number.
static bool is_record(const char *line, size_t len, uint64_t *seq)
{
	static const char begin[] = "{\"v\":1,\"ev\":\"", key[] = ",\"seq\":";
	const char *p;
	uint64_t v = 0;

	if (len < sizeof(begin) || memcmp(line, begin, sizeof(begin) - 1) != 0 ||
		line[len - 1] != '}' || memchr(line, '\0', len) != NULL) {
		return false;
	}
	// A quote inside a string is escaped, so this cannot be found in the gateway's name.
	p = memmem(line, len, key, sizeof(key) - 1);
	if (p == NULL || !isdigit((unsigned char)p[sizeof(key) - 1])) {
		return false;
	}
	for (p += sizeof(key) - 1; isdigit((unsigned char)*p);
		p++) { // ends at the '}' at the latest
		v = v * 10 + (uint64_t)(*p - '0');
	}
	*seq = v;
	return true;
}

struct mapped {
	char *text;
	size_t len;
};

static int map_file(struct recovery *r, const char *name, struct mapped *m)
{
	int fd = openat(r->dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	memset(m, 0, sizeof(*m));
	if (fd < 0) {
		return fail(r, -errno, name, "cannot open");
	}
	if (fstat(fd, &st) != 0) {
		rc = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		rc = -EINVAL;
	} else if (st.st_size > 0) {
		m->len = (size_t)st.st_size;
		m->text = mmap(NULL, m->len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (m->text == MAP_FAILED) {
			rc = -errno;
			m->text = NULL;
		}
	}
	close(fd);
	return rc != 0 ? fail(r, rc, name, "cannot read") : 0;
}

static void unmap(struct mapped *m)
{
	if (m->text != NULL) {
		munmap(m->text, m->len);
	}
}

// The start of the line that ends with the newline at end - 1.
static size_t line_start(const char *text, size_t end)
{
	const char *nl = end > 1 ? memrchr(text, '\n', end - 1) : NULL;

	return nl != NULL ? (size_t)(nl + 1 - text) : 0;
}

// Length of what is whole: up to the end of the last line that is a record.
static size_t whole_length(const char *text, size_t len)
{
	uint64_t seq;

	while (len > 0) {
		const char *nl = memrchr(text, '\n', len);
		size_t start;

		if (nl == NULL) {
			return 0;
		}
		len = (size_t)(nl + 1 - text);
		start = line_start(text, len);
		if (is_record(text + start, len - 1 - start, &seq)) {
			return len;
		}
		len = start;
	}
	return 0;
}

static int save_torn(struct recovery *r, const char *name, const char *bytes, size_t len)
{
	size_t done = 0;
	int rc = 0;
	int fd = openat(r->dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	if (fd < 0) {
		return fail(r, -errno, name, "cannot keep a torn line");
	}
	while (done < len) {
		ssize_t n = write(fd, bytes + done, len - done);

		if (n < 0 && errno != EINTR) {
			rc = -errno;
			break;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	if (rc == 0 && fsync(fd) != 0) {
		rc = -errno;
	}
	close(fd);
	return rc != 0 ? fail(r, rc, name, "cannot keep a torn line") : 0;
}

static int cut_file(struct recovery *r, const char *name, size_t len)
{
	int rc = 0, fd = openat(r->dir_fd, name, O_WRONLY | O_CLOEXEC);

	if (fd < 0) {
		return fail(r, -errno, name, "cannot cut a torn line");
	}
	if (ftruncate(fd, (off_t)len) != 0 || fsync(fd) != 0) {
		rc = -errno;
	}
	close(fd);
	return rc != 0 ? fail(r, rc, name, "cannot cut a torn line") : 0;
}

int segment_rename(int dir_fd, const char *from, const char *to)
{
	if (renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE) == 0) {
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS) {
		return -errno;
	}
	// A file system that does not know the flag. The lock keeps other writers out.
	if (faccessat(dir_fd, to, F_OK, 0) == 0) {
		return -EEXIST;
	}
	return renameat(dir_fd, from, dir_fd, to) == 0 ? 0 : -errno;
}

static int close_left_open(struct recovery *r, struct name *name)
{
	char final[64], torn[64 + sizeof(SEGMENT_SUFFIX_TORN)];
	struct mapped m;
	size_t whole;
	int rc;

	snprintf(final, sizeof(final), "%.*s",
		(int)(strlen(name->text) - strlen(SEGMENT_SUFFIX_OPEN)), name->text);
	snprintf(torn, sizeof(torn), "%s" SEGMENT_SUFFIX_TORN, final);
	rc = map_file(r, name->text, &m);
	if (rc != 0) {
		return rc;
	}
	whole = m.text != NULL ? whole_length(m.text, m.len) : 0;
	if (whole < m.len) {
		rc = save_torn(r, torn, m.text + whole, m.len - whole);
		snprintf(r->found->torn, sizeof(r->found->torn), "%.63s", torn);
		r->found->torn_bytes += m.len - whole;
	}
	if (rc == 0 && whole < m.len && whole > 0) {
		rc = cut_file(r, name->text, whole);
	}
	unmap(&m);
	if (rc != 0) {
		return rc;
	}
	if (whole == 0) {
		return unlinkat(r->dir_fd, name->text, 0) == 0
			       ? 0
			       : fail(r, -errno, name->text, "cannot remove");
	}
	rc = segment_rename(r->dir_fd, name->text, final);
	if (rc != 0) {
		return fail(r, rc, name->text, "cannot give its final name");
	}
	name->open = false;
	snprintf(name->text, sizeof(name->text), "%s", final);
	return 0;
}

// The last record of a closed file. An empty file (not ours, but harmless) gives none.
static int read_last(struct recovery *r, const char *name)
{
	static const char stop[] = "{\"v\":1,\"ev\":\"stop\"";
	struct mapped m;
	size_t start;
	int rc = map_file(r, name, &m);

	if (rc != 0 || m.len == 0) {
		return rc;
	}
	start = line_start(m.text, m.len);
	if (m.text[m.len - 1] != '\n' ||
		!is_record(m.text + start, m.len - 1 - start, &r->found->last_seq)) {
		snprintf(r->err, r->err_size,
			"%s/%s: its last line is not a record, so the numbering cannot go on from "
			"it; move the file out of the directory",
			r->dir, name);
		rc = -EINVAL;
	} else {
		r->found->any = true;
		r->found->stopped = memcmp(m.text + start, stop, sizeof(stop) - 1) == 0;
	}
	unmap(&m);
	return rc;
}

int segments_recover(int dir_fd, const char *dir, uint64_t *number, struct segments_found *found,
	char *err, size_t err_size)
{
	struct recovery r = {dir_fd, dir, found, err, err_size};
	struct names names = {0};
	bool changed = false;
	int rc;

	memset(found, 0, sizeof(*found));
	rc = names_read(&r, &names);
	*number = names.n != 0 ? names.v[0].number : 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		if (names.v[i].open) {
			rc = close_left_open(&r, &names.v[i]);
			changed = true;
		}
	}
	if (rc == 0 && changed && fsync(dir_fd) != 0) {
		rc = fail(&r, -errno, ".", "cannot sync");
	}
	for (size_t i = 0; rc == 0 && i < names.n && !found->any; i++) {
		if (!names.v[i].open) {
			rc = read_last(&r, names.v[i].text);
		}
	}
	free(names.v);
	return rc;
}
