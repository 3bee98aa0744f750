// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/line_file.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

void line_file_init(struct line_file *f, int fd)
{
	struct stat st;
	off_t at;

	memset(f, 0, sizeof(*f));
	f->fd = fd;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		at = lseek(fd, 0, SEEK_CUR);
		f->regular = at >= 0;
		f->size = at >= 0 ? (uint64_t)at : 0;
	}
}

static int write_all(int fd, const char *p, size_t len, size_t *done)
{
	*done = 0;
	while (*done < len) {
		ssize_t n = write(fd, p + *done, len - *done);

		if (n > 0) {
			*done += (size_t)n;
		} else if (n == 0) {
			return -EIO; // never for regular files and pipes
		} else if (errno == EAGAIN) {
			struct pollfd wait = {.fd = fd, .events = POLLOUT};

			if (poll(&wait, 1, -1) < 0 && errno != EINTR) {
				return -errno;
			}
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

// Back to the last whole line.
static void cut(struct line_file *f)
{
	if (!f->regular || ftruncate(f->fd, (off_t)f->size) != 0 ||
		lseek(f->fd, (off_t)f->size, SEEK_SET) < 0) {
		f->torn = true;
	}
}

int line_file_write(struct line_file *f, const char *lines, size_t len, size_t *done)
{
	size_t written;
	int rc;

	*done = 0;
	if (f->torn) {
		return -EIO;
	}
	rc = write_all(f->fd, lines, len, &written);
	if (written == len) {
		*done = len;
	} else if (written != 0) {
		const char *last = memrchr(lines, '\n', written);

		*done = last != NULL ? (size_t)(last + 1 - lines) : 0;
	}
	f->size += *done;
	if (written != *done) {
		cut(f);
	}
	return rc;
}
