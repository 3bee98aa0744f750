// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The packet parser over any bytes, of every link type: nothing is read past the end, every offset
// that it gives lies inside the packet, the same packet gives the same key, and what its fast paths
// take comes out as it does otherwise. Input: link type,
// tunnels and settings (a byte each), then packets that follow each other (length in two bytes,
// data), so that later fragments find their first.
#include "app/dataplane/parse_plain.h"
#include "tests/fuzz/want.h"

#include <stdlib.h>
#include <string.h>

#define TIME 1767225600000000 // 2026-01-01

#define FAR 65000 // bytes of a radiotap header

enum settings {
	SET_CUT = 1, // the capture cut the packets
	SET_FAR = 2, // behind a header that takes offsets to their limit
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_offsets(const struct packet *p)
{
	if (!(p->flags & PACKET_IP))
		return;
	want(p->key.version == 4 || p->key.version == 6);
	want(p->l3_off < p->len);
	want(p->l4_off == 0 || p->l4_off >= p->l3_off + (p->key.version == 4 ? 20u : 40u));
	want(p->l4_off <= p->len);
	want(p->payload_off == 0 || (p->l4_off != 0 && p->payload_off >= p->l4_off));
	want(p->payload_off <= p->len);
	want(p->ip_len >= (p->key.version == 4 ? 20u : 40u));
	want(p->dir <= 1);
}

static void check_detail(const struct parse_detail *d)
{
	want(d->n_vlans <= RECORD_MAX_VLANS);
	want(d->n_tunnels <= RECORD_MAX_TUNNELS);
}

// fast has not been parsed yet, p has.
static void check_fast_paths(const struct parser *ps, struct packet *fast, const struct packet *p)
{
	if (!parse_plain(ps, fast) && !parse_plain_odd(ps, fast))
		return;
	want(fast->flags == p->flags && fast->notes == p->notes && fast->dir == p->dir);
	want(fast->l3_off == p->l3_off && fast->l4_off == p->l4_off);
	want(fast->payload_off == p->payload_off && fast->ip_len == p->ip_len);
	want(fast->tcp_flags == p->tcp_flags && fast->hash == p->hash);
	want(memcmp(&fast->key, &p->key, p->key.version == 4 ? FLOW_KEY4_SIZE : sizeof(p->key)) ==
		0);
}

static void one_packet(
	const struct parser *ps, const uint8_t *data, uint32_t len, uint8_t link, uint8_t settings)
{
	uint32_t far = settings & SET_FAR ? FAR : 0;
	uint8_t *exact = calloc(1, far + len + (far + len == 0)); // the sanitizer sees its end
	struct packet first, second, fast;
	struct parse_detail detail;

	if (exact == NULL)
		return;
	if (far != 0) {
		exact[2] = FAR & 255;
		exact[3] = FAR >> 8;
		link = LINK_RADIOTAP;
	}
	memcpy(exact + far, data, len);
	memset(&first, 0, sizeof(first));
	first.data = exact;
	first.len = far + len;
	first.wire_len = first.len + (settings & SET_CUT ? 100 : 0);
	first.ts = TIME;
	first.link = link;
	second = fast = first;
	parse_packet(ps, &first, NULL);
	check_offsets(&first);
	check_fast_paths(ps, &fast, &first);
	// What a new flow does: the same packet again for the detail.
	parse_packet(ps, &second, &detail);
	check_offsets(&second);
	check_detail(&detail);
	want(first.flags == second.flags);
	want(memcmp(&first.key, &second.key, sizeof(first.key)) == 0);
	want(first.hash == second.hash || !(first.flags & PACKET_IP));
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parser ps = {.seed = {{1, 3, 5, 7}}};
	uint8_t link, settings;

	if (size < 3)
		return 0;
	link = data[0] % (LINK_RADIOTAP + 1);
	ps.tunnels = data[1] & PARSE_ALL_TUNNELS;
	settings = data[2];
	ps.frags = frag_create(16, &ps.seed);
	data += 3;
	size -= 3;
	while (ps.frags != NULL && size > 2) {
		size_t len = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		len = len > size ? size : len;
		one_packet(&ps, data, (uint32_t)len, link, settings);
		data += len;
		size -= len;
	}
	frag_free(ps.frags);
	return 0;
}
