// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Country and origin AS of an address, from files that an operator chooses. Needs no EAL.
//
// Formats, told apart by content: Debian's tor-geoipdb text (CC BY-SA; "first,last,CC" in decimal
// for IPv4, in text for IPv6) and MaxMind DB (.mmdb; spec 2.0), country or ASN. Everything is
// flattened into sorted ranges at load, so that a look-up costs the same whatever the format was.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geo; // immutable once loaded: any number of threads may look up

enum geo_kind {
	GEO_TEXT4,
	GEO_TEXT6,
	GEO_MMDB_COUNTRY,
	GEO_MMDB_ASN,
};

struct geo_file {
	const char *path;
	enum geo_kind kind;
	int64_t built;           // seconds since 1970 UTC: as the file says, else its mtime
	uint8_t sha256[32];      // of the file's bytes
	size_t ranges4, ranges6; // that give an answer; neighbours of one answer count once
};

// Loads the files: countries from country_paths, ASNs from asn_paths (n_asn may be 0). Where two
// files speak of one address the later file wins. NULL on error, with one line in err that names
// the file, the line where there is one, and what to do. Without files every address is unknown.
struct geo *geo_load(const char *const *country_paths, size_t n_country,
	const char *const *asn_paths, size_t n_asn, char *err, size_t err_size);
void geo_free(struct geo *g);

// addr in network order: 4 bytes for version 4, 16 for version 6. The country as two letters in one
// number ('C' << 8 | 'N'), or 0 where the database gives none ("??", "ZZ", "XX", "A1" and its like,
// a range left out). Codes that are no country's but stand for a region ("EU", "AP") come as they
// are. IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2) are looked up as IPv4.
uint16_t geo_country(const struct geo *g, uint8_t version, const uint8_t *addr);
// For a caller with many addresses at hand: prefetches what geo_country() will read, in two steps
// (0, then 1) with other work before, between and after.
void geo_prefetch(const struct geo *g, uint8_t version, const uint8_t *addr, unsigned step);
// Calls take for each range of IPv4 addresses (host order, both ends included), in their order and
// without gaps, with what geo_country() says of all of them.
void geo_ranges4(const struct geo *g,
	void (*take)(void *ctx, uint32_t first, uint32_t last, uint16_t cc), void *ctx);
// The same for IPv6 by the top 64 bits; a /64 that is divided comes once for each part of it. What
// is looked up as IPv4 is not among them.
void geo_ranges6(const struct geo *g,
	void (*take)(void *ctx, uint64_t first, uint64_t last, uint16_t cc), void *ctx);
// 0: unknown.
uint32_t geo_asn(const struct geo *g, uint8_t version, const uint8_t *addr);

// The files in the order in which they were loaded, countries first. Owned by g.
size_t geo_files(const struct geo *g, const struct geo_file **files);
size_t geo_memory(const struct geo *g); // bytes
