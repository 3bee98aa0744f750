// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/hold.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PREFIX "bridgehead/"

int hold_take(const char *name, int *fd)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, PREFIX "%s", name), rc;

	if (n < 0 || n >= (int)sizeof(a.sun_path) - 1)
		return -ENAMETOOLONG;
	// (Nobody can connect to it: it does not listen.)
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return -errno;
	if (bind(*fd, (struct sockaddr *)&a,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) == 0)
		return 0;
	rc = -errno;
	close(*fd);
	*fd = -1;
	return rc;
}

static bool has_descriptor(const char *pid, const char *what)
{
	char path[300], to[64];
	struct dirent *e;
	bool found = false;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir != NULL && !found && (e = readdir(dir)) != NULL) {
		n = readlinkat(dirfd(dir), e->d_name, to, sizeof(to) - 1);
		if (n < 0)
			continue;
		to[n] = '\0';
		found = strcmp(to, what) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static pid_t find_owner(unsigned long inode)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	char what[40];
	pid_t pid = 0;

	snprintf(what, sizeof(what), "socket:[%lu]", inode);
	while (dir != NULL && pid == 0 && (e = readdir(dir)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && has_descriptor(e->d_name, what))
			pid = (pid_t)strtol(e->d_name, NULL, 10);
	if (dir != NULL)
		closedir(dir);
	return pid;
}

int hold_owner(const char *name, pid_t *pid)
{
	FILE *f = fopen("/proc/net/unix", "re"); // of this process's network namespace
	char *line = NULL, want[sizeof(PREFIX) + HOLD_NAME_MAX];
	unsigned long inode = 0;
	size_t room = 0;
	bool held = false;

	if (f == NULL)
		return -errno;
	*pid = 0;
	snprintf(want, sizeof(want), PREFIX "%s", name);
	while (!held && getline(&line, &room, f) > 0) {
		int at = 0;

		line[strcspn(line, "\n")] = '\0';
		held = sscanf(line, "%*s %*s %*s %*s %*s %*s %lu @%n", &inode, &at) == 1 &&
		       at != 0 && strcmp(line + at, want) == 0;
	}
	free(line);
	fclose(f);
	if (held)
		*pid = find_owner(inode);
	return held;
}
