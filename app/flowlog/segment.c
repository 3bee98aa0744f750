// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/segment.h"

#include "app/flowlog/line_file.h"
#include "app/flowlog/recover.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct segments {
	int dir_fd, lock_fd;
	bool is_open;
	struct line_file file;
	char name[64]; // final; while open with the suffix
	uint64_t number;
	uint64_t closed;
};

#define SUFFIX_MAX 8

bool segment_name_parse(const char *name, uint64_t *number, bool *open)
{
	static const char form[] = "flow-########T######Z-"; // #: a digit
	uint64_t v = 0;
	unsigned digits = 0;

	for (unsigned i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] == '#' ? !isdigit((unsigned char)name[i]) : name[i] != form[i]) {
			return false;
		}
	}
	name += sizeof(form) - 1;
	for (; isdigit((unsigned char)*name); name++, digits++) {
		v = v * 10 + (uint64_t)(*name - '0');
	}
	if (digits < 6 || digits > 18 || strncmp(name, ".jsonl", 6) != 0) {
		return false;
	}
	name += 6;
	*open = strcmp(name, SEGMENT_SUFFIX_OPEN) == 0;
	*number = v;
	return *open || *name == '\0';
}

static int take_lock(struct segments *s, const char *dir, char *err, size_t err_size)
{
	char pid[32] = "";
	ssize_t n;

	s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (s->lock_fd < 0) {
		int rc = -errno;

		snprintf(err, err_size, "%s/lock: cannot open: %s; the directory must be writable",
			dir, strerror(-rc));
		return rc;
	}
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		int rc = -errno;

		n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		if (rc == -EWOULDBLOCK) {
			snprintf(err, err_size,
				"%s: process %s writes this log already; stop it, or choose "
				"another directory",
				dir, pid[0] != '\0' ? pid : "(unknown)");
		} else {
			snprintf(err, err_size, "%s/lock: cannot lock: %s", dir, strerror(-rc));
		}
		return rc;
	}
	// Only for people and the message above; the lock itself is the kernel's.
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n) {
		// A full disk: the lock holds all the same.
		return 0;
	}
	return 0;
}

struct segments *segments_open(
	const char *dir, struct segments_found *found, char *err, size_t err_size)
{
	struct segments *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		snprintf(err, err_size, "%s: out of memory", dir);
		return NULL;
	}
	s->lock_fd = -1;
	if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
		snprintf(err, err_size, "%s: cannot make the directory: %s", dir, strerror(errno));
		free(s);
		return NULL;
	}
	s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0) {
		snprintf(err, err_size, "%s: cannot open the directory: %s", dir, strerror(errno));
		free(s);
		return NULL;
	}
	if (take_lock(s, dir, err, err_size) != 0 ||
		segments_recover(s->dir_fd, dir, &s->number, found, err, err_size) != 0) {
		segments_free(s);
		return NULL;
	}
	return s;
}

static int begin(struct segments *s, int64_t t)
{
	char open_name[sizeof(s->name) + SUFFIX_MAX];
	const int64_t last = 253402300799; // 9999-12-31T23:59:59Z: four digits for the year
	int64_t seconds = t / 1000000;
	struct tm tm;
	time_t when;
	int fd;

	when = (time_t)(seconds < 0 ? 0 : seconds > last ? last : seconds);
	gmtime_r(&when, &tm);
	snprintf(s->name, sizeof(s->name), "flow-%04d%02d%02dT%02d%02d%02dZ-%06" PRIu64 ".jsonl",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		s->number + 1);
	snprintf(open_name, sizeof(open_name), "%s" SEGMENT_SUFFIX_OPEN, s->name);
	fd = openat(s->dir_fd, open_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0) {
		return -errno;
	}
	s->number++;
	s->is_open = true;
	line_file_init(&s->file, fd);
	return 0;
}

// A line that cannot be cut off stays under the open name: the next start moves it aside.
static void abandon(struct segments *s)
{
	close(s->file.fd);
	s->is_open = false;
}

int segments_append(struct segments *s, int64_t t, const char *lines, size_t len, size_t *done)
{
	size_t n;
	int rc;

	*done = 0;
	for (;;) {
		if (!s->is_open) {
			rc = begin(s, t);
			if (rc != 0) {
				return rc;
			}
		}
		rc = line_file_write(&s->file, lines + *done, len - *done, &n);
		*done += n;
		if (rc == 0) {
			return 0;
		}
		if (s->file.torn) {
			abandon(s);
			return rc;
		}
		if (rc != -EFBIG || s->file.size == 0) {
			return rc;
		}
		rc = segments_close(s);
		if (rc != 0) {
			return rc;
		}
	}
}

int segments_sync(struct segments *s)
{
	return s->is_open && fdatasync(s->file.fd) != 0 ? -errno : 0;
}

int segments_close(struct segments *s)
{
	char open_name[sizeof(s->name) + SUFFIX_MAX];
	int rc = 0, rename_rc;

	if (!s->is_open) {
		return 0;
	}
	s->is_open = false;
	snprintf(open_name, sizeof(open_name), "%s" SEGMENT_SUFFIX_OPEN, s->name);
	if (s->file.size == 0) { // begun, but nothing could be written
		close(s->file.fd);
		return unlinkat(s->dir_fd, open_name, 0) == 0 ? 0 : -errno;
	}
	if (fsync(s->file.fd) != 0) {
		rc = -errno;
	}
	if (close(s->file.fd) != 0 && rc == 0) {
		rc = -errno;
	}
	rename_rc = segment_rename(s->dir_fd, open_name, s->name);
	if (rename_rc == 0) {
		s->closed++;
		if (fsync(s->dir_fd) != 0) {
			rename_rc = -errno;
		}
	}
	return rc != 0 ? rc : rename_rc;
}

uint64_t segments_closed(const struct segments *s)
{
	return s->closed;
}

void segments_free(struct segments *s)
{
	if (s == NULL) {
		return;
	}
	if (s->is_open) {
		close(s->file.fd);
	}
	if (s->lock_fd >= 0) {
		close(s->lock_fd);
	}
	close(s->dir_fd);
	free(s);
}
