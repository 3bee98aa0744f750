// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The kernel's network interface behind a port of net_af_packet and its like.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rte_device;

// IFF_UP and IFF_RUNNING both.
bool interface_up(uint32_t index);

// Whether what is sent goes anywhere: IFF_UP, and a carrier as far as the driver tells
// (ETHTOOL_GLINK). IFF_RUNNING comes up to a second later (linkwatch), when frames pass already.
bool interface_carries(uint32_t index);

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
