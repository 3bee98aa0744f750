// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/bench/traffic.h"

#include "app/dataplane/parse.h"

#include <math.h>
#include <string.h>

#define SCATTER 2654435761u // prime: neighbours in rank are no neighbours in number

// Rejection-inversion for Zipf's law with exponent 1 (Hoermann and Derflinger, 1996): the integral
// of 1/x is ln x.
void traffic_init(struct traffic *t)
{
	t->zipf_x1 = log(1.5) - 1.0;
	t->zipf_xn = log(t->flows + 0.5);
	t->zipf_s = 2.0 - exp(log(2.5) - 0.5);
}

uint64_t traffic_random(struct traffic *t) // xorshift64* (Vigna, 2016)
{
	t->state ^= t->state >> 12;
	t->state ^= t->state << 25;
	t->state ^= t->state >> 27;
	return t->state * 0x2545f4914f6cdd1dull;
}

static uint32_t zipf_rank(struct traffic *t)
{
	for (;;) {
		double r = (double)(traffic_random(t) >> 11) / 9007199254740992.0;
		double u = t->zipf_xn + r * (t->zipf_x1 - t->zipf_xn), x = exp(u);
		double k = floor(x + 0.5);

		if (k < 1)
			k = 1;
		else if (k > t->flows)
			k = t->flows;
		if (k - x <= t->zipf_s || u >= log(k + 0.5) - 1.0 / k)
			return (uint32_t)k - 1;
	}
}

uint32_t traffic_pick(struct traffic *t)
{
	if (t->zipf)
		return t->first + (uint32_t)((uint64_t)zipf_rank(t) * SCATTER % t->flows);
	return t->first + (uint32_t)(((traffic_random(t) >> 32) * t->flows) >> 32);
}

static uint64_t mix(uint64_t x) // splitmix64's finaliser
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static uint16_t frame_size(struct traffic *t, uint32_t least)
{
	static const uint16_t imix[12] = {60, 60, 60, 60, 60, 60, 60, 590, 590, 590, 590, 1514};
	uint16_t size = t->size;

	if (size == TRAFFIC_IMIX)
		size = imix[(traffic_random(t) >> 32) % 12];
	return size < least ? (uint16_t)least : size;
}

// Inside: 10.0.0.0/8 or 2001:db8::/32, one address a flow; remote: anywhere, the port 443 or 4433.
static void ip4(uint32_t flow, uint64_t h, bool outbound, uint8_t *b, uint16_t len, uint8_t proto)
{
	uint8_t *inside = b + (outbound ? 12 : 16), *remote = b + (outbound ? 16 : 12);

	memset(b, 0, 12);
	b[0] = 0x45;
	put_be16(b + 2, len);
	b[8] = 63;
	b[9] = proto;
	inside[0] = 10;
	inside[1] = (uint8_t)(flow >> 16);
	put_be16(inside + 2, flow);
	remote[0] = (uint8_t)(11 + (h >> 56) % 213);
	remote[1] = (uint8_t)(h >> 40);
	put_be16(remote + 2, (uint32_t)(h >> 24));
}

static void ip6(uint32_t flow, uint64_t h, bool outbound, uint8_t *b, uint16_t len, uint8_t proto)
{
	uint8_t *inside = b + (outbound ? 8 : 24), *remote = b + (outbound ? 24 : 8);

	memset(b, 0, 40);
	b[0] = 0x60;
	put_be16(b + 4, len - 40u);
	b[6] = proto;
	b[7] = 63;
	memcpy(inside, "\x20\x01\x0d\xb8", 4);
	put_be16(inside + 12, flow >> 16);
	put_be16(inside + 14, flow);
	remote[0] = 0x20 | (uint8_t)(h >> 61);
	memcpy(remote + 1, &h, 8);
}

uint16_t traffic_frame(struct traffic *t, uint32_t flow, bool outbound, uint8_t *b)
{
	uint64_t h = mix(flow + 0x9e3779b97f4a7c15ull);
	bool tcp = t->mixed ? h % 3 != 0 : t->tcp;
	bool six = t->version == TRAFFIC_DUAL ? (h >> 20) % 4 == 0 : t->version == 6;
	uint32_t l3 = six ? 40 : 20, l4 = tcp ? 20 : 8;
	uint16_t size = frame_size(t, 14 + l3 + l4);
	uint8_t *ip = b + 14 + (t->tagged ? 4 : 0), *l4h = ip + l3,
		proto = t->esp ? 50
			: tcp  ? 6
			       : 17;
	uint32_t port = 1024 + (h & 0x3fff) + (flow >> 24 << 14);

	memcpy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
	if (t->tagged) {
		put_be16(b + 12, 0x8100);
		put_be16(b + 14, 42);
	}
	put_be16(ip - 2, six ? 0x86dd : 0x0800);
	if (six)
		ip6(flow, h, outbound, ip, size - 14, proto);
	else
		ip4(flow, h, outbound, ip, size - 14, proto);
	memset(l4h, 0, l4);
	put_be16(l4h + (outbound ? 0 : 2), port);
	put_be16(l4h + (outbound ? 2 : 0), tcp ? 443 : 4433);
	if (tcp) {
		l4h[12] = 5 << 4;
		l4h[13] = 0x10;
	} else {
		put_be16(l4h + 4, size - 14 - l3);
	}
	return (uint16_t)(size + (ip - b) - 14);
}
