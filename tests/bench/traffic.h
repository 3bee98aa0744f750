// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Frames for the benchmarks: a flow's number becomes its addresses and ports.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TRAFFIC_IMIX 0
#define TRAFFIC_DUAL 46

struct traffic {
	uint32_t first, flows; // numbers first .. first + flows - 1 are alive
	uint8_t version;       // 4 or 6; TRAFFIC_DUAL: 6 for one flow of four
	bool tcp;              // segments with ACK, else UDP
	bool mixed;            // the one for two flows of three, the other for the rest
	bool esp;              // ESP in its place, of which a flow has no ports
	bool tagged;           // IEEE 802.1Q, four bytes more
	bool zipf;             // exponent 1.0, else uniform
	uint16_t size;  // of a frame without its CRC, TRAFFIC_IMIX: 60, 590 and 1514 as 7:4:1
	uint64_t state; // of the generator, never 0
	double zipf_x1, zipf_xn, zipf_s;
};

void traffic_init(struct traffic *t);
uint64_t traffic_random(struct traffic *t);
// A flow's number, drawn at random.
uint32_t traffic_pick(struct traffic *t);
// Writes the frame's headers to b and returns its length. outbound: from the inside end.
uint16_t traffic_frame(struct traffic *t, uint32_t flow, bool outbound, uint8_t *b);
