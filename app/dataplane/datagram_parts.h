// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a fragment says of itself.
#pragma once

#include "app/dataplane/packet.h"

#include <stdbool.h>

struct fragment {
	uint32_t id;
	uint32_t off, len; // of its payload, in bytes
	uint32_t head;     // bytes of headers before it
	uint32_t next_at;  // IPv6: where in them "fragment header follows" stands
	bool more;
	uint8_t proto; // IPv4: part of the datagram's name; IPv6: 0
};

// False: the headers are too large to be kept, or not all there.
bool fragment_read(const struct packet *p, struct fragment *f);

// Headers of a first fragment that become those of a datagram of payload bytes; n: theirs. Returns
// how many bytes they are then.
uint32_t fragment_whole_head(uint8_t *head, const struct fragment *f, uint32_t payload);
