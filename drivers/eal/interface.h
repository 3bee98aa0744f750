// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The kernel's network interface behind a port of net_af_packet and its like.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rte_device;

#define INTERFACE_LINK_HEAD 22 // the Ethernet header and two tags
// A slot of net_af_packet's rings: its size where the --vdev does not say one (framesz), and what
// of it is not the frame: header, address, and the gap that the kernel leaves for alignment
// (tpacket_rcv() in net/packet/af_packet.c; TPACKET2_HDRLEN is 52).
#define INTERFACE_AF_PACKET_FRAMESZ 2048
#define INTERFACE_AF_PACKET_BLOCKSZ 4096 // likewise (blocksz): the memory that slots are cut from
#define INTERFACE_AF_PACKET_HEAD    66
#define INTERFACE_AF_PACKET_SPARE   (INTERFACE_AF_PACKET_HEAD + INTERFACE_LINK_HEAD)

// The slot's size that an MTU needs.
static inline int interface_af_packet_framesz(int mtu)
{
	return (mtu + INTERFACE_AF_PACKET_SPARE + 1023) / 1024 * 1024;
}

// A block's, for some such slots: whole pages.
static inline long interface_blocksz(long framesz)
{
	return (4 * framesz + 4095) / 4096 * 4096;
}

// The room for a frame in the gateway's buffers, for an MTU (0: the ports' own), and the largest
// slot that DPDK lets stand before buffers so large.
static inline int interface_buffer(int mtu)
{
	int room = interface_af_packet_framesz(mtu);

	return room > 2048 ? room : 2048;
}
static inline int interface_af_packet_most(int mtu)
{
	return interface_buffer(mtu) + 32;
}

// What is wrong with a ring of such slots and blocks, for an interface's MTU (0: not known) and the
// gateway's buffers (workers.mtu; 0: the ports' own).
enum interface_ring {
	INTERFACE_RING_FITS,
	INTERFACE_RING_SLOT_SHORT, // for the MTU
	INTERFACE_RING_SLOT_LONG,  // for the buffers
	INTERFACE_RING_BLOCK_SHORT,
};
static inline enum interface_ring interface_af_packet_ring(
	long framesz, long blocksz, long long mtu, int buffers_mtu)
{
	if (mtu != 0 && framesz < mtu + INTERFACE_AF_PACKET_SPARE)
		return INTERFACE_RING_SLOT_SHORT;
	if (framesz > interface_af_packet_most(buffers_mtu))
		return INTERFACE_RING_SLOT_LONG;
	return framesz > blocksz ? INTERFACE_RING_BLOCK_SHORT : INTERFACE_RING_FITS;
}

// IFF_UP and IFF_RUNNING both.
bool interface_up(uint32_t index);

// Whether what is sent goes anywhere: IFF_UP, and a carrier as far as the driver tells
// (ETHTOOL_GLINK). IFF_RUNNING comes up to a second later (linkwatch), when frames pass already.
bool interface_carries(uint32_t index);

// Which of its receive offloads make frames longer than those on the wire: "GRO", "LRO", "GRO and
// LRO"; NULL: none, or the kernel does not tell.
const char *interface_merges(uint32_t index);

// IFF_UP: nobody has taken it down.
bool interface_enabled(uint32_t index);

// IFF_PROMISC, as somebody has set it.
bool interface_promiscuous(uint32_t index);

// Sets or clears IFF_UP. 0 or -errno.
int interface_set_up(uint32_t index, bool up);

// The interface's MTU in bytes, or -errno.
int interface_mtu(uint32_t index);

// From how many bytes on a frame of net_af_packet may be the beginning of a longer one: the kernel
// cuts what a slot of the ring has no room for, and the driver does not say so. Frames of the
// interface's MTU with two tags are shorter. 0 where they are not.
uint16_t interface_af_packet_cut(uint32_t index, const struct rte_device *dev);

// Gives a port of net_af_packet its MTU (0: leaves the interface's), which ethdev cannot: the
// driver says that it takes no frame over 1518 bytes, and takes what its rings have room for. A
// frame beyond that would be cut and sent on, so rings that are too small are refused. 0 or -errno,
// with a line in err.
int interface_af_packet_mtu(
	uint32_t index, const struct rte_device *dev, uint16_t mtu, char *err, size_t err_size);
