// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/geo/geo_part.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int geo_error(const struct geo_source *s, unsigned line, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (line != 0)
		snprintf(s->err, s->err_size, "%s:%u: %s", s->path, line, what);
	else
		snprintf(s->err, s->err_size, "%s: %s", s->path, what);
	return -EINVAL;
}

static const char *refuse_kind(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "is a folder; name the database file in it";
	if (!S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode))
		return "is a device or socket; name a database file";
	if (S_ISREG(st->st_mode) && st->st_size == 0)
		return "is empty; fetch the database again";
	if (S_ISREG(st->st_mode) && (uintmax_t)st->st_size > GEO_FILE_MAX)
		return "is larger than 512 MiB, which no country database is";
	return NULL;
}

static int read_all(struct geo_source *s, int fd, size_t hint)
{
	size_t cap = hint + 1; // one more: the read that sees the end needs room

	for (;;) {
		ssize_t n;

		if (s->data == NULL || s->len == cap) {
			char *data;

			cap = s->data == NULL ? cap : cap * 2;
			data = realloc(s->data, cap);
			if (data == NULL)
				return geo_error(s, 0, "out of memory");
			s->data = data;
		}
		n = read(fd, s->data + s->len, cap - s->len);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return geo_error(s, 0, "cannot be read: %s", strerror(errno));
		s->len += (size_t)n;
		if (s->len > GEO_FILE_MAX)
			return geo_error(
				s, 0, "is larger than 512 MiB, which no country database is");
	}
}

int geo_source_read(struct geo_source *s)
{
	struct stat st;
	const char *why;
	int fd, rc;

	// Looked at first: opening a device can do something by itself.
	if (stat(s->path, &st) == 0 && (why = refuse_kind(&st)) != NULL)
		return geo_error(s, 0, "%s", why);
	fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return geo_error(s, 0, "cannot be read: %s", strerror(errno));
	if (fstat(fd, &st) != 0) {
		rc = geo_error(s, 0, "cannot be read: %s", strerror(errno));
	} else if ((why = refuse_kind(&st)) != NULL) {
		rc = geo_error(s, 0, "%s", why);
	} else {
		s->mtime = st.st_mtime;
		rc = read_all(s, fd, S_ISREG(st.st_mode) ? (size_t)st.st_size : 65535);
	}
	close(fd);
	if (rc == 0 && s->len == 0)
		rc = geo_error(s, 0, "is empty; fetch the database again");
	return rc;
}

void geo_source_free(struct geo_source *s)
{
	free(s->data);
	s->data = NULL;
}

int geo_source_sha256(const struct geo_source *s, uint8_t sha256[32])
{
	if (EVP_Digest(s->data, s->len, sha256, NULL, EVP_sha256(), NULL) != 1)
		return geo_error(s, 0, "SHA-256 failed in libcrypto");
	return 0;
}

int geo_code(const char *cc, size_t len)
{
	if (len != 2)
		return -1;
	if (memcmp(cc, "??", 2) == 0 || memcmp(cc, "ZZ", 2) == 0 || memcmp(cc, "XX", 2) == 0)
		return 0;
	if (cc[0] < 'A' || cc[0] > 'Z')
		return -1;
	if (cc[1] >= '0' && cc[1] <= '9')
		return 0;
	if (cc[1] < 'A' || cc[1] > 'Z')
		return -1;
	return cc[0] << 8 | cc[1];
}
