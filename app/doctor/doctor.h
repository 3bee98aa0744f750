// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// `bridgehead doctor`: is this host ready for the gateway, and what to mend where it is not.
//
// Every check looks at the host itself and adds findings: what it saw, why that matters to this
// gateway, and the commands that mend it. A check that cannot be done says UNKNOWN, never OK.
#pragma once

#include "app/doctor/cpuset.h"
#include "app/gateway/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE,    // worth knowing; nothing is wrong
	DOCTOR_UNKNOWN, // the check could not be done
	DOCTOR_WARN,    // the gateway starts, but is slower, less exact or in danger
	DOCTOR_FAIL,    // the gateway does not start, or does harm
	DOCTOR_LEVELS,
};

struct doctor_finding {
	const char *topic; // heading in the text, static
	enum doctor_level level;
	char *check; // "hugepages", "port 0000:01:00.0"
	char *saw;
	const char *why; // static
	char *mend;      // commands, one a line; "": nothing to do
};

// Offloads of a network interface that change what the gateway sees or what leaves it.
enum doctor_offload {
	DOCTOR_GRO = 1 << 0,     // rx-gro
	DOCTOR_GRO_HW = 1 << 1,  // rx-gro-hw
	DOCTOR_LRO = 1 << 2,     // rx-lro
	DOCTOR_TSO = 1 << 3,     // tx-tcp-segmentation, tx-tcp6-segmentation
	DOCTOR_GSO = 1 << 4,     // tx-generic-segmentation
	DOCTOR_TX_CSUM = 1 << 5, // tx-checksum-*
	DOCTOR_UDP_GRO = 1 << 6, // rx-udp-gro-forwarding, rx-gro-list
};

struct doctor_iface {      // what the kernel tells of an interface by ioctl and netlink only
	uint32_t offloads; // enum doctor_offload, those that are on
	bool has_ipv4;     // it has an IPv4 address
	bool veth;         // one end of a pair
	bool away;         // whose other end is in another network namespace
	unsigned index;    // its number; 0: not known
};

struct doctor_space {
	uint64_t bytes,
		inodes; // free for this user; inodes UINT64_MAX: the file system has no limit
	bool read_only, volatile_; // volatile: in memory, gone after a restart
};

#define DOCTOR_UNLIMITED UINT64_MAX

// The host: everything that is not a file of its own below root. doctor_host_read() fills it with
// the truth; tests with what they like.
struct doctor_host {
	const char *root; // before /sys, /proc, /dev, /etc, /run and /usr/share; "" for this host
	int64_t now;      // seconds since 1970 UTC
	struct {
		int error; // errno of adjtimex(); 0: it worked
		bool synchronised;
		long max_error_us, offset_us;
	} clock;
	uint64_t memlock, nofile; // soft limits; DOCTOR_UNLIMITED
	struct cpuset affinity;   // of this process
	uid_t uid;
	const char *ndpi_header, *ndpi_library;
	char ndpi_disagree[256]; // "": header and library agree
	const char *dpdk_header, *dpdk_library;
	const char *dpdk_plugins; // folder of DPDK's drivers, as the EAL was built
	// 0 or -errno.
	int (*iface)(const char *name, struct doctor_iface *out);
	int (*space)(const char *path, struct doctor_space *out);
	// 0: something answers there; *pid: what, 0: not known.
	int (*reach)(const char *socket_path, pid_t *pid);
	int (*owner)(const char *hold, pid_t *pid); // hold_owner()
};

struct doctor {
	const struct doctor_host *host;
	const struct gateway_config *config; // NULL: the host alone
	int reached;  // what host.reach gave of the configuration's control socket
	bool running; // a gateway answers there
	pid_t pid;    // it, 0: not known
	const char *topic;
	struct doctor_finding *v;
	size_t n, cap;
	bool no_memory; // findings are missing
};

void doctor_host_read(struct doctor_host *h);
// What goes into doctor_host.iface.
int doctor_iface_read(const char *name, struct doctor_iface *out);

// All checks, in the order in which they are shown. config may be NULL.
void doctor_run(
	struct doctor *d, const struct doctor_host *host, const struct gateway_config *config);
void doctor_free(struct doctor *d);

// Whether anything is wrong or could not be looked at.
bool doctor_has_findings(const struct doctor *d);

// colour: with terminal escapes.
void doctor_print_text(const struct doctor *d, bool colour, FILE *to);
void doctor_print_json(const struct doctor *d, FILE *to);

// bridgehead doctor: exit status.
int doctor_main(int argc, char **argv);
