// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a direction of a TCP connection says first, and whether it has been said to the end: nDPI
// gives TLS and HTTP one look at their first segment. Who sends a ClientHello byte by byte, or cuts
// a request before its Host, would go unseen.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define OPENING_MAX                                                                                \
	(5 + 16384 + 2048) // a TLS record (RFC 5246, 6.2.3); more is nothing to wait for

// False where the bytes are the beginning of a TLS record or of an HTTP request, and what names the
// server may be yet to come: the record is not whole; no Host line and no end of the header.
bool opening_complete(const uint8_t *b, uint32_t len);
