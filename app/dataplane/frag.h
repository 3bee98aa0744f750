// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which flow a later IP fragment belongs to: only the first carries the ports.
//
// A small table of datagrams in flight, four to a set, keyed by addresses, VLAN, VNI,
// identification and, in IPv4, protocol (RFC 791, RFC 8200 4.5). An entry holds for
// FRAG_TIMEOUT_US; where a set is full, the oldest goes, counted by the caller. One table per
// parser: no locks.
#pragma once

#include "app/dataplane/hash.h"
#include "app/dataplane/packet.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAG_TIMEOUT_US 30000000 // RFC 791 suggests 15 s, Linux keeps 30 s

struct frag_table;

// datagrams: rounded up to a power of two, at least 16. NULL without memory.
struct frag_table *frag_create(uint32_t datagrams, const struct hash_seed *seed);
void frag_free(struct frag_table *t);

// Remembers the ports of a first fragment. k has both ends sorted; dir is the packet's. True where
// an entry still in its time had to go.
bool frag_insert(
	struct frag_table *t, const struct flow_key *k, uint8_t dir, uint32_t id, int64_t now);

// Fills k->port and k->proto where the first fragment was seen. k is sorted by address alone; where
// the ports make a difference (equal addresses), dir is corrected too.
bool frag_find(struct frag_table *t, struct flow_key *k, uint8_t *dir, uint32_t id, int64_t now);
