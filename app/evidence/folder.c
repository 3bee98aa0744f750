// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/evidence/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int segment_file_open(int dir_fd, const struct segment_file *f)
{
	char name[sizeof(f->name)];
	int fd = openat(dir_fd, f->name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && f->open) {
		snprintf(name, sizeof(name), "%.*s",
			(int)(strlen(f->name) - strlen(SEGMENT_SUFFIX_OPEN)), f->name);
		fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	}
	return fd >= 0 ? fd : -errno;
}

char *folder_read(int dir_fd, const char *name, size_t max, size_t *len)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	size_t cap = max < 65536 ? max : 65536;
	char *text = f != NULL ? malloc(cap + 1) : NULL;

	*len = 0;
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
