// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int disk_write(int fd, const void *data, size_t len, off_t at)
{
	const char *p = data;

	while (len != 0) {
		const ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EIO; // never for regular files
		if (n > 0) {
			p += n;
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int disk_replace(int dir_fd, const char *name, const void *data, size_t len, bool sync)
{
	char temporary[64];
	int fd, rc;

	snprintf(temporary, sizeof(temporary), "%s.new", name);
	fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	rc = disk_write(fd, data, len, 0);
	if (rc == 0 && sync && fdatasync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && renameat(dir_fd, temporary, dir_fd, name) != 0)
		rc = -errno;
	if (rc == 0 && sync && fsync(dir_fd) != 0)
		rc = -errno;
	if (rc != 0)
		unlinkat(dir_fd, temporary, 0);
	return rc;
}

int disk_append(int dir_fd, const char *name, const void *data, size_t len, bool sync)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0640), rc;
	off_t end;

	if (fd < 0)
		return -errno;
	end = lseek(fd, 0, SEEK_END);
	rc = end >= 0 ? disk_write(fd, data, len, end) : -errno;
	if (rc != 0 && end >= 0 && ftruncate(fd, end) != 0)
		rc = -errno;
	if (rc == 0 && sync && fdatasync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

int disk_rename(int dir_fd, const char *from, const char *to)
{
	if (renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	// A file system that does not know the flag. The lock keeps other writers out.
	if (faccessat(dir_fd, to, F_OK, 0) == 0)
		return -EEXIST;
	return renameat(dir_fd, from, dir_fd, to) == 0 ? 0 : -errno;
}
