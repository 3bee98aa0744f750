// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the files of this library share and no one else sees.
#pragma once

#include "drivers/ndpi/compat.h"

#include <stdbool.h>
#include <stdint.h>

#define DPI_NO_FLOW UINT32_MAX

struct dpi_flow {
	struct ndpi_flow_struct ndpi;
	uint32_t next;    // free list
	uint16_t packets; // that came
};

struct dpi {
	struct ndpi_detection_module_struct *module;
	struct dpi_flow *flows; // contexts of them, mapped; a page costs nothing until it is used
	size_t map_size;
	uint32_t n, free, fresh, open;
	uint16_t max_tcp, max_udp;
	uint64_t now_ms; // the latest time of a packet
} __attribute__((aligned(64)));
