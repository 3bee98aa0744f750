// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a configuration asks of the host.

#include "app/dataplane/flow_table.h"
#include "app/dataplane/handshake.h"
#include "app/dataplane/lane.h"
#include "app/dataplane/offload.h"
#include "app/doctor/part.h"
#include "app/flowlog/record.h"
#include "drivers/eal/devargs.h"
#include "drivers/eal/interface.h"

#include <stdlib.h>
#include <string.h>

#define MIB        UINT64_C(1048576)
#define PLAIN_PAGE UINT64_C(4096)

// What a buffer costs beside its frame: mempool header 64, mbuf 128, headroom 128; then whole lines
// (rte_mempool.h, rte_mbuf_core.h) and the pool's ring.
#define MBUF_EXTRA 320
#define PER_MBUF   16
// Descriptors of a hardware queue with the driver's shadow of it.
#define PER_DESCRIPTOR 64
#define HANDOFF_BYTES  (4096 * 8 + 4096)
// The EAL's own: the memory of devices, of lcores and of what DPDK rounds up.
#define DPDK_BASE (24 * MIB)
// A context in classification: nDPI 4.2's flow is 688 bytes, what it allocates for it as much
// again.
#define DPI_CONTEXT 1408

static const struct gateway_config *or_default(const struct gateway_config *c)
{
	static const struct gateway_config usual = {
		.n_wires = 1,
		.workers = {.n_lcores = 1,
			.rx_descriptors = 1024,
			.tx_descriptors = 1024,
			.mbufs = 65535},
		.flows = {.max = 1048576},
		.dpi = {.contexts = 65536},
		.record_ring = 65536,
	};

	return c != NULL ? c : &usual;
}

static uint64_t whole(uint64_t bytes, uint64_t page)
{
	return (bytes + page - 1) / page * page;
}

long frame_room(const struct gateway_config *c)
{
	return interface_buffer((int)c->workers.mtu); // as gateway_open_ports()
}

// A buffer in a pool. In ordinary pages one that goes into a page does not go across its end.
static uint64_t buffer_size(const struct gateway_config *c)
{
	uint64_t size = whole((uint64_t)frame_room(c) + MBUF_EXTRA, 64);

	if (c->eal.no_huge && size <= PLAIN_PAGE)
		size = PLAIN_PAGE / (PLAIN_PAGE / size);
	return size + PER_MBUF;
}

struct need need_of(const struct gateway_config *config, uint64_t page)
{
	const struct gateway_config *c = or_default(config);
	uint64_t workers = c->workers.n_lcores, ports = c->n_wires * 2 + c->n_taps;
	uint64_t flows = (c->flows.max + workers - 1) / workers, buckets = flows / 6 + 1;
	struct need n = {.huge = !c->eal.no_huge};

	n.dpdk = c->workers.mbufs * buffer_size(c) +
		 ports * workers * (c->workers.rx_descriptors + c->workers.tx_descriptors) *
			 PER_DESCRIPTOR +
		 workers * (workers - 1) * HANDOFF_BYTES + DPDK_BASE;
	n.least = n.dpdk - DPDK_BASE;
	if (c->eal.memory_mb * MIB > n.dpdk)
		n.dpdk = c->eal.memory_mb * MIB;
	// As flow_table_init() maps them: each of the three has pages of its own.
	n.flows =
		workers * (whole((buckets + buckets / 4 + 16) * sizeof(struct flow_bucket), page) +
				  whole(flows * sizeof(struct flow_hot), page) +
				  whole(flows * sizeof(struct flow_cold), page));
	n.plain = workers * (flows * (32 + sizeof(struct flow_ext)) +
				    c->record_ring * (sizeof(struct record) + 63) / 64 * 64) +
		  (uint64_t)c->dpi.contexts * (DPI_CONTEXT + sizeof(struct handshake)) +
		  workers * c->workers.n_dpi_lcores * (LANE_REQUEST_BYTES + LANE_ANSWER_BYTES) +
		  (c->offload.enabled ? workers * 2 * OFFLOAD_RING_BYTES : 0);
	return n;
}

static void fill_port(const struct gateway_config *c, struct used_port *p, const char *name,
	const char *wire, bool inline_)
{
	*p = (struct used_port){
		.name = name, .wire = wire, .inline_ = inline_, .vdev = config_vdev(&c->eal, name)};
	if (p->vdev == NULL)
		devargs_pci(name, p->pci);
}

size_t used_ports(const struct gateway_config *c, struct used_port out[GATEWAY_MAX_PORTS])
{
	bool tap = c->mode == GATEWAY_TAP;
	size_t n = 0;

	for (size_t i = 0; i < c->n_wires && n + 2 <= GATEWAY_MAX_PORTS; i++) {
		fill_port(c, &out[n++], c->wires[i].inside, c->wires[i].name, !tap);
		fill_port(c, &out[n++], c->wires[i].outside, c->wires[i].name, !tap);
	}
	for (size_t i = 0; i < c->n_taps && n < GATEWAY_MAX_PORTS; i++)
		fill_port(c, &out[n++], c->taps[i].port, c->taps[i].name, false);
	return n;
}

bool uses_pci(const struct gateway_config *c)
{
	struct used_port p[GATEWAY_MAX_PORTS];
	size_t n = used_ports(c, p);

	for (size_t i = 0; i < n; i++)
		if (p[i].vdev == NULL)
			return true;
	return false;
}

bool worker_cpus(const struct gateway_config *c, struct cpuset *workers, struct cpuset *all)
{
	memset(workers, 0, sizeof(*workers));
	for (size_t i = 0; i < c->workers.n_lcores; i++)
		cpuset_add(workers, c->workers.lcores[i]);
	for (size_t i = 0; i < c->workers.n_dpi_lcores; i++) // they poll as workers do
		cpuset_add(workers, c->workers.dpi_lcores[i]);
	*all = *workers;
	if (c->eal.main_lcore >= 0)
		cpuset_add(all, (unsigned)c->eal.main_lcore);
	return !c->eal.lcores_mapped;
}

int cpu_node(const struct doctor *d, unsigned cpu)
{
	char text[1024];
	struct cpuset online = {{0}};

	if (sys_text(d, text, sizeof(text), "/sys/devices/system/node/online") < 0 ||
		!cpuset_parse(&online, text))
		return -1;
	for (unsigned n = 0; n < CPUSET_MAX; n++) {
		struct cpuset cpus = {{0}};

		if (cpuset_has(&online, n) &&
			sys_text(d, text, sizeof(text), "/sys/devices/system/node/node%u/cpulist",
				n) >= 0 &&
			cpuset_parse(&cpus, text) && cpuset_has(&cpus, cpu))
			return (int)n;
	}
	return -1;
}

bool is_virtual(const struct doctor *d)
{
	char *info = sys_whole(d, "/proc/cpuinfo");
	bool yes = info != NULL && has_word(info, "hypervisor");

	free(info);
	return yes;
}
