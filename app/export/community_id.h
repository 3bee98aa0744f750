// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Community ID, version 1, seed 0: one name of a flow's ends and protocol that other tools (Zeek,
// Suricata, Wireshark, Elastic) give the same flow, whichever end they saw first.
// Source: github.com/corelight/community-id-spec.
#pragma once

#include "app/export/address.h"

#include <stdbool.h>

#define COMMUNITY_ID_TEXT 31 // "1:", 28 characters of base64, NUL

struct community_ends {
	struct address src, dst; // of one IP version
	uint8_t proto;           // IP protocol number
	uint16_t sport, dport;   // ICMP and ICMPv6: type and code of the first message
};

// False: the ends are no two addresses of one version, or OpenSSL failed.
bool community_id(const struct community_ends *e, char out[COMMUNITY_ID_TEXT]);
