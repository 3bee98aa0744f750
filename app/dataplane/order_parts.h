// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What order.c and order_keep.c share and no one else sees.
#pragma once

#include "app/dataplane/order.h"

enum order_flag {
	DIR_KNOWN = 1,      // next is
	DIR_DATA = 2,       // something was given on
	DIR_ACKED = 4,      // acked is known
	DIR_GAPPED = 8,     // something was left out: older bytes may be new ones
	DIR_SYN = 16,       // isn is known
	DIR_AGREED = 32,    // the other end's SYN has confirmed it
	DIR_OPENED = 64,    // its opening was given on
	DIR_CHANGED = 128,  // something was kept since the opening was last looked at
	DIR_ANSWERED = 256, // the other end did not wait for more of it
};

// RFC 1982: numbers that turn over.
static inline bool order_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

// Takes what *link names out of a direction of ctx.
void order_drop(struct order *o, uint32_t ctx, struct order_dir *d, uint32_t *link);
void order_drop_all(struct order *o, uint32_t ctx);
// Keeps those bytes of [at, end) that are in nothing kept so far; how many pieces they are. *full:
// not all found room.
uint32_t order_keep(struct order *o, uint32_t ctx, const struct order_packet *p, uint32_t at,
	uint32_t end, bool *full);
