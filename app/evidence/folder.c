// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int add(struct segment_list *l, size_t *cap, const char *name, uint64_t number, bool open)
{
	if (l->n == *cap) {
		const size_t more = *cap != 0 ? *cap * 2 : 64;
		struct segment_file *v = reallocarray(l->v, more, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		l->v = v;
		*cap = more;
	}
	snprintf(l->v[l->n].name, sizeof(l->v[l->n].name), "%.*s", (int)sizeof(l->v[l->n].name) - 1,
		name);
	l->v[l->n].number = number;
	l->v[l->n].open = open;
	l->n++;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct segment_file *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number ? 1 : strcmp(x->name, y->name);
}

// A name and the same with ".open": the rename came between.
static void drop_renamed(struct segment_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (n != 0 && l->v[i].open &&
			strncmp(l->v[n - 1].name, l->v[i].name, strlen(l->v[n - 1].name)) == 0)
			continue;
		l->v[n++] = l->v[i];
	}
	l->n = n;
}

int segment_list_read(int dir_fd, struct segment_list *l)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	size_t cap = 0;

	memset(l, 0, sizeof(*l));
	if (d == NULL) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == 0 && (e = readdir(d)) != NULL) {
		uint64_t number;
		bool open;

		if (segment_name_parse(e->d_name, &number, &open))
			rc = add(l, &cap, e->d_name, number, open);
	}
	closedir(d);
	if (rc != 0) {
		segment_list_free(l);
		return rc;
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_number);
	drop_renamed(l);
	return 0;
}

void segment_list_free(struct segment_list *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

// Of a name that could not be found: a link that leads nowhere is there all the same.
static int not_found(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)
		       ? -ENOLINK
		       : -ENOENT;
}

int folder_open(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), rc = 0;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? not_found(dir_fd, name) : -errno;
	if (fstat(fd, &st) != 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = S_ISDIR(st.st_mode) ? -EISDIR : -EMEDIUMTYPE;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

const char *folder_strerror(int error)
{
	const int e = error < 0 ? -error : error;

	return e == EMEDIUMTYPE || e == ENXIO ? "not a regular file"
	       : e == ENOLINK                 ? "a link that leads nowhere"
					      : strerror(e);
}

int segment_file_open(int dir_fd, const struct segment_file *f)
{
	char name[sizeof(f->name)];
	int fd = folder_open(dir_fd, f->name);

	if (fd != -ENOENT || !f->open)
		return fd;
	snprintf(name, sizeof(name), "%.*s", (int)(strlen(f->name) - strlen(SEGMENT_SUFFIX_OPEN)),
		f->name);
	return folder_open(dir_fd, name);
}

char *folder_read(int dir_fd, const char *name, size_t max, size_t *len)
{
	int fd = dir_fd == AT_FDCWD ? open(name, O_RDONLY | O_CLOEXEC) : folder_open(dir_fd, name);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	size_t cap = max < 65536 ? max : 65536;
	char *text = f != NULL ? malloc(cap + 1) : NULL;

	*len = 0;
	if (fd < 0 && dir_fd != AT_FDCWD)
		errno = -fd;
	while (text != NULL) {
		*len += fread(text + *len, 1, cap - *len, f);
		if (*len < cap || cap == max)
			break;
		cap = cap * 2 < max ? cap * 2 : max;
		char *more = realloc(text, cap + 1);

		if (more == NULL)
			free(text);
		text = more;
	}
	if (text != NULL && (ferror(f) || (*len == max && getc(f) != EOF))) {
		errno = ferror(f) ? EIO : EFBIG;
		free(text);
		text = NULL;
	}
	if (text != NULL)
		text[*len] = '\0';
	if (f != NULL)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	return text;
}
