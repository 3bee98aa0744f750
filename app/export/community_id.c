// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/export/community_id.h"

#include "app/keys/key.h"

#include <openssl/evp.h>
#include <string.h>

#define SEED       0
#define INPUT_MAX  (2 + 16 + 16 + 2 + 4)
#define SHA1_BYTES 20

// Messages that answer each other: the type of the one stands where the port of the other end
// would. What is in no pair goes one way, and keeps its code and its direction.
static const uint8_t icmp_pairs[][2] = {
	{0, 8},   // echo (RFC 792)
	{9, 10},  // router discovery (RFC 1256)
	{13, 14}, // timestamp
	{15, 16}, // information
	{17, 18}, // address mask (RFC 950)
};
static const uint8_t icmp6_pairs[][2] = {
	{128, 129}, // echo (RFC 4443)
	{130, 131}, // multicast listener (RFC 2710)
	{133, 134}, // router (RFC 4861)
	{135, 136}, // neighbour
	{139, 140}, // node information (RFC 4620)
	{144, 145}, // home agent discovery (RFC 6275)
};

static bool pair_up(const uint8_t (*pairs)[2], unsigned n, struct community_ends *e)
{
	for (unsigned i = 0; i < n; i++) {
		if (e->sport == pairs[i][0] || e->sport == pairs[i][1]) {
			e->dport = e->sport == pairs[i][0] ? pairs[i][1] : pairs[i][0];
			return true;
		}
	}
	return false;
}

// Sets ports as they go in. False: there are none.
static bool ports(struct community_ends *e, bool *one_way)
{
	*one_way = false;
	switch (e->proto) {
	case 1:
		*one_way = !pair_up(icmp_pairs, sizeof(icmp_pairs) / sizeof(icmp_pairs[0]), e);
		return true;
	case 58:
		*one_way = !pair_up(icmp6_pairs, sizeof(icmp6_pairs) / sizeof(icmp6_pairs[0]), e);
		return true;
	case 6:   // TCP
	case 17:  // UDP
	case 132: // SCTP
		return true;
	default:
		return false;
	}
}

static void swap_ends(struct community_ends *e)
{
	const struct community_ends was = *e;

	e->src = was.dst;
	e->dst = was.src;
	e->sport = was.dport;
	e->dport = was.sport;
}

static size_t put(uint8_t *in, size_t n, const void *data, size_t len)
{
	memcpy(in + n, data, len);
	return n + len;
}

bool community_id(const struct community_ends *ends, char out[COMMUNITY_ID_TEXT])
{
	struct community_ends e = *ends;
	const size_t size = address_size(&e.src);
	uint8_t in[INPUT_MAX] = {SEED >> 8, SEED & 0xff}, hash[EVP_MAX_MD_SIZE];
	bool one_way, has_ports;
	unsigned len = 0;
	size_t n = 2;
	int order;

	if (size == 0 || e.src.version != e.dst.version) {
		return false;
	}
	has_ports = ports(&e, &one_way);
	order = memcmp(e.src.b, e.dst.b, size);
	if (!one_way && (order > 0 || (order == 0 && has_ports && e.sport > e.dport))) {
		swap_ends(&e);
	}
	n = put(in, n, e.src.b, size);
	n = put(in, n, e.dst.b, size);
	n = put(in, n, (uint8_t[]){e.proto, 0}, 2);
	if (has_ports) {
		n = put(in, n,
			(uint8_t[]){(uint8_t)(e.sport >> 8), (uint8_t)e.sport,
				(uint8_t)(e.dport >> 8), (uint8_t)e.dport},
			4);
	}
	if (EVP_Digest(in, n, hash, &len, EVP_sha1(), NULL) != 1 || len != SHA1_BYTES) {
		return false;
	}
	memcpy(out, "1:", 2);
	key_base64(hash, SHA1_BYTES, out + 2);
	return true;
}
