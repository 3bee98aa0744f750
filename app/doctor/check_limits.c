// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the kernel lets this user have: rights, locked memory, open files.

#include "app/doctor/part.h"

#include <stdlib.h>
#include <string.h>

// Bits of CapEff (linux/capability.h).
#define CAP_NET_ADMIN 12
#define CAP_NET_RAW   13
#define CAP_IPC_LOCK  14
#define CAP_SYS_ADMIN 21

// This process's; false where they cannot be read.
static bool read_caps(struct doctor *d, unsigned long long *caps)
{
	char *text = sys_whole(d, "/proc/self/status");
	const char *at = text != NULL ? strstr(text, "\nCapEff:") : NULL;

	if (at != NULL)
		*caps = strtoull(at + 8, NULL, 16);
	free(text);
	return at != NULL;
}

static void check_caps(struct doctor *d, unsigned long long caps)
{
	static const struct {
		int bit;
		const char *name;
	} all[] = {{CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_NET_RAW, "CAP_NET_RAW"},
		{CAP_IPC_LOCK, "CAP_IPC_LOCK"}, {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}};
	char missing[96] = "";

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if ((caps >> all[i].bit & 1) == 0)
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				" %s", all[i].name);
	if (missing[0] == '\0') {
		found(d, DOCTOR_OK, "rights", "",
			"uid %u with the capabilities that ports and memory need",
			(unsigned)d->host->uid);
		return;
	}
	found(d, DOCTOR_WARN, "rights",
		"packet sockets, promiscuous ports, link propagation and huge pages need them; and "
		"what is said here of files and limits holds for this user only",
		"this is uid %u without%s", (unsigned)d->host->uid, missing);
	mend(d, "sudo bridgehead doctor%s%s", d->config != NULL ? " --config " : "",
		d->config != NULL ? d->config->path : "");
}

static void check_memlock(struct doctor *d, const struct need *n, bool may_lock)
{
	bool pci = d->config != NULL && uses_pci(d->config);
	char have[24], want[24];

	size_text(d->host->memlock, have);
	size_text(n->dpdk, want);
	if (d->host->memlock >= n->dpdk) {
		found(d, DOCTOR_OK, "memlock", "", "%s of memory may be locked", have);
	} else if (may_lock) {
		found(d, DOCTOR_OK, "memlock", "",
			"%s, which does not bind this user (CAP_IPC_LOCK)", have);
	} else {
		found(d, pci ? DOCTOR_FAIL : DOCTOR_NOTE, "memlock",
			"VFIO locks the memory that a NIC may reach: all of DPDK's",
			"%s of memory may be locked, DPDK's memory is about %s", have, want);
		mend(d, "ulimit -l unlimited   # the service: LimitMEMLOCK=infinity in its unit");
	}
}

static void check_nofile(struct doctor *d, const struct need *n)
{
	uint64_t files = 256; // sockets, logs, devices
	long long kb;
	char *info;
	bool per_page;

	info = sys_whole(d, "/proc/meminfo");
	kb = info != NULL ? key_number(info, "Hugepagesize", 2048) : 2048;
	free(info);
	// DPDK keeps a file open for each huge page, unless told to put them into one.
	per_page = n->huge;
	for (size_t i = 0; d->config != NULL && i < d->config->eal.args.n; i++)
		if (strcmp(d->config->eal.args.v[i], "--single-file-segments") == 0)
			per_page = false;
	if (per_page && kb > 0)
		files += n->dpdk / ((uint64_t)kb * 1024) + 1;
	if (d->host->nofile >= files) {
		if (d->host->nofile == DOCTOR_UNLIMITED)
			found(d, DOCTOR_OK, "nofile", "", "open files are not limited");
		else
			found(d, DOCTOR_OK, "nofile", "",
				"%llu files may be open; about %llu are needed",
				(unsigned long long)d->host->nofile, (unsigned long long)files);
		return;
	}
	found(d, DOCTOR_WARN, "nofile",
		"DPDK keeps a file open for each huge page; past the limit it does not start",
		"%llu files may be open, about %llu are needed",
		(unsigned long long)d->host->nofile, (unsigned long long)files);
	mend(d, "ulimit -n 65536   # the service: LimitNOFILE=65536 in its unit");
}

void check_limits(struct doctor *d)
{
	struct need n = need_of(d->config, 2 << 20); // of DPDK's memory only
	unsigned long long caps = 0;
	bool known = read_caps(d, &caps);

	d->topic = "limits";
	if (known)
		check_caps(d, caps);
	else
		found(d, DOCTOR_UNKNOWN, "rights", "",
			"/proc/self/status does not tell this user's capabilities");
	check_memlock(d, &n, (caps >> CAP_IPC_LOCK & 1) != 0);
	check_nofile(d, &n);
}
