// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Rules of a port for single flows (rte_flow): packets of one direction go out of another port, or
// are dropped, without the CPU, and are counted.
//
// A rule takes TCP without SYN, FIN and RST only, no fragments, and nothing behind a VLAN tag. What
// passes is a transfer rule: both ports must be of one switch (rte_eth_dev_info's switch_info).
// What is dropped is an ordinary one.
//
// net_tap writes rules as filters of the kernel (tc flower). It knows no counters: they are read
// from the kernel. It knows no TCP flags either, and leaves fragments and tags out by itself,
// since flower looks for no ports in fragments and a filter is for one type of frame.
#pragma once

#include "drivers/eal/port.h"

#define RULE_IDLE_UNKNOWN UINT32_MAX

// A port whose packets the rules take, and the one that they go out of.
struct rule_port {
	uint16_t id, peer; // DPDK's numbers
	uint32_t if_index;
	uint32_t domain, peer_domain; // of switches
	bool kernel;                  // net_tap
	uint8_t ages;                 // kinds of matches that the device can say the last packet of
};

struct rule_match {
	bool drop;
	uint8_t version, proto;   // 4 or 6; 6 or 17
	uint16_t sport, dport;    // host order
	uint8_t src[16], dst[16]; // network order
};

struct rule_counts {             // since the rule was made
	uint64_t packets, bytes; // bytes of frames, without their checksum
	uint32_t idle_s;         // since the last packet, RULE_IDLE_UNKNOWN
};

struct rule;

int rule_port_init(struct rule_port *p, const struct port *port, const struct port *peer);
// Whether the port takes such rules (addresses and ports do not matter) and counts their packets:
// one for 192.0.2.0/24 or 2001:db8::/32 is made, read and removed. 0, or -errno with a line in why.
int rule_check(
	struct rule_port *p, bool drop, uint8_t version, uint8_t proto, char *why, size_t size);
// NULL with a line in why. The caller's, until rule_remove().
struct rule *rule_make(
	const struct rule_port *p, const struct rule_match *m, char *why, size_t size);
// 0 or -errno.
int rule_query(struct rule *r, struct rule_counts *out);
// 0, or -errno where the device still has it: r stays valid then.
int rule_remove(struct rule *r);
