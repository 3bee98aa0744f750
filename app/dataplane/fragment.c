// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/datagram.h"
#include "app/dataplane/datagram_parts.h"
#include "app/dataplane/parse.h"

#include <netinet/in.h>

static bool read4(const uint8_t *ip, uint32_t have, struct fragment *f)
{
	uint32_t field = parse_be16(ip + 6), total = parse_be16(ip + 2);

	f->head = (ip[0] & 15u) * 4;
	f->proto = ip[9];
	f->id = parse_be16(ip + 4);
	f->more = (field & 0x2000) != 0;
	f->off = (field & 0x1fff) * 8;
	f->len = total - f->head; // the parser has seen that the header fits
	return total <= have;
}

// The parser has walked the same way to the fragment header; it may be the only one to have found
// an end, so the bounds are looked at again.
static bool read6(const uint8_t *ip, uint32_t have, struct fragment *f)
{
	uint32_t at = 40, total = 40u + parse_be16(ip + 4);
	uint8_t next = ip[6];

	f->next_at = 6;
	if (total > have)
		return false;
	while (next != IPPROTO_FRAGMENT) {
		if (at + 8 > total || at > DATAGRAM_MAX_HEAD)
			return false;
		f->next_at = at;
		next = ip[at];
		at += (ip[at + 1] + 1u) * 8;
	}
	if (at + 8 > total)
		return false;
	f->head = at + 8;
	f->proto = 0;
	f->id = parse_be32(ip + at + 4);
	f->off = parse_be16(ip + at + 2) & 0xfff8u;
	f->more = (ip[at + 3] & 1) != 0;
	f->len = total - f->head;
	return f->head <= DATAGRAM_MAX_HEAD;
}

bool fragment_read(const struct packet *p, struct fragment *f)
{
	const uint8_t *ip = p->data + p->l3_off;
	uint32_t have = p->len - p->l3_off;

	*f = (struct fragment){0};
	return p->key.version == 4 ? read4(ip, have, f) : read6(ip, have, f);
}

uint32_t fragment_whole_head(uint8_t *head, const struct fragment *f, uint32_t payload)
{
	uint32_t n = f->head;

	if (head[0] >> 4 == 4) {
		put_be16(head + 2, n + payload);
		put_be16(head + 6, 0);
		return n;
	}
	n -= 8; // the fragment header goes: the one before it names what is behind it
	head[f->next_at] = head[n];
	put_be16(head + 4, n + payload - 40);
	return n;
}
