// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Where the gateway writes: its log, its state, its control socket.

#include "app/doctor/part.h"
#include "app/gateway/gateway_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FEW_INODES 1000

// The folder itself, or the nearest one above that there is.
static void nearest(const char *path, char *out, size_t size)
{
	struct stat st;

	snprintf(out, size, "%s", path);
	while (out[0] != '\0' && stat(out, &st) != 0) {
		char *slash = strrchr(out, '/');

		if (slash == NULL) {
			snprintf(out, size, ".");
			return;
		}
		slash[slash == out] = '\0';
		if (slash == out)
			return;
	}
}

static bool can_write(
	struct doctor *d, const char *check, const char *path, const char *near, const char *why)
{
	struct stat st;

	if (stat(near, &st) != 0) {
		found(d, DOCTOR_FAIL, check, why, "%s: %s", near, strerror(errno));
		mend(d, "mkdir -p -m 0750 %s", path);
		return false;
	}
	if (!S_ISDIR(st.st_mode)) {
		found(d, DOCTOR_FAIL, check, why, "%s is no folder", near);
		mend(d, "mv %s %s.old && mkdir -m 0750 %s", near, near, path);
		return false;
	}
	// Root may write anywhere, but not on a read-only file system: eaccess() knows both.
	if (eaccess(near, W_OK | X_OK) == 0)
		return true;
	found(d, DOCTOR_FAIL, check, why, "%s cannot be written by this user (uid %u): %s", near,
		(unsigned)d->host->uid, strerror(errno));
	if (errno == EROFS)
		mend(d, "mount -o remount,rw %s   # dmesg tells why it is read-only", near);
	else
		mend(d, "sudo install -d -m 0750 -o $(id -un) %s   # or run as root", path);
	return false;
}

static void say_space(struct doctor *d, const char *path, const char *near)
{
	static const char why[] =
		"without room for a whole segment the log stops, records are lost and counted, and "
		"exceptions.log_disk_full decides what happens to flows";
	uint64_t segment = d->config->log.segment_bytes;
	struct doctor_space s;
	char have[24], want[24];
	int rc = d->host->space(near, &s);

	if (rc < 0) {
		found(d, DOCTOR_UNKNOWN, "log_space", why, "the room at %s cannot be told: %s",
			near, strerror(-rc));
		return;
	}
	size_text(s.bytes, have);
	size_text(segment, want);
	if (s.volatile_) {
		found(d, DOCTOR_WARN, "log_space",
			"the log is evidence; in memory it ends with a restart",
			"%s is on a file system in memory", near);
		mend(d, "set log.dir in %s to a folder on a disk", d->config->path);
	}
	if (s.bytes < segment || s.inodes < FEW_INODES)
		found(d, DOCTOR_FAIL, "log_space", why, "%s free at %s (%s), a segment takes %s",
			have, near,
			s.inodes < FEW_INODES ? "few inodes are left" : "less than one segment",
			want);
	else if (s.bytes < segment * 10)
		found(d, DOCTOR_WARN, "log_space", why, "%s free at %s, %llu segments of %s", have,
			near, (unsigned long long)(s.bytes / segment), want);
	else {
		found(d, DOCTOR_OK, "log_space", "", "%s free at %s, %llu segments of %s", have,
			near, (unsigned long long)(s.bytes / segment), want);
		return;
	}
	mend(d,
		"df -h %s; du -sh %s   # then move old segments away, or set log.dir to a larger "
		"disk",
		near, path);
}

// What the gateway does not find it makes, but not the folders above it.
static void check_folder(struct doctor *d, const char *check, const char *path, const char *why)
{
	char near[1024], above[1024];
	struct stat st;

	nearest(path, near, sizeof(near));
	if (!can_write(d, check, path, near, why))
		return;
	gateway_folder_of(path, above, sizeof(above));
	if (stat(path, &st) == 0) {
		found(d, DOCTOR_OK, check, "", "%s can be written", path);
	} else if (strcmp(near, above) == 0) {
		found(d, DOCTOR_OK, check, "", "%s is not there; the gateway makes it at its start",
			path);
	} else {
		found(d, DOCTOR_FAIL, check, why,
			"neither %s nor %s is there; the gateway makes the last folder only", path,
			above);
		mend(d, "mkdir -p -m 0750 %s", path);
	}
}

static void check_group(struct doctor *d)
{
	char *groups = sys_whole(d, "/etc/group");

	if (groups == NULL) {
		found(d, DOCTOR_UNKNOWN, "control_group", "", "/etc/group cannot be read");
		return;
	}
	if (strncmp(groups, "bridgehead:", 11) != 0 && strstr(groups, "\nbridgehead:") == NULL) {
		found(d, DOCTOR_NOTE, "control_group",
			"the control socket belongs to this group; without it only root can use "
			"bhctl",
			"there is no group \"bridgehead\"");
		mend(d, "groupadd --system bridgehead && usermod -aG bridgehead <operator>");
	}
	free(groups);
}

static void check_socket(struct doctor *d)
{
	static const char why[] = "the gateway does not start without its control socket";
	const char *path = d->config->control_socket;
	char folder[1024];
	struct stat st;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		found(d, DOCTOR_FAIL, "control_socket", why,
			"%s is longer than a socket's path may be (107 characters)", path);
		mend(d, "set control_socket in %s to a shorter path", d->config->path);
		return;
	}
	if (d->running) {
		found(d, DOCTOR_NOTE, "control_socket", "figures of memory above allow for it",
			"a gateway is running: it answers at %s", path);
		return;
	}
	if (d->reached == -EACCES) {
		found(d, DOCTOR_UNKNOWN, "control_socket",
			"huge pages that a running gateway holds look as if they were missing",
			"whether a gateway runs cannot be told: this user may not use %s", path);
		mend(d, "sudo bridgehead doctor --config %s   # or join group bridgehead",
			d->config->path);
		return;
	}
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		found(d, DOCTOR_FAIL, "control_socket", why, "%s is there and is no socket", path);
		mend(d, "mv %s %s.old", path, path);
		return;
	}
	gateway_folder_of(path, folder, sizeof(folder));
	check_folder(d, "control_socket", folder, why);
}

static void check_log_key(struct doctor *d)
{
	static const char why[] = "the gateway does not start with a key that it cannot read";
	const struct gateway_config *c = d->config;
	char err[512];
	bool beside;

	if (c->log.key == NULL)
		return;
	if (!gateway_log_key_good(c, &beside, err, sizeof(err))) {
		found(d, DOCTOR_FAIL, "log_key", why, "%s", err);
		mend(d,
			"bhctl keygen --out %s   # as the user that the gateway runs as; an old "
			"key is put aside first",
			c->log.key);
	} else {
		found(d, DOCTOR_OK, "log_key", "", "%s signs the log", c->log.key);
	}
}

static void check_apart(struct doctor *d)
{
	const struct gateway_config *c = d->config;

	if (!gateway_same_folder(c->log.dir, c->state_dir))
		return;
	found(d, DOCTOR_FAIL, "log_dir", "bridgehead run --check refuses it",
		"log.dir and state_dir are one folder, %s", c->log.dir);
	mend(d, "give each a folder of its own in %s", c->path);
}

void check_folders(struct doctor *d)
{
	char near[1024];

	if (d->config == NULL)
		return;
	d->topic = "files";
	check_folder(
		d, "log_dir", d->config->log.dir, "the gateway does not start without its log");
	nearest(d->config->log.dir, near, sizeof(near));
	say_space(d, d->config->log.dir, near);
	check_folder(d, "state_dir", d->config->state_dir,
		"the counters of the policy's limits are kept there over restarts");
	check_apart(d);
	check_log_key(d);
	check_socket(d);
	check_group(d);
}
