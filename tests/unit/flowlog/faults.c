// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// For LD_PRELOAD: makes calls fail that write below one directory.
//
//     BRIDGEHEAD_FAULTS_DIR    the directory
//     BRIDGEHEAD_FAULTS        N:KIND, the Nth call of those that could fail, counted from 1
//         eio, enospc          it fails
//         eio+, enospc+        it and all after it fail
//         short                a write takes half of what it is given; other calls go on
//         torn                 a write takes half, and the process ends as by SIGKILL
//         die                  the process ends as by SIGKILL, before the call
//     BRIDGEHEAD_FAULTS_COUNT  a file that gets how many calls there were, and which was the first
//     that
//                            a fault befell ("-": none), where the process comes to its end
//
// Calls: write, pwrite, fdatasync, fsync, ftruncate, renameat, renameat2, unlinkat, and openat()
// that may write. fopen() and what the C library does by itself are not among them.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind {
	NONE,
	FAIL,
	SHORT,
	TORN,
	DIE,
};

static struct {
	char dir[512];
	unsigned long at, calls;
	enum kind kind;
	int error;
	bool from_here_on;
	const char *first; // that a fault befell
} plan = {.first = "-"};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void read_plan(void)
{
	const char *dir = getenv("BRIDGEHEAD_FAULTS_DIR"), *what = getenv("BRIDGEHEAD_FAULTS");
	char *kind = NULL;

	if (dir == NULL || realpath(dir, plan.dir) == NULL)
		abort(); // a test that injects nothing would pass
	plan.at = what != NULL ? strtoul(what, &kind, 10) : 0;
	if (plan.at == 0 || *kind++ != ':')
		return; // only counts
	plan.from_here_on = kind[strlen(kind) - 1] == '+';
	if (strncmp(kind, "eio", 3) == 0 || strncmp(kind, "enospc", 6) == 0) {
		plan.kind = FAIL;
		plan.error = kind[1] == 'i' ? EIO : ENOSPC;
	} else {
		plan.kind = strcmp(kind, "short") == 0  ? SHORT
			    : strcmp(kind, "torn") == 0 ? TORN
			    : strcmp(kind, "die") == 0  ? DIE
							: NONE;
	}
	if (plan.kind == NONE)
		abort();
}

__attribute__((destructor)) static void tell_count(void)
{
	const char *path = getenv("BRIDGEHEAD_FAULTS_COUNT");
	FILE *f = path != NULL ? fopen(path, "w") : NULL;

	if (f != NULL) {
		fprintf(f, "%lu %s\n", plan.calls, plan.first);
		fclose(f);
	}
}

static bool is_below(int fd)
{
	char link[64], path[1024];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return strncmp(path, plan.dir, strlen(plan.dir)) == 0;
}

// What is to become of a call on this descriptor.
static enum kind next(const char *call, int fd, bool is_write)
{
	enum kind kind = NONE;

	if (!is_below(fd))
		return NONE;
	pthread_mutex_lock(&mutex);
	plan.calls++;
	if (plan.calls == plan.at || (plan.from_here_on && plan.at != 0 && plan.calls > plan.at))
		kind = plan.kind;
	if (plan.calls == plan.at)
		plan.first = call;
	pthread_mutex_unlock(&mutex);
	if (kind == DIE)
		syscall(SYS_exit_group, 137);
	if (kind == FAIL)
		errno = plan.error;
	return is_write || kind == FAIL ? kind : NONE;
}

static size_t half(enum kind kind, size_t n)
{
	return kind == SHORT || kind == TORN ? (n + 1) / 2 : n;
}

static ssize_t end_if(enum kind kind, ssize_t n)
{
	if (kind == TORN)
		syscall(SYS_exit_group, 137);
	return n;
}

ssize_t write(int fd, const void *data, size_t n)
{
	const enum kind kind = next(__func__, fd, true);

	if (kind == FAIL)
		return -1;
	return end_if(kind, syscall(SYS_write, fd, data, half(kind, n)));
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	const enum kind kind = next(__func__, fd, true);

	if (kind == FAIL)
		return -1;
	return end_if(kind, syscall(SYS_pwrite64, fd, data, half(kind, n), at));
}

int fdatasync(int fd)
{
	return next(__func__, fd, false) == FAIL ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return next(__func__, fd, false) == FAIL ? -1 : (int)syscall(SYS_fsync, fd);
}

int ftruncate64(int fd, off64_t size)
{
	return next(__func__, fd, false) == FAIL ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	if (next(__func__, from_fd, false) == FAIL)
		return -1;
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	if (next(__func__, from_fd, false) == FAIL)
		return -1;
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int unlinkat(int fd, const char *name, int flags)
{
	return next(__func__, fd, false) == FAIL ? -1 : (int)syscall(SYS_unlinkat, fd, name, flags);
}

int openat64(int fd, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	if ((flags & O_ACCMODE) != O_RDONLY && next(__func__, fd, false) == FAIL)
		return -1;
	return (int)syscall(SYS_openat, fd, name, flags, mode);
}
