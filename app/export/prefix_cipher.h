// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Crypto-PAn: a keyed one-to-one mapping of addresses that keeps prefixes. Two addresses that have
// their first n bits in common, and no more, are mapped to two that have their first n bits in
// common, and no more. Source: Xu, Fan, Ammar, Moon, "Prefix-Preserving IP Address Anonymization",
// ICNP 2002; AES-128 as the paper's pseudorandom function, IPv6 as later implementations (the same
// over 128 bits).
//
// Whoever knows the true address behind some pseudonyms knows as much of every address near them.
#pragma once

#include "app/export/address.h"

#include <stdbool.h>

#define PREFIX_CIPHER_KEY 32 // 16 of AES, 16 that the padding is made of

struct prefix_cipher;

// NULL without memory or AES.
struct prefix_cipher *prefix_cipher_new(const uint8_t key[PREFIX_CIPHER_KEY]);
void prefix_cipher_free(struct prefix_cipher *p);

// In place; an address of version 0 stays. False: OpenSSL failed.
bool prefix_cipher_map(struct prefix_cipher *p, struct address *a);
