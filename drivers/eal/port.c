// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "drivers/eal/port.h"
#include "drivers/eal/devargs.h"
#include "drivers/eal/interface.h"
#include "drivers/eal/packet_socket.h"

#include <errno.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>

// Toeplitz with this key gives both directions of a flow one value (Woo and Park, Scalable TCP
// session monitoring with symmetric receive-side scaling, 2012). It chooses queues only; the flow
// table has its own hash.
#define RSS_KEY_MAX   64
#define ETHERNET_HEAD 14
#define STRANGERS     16384 // frames that a queue may have waiting: more than any ring has

static int fail(const struct port *p, int rc, const char *what, char *err, size_t err_size)
{
	snprintf(err, err_size, "port %s: %s: %s", p->name, what, strerror(rc < 0 ? -rc : rc));
	return rc < 0 ? rc : -rc;
}

// net_pcap tells the interface only where one argument names it for both ways, and such a port
// hears what it sends itself.
static uint32_t pcap_interface(const struct rte_device *dev)
{
	const struct rte_devargs *a = dev != NULL ? rte_dev_devargs(dev) : NULL;
	char in[IF_NAMESIZE], out[IF_NAMESIZE];

	if (a == NULL || !devargs_copy(a->args, "tx_iface", out, sizeof(out)) ||
		(!devargs_copy(a->args, "rx_iface_in", in, sizeof(in)) &&
			!devargs_copy(a->args, "rx_iface", in, sizeof(in))) ||
		strcmp(in, out) != 0)
		return 0;
	return if_nametoindex(out);
}

int port_find(struct port *p, const char *name, char *err, size_t err_size)
{
	struct rte_eth_dev_info info;
	size_t at;
	uint16_t id;
	int rc;

	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%s", name);
	if (rte_eth_dev_get_port_by_name(name, &p->id) != 0) {
		at = (size_t)snprintf(
			err, err_size, "port %s: DPDK has no such device; it has:", name);
		RTE_ETH_FOREACH_DEV (id) {
			char have[RTE_ETH_NAME_MAX_LEN];

			if (rte_eth_dev_get_name_by_port(id, have) == 0 && at < err_size)
				at += (size_t)snprintf(err + at, err_size - at, " %s", have);
		}
		if (rte_eth_dev_count_avail() == 0 && at < err_size)
			snprintf(err + at, err_size - at,
				" none; bind a NIC to vfio-pci or name a --vdev in \"eal\"");
		return -ENODEV;
	}
	rc = rte_eth_dev_info_get(p->id, &info);
	if (rc != 0)
		return fail(p, rc, "cannot be asked", err, err_size);
	snprintf(p->driver, sizeof(p->driver), "%s", info.driver_name);
	p->if_index = info.if_index;
	if (p->if_index == 0 && strcmp(p->driver, "net_pcap") == 0)
		p->if_index = pcap_interface(info.device);
	rc = rte_eth_dev_socket_id(p->id);
	p->socket = rc < 0 ? 0 : rc;
	return 0;
}

// Virtual devices have the queues that their arguments made; packets wait in each of them.
static bool brings_queues(const char *driver)
{
	return strcmp(driver, "net_af_packet") == 0 || strcmp(driver, "net_pcap") == 0 ||
	       strcmp(driver, "net_ring") == 0;
}

// Its MTU is the kernel interface's, whatever ethdev is told.
static bool by_interface(const struct port *p)
{
	return p->if_index != 0 && strcmp(p->driver, "net_af_packet") == 0;
}

static bool has_packet_socket(const struct port *p)
{
	return p->if_index != 0 &&
	       (strcmp(p->driver, "net_af_packet") == 0 || strcmp(p->driver, "net_pcap") == 0);
}

static void choose_queues(
	struct port *p, const struct rte_eth_dev_info *info, const struct port_config *c)
{
	uint64_t hashes =
		info->flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);

	p->rx_queues = 1;
	if (c->workers > 1 && hashes != 0 && info->max_rx_queues >= c->workers &&
		info->hash_key_size <= RSS_KEY_MAX) {
		p->rx_queues = c->workers;
		p->rss = true;
	} else if (brings_queues(p->driver) && info->max_rx_queues != 0) {
		p->rx_queues = info->max_rx_queues;
	}
	p->tx_queues = c->workers < info->max_tx_queues ? c->workers : info->max_tx_queues;
	if (p->tx_queues == 0)
		p->tx_queues = 1;
	// af_packet opens a socket for each pair of queues.
	if (brings_queues(p->driver) && p->tx_queues < p->rx_queues &&
		p->rx_queues <= info->max_tx_queues)
		p->tx_queues = p->rx_queues;
}

static void fill_conf(struct port *p, const struct rte_eth_dev_info *info,
	const struct port_config *c, struct rte_eth_conf *conf, uint8_t *key)
{
	memset(conf, 0, sizeof(*conf));
	if (c->mtu != 0 && !by_interface(p))
		conf->rxmode.mtu = c->mtu;
	if (p->rss) {
		for (unsigned i = 0; i < RSS_KEY_MAX; i += 2) {
			key[i] = 0x6d;
			key[i + 1] = 0x5a;
		}
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf =
			info->flow_type_rss_offloads &
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
		if (info->hash_key_size != 0) {
			conf->rx_adv_conf.rss_conf.rss_key = key;
			conf->rx_adv_conf.rss_conf.rss_key_len = info->hash_key_size;
		}
	}
	// Frames longer than a buffer arrive in chains and must leave so.
	if ((c->mtu != 0 ? c->mtu : 1500u) + 18u > c->buffer)
		conf->rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	conf->txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	p->multi_seg_tx = conf->txmode.offloads != 0;
}

static int set_up_queues(struct port *p, const struct rte_eth_dev_info *info,
	const struct port_config *c, char *err, size_t err_size)
{
	uint16_t rxd = c->rx_descriptors, txd = c->tx_descriptors;
	struct rte_eth_txconf tx = info->default_txconf;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rxd, &txd);

	if (rc != 0)
		return fail(p, rc, "does not take that many descriptors", err, err_size);
	for (uint16_t q = 0; q < p->rx_queues; q++) {
		rc = rte_eth_rx_queue_setup(p->id, q, rxd, (unsigned)p->socket, NULL, c->pool);
		if (rc != 0)
			return fail(p, rc, "cannot set up a receive queue", err, err_size);
	}
	tx.offloads = p->multi_seg_tx ? RTE_ETH_TX_OFFLOAD_MULTI_SEGS : 0;
	for (uint16_t q = 0; q < p->tx_queues; q++) {
		rc = rte_eth_tx_queue_setup(p->id, q, txd, (unsigned)p->socket, &tx);
		if (rc != 0)
			return fail(p, rc, "cannot set up a transmit queue", err, err_size);
	}
	return 0;
}

static int set_mtu(struct port *p, const struct rte_eth_dev_info *info, const struct port_config *c,
	char *err, size_t err_size)
{
	char why[320];
	int rc = 0;

	if (by_interface(p)) {
		rc = interface_af_packet_mtu(p->if_index, info->device, c->mtu, why, sizeof(why));
		if (rc < 0)
			snprintf(err, err_size, "port %s: %s", p->name, why);
	} else if (c->mtu != 0) {
		rc = rte_eth_dev_set_mtu(p->id, c->mtu);
		rc = rc == -ENOTSUP ? 0 : rc;
		if (rc != 0)
			return fail(
				p, rc, "does not take the MTU of the configuration", err, err_size);
	}
	return rc;
}

// A NIC's link begins when its port does. A kernel interface may be down because a gateway that
// took it down, for its peer had no link, was killed before it could let go.
static void take_up(const struct port *p)
{
	int rc;

	if (!has_packet_socket(p) || interface_enabled(p->if_index))
		return;
	rc = interface_set_up(p->if_index, true);
	fprintf(stderr, "bridgehead: port %s: its interface was down%s%s\n", p->name,
		rc < 0 ? ", and cannot be taken up: " : ", and is taken up",
		rc < 0 ? strerror(-rc) : "");
}

// Between its creation and its bind() a packet socket hears every interface of the namespace
// (packet(7)): those frames wait in its ring, and none of them came over this wire. What has come
// over the wire since is as if it had come before the start.
static void forget_strangers(const struct port *p)
{
	struct rte_mbuf *m[32];

	for (uint16_t q = 0; q < p->rx_queues; q++) {
		unsigned left = STRANGERS;
		uint16_t n = 1;

		while (n != 0 && left != 0) {
			n = rte_eth_rx_burst(p->id, q, m, left < 32 ? (uint16_t)left : 32);
			rte_pktmbuf_free_bulk(m, n);
			left -= n;
		}
	}
	rte_eth_stats_reset(p->id);
}

static int start_sockets(
	struct port *p, const struct rte_device *dev, bool tap, char *err, size_t err_size)
{
	int rc;

	p->cut_at = interface_af_packet_cut(p->if_index, dev);
	p->sockets = packet_sockets_find(p->if_index);
	rc = p->sockets != NULL && !tap ? packet_sockets_ignore_outgoing(p->sockets) : 0;
	if (rc != 0)
		return fail(p, rc, "its sockets take no filter", err, err_size);
	forget_strangers(p);
	if (p->sockets != NULL)
		packet_sockets_reset(p->sockets);
	return 0;
}

int port_start(struct port *p, const struct port_config *c, char *err, size_t err_size)
{
	uint8_t key[RSS_KEY_MAX];
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int rc = rte_eth_dev_info_get(p->id, &info);

	if (rc != 0)
		return fail(p, rc, "cannot be asked", err, err_size);
	choose_queues(p, &info, c);
	fill_conf(p, &info, c, &conf, key);
	rc = rte_eth_dev_configure(p->id, p->rx_queues, p->tx_queues, &conf);
	if (rc != 0)
		return fail(p, rc, "cannot be configured", err, err_size);
	rc = set_mtu(p, &info, c, err, err_size);
	if (rc != 0)
		return rc;
	rc = set_up_queues(p, &info, c, err, err_size);
	if (rc != 0)
		return rc;
	// Before the start, which takes it off.
	p->made_promiscuous = by_interface(p) && !interface_promiscuous(p->if_index);
	rc = rte_eth_dev_start(p->id);
	if (rc != 0)
		return fail(p, rc, "does not start", err, err_size);
	if (!c->rx_only)
		take_up(p);
	// A wire takes every frame, whoever it is for.
	rc = rte_eth_promiscuous_enable(p->id);
	if (rc != 0 && rc != -ENOTSUP)
		return fail(p, rc, "does not become promiscuous", err, err_size);
	return by_interface(p) ? start_sockets(p, info.device, c->rx_only, err, err_size) : 0;
}

void port_stop(struct port *p)
{
	if (p->forced_down)
		port_force_link(p, false);
	// Of a socket the kernel would take it back by itself; DPDK sets it on the interface.
	if (p->made_promiscuous)
		rte_eth_promiscuous_disable(p->id);
	packet_sockets_free(p->sockets);
	p->sockets = NULL;
	rte_eth_dev_stop(p->id);
	rte_eth_dev_close(p->id);
}

uint16_t port_max_frame(const struct port *p)
{
	uint16_t mtu = 0;

	if (rte_eth_dev_get_mtu(p->id, &mtu) != 0 || mtu == 0)
		mtu = 1500;
	return (uint16_t)(mtu + 14 + 8 > UINT16_MAX ? UINT16_MAX : mtu + 14 + 8);
}

bool port_link_up(const struct port *p)
{
	struct rte_eth_link link;

	// Drivers on kernel interfaces say "up" whatever the interface does: ask the kernel.
	if (p->if_index != 0)
		return interface_up(p->if_index);
	return rte_eth_link_get_nowait(p->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

int port_force_link(struct port *p, bool down)
{
	int rc = p->if_index != 0 ? interface_set_up(p->if_index, !down)
		 : down           ? rte_eth_dev_set_link_down(p->id)
				  : rte_eth_dev_set_link_up(p->id);

	if (rc == 0)
		p->forced_down = down;
	return rc;
}

void port_look_at_mtu(struct port *p)
{
	int mtu = has_packet_socket(p) ? interface_mtu(p->if_index) : 0;

	// An interface that is gone has none; nothing can be sent by it anyhow.
	__atomic_store_n(
		&p->longest, mtu > 0 ? (uint32_t)mtu + ETHERNET_HEAD : 0, __ATOMIC_RELAXED);
}

void port_get_stats(const struct port *p, struct port_stats *out)
{
	struct rte_eth_stats s;

	memset(out, 0, sizeof(*out));
	if (rte_eth_stats_get(p->id, &s) != 0)
		return;
	out->rx_packets = s.ipackets;
	out->rx_bytes = s.ibytes;
	out->rx_missed = s.imissed + (p->sockets != NULL ? packet_sockets_dropped(p->sockets) : 0);
	out->rx_errors = s.ierrors;
	out->rx_no_mbuf = s.rx_nombuf;
	out->tx_packets = s.opackets;
	out->tx_bytes = s.obytes;
	out->tx_errors = s.oerrors;
}
