// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/drivers/scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534

void scratch_make(struct scratch *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/bridgehead-test-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(chmod(s->dir, 0755), 0);
}

void scratch_remove(struct scratch *s)
{
	DIR *d = opendir(s->dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove(scratch_path(s, e->d_name));
	}
	closedir(d);
	assert_int_equal(rmdir(s->dir), 0);
}

const char *scratch_path(struct scratch *s, const char *name)
{
	int n = snprintf(s->path, sizeof(s->path), "%s/%s", s->dir, name);

	assert_in_range(n, 1, sizeof(s->path) - 1);
	return s->path;
}

const char *scratch_write(struct scratch *s, const char *name, const void *data, size_t len)
{
	FILE *f = fopen(scratch_path(s, name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return s->path;
}

const char *scratch_text(struct scratch *s, const char *name, const char *text)
{
	return scratch_write(s, name, text, strlen(text));
}

size_t scratch_count(const struct scratch *s)
{
	DIR *d = opendir(s->dir);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

char *scratch_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	char *data;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	*len = (size_t)st.st_size;
	data = malloc(*len + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, *len, f), *len);
	data[*len] = '\0';
	fclose(f);
	return data;
}

void scratch_unprivileged(void)
{
	if (geteuid() == 0)
		assert_int_equal(seteuid(NOBODY), 0);
}

void scratch_privileged(void)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}
