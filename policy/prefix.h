// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// IP prefixes: "10.0.0.0/8", "2001:db8::/32" (RFC 4632, RFC 4291 section 2.3).
#pragma once

#include "policy/policy.h"

struct policy_prefix {
	struct policy_addr addr; // host bits are zero
	uint8_t len;             // bits
};

#define PREFIX_TEXT_MAX 64

enum prefix_fault {
	PREFIX_GOOD,
	PREFIX_SYNTAX,    // not ADDRESS/LENGTH
	PREFIX_ADDRESS,   // the address cannot be read
	PREFIX_LENGTH,    // more than 32 or 128
	PREFIX_HOST_BITS, // bits are set behind the prefix; out is the prefix without them
};

enum prefix_fault prefix_parse(const char *text, struct policy_prefix *out);
// Whether it lies in ::ffff:0:0/96, where IPv6 writes IPv4 addresses (RFC 4291, 2.5.5.2); out is
// then the prefix as IPv4. No packet on a wire has such an address.
bool prefix_mapped(const struct policy_prefix *p, struct policy_prefix *out);
void prefix_format(const struct policy_prefix *p, char out[PREFIX_TEXT_MAX]);
bool prefix_covers(const struct policy_prefix *p, const struct policy_addr *a);

// Order: version, address, length; a prefix stands before all that it contains.
int prefix_compare(const void *a, const void *b);

// An address alone: "192.0.2.1", "2001:db8::1".
bool policy_addr_parse(const char *text, struct policy_addr *out);
void policy_addr_format(const struct policy_addr *a, char out[PREFIX_TEXT_MAX]);
