// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/retain.h"

#include "app/evidence/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// When a segment began, by its name; microseconds since 1970 UTC.
static int64_t began(const char *name)
{
	struct tm tm = {0};

	if (sscanf(name, "flow-%4d%2d%2dT%2d%2d%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		    &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return INT64_MAX;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return timegm(&tm) * 1000000ll;
}

static uint64_t size_of(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_size : 0;
}

int retain_prune(int dir_fd, int64_t now, int64_t retain_us, uint64_t retain_bytes)
{
	struct segment_list l;
	uint64_t total = 0;
	size_t closed = 0;
	int rc = segment_list_read(dir_fd, &l);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < l.n; i++) {
		total += l.v[i].open ? 0 : size_of(dir_fd, l.v[i].name);
		closed += !l.v[i].open;
	}
	for (size_t i = 0; rc == 0 && i + 1 < l.n && closed > 1; i++) {
		const bool old = retain_us != 0 && began(l.v[i + 1].name) < now - retain_us;
		const bool large = retain_bytes != 0 && total > retain_bytes;

		if (l.v[i].open)
			continue;
		if (!old && !large)
			break;
		total -= size_of(dir_fd, l.v[i].name);
		closed--;
		rc = unlinkat(dir_fd, l.v[i].name, 0) == 0 ? 0 : -errno;
	}
	segment_list_free(&l);
	return rc;
}
