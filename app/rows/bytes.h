// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Bytes that become more.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes { // all zeros at first; free v
	uint8_t *v;
	size_t len, cap;
};

bool bytes_add(struct bytes *b, const void *data, size_t len); // false: out of memory
