// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The host that the program runs on: what system calls and libraries tell.

#include "app/doctor/doctor.h"
#include "drivers/eal/eal.h"
#include "drivers/eal/hold.h"
#include "drivers/ndpi/dpi.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6

static void read_clock(struct doctor_host *h)
{
	struct timex t = {.modes = 0};
	int state = adjtimex(&t);

	h->clock.error = state < 0 ? errno : 0;
	h->clock.synchronised = state >= 0 && state != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
	h->clock.max_error_us = t.maxerror;
	h->clock.offset_us = t.offset / ((t.status & STA_NANO) != 0 ? 1000 : 1);
}

static uint64_t soft_limit(int which)
{
	struct rlimit r;

	if (getrlimit(which, &r) != 0)
		return 0;
	return r.rlim_cur == RLIM_INFINITY ? DOCTOR_UNLIMITED : (uint64_t)r.rlim_cur;
}

static void read_affinity(struct cpuset *out)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return;
	for (unsigned i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			cpuset_add(out, i);
}

static int read_space(const char *path, struct doctor_space *out)
{
	struct statvfs v;
	struct statfs f;

	if (statvfs(path, &v) != 0 || statfs(path, &f) != 0)
		return -errno;
	out->bytes = (uint64_t)v.f_bavail * v.f_frsize;
	out->inodes = v.f_files == 0 ? UINT64_MAX : v.f_favail;
	out->read_only = (v.f_flag & ST_RDONLY) != 0;
	out->volatile_ = f.f_type == TMPFS_MAGIC || (unsigned long)f.f_type == RAMFS_MAGIC;
	return 0;
}

static int reach(const char *path, pid_t *pid)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct ucred who;
	socklen_t len = sizeof(who);
	int fd, rc;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ? 0 : -errno;
	if (rc == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
		*pid = who.pid;
	close(fd);
	return rc;
}

void doctor_host_read(struct doctor_host *h)
{
	memset(h, 0, sizeof(*h));
	h->root = "";
	h->now = (int64_t)time(NULL);
	read_clock(h);
	h->memlock = soft_limit(RLIMIT_MEMLOCK);
	h->nofile = soft_limit(RLIMIT_NOFILE);
	read_affinity(&h->affinity);
	h->uid = geteuid();
	h->ndpi_header = dpi_header_version();
	h->ndpi_library = dpi_library_version();
	if (!dpi_library_matches(h->ndpi_disagree, sizeof(h->ndpi_disagree)) &&
		h->ndpi_disagree[0] == '\0')
		strcpy(h->ndpi_disagree, "header and library disagree");
	h->dpdk_header = eal_built_version();
	h->dpdk_library = eal_version();
	h->dpdk_plugins = eal_plugins();
	h->iface = doctor_iface_read;
	h->space = read_space;
	h->reach = reach;
	h->owner = hold_owner;
}
