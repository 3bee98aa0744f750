// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// An IP address as a record has it.
#pragma once

#include "app/rows/row.h"

struct address {
	uint8_t version; // 4 or 6; 0: none
	uint8_t b[16];   // network order; of version 4 the first four
};

// Bytes of an address of this version; 0: none.
size_t address_size(const struct address *a);

// version 0 where the cell is NULL or no address.
struct address address_parse(const struct cell *c);
