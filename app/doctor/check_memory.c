// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Huge pages and ordinary memory, held against what the configuration's buffers and tables take.

#include "app/doctor/part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZES       8
#define DPDK_NO_HUGE_MB 64 // MEMSIZE_IF_NO_HUGE_PAGE of eal_internal_cfg.h

static const char why_huge[] = "DPDK keeps packet buffers, and the gateway its flow tables, in "
			       "huge pages: without enough of them DPDK does not start";

struct huge {
	uint64_t size[MAX_SIZES], total[MAX_SIZES], free[MAX_SIZES]; // bytes, pages, pages
	unsigned n;
	uint64_t usual; // the default size: what MAP_HUGETLB and vm.nr_hugepages mean
	uint64_t bytes; // that a gateway could take, all sizes
	uint64_t usual_bytes;
};

// node < 0: of the whole host.
static int read_huge(struct doctor *d, int node, const char *meminfo, struct huge *h)
{
	char base[96] = "/sys/kernel/mm/hugepages", **names;
	long long kb = key_number(meminfo, "Hugepagesize", 0);
	int n;

	memset(h, 0, sizeof(*h));
	h->usual = (uint64_t)kb * 1024;
	if (node >= 0)
		snprintf(base, sizeof(base), "/sys/devices/system/node/node%d/hugepages", node);
	n = sys_list(d, &names, "%s", base);
	for (int i = 0; i < n && h->n < MAX_SIZES; i++) {
		unsigned k = h->n;
		uint64_t pages;

		if (sscanf(names[i], "hugepages-%llukB", (unsigned long long *)&h->size[k]) != 1)
			continue;
		h->size[k] *= 1024;
		h->total[k] = (uint64_t)sys_number(d, 0, "%s/%s/nr_hugepages", base, names[i]);
		h->free[k] = (uint64_t)sys_number(d, 0, "%s/%s/free_hugepages", base, names[i]);
		// A gateway that runs holds its pages already.
		pages = d->running ? h->total[k] : h->free[k];
		h->bytes += pages * h->size[k];
		if (h->size[k] == h->usual)
			h->usual_bytes = pages * h->size[k];
		h->n++;
	}
	sys_list_free(names, n);
	return n < 0 || h->usual == 0 ? -1 : 0;
}

static void say_huge(const struct huge *h, char *out, size_t size)
{
	char text[24];
	size_t at = 0;

	snprintf(out, size, "none are reserved");
	for (unsigned i = 0; i < h->n && at < size; i++)
		if (h->total[i] != 0)
			at += (size_t)snprintf(out + at, size - at,
				"%s%llu of %llu pages of %s are free", at != 0 ? ", " : "",
				(unsigned long long)h->free[i], (unsigned long long)h->total[i],
				size_text(h->size[i], text));
}

// Commands for as many pages of the default size as are missing.
static void mend_huge(struct doctor *d, const struct huge *h, uint64_t bytes)
{
	uint64_t pages = (bytes + h->usual - 1) / h->usual;

	for (unsigned i = 0; i < h->n; i++)
		if (h->size[i] == h->usual && !d->running)
			pages += h->total[i] - h->free[i]; // others have these
	mend(d, "sysctl -w vm.nr_hugepages=%llu", (unsigned long long)pages);
	mend(d, "echo vm.nr_hugepages=%llu > /etc/sysctl.d/80-bridgehead.conf",
		(unsigned long long)pages);
}

static void judge_huge(struct doctor *d, const struct huge *h, const struct need *n)
{
	const char *who = d->config != NULL ? "this configuration" : "a gateway with the defaults";
	char saw[256], dpdk[24], flows[24], sum[24];
	uint64_t other = h->bytes - h->usual_bytes;
	// DPDK takes what it finds; the flow tables are left the default size only.
	uint64_t left = other >= n->dpdk      ? h->usual_bytes
			: h->bytes >= n->dpdk ? h->bytes - n->dpdk
					      : 0;

	say_huge(h, saw, sizeof(saw));
	size_text(n->dpdk, dpdk);
	size_text(n->flows, flows);
	size_text(n->dpdk + n->flows, sum);
	if (h->bytes < n->dpdk) {
		found(d, DOCTOR_FAIL, "hugepages", why_huge,
			"%s%s; %s needs about %s (buffers %s, flow tables %s)", saw,
			d->running ? " while the gateway runs" : "", who, sum, dpdk, flows);
		mend_huge(d, h, n->dpdk + n->flows);
	} else if (left < n->flows) {
		found(d, DOCTOR_WARN, "hugepages",
			"flow tables that find no huge pages lie in ordinary ones: every look-up "
			"may cost a TLB miss more",
			"%s; enough for the buffers (about %s), not for the flow tables (%s) too",
			saw, dpdk, flows);
		mend_huge(d, h, n->dpdk + n->flows);
	} else {
		found(d, DOCTOR_OK, "hugepages", "",
			"%s; %s needs about %s (buffers %s, flow tables %s)%s", saw, who, sum, dpdk,
			flows, d->running ? "; the running gateway holds its share" : "");
	}
}

// How many ports, and how many workers, lie on a node: of as many as there are.
struct on_node {
	unsigned ports, all_ports, workers, all_workers;
};

static struct on_node count_on(struct doctor *d, int node)
{
	const struct gateway_workers *w = &d->config->workers;
	struct used_port p[GATEWAY_MAX_PORTS];
	struct on_node out = {.all_ports = (unsigned)used_ports(d->config, p),
		.all_workers = (unsigned)w->n_lcores};
	struct cpuset workers, all;

	for (unsigned i = 0; i < out.all_ports; i++) {
		long long of =
			p[i].pci[0] == '\0'
				? 0 // virtual ones are made on the first node
				: sys_number(d, 0, "/sys/bus/pci/devices/%s/numa_node", p[i].pci);

		out.ports += (of < 0 ? 0 : of) == node;
	}
	if (worker_cpus(d->config, &workers, &all))
		for (size_t i = 0; i < w->n_lcores; i++)
			out.workers += cpu_node(d, w->lcores[i]) == node;
	return out;
}

static void check_node(struct doctor *d, const char *meminfo, const struct need *n, int node)
{
	const struct on_node on = count_on(d, node);
	uint64_t buffers = on.ports != 0 ? n->dpdk * on.ports / on.all_ports : 0;
	uint64_t tables = on.workers != 0 ? n->flows * on.workers / on.all_workers : 0;
	char bytes[24], want[24], flows[24];
	struct huge h;

	if (buffers + tables == 0)
		return;
	if (read_huge(d, node, meminfo, &h) < 0) {
		found(d, DOCTOR_UNKNOWN, "hugepages_node", why_huge,
			"the pages of NUMA node %d cannot be read from /sys", node);
		return;
	}
	size_text(h.bytes, bytes);
	size_text(buffers, want);
	size_text(tables, flows);
	if (h.bytes >= buffers + tables) {
		found(d, DOCTOR_OK, "hugepages_node", "",
			"%s of huge pages on NUMA node %d; about %s are needed there for buffers, "
			"%s "
			"for flow tables",
			bytes, node, want, flows);
		return;
	}
	if (h.bytes >= buffers)
		found(d, DOCTOR_WARN, "hugepages_node",
			"a worker's flow table lies in ordinary pages where its own node has no "
			"huge "
			"ones left: every look-up may cost a TLB miss more",
			"%s of huge pages on NUMA node %d; enough for the buffers there (about "
			"%s), not "
			"for the flow tables (%s) too",
			bytes, node, want, flows);
	else
		found(d, DOCTOR_FAIL, "hugepages_node",
			"buffers are made on the NUMA nodes of the ports; DPDK does not take pages "
			"of "
			"another",
			"%s of huge pages on NUMA node %d, where buffers lie; about %s are needed",
			bytes, node, want);
	mend(d,
		"echo %llu > "
		"/sys/devices/system/node/node%d/hugepages/hugepages-%llukB/nr_hugepages",
		(unsigned long long)((buffers + tables + h.usual - 1) / h.usual), node,
		(unsigned long long)h.usual / 1024);
}

static void check_nodes(struct doctor *d, const char *meminfo, const struct need *n)
{
	struct cpuset nodes = {{0}};
	char text[256];

	if (d->config == NULL ||
		sys_text(d, text, sizeof(text), "/sys/devices/system/node/online") < 0 ||
		!cpuset_parse(&nodes, text) || cpuset_count(&nodes) < 2)
		return;
	for (int i = 0; i < CPUSET_MAX; i++)
		if (cpuset_has(&nodes, (unsigned)i))
			check_node(d, meminfo, n, i);
}

static void check_hugetlbfs(struct doctor *d)
{
	char *mounts, *save = NULL, at[256] = "";

	if (d->config != NULL && (d->config->eal.in_memory || d->config->eal.no_huge))
		return;
	mounts = sys_whole(d, "/proc/mounts");
	if (mounts == NULL) {
		found(d, DOCTOR_UNKNOWN, "hugetlbfs", "", "/proc/mounts cannot be read");
		return;
	}
	for (char *line = strtok_r(mounts, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		char path[200], type[32];

		if (sscanf(line, "%*s %199s %31s", path, type) == 2 &&
			strcmp(type, "hugetlbfs") == 0)
			snprintf(at + strlen(at), sizeof(at) - strlen(at), "%s%s",
				at[0] != '\0' ? ", " : "", path);
	}
	free(mounts);
	if (at[0] != '\0') {
		found(d, DOCTOR_OK, "hugetlbfs", "", "mounted at %s", at);
		return;
	}
	found(d, d->config != NULL ? DOCTOR_FAIL : DOCTOR_NOTE, "hugetlbfs",
		"without \"--in-memory\" in \"eal\" DPDK keeps its huge pages as files there",
		"no hugetlbfs is mounted");
	mend(d, "mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages");
}

static void check_ordinary(struct doctor *d, const char *meminfo, const struct need *n)
{
	long long kb = key_number(meminfo, "MemAvailable", -1);
	uint64_t available = (uint64_t)kb * 1024, now = n->huge ? 0 : n->dpdk + n->flows;
	char have[24], want[24];

	if (kb < 0) {
		found(d, DOCTOR_UNKNOWN, "memory", "",
			"/proc/meminfo does not say what is available");
		return;
	}
	size_text(available, have);
	size_text(now + n->plain, want);
	if (d->running) {
		found(d, DOCTOR_NOTE, "memory",
			"what the running gateway uses already is not in what is available",
			"%s available while the gateway runs; full tables would take %s in all",
			have, want);
	} else if (available < now + n->plain) {
		found(d, available < now ? DOCTOR_FAIL : DOCTOR_WARN, "memory",
			"when the tables fill, the kernel kills the gateway for want of memory, "
			"and the wire is cut",
			"%s available; full flow tables, DPI contexts and record rings take %s",
			have, want);
		mend(d, "lower flows.max, dpi.contexts or record_ring in %s, or add memory",
			d->config != NULL ? d->config->path : "the configuration");
	} else {
		found(d, DOCTOR_OK, "memory", "", "%s available; full tables take up to %s", have,
			want);
	}
}

static void check_overcommit(struct doctor *d, const char *meminfo, const struct need *n)
{
	long long limit = key_number(meminfo, "CommitLimit", 0);
	long long used = key_number(meminfo, "Committed_AS", 0);
	char want[24];

	if (sys_number(d, 0, "/proc/sys/vm/overcommit_memory") != 2 || d->running ||
		(uint64_t)(limit > used ? limit - used : 0) * 1024 >= n->plain)
		return;
	found(d, DOCTOR_FAIL, "overcommit",
		"tables for rare flows are mapped in full and touched only when used; strict "
		"accounting refuses them at start",
		"vm.overcommit_memory is 2 and less than %s can still be committed",
		size_text(n->plain, want));
	mend(d, "sysctl -w vm.overcommit_memory=0");
	mend(d, "echo vm.overcommit_memory=0 > /etc/sysctl.d/81-bridgehead.conf");
}

static void check_swap(struct doctor *d, const char *meminfo)
{
	long long kb = key_number(meminfo, "SwapTotal", 0);
	char size[24];

	if (kb == 0)
		return;
	found(d, DOCTOR_NOTE, "swap",
		"a worker that waits for a page from disk drops packets meanwhile; huge pages are "
		"never swapped out, the rest may be",
		"%s of swap are in use by the kernel if memory gets short",
		size_text((uint64_t)kb * 1024, size));
	mend(d, "swapoff -a   # and take the swap out of /etc/fstab");
}

// Without huge pages DPDK has what -m says, and no more.
static void check_plain(struct doctor *d, const struct need *n)
{
	uint32_t mb = d->config->eal.memory_mb;
	uint64_t has = (mb != 0 ? mb : DPDK_NO_HUGE_MB) * UINT64_C(1048576);
	char have[24], want[24];

	if (has >= n->least)
		return;
	found(d, DOCTOR_FAIL, "dpdk_memory",
		"with \"--no-huge\" DPDK takes it at the start and gets no more: the gateway does "
		"not start",
		"DPDK has %s (%s); packet buffers and rings need %s", size_text(has, have),
		mb != 0 ? "-m in \"eal\"" : "no -m in \"eal\"", size_text(n->dpdk, want));
	mend(d, "in \"eal\" of %s: \"-m\", \"%" PRIu64 "\"", d->config->path,
		n->dpdk / 1048576 + 1);
	mend(d, "or lower workers.mbufs");
}

void check_memory(struct doctor *d)
{
	char *meminfo = sys_whole(d, "/proc/meminfo");
	struct need n;
	struct huge h;

	d->topic = "memory";
	if (meminfo == NULL) {
		found(d, DOCTOR_UNKNOWN, "memory", "", "/proc/meminfo cannot be read");
		return;
	}
	n = need_of(d->config, (uint64_t)key_number(meminfo, "Hugepagesize", 2048) * 1024);
	if (!n.huge) {
		found(d, uses_pci(d->config) ? DOCTOR_WARN : DOCTOR_NOTE, "hugepages",
			"ordinary pages cost TLB misses, and NICs cannot always reach them: for "
			"tests and small links",
			"the configuration does without them (\"--no-huge\" in \"eal\")");
		check_plain(d, &n);
	} else if (read_huge(d, -1, meminfo, &h) < 0) {
		found(d, DOCTOR_UNKNOWN, "hugepages", why_huge,
			"neither /sys/kernel/mm/hugepages nor /proc/meminfo tell of huge pages");
	} else {
		judge_huge(d, &h, &n);
		check_nodes(d, meminfo, &n);
	}
	check_hugetlbfs(d);
	check_ordinary(d, meminfo, &n);
	check_overcommit(d, meminfo, &n);
	check_swap(d, meminfo);
	free(meminfo);
}
