// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What DPDK's driver of AF_PACKET sockets (net_af_packet) asks of the kernel, put right.
#pragma once

// The driver joins each of its sockets to a fanout group with PACKET_FANOUT_FLAG_DEFRAG
// (rte_eth_af_packet.c; packet(7)): the kernel then puts IPv4 fragments together before the socket
// sees them, so that a wire would send on datagrams that nobody sent, lose those that are longer
// than the wire's MTU or a slot of the ring, and those of which a fragment is missing, all of them
// uncounted. No argument of the driver turns that off. This library therefore has a setsockopt() of
// its own, which the program must export (-Wl,--export-dynamic-symbol=setsockopt): it takes the
// flag out and leaves all else as it is.

// How many packet sockets of this process have the flag all the same; 0: as it should be.
unsigned packet_sockets_defragmenting(void);
