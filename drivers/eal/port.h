// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Ports: any device that DPDK knows by name (PCI address or virtual device), set up with the
// offloads it has and no more. Link state can be passed on to a peer.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_sockets;
struct rte_mempool;

#define PORT_NAME_MAX 64

struct port {
	char name[PORT_NAME_MAX];
	char driver[32];
	uint16_t id;
	uint16_t rx_queues, tx_queues;
	bool rss;              // both directions of a flow reach one queue
	bool multi_seg_tx;     // sends chained buffers
	int socket;            // NUMA node, 0 where none
	uint32_t if_index;     // kernel interface behind it, 0: none
	bool forced_down;      // by port_force_link()
	bool made_promiscuous; // its interface, which was not before
	bool dark;             // nothing is to be sent: port_set_dark(); main: rw, workers: ro
	uint16_t cut_at; // received frames so long are not whole, 0: all are; after port_start()
	struct packet_sockets *sockets; // of net_af_packet, after port_start(); NULL
	uint32_t longest;               // untagged frame to be sent, 0: any; main: rw, workers: ro
};

struct port_config {
	uint16_t workers;
	uint16_t rx_descriptors, tx_descriptors;
	uint16_t mtu;    // 0: the port's own
	uint16_t buffer; // bytes of frame in one buffer of the pool
	bool rx_only;
	struct rte_mempool *pool;
};

struct port_stats { // as the device counts
	uint64_t rx_packets, rx_bytes, rx_missed, rx_errors, rx_no_mbuf;
	uint64_t tx_packets, tx_bytes, tx_errors;
};

// Finds the device. 0, or -ENODEV with a line in err that names the devices there are.
int port_find(struct port *p, const char *name, char *err, size_t err_size);

// Configures queues and starts. As many receive queues as workers where the port can keep both
// directions of a flow together; all queues that a virtual device brings; else one. 0 or -errno,
// with a line in err.
int port_start(struct port *p, const struct port_config *c, char *err, size_t err_size);
void port_stop(struct port *p);

// The largest frame that the port takes without its CRC, after port_start().
uint16_t port_max_frame(const struct port *p);

bool port_link_up(const struct port *p);
// Takes the link down or lets it come up again. Where a device cannot, the kernel interface behind
// it is taken down. 0 or -ENOTSUP.
int port_force_link(struct port *p, bool down);

// Whether frames for the port are lost at once, and counted, because its interface has no carrier:
// the ring of a packet socket takes them, and sends them on whenever there is one again.
static inline void port_set_dark(struct port *p, bool dark)
{
	__atomic_store_n(&p->dark, dark, __ATOMIC_RELAXED);
}
static inline bool port_is_dark(const struct port *p)
{
	return __atomic_load_n(&p->dark, __ATOMIC_RELAXED);
}

// Takes over the MTU of the interface behind the port. A packet socket is given any frame by its
// driver, and the kernel drops what is longer than the MTU without telling anybody: such frames are
// to be lost before, and counted. Nothing for other ports.
void port_look_at_mtu(struct port *p);
// Whether a frame of so many bytes is such a one. type: as at its 13th byte; a tag is beside the
// MTU.
static inline bool port_too_long(uint32_t longest, uint32_t bytes, const uint8_t *type)
{
	return longest != 0 && bytes > longest &&
	       (bytes > longest + 4 || type[0] != 0x81 || type[1] != 0x00);
}
static inline uint32_t port_longest(const struct port *p)
{
	return __atomic_load_n(&p->longest, __ATOMIC_RELAXED);
}

// One thread only.
void port_get_stats(const struct port *p, struct port_stats *out);
