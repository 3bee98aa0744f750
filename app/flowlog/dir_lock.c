// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/dir_lock.h"

#include "app/evidence/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int take_lock(const char *dir, int dir_fd, int *lock_fd, char *err, size_t err_size)
{
	char pid[32] = "";
	ssize_t n;

	*lock_fd = openat(dir_fd, FILE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (*lock_fd < 0) {
		int rc = -errno;

		snprintf(err, err_size, "%s/lock: cannot open: %s; the directory must be writable",
			dir, strerror(-rc));
		return rc;
	}
	if (flock(*lock_fd, LOCK_EX | LOCK_NB) != 0) {
		int rc = -errno;

		n = pread(*lock_fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		if (rc == -EWOULDBLOCK)
			snprintf(err, err_size,
				"%s: process %s writes this log already; stop it, or choose "
				"another directory",
				dir, pid[0] != '\0' ? pid : "(unknown)");
		else
			snprintf(err, err_size, "%s/lock: cannot lock: %s", dir, strerror(-rc));
		return rc;
	}
	// Only for people and the message above; the lock itself is the kernel's.
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(*lock_fd, 0) != 0 || pwrite(*lock_fd, pid, (size_t)n, 0) != n)
		return 0; // a full disk: the lock holds all the same
	return 0;
}

int dir_lock_open(const char *dir, int *dir_fd, int *lock_fd, char *err, size_t err_size)
{
	int rc;

	if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
		rc = -errno;
		snprintf(err, err_size, "%s: cannot make the directory: %s", dir, strerror(-rc));
		return rc;
	}
	*dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir_fd < 0) {
		rc = -errno;
		snprintf(err, err_size, "%s: cannot open the directory: %s", dir, strerror(-rc));
		return rc;
	}
	return take_lock(dir, *dir_fd, lock_fd, err, err_size);
}
