// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "scratch.h"

#include "app/evidence/segment_read.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int make_in(const char *place, void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	snprintf(s->dir, sizeof(s->dir), "%s/bh-flowlog-XXXXXX", place);
	assert_non_null(mkdtemp(s->dir));
	*state = s;
	return 0;
}

int scratch_make(void **state)
{
	return make_in("/tmp", state);
}

int scratch_make_fast(void **state)
{
	return make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", state);
}

static int run(char *const argv[])
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int scratch_remove(void **state)
{
	struct scratch *s = *state;
	char rm[] = "rm", options[] = "-rf", end[] = "--";
	char *const argv[] = {rm, options, end, s->dir, NULL};

	run(argv);
	free(s);
	return 0;
}

void scratch_path(const struct scratch *s, const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", s->dir, name);
}

char *scratch_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size >= 0);
	rewind(f);
	text = malloc((size_t)size + 1);
	assert_non_null(text);
	*len = fread(text, 1, (size_t)size, f);
	assert_int_equal(*len, size);
	text[*len] = '\0';
	fclose(f);
	return text;
}

char *scratch_lines(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY);
	struct segment_reader *r = segment_reader_new(fd);
	struct segment_block b;
	char *all = calloc(1, 1);

	assert_true(fd >= 0);
	assert_non_null(r);
	assert_non_null(all);
	*len = 0;
	while (segment_reader_next(r, &b) == SEGMENT_BLOCK) {
		size_t n;
		const char *lines = segment_reader_lines(r, &b, &n);

		assert_non_null(lines);
		all = realloc(all, *len + n + 1);
		assert_non_null(all);
		memcpy(all + *len, lines, n);
		*len += n;
		all[*len] = '\0';
	}
	segment_reader_free(r);
	close(fd);
	return all;
}

void scratch_write(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

unsigned scratch_find(const char *dir, const char *suffix, unsigned n, char out[256])
{
	struct dirent **list;
	int count = scandir(dir, &list, NULL, alphasort);
	unsigned found = 0;

	assert_true(count >= 0);
	for (int i = 0; i < count; i++) {
		const size_t len = strlen(list[i]->d_name), end = strlen(suffix);

		if (len >= end && strcmp(list[i]->d_name + len - end, suffix) == 0) {
			if (found == n && out != NULL) {
				snprintf(out, 256, "%s/%.180s", dir, list[i]->d_name);
			}
			found++;
		}
		free(list[i]);
	}
	free(list);
	return found;
}

int scratch_validate(const char *path)
{
	char *file = strdup(path);
	char python[] = PYTHON, script[] = VALIDATE;
	char *const argv[] = {python, script, file, NULL};
	int rc = run(argv);

	free(file);
	return rc;
}
