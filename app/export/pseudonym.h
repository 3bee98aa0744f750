// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Records with pseudonyms in place of what names an end: the same value under the same key is the
// same pseudonym in every record, file and run, and without the key none can be turned back or
// guessed (HMAC-SHA-256, RFC 2104).
//
//   src, dst   100::/64 (RFC 6666) with 63 bits of the HMAC; the first of the 64 says 6 or 4.
//              Or, prefixes kept: Crypto-PAn (prefix_cipher.h), an address of the same version
//   host       h-32 HEX.invalid (RFC 6761), the same for letters in any case
//   tn         tn-16 HEX; "_unlisted" stays
//   who        who-16 HEX
//   ja3        32 hex digits
//   tun        kinds without ids
//   asn        stays; left out where prefixes are kept, as it would tell the true prefix
//   vlan, cap, detail, warn   left out: they say whose it is in another way, or are free text
//
// Everything else that record format 1 has stays (times, counts, ports, labels, country, verdict,
// numbers); a key that it does not have is left out.
#pragma once

#include "app/flowlog/json.h"
#include "app/rows/row.h"

#define PSEUDONYM_KEY_MIN 32
#define PSEUDONYM_KEY_MAX 4096

struct pseudonym;

// Key: a file of at least PSEUDONYM_KEY_MIN random bytes that its owner alone can read. NULL with a
// line in err.
struct pseudonym *pseudonym_open(
	const char *key_path, bool keep_prefixes, char *err, size_t err_size);
void pseudonym_close(struct pseudonym *p);

// The record (sound, see cells.h) as a line without the newline. False: OpenSSL failed, nothing of
// the line may be used.
bool pseudonym_put(struct pseudonym *p, struct json_out *j, const struct row *r);
