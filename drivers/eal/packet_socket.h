// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What DPDK's driver of AF_PACKET sockets (net_af_packet) asks of the kernel, put right.
#pragma once

#include <stdint.h>

// The driver joins each of its sockets to a fanout group with PACKET_FANOUT_FLAG_DEFRAG
// (rte_eth_af_packet.c; packet(7)): the kernel then puts IPv4 fragments together before the socket
// sees them, so that a wire would send on datagrams that nobody sent, lose those that are longer
// than the wire's MTU or a slot of the ring, and those of which a fragment is missing, all of them
// uncounted. No argument of the driver turns that off. This library therefore has a setsockopt() of
// its own, which the program must export (-Wl,--export-dynamic-symbol=setsockopt): it takes the
// flag out and leaves all else as it is.

// How many packet sockets of this process have the flag all the same; 0: as it should be.
unsigned packet_sockets_defragmenting(void);

// The driver's sockets on one interface.
struct packet_sockets;

// Those sockets of this process that are bound to the interface; they must stay open. NULL: there
// are none, or there is no memory.
struct packet_sockets *packet_sockets_find(uint32_t if_index);
void packet_sockets_free(struct packet_sockets *s); // NULL is fine

// A packet socket hears what its host sends by the interface, too: LLDP of its own, or frames of
// another program. A wire would take them for frames that came in and send them on by its other
// side; a tap is to hear them. 0 or -errno.
int packet_sockets_ignore_outgoing(const struct packet_sockets *s);

// Frames that the kernel had no place for in their rings, since packet_sockets_reset(). DPDK's
// driver (22.11) does not ask for them: what a port has missed would be told by nobody. For one
// thread: the kernel tells each only once.
void packet_sockets_reset(struct packet_sockets *s);
uint64_t packet_sockets_dropped(struct packet_sockets *s);
