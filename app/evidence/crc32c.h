// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// CRC-32C (Castagnoli; RFC 3720, B.4): finds what a disk or a torn write did, not what a person
// did.
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t len);
