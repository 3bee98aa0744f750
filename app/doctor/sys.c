// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Reading sysfs, procfs and their like below the host's root.

#include "app/doctor/part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHOLE_MAX (4u << 20)

static void full(const struct doctor *d, char out[SYS_PATH], const char *path, va_list ap)
{
	int n = snprintf(out, SYS_PATH, "%s", d->host->root);

	if (n >= 0 && n < SYS_PATH)
		vsnprintf(out + n, SYS_PATH - (size_t)n, path, ap);
}

static int read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && len + 1 < size) {
		n = read(fd, out + len, size - 1 - len);
		if (n > 0)
			len += (size_t)n;
	}
	if (n < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	close(fd);
	out[len] = '\0';
	return (int)len;
}

int sys_text(const struct doctor *d, char *out, size_t size, const char *path, ...)
{
	char file[SYS_PATH];
	va_list ap;
	int n;

	va_start(ap, path);
	full(d, file, path, ap);
	va_end(ap);
	n = read_file(file, out, size);
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == ' '))
		out[--n] = '\0';
	if (n < 0)
		out[0] = '\0';
	return n;
}

char *sys_whole(const struct doctor *d, const char *path)
{
	char file[SYS_PATH], *text = malloc(WHOLE_MAX);

	snprintf(file, sizeof(file), "%s%s", d->host->root, path);
	if (text != NULL && read_file(file, text, WHOLE_MAX) < 0) {
		free(text);
		text = NULL;
	}
	return text;
}

long long sys_number(const struct doctor *d, long long fallback, const char *path, ...)
{
	char file[SYS_PATH], text[64], *end;
	long long v;
	va_list ap;

	va_start(ap, path);
	full(d, file, path, ap);
	va_end(ap);
	if (read_file(file, text, sizeof(text)) <= 0)
		return fallback;
	v = strtoll(text, &end, 0);
	return end == text ? fallback : v;
}

bool sys_exists(const struct doctor *d, const char *path, ...)
{
	char file[SYS_PATH];
	va_list ap;

	va_start(ap, path);
	full(d, file, path, ap);
	va_end(ap);
	return access(file, F_OK) == 0;
}

int sys_link(const struct doctor *d, char *out, size_t size, const char *path, ...)
{
	char file[SYS_PATH], to[SYS_PATH];
	const char *base;
	va_list ap;
	ssize_t n;

	va_start(ap, path);
	full(d, file, path, ap);
	va_end(ap);
	out[0] = '\0';
	n = readlink(file, to, sizeof(to) - 1);
	if (n < 0)
		return -errno;
	to[n] = '\0';
	base = strrchr(to, '/');
	snprintf(out, size, "%s", base != NULL ? base + 1 : to);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

int sys_list(const struct doctor *d, char ***out, const char *path, ...)
{
	char file[SYS_PATH], **v = NULL;
	struct dirent *e;
	va_list ap;
	int n = 0;
	DIR *dir;

	va_start(ap, path);
	full(d, file, path, ap);
	va_end(ap);
	*out = NULL;
	dir = opendir(file);
	if (dir == NULL)
		return -errno;
	while ((e = readdir(dir)) != NULL) {
		char **more;

		if (e->d_name[0] == '.')
			continue;
		more = realloc(v, ((size_t)n + 1) * sizeof(*v));
		if (more == NULL)
			break;
		v = more;
		v[n] = strdup(e->d_name);
		if (v[n] == NULL)
			break;
		n++;
	}
	closedir(dir);
	if (n > 1)
		qsort(v, (size_t)n, sizeof(*v), compare);
	*out = v;
	return n;
}

void sys_list_free(char **v, int n)
{
	for (int i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

long long key_number(const char *text, const char *key, long long fallback)
{
	size_t len = strlen(key);

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			return strtoll(line + len + 1, NULL, 10);
	}
	return fallback;
}

bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
		if ((at == text || strchr(" \t\n", at[-1]) != NULL) &&
			(at[len] == '\0' || strchr(" \t\n", at[len]) != NULL))
			return true;
	return false;
}

const char *size_text(uint64_t bytes, char out[24])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double v = (double)bytes;
	unsigned u = 0;

	if (bytes == DOCTOR_UNLIMITED) {
		snprintf(out, 24, "unlimited");
		return out;
	}
	for (; v >= 1024 && u < 5; u++)
		v /= 1024;
	// One digit where it says something, none for 512 MiB or 16 GiB.
	snprintf(out, 24, v < 10 && u > 0 && v != (double)(uint64_t)v ? "%.1f %s" : "%.0f %s", v,
		unit[u]);
	return out;
}
