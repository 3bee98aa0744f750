// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a client says first, and nobody shall hide.
#pragma once

#include <stdint.h>

#define HELLO_MAX  512
#define HELLO_HOST "hidden.tenant.example"

// A TLS record with a ClientHello (RFC 8446, 4.1.2) for HELLO_HOST; its size.
uint32_t hello_tls(uint8_t b[HELLO_MAX]);
// A request for HELLO_HOST.
uint32_t hello_http(uint8_t b[HELLO_MAX]);
// A question for HELLO_HOST (RFC 1035, 4).
uint32_t hello_dns(uint8_t b[HELLO_MAX]);
