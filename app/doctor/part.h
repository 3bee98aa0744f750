// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the files of this folder share and no one else sees.
#pragma once

#include "app/doctor/doctor.h"
#include "drivers/eal/devargs.h"

// ---- findings

// Adds one. why: static; "" where there is nothing to explain (OK). saw is a printf format.
void found(struct doctor *d, enum doctor_level level, const char *check, const char *why,
	const char *saw, ...) __attribute__((format(printf, 5, 6)));
// Adds a line to the commands of the last finding.
void mend(struct doctor *d, const char *command, ...) __attribute__((format(printf, 2, 3)));
// The same for words that belong on the kernel's command line.
void mend_boot(struct doctor *d, const char *words, ...) __attribute__((format(printf, 2, 3)));

// ---- the host's files, below host->root

#define SYS_PATH 512

// The first size - 1 bytes of a file without the blanks at its end. Its length, or -errno.
int sys_text(const struct doctor *d, char *out, size_t size, const char *path, ...)
	__attribute__((format(printf, 4, 5)));
// The whole file (procfs too, whose files have no size); the caller frees. NULL: cannot be read.
char *sys_whole(const struct doctor *d, const char *path);
// A number, decimal or 0x; fallback where there is none.
long long sys_number(const struct doctor *d, long long fallback, const char *path, ...)
	__attribute__((format(printf, 3, 4)));
bool sys_exists(const struct doctor *d, const char *path, ...)
	__attribute__((format(printf, 2, 3)));
// The last part of where a link points. 0 or -errno.
int sys_link(const struct doctor *d, char *out, size_t size, const char *path, ...)
	__attribute__((format(printf, 4, 5)));
// The names in a folder, sorted, without hidden ones; the caller frees with sys_list_free(). -errno
// or their number.
int sys_list(const struct doctor *d, char ***out, const char *path, ...)
	__attribute__((format(printf, 3, 4)));
void sys_list_free(char **v, int n);

// The value after "KEY:" of a line of text, as a number (/proc/meminfo in kB); fallback: none.
long long key_number(const char *text, const char *key, long long fallback);
// Whether a word stands in a list between blanks.
bool has_word(const char *text, const char *word);

// "1.5 GiB". Returns out.
const char *size_text(uint64_t bytes, char out[24]);

// ---- what a configuration needs

struct need {
	uint64_t dpdk;  // bytes of DPDK's memory: packet buffers, rings, its own tables
	uint64_t least; // of that, without which it certainly does not start
	uint64_t flows; // bytes of flow tables that want huge pages of the default size
	uint64_t plain; // bytes of ordinary memory: records, DPI, and what few flows touch
	bool huge;      // huge pages are used
};

// config may be NULL: the defaults, one wire, one worker. page: bytes of a huge page of the default
// size.
struct need need_of(const struct gateway_config *config, uint64_t page);
// Bytes of frame in one packet buffer.
long frame_room(const struct gateway_config *config);

// The ports of a configuration in order.
struct used_port {
	const char *name;
	const char *wire;                // of the wire or tap
	bool inline_;                    // its frames are sent on
	const struct gateway_vdev *vdev; // NULL: a PCI device
	char pci[DEVARGS_PCI_MAX];       // "0000:01:00.0" where it looks like one, else ""
};

size_t used_ports(const struct gateway_config *config, struct used_port out[GATEWAY_MAX_PORTS]);
// Whether any is a PCI device.
bool uses_pci(const struct gateway_config *config);

// The CPUs of the workers, and with the main lcore. Where lcores are mapped to other CPUs ("1@5",
// "(0,1)") they cannot be told: false.
bool worker_cpus(const struct gateway_config *config, struct cpuset *workers, struct cpuset *all);
// The node of a CPU; -1: not known.
int cpu_node(const struct doctor *d, unsigned cpu);
// Whether a hypervisor runs this host.
bool is_virtual(const struct doctor *d);

// ---- the checks, in order

void check_memory(struct doctor *d); // hugepages, hugetlbfs, memory
void check_cpu(struct doctor *d);    // features, clock source, governor, stolen time
void check_cores(struct doctor *d);  // lcores, isolation, siblings
void check_iommu(struct doctor *d);
void check_ports(struct doctor *d); // each port of the configuration, or the NICs there are
void check_port_pci(struct doctor *d, const struct used_port *p);
void check_port_held(struct doctor *d, const struct used_port *p); // by another gateway
void check_port_iface(struct doctor *d, const struct used_port *p);
void check_offloads(struct doctor *d, const struct used_port *p); // of the interface behind it
void check_rules(struct doctor *d, const struct used_port *p);    // where offload is on
void check_port_node(struct doctor *d, const char *check, int node, const char *what);
void check_time(struct doctor *d);
void check_libs(struct doctor *d);
void check_policy(struct doctor *d);
void check_databases(struct doctor *d);
void check_folders(struct doctor *d); // log, state, control socket
void check_limits(struct doctor *d);
