// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "tests/unit/dataplane/recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_LENGTHS 16

struct maker {
	struct recipe *r;
	bool back;
	struct { // fields that say how much follows
		uint32_t at, from;
	} lengths[MAX_LENGTHS];
	unsigned n_lengths;
	struct {
		uint32_t at;
		uint8_t value;
	} sets[MAX_LENGTHS];
	unsigned n_sets;
};

static void put(struct maker *m, uint64_t value, unsigned bytes)
{
	assert_true(m->r->n + bytes <= RECIPE_MAX);
	while (bytes-- > 0)
		m->r->b[m->r->n++] = bytes < 8 ? (uint8_t)(value >> (8 * bytes)) : 0;
}

static void fill(struct maker *m, unsigned n)
{
	while (n-- > 0)
		put(m, m->r->n & 0xff, 1);
}

static void length(struct maker *m, uint32_t from)
{
	m->lengths[m->n_lengths].at = m->r->n;
	m->lengths[m->n_lengths++].from = from;
	put(m, 0, 2);
}

static void ip4(struct maker *m, unsigned proto, unsigned options, unsigned frag, unsigned id)
{
	uint32_t from = m->r->n, a = 0x0a000001, b = 0xc6336401;

	put(m, 0x45 + options / 4, 1);
	put(m, 0, 1);
	length(m, from);
	put(m, id, 2);
	put(m, frag, 2);
	put(m, 64, 1);
	put(m, proto, 1);
	put(m, 0, 2);
	put(m, m->back ? b : a, 4);
	put(m, m->back ? a : b, 4);
	for (unsigned i = 0; i < options; i++)
		put(m, 1, 1); // no operation
}

static void ip6(struct maker *m, unsigned next)
{
	const uint64_t a[2] = {0x20010db800000000, 1}, b[2] = {0x20010db800010000, 1};
	const uint64_t *s = m->back ? b : a, *d = m->back ? a : b;
	uint32_t from = m->r->n + 40;

	put(m, 0x60000000, 4);
	length(m, from);
	put(m, next, 1);
	put(m, 64, 1);
	put(m, s[0], 8);
	put(m, s[1], 8);
	put(m, d[0], 8);
	put(m, d[1], 8);
}

static bool is_tunnel(unsigned port)
{
	return port == 4789 || port == 6081 || port == 2152 || port == 37008 || port == 5247;
}

static void ports(struct maker *m, unsigned s, unsigned d)
{
	bool swap = m->back && !is_tunnel(s) && !is_tunnel(d);

	put(m, swap ? d : s, 2);
	put(m, swap ? s : d, 2);
}

static void link_word(struct maker *m, const char *w, const unsigned *v)
{
	if (strcmp(w, "eth") == 0 || strcmp(w, "ether") == 0) {
		put(m, 0x020000000002, 6);
		put(m, 0x020000000001, 6);
		put(m, v[0], 2);
	} else if (strcmp(w, "snap") == 0 || strcmp(w, "bridge") == 0) {
		put(m, 0xaaaa03, 3);
		put(m, w[0] == 'b' ? 0xf8 : 0, 3);
		put(m, v[0], 2);
	} else if (strcmp(w, "tag") == 0 || strcmp(w, "sll2") == 0) {
		put(m, v[0], 2);
		if (w[0] == 't')
			put(m, v[1], 2);
		else
			fill(m, 18);
	} else if (strcmp(w, "mpls") == 0) {
		put(m, v[0] << 12 | v[1] << 8 | 64, 4);
	} else if (strcmp(w, "pppoe") == 0) {
		put(m, 0x1100, 2);
		put(m, v[0], 2);
		length(m, m->r->n + 2);
		put(m, v[1], 2);
	} else if (strcmp(w, "sll") == 0) {
		fill(m, 14);
		put(m, v[0], 2);
	} else if (strcmp(w, "null") == 0) {
		put(m, 2, 4);
	} else if (strcmp(w, "ppp") == 0) {
		put(m, 0xff03, 2);
		put(m, v[0], 2);
	} else if (strcmp(w, "chdlc") == 0) {
		put(m, 0x0f00, 2);
		put(m, v[0], 2);
	} else if (strcmp(w, "wifi") == 0) {
		put(m, 0x0801, 2); // data, to the distribution system
		put(m, 0, 22);
	} else if (strcmp(w, "radiotap") == 0) { // present: flags
		const uint8_t b[] = {0, 0, (uint8_t)v[0], 0, 2, 0, 0, 0, (uint8_t)v[1]};

		for (unsigned i = 0; i < v[0]; i++)
			put(m, i < sizeof(b) ? b[i] : 0, 1);
	} else {
		fail_msg("a recipe has no word %s", w);
	}
}

static void tunnel_word(struct maker *m, const char *w, const unsigned *v)
{
	if (strcmp(w, "vxlan") == 0) {
		put(m, 0x08000000, 4);
		put(m, v[0] << 8, 4);
	} else if (strcmp(w, "geneve") == 0) { // one option of four bytes
		put(m, 0x0100, 2);
		put(m, v[1], 2);
		put(m, v[0] << 8, 4);
		put(m, 0, 4);
	} else if (strcmp(w, "gtpu") == 0) {
		put(m, 0x30ff, 2);
		length(m, m->r->n + 6);
		put(m, v[0], 4);
	} else if (strcmp(w, "gtpux") == 0) { // an extension header of four bytes
		put(m, 0x34ff, 2);
		length(m, m->r->n + 6);
		put(m, v[0], 4);
		put(m, 0x85, 4);
		put(m, 0x01000000, 4);
	} else if (strcmp(w, "tzsp") == 0) { // a field of one byte, padding, the end
		put(m, 0x0100, 2);
		put(m, v[0], 2);
		put(m, 0x0a0107, 3);
		put(m, 0x0001, 2);
	} else if (strcmp(w, "capwap") == 0) {
		put(m, 0x0010 << 16 | (v[0] != 0 ? 0x0300 : 0x0000), 4);
		put(m, 0, 4);
	} else {
		link_word(m, w, v);
	}
}

static void ip_word(struct maker *m, const char *w, const unsigned *v)
{
	uint32_t from = m->r->n;

	if (strcmp(w, "ip4") == 0 || strcmp(w, "ip4o") == 0) {
		ip4(m, v[0], w[3] == 'o' ? 8 : 0, 0, 0);
	} else if (strcmp(w, "ip4f") == 0) {
		ip4(m, v[0], 0, v[1] | v[2] << 13, v[3]);
	} else if (strcmp(w, "ip6") == 0) {
		ip6(m, v[0]);
	} else if (strcmp(w, "ext") == 0) {
		put(m, v[0] << 8 | v[1], 2);
		fill(m, v[1] * 8 + 6);
	} else if (strcmp(w, "frag") == 0) {
		put(m, v[0] << 8, 2);
		put(m, v[1] << 3 | v[2], 2);
		put(m, v[3], 4);
	} else if (strcmp(w, "tcp") == 0) {
		ports(m, v[0], v[1]);
		put(m, 100, 4);
		put(m, 200, 4);
		put(m, 0x50180000 | 512, 4);
		put(m, 0, 4);
	} else if (strcmp(w, "udp") == 0) {
		ports(m, v[0], v[1]);
		length(m, from);
		put(m, 0, 2);
	} else if (strcmp(w, "sctp") == 0) {
		ports(m, v[0], v[1]);
		put(m, 0, 8);
	} else if (strcmp(w, "icmp") == 0) {
		put(m, v[0] << 8 | v[1], 2);
		put(m, 0, 6);
	} else {
		tunnel_word(m, w, v);
	}
}

static void word(struct maker *m, char *w)
{
	char *at = strchr(w, '=');
	unsigned v[4] = {0};

	if (at != NULL)
		*at++ = '\0';
	if (at != NULL && strcmp(w, "hex") == 0) {
		for (; at[0] != '\0'; at += 2) {
			const char two[3] = {at[0], at[1], '\0'};

			put(m, strtoul(two, NULL, 16), 1);
		}
		return;
	}
	for (unsigned i = 0; at != NULL && *at != '\0' && i < 4; i++) {
		v[i] = (unsigned)strtoul(at, &at, 0);
		at += *at == ',';
	}
	if (strcmp(w, "data") == 0) {
		fill(m, v[0]);
	} else if (strcmp(w, "set") == 0) {
		m->sets[m->n_sets].at = v[0];
		m->sets[m->n_sets++].value = (uint8_t)v[1];
	} else {
		ip_word(m, w, v);
	}
}

void recipe_make(struct recipe *r, const char *words, bool back)
{
	struct maker m = {.r = r, .back = back};
	char text[512], *save = NULL;

	memset(r, 0, sizeof(*r));
	assert_true((size_t)snprintf(text, sizeof(text), "%s", words) < sizeof(text));
	for (char *w = strtok_r(text, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		word(&m, w);
	for (unsigned i = 0; i < m.n_lengths; i++) {
		uint32_t size = r->n - m.lengths[i].from;

		r->b[m.lengths[i].at] = (uint8_t)(size >> 8);
		r->b[m.lengths[i].at + 1] = (uint8_t)size;
	}
	for (unsigned i = 0; i < m.n_sets; i++)
		r->b[m.sets[i].at] = m.sets[i].value;
}
