// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the parser makes of every kind of frame, whole and cut at every byte, and that every note of
// reason.h has a frame that gets it.

#include "tests/unit/dataplane/draw.h"
#include "tests/unit/dataplane/recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEN "data=10"
#define UDP "udp=1000,2000 " TEN

// A frame and the key, tags and tunnels that it has. Ports: of the ends 0 and 1.
struct good {
	const char *words;
	uint8_t link, version, proto;
	uint16_t port0, port1, vlan;
	uint32_t vni;                       // 0: none
	uint8_t n_vlans, n_tunnels, tunnel; // the first tunnel's kind
	uint32_t tunnel_id;
};

static const struct good good[] = {
	{"eth=0x0800 ip4=17 " UDP, .version = 4, .proto = 17, .port0 = 1000, .port1 = 2000},
	{"eth=0x0800 ip4=6 tcp=40000,443 " TEN, 0, 4, 6, 40000, 443},
	{"eth=0x0800 ip4o=6 tcp=40000,443 " TEN, 0, 4, 6, 40000, 443},
	{"eth=0x0800 ip4=132 sctp=5000,5001 " TEN, 0, 4, 132, 5000, 5001},
	{"eth=0x0800 ip4=1 icmp=8,0 " TEN, 0, 4, 1, 8, 0},
	{"eth=0x0800 ip4=1 icmp=0,0 " TEN, 0, 4, 1, 8, 0}, // an answer is its request's
	{"eth=0x0800 ip4=1 icmp=14,0 " TEN, 0, 4, 1, 13, 0},
	{"eth=0x0800 ip4=1 icmp=3,1 " TEN, 0, 4, 1, 3, 1},
	{"eth=0x0800 ip4=50 " TEN, 0, 4, 50}, // ESP
	{"eth=0x0800 ip4=58 " TEN, 0, 4, 58}, // no ICMPv6 in IPv4
	{"eth=0x86dd ip6=17 " UDP, 0, 6, 17, 1000, 2000},
	{"eth=0x86dd ip6=6 tcp=40000,443 " TEN, 0, 6, 6, 40000, 443},
	{"eth=0x86dd ip6=58 icmp=129,0 " TEN, 0, 6, 58, 128, 0},
	{"eth=0x86dd ip6=58 icmp=136,0 " TEN, 0, 6, 58, 135, 0},
	{"eth=0x86dd ip6=0 ext=43,0 ext=60,1 ext=135,2 ext=17,0 " UDP, 0, 6, 17, 1000, 2000},
	{"eth=0x86dd ip6=44 frag=17,0,0,7 " UDP, 0, 6, 17, 1000, 2000}, // atomic, RFC 6946
	{"eth=0x86dd ip6=51 " TEN, 0, 6, 51},                           // AH ends the walk
	{"eth=0x86dd ip6=59 " TEN, 0, 6, 59},                           // no next header
	// tags and labels
	{"eth=0x8100 tag=5,0x0800 ip4=17 " UDP, 0, 4, 17, 1000, 2000, 5, .n_vlans = 1},
	{"eth=0x88a8 tag=7,0x8100 tag=0x6008,0x86dd ip6=17 " UDP, 0, 6, 17, 1000, 2000, 7,
		.n_vlans = 2},
	{"eth=0x9100 tag=0,0x8100 tag=9,0x0800 ip4=17 " UDP, 0, 4, 17, 1000, 2000, 9,
		.n_vlans = 2}, // a priority tag names no VLAN
	{"eth=0x8847 mpls=100,0 mpls=200,1 ip4=17 " UDP, 0, 4, 17, 1000, 2000, .n_tunnels = 1,
		.tunnel = RECORD_TUN_MPLS, .tunnel_id = 100},
	{"eth=0x8864 pppoe=77,0x0021 ip4=17 " UDP, 0, 4, 17, 1000, 2000, .n_tunnels = 1,
		.tunnel = RECORD_TUN_PPPOE, .tunnel_id = 77},
	{"eth=0x8100 tag=3,0x8864 pppoe=77,0x0057 ip6=17 " UDP, 0, 6, 17, 1000, 2000, 3,
		.n_vlans = 1, .n_tunnels = 1, .tunnel = RECORD_TUN_PPPOE, .tunnel_id = 77},
	{"ether=100 snap=0x0800 ip4=17 " UDP, 0, 4, 17, 1000, 2000},
	{"ether=100 bridge=0x86dd ip6=17 " UDP, 0, 6, 17, 1000, 2000},
	{"eth=0x8100 tag=4,100 snap=0x0800 ip4=17 " UDP, 0, 4, 17, 1000, 2000, 4, .n_vlans = 1},
	// other links
	{"ip4=17 " UDP, LINK_RAW, 4, 17, 1000, 2000}, {"ip6=17 " UDP, LINK_RAW, 6, 17, 1000, 2000},
	{"null ip4=17 " UDP, LINK_NULL, 4, 17, 1000, 2000},
	{"sll=0x0800 ip4=17 " UDP, LINK_SLL, 4, 17, 1000, 2000},
	{"sll2=0x86dd ip6=17 " UDP, LINK_SLL2, 6, 17, 1000, 2000},
	{"ppp=0x0021 ip4=17 " UDP, LINK_PPP, 4, 17, 1000, 2000},
	{"hex=0057 ip6=17 " UDP, LINK_PPP, 6, 17, 1000, 2000},
	{"hex=21 ip4=17 " UDP, LINK_PPP, 4, 17, 1000, 2000}, // compressed
	{"chdlc=0x0800 ip4=17 " UDP, LINK_PPP, 4, 17, 1000, 2000},
	{"chdlc=0x86dd ip6=17 " UDP, LINK_CHDLC, 6, 17, 1000, 2000},
	{"pppoe=1,0x0021 ip4=17 " UDP, LINK_PPPOE, 4, 17, 1000, 2000, .n_tunnels = 1,
		.tunnel = RECORD_TUN_PPPOE, .tunnel_id = 1},
	{"wifi snap=0x0800 ip4=17 " UDP, LINK_80211, 4, 17, 1000, 2000},
	{"hex=8803 data=28 hex=0000 snap=0x0800 ip4=17 " UDP, LINK_80211, 4, 17, 1000, 2000},
	{"radiotap=9,0 wifi snap=0x86dd ip6=17 " UDP, LINK_RADIOTAP, 6, 17, 1000, 2000},
	// tunnels: the flow is that of the innermost packet
	{"eth=0x0800 ip4=4 ip4=17 " UDP, 0, 4, 17, 1000, 2000, .n_tunnels = 1,
		.tunnel = RECORD_TUN_IPIP, .tunnel_id = UINT32_MAX},
	{"eth=0x86dd ip6=41 ip6=17 " UDP, 0, 6, 17, 1000, 2000, .n_tunnels = 1,
		.tunnel = RECORD_TUN_IPIP, .tunnel_id = UINT32_MAX},
	{"eth=0x8100 tag=6,0x0800 ip4=17 udp=1,4789 vxlan=5000 eth=0x8100 tag=8,0x0800 ip4=17 " UDP,
		0, 4, 17, 1000, 2000, 6, 5000, 1, 1, RECORD_TUN_VXLAN, 5000},
	{"eth=0x0800 ip4=17 udp=1,6081 geneve=44,0x6558 eth=0x86dd ip6=17 " UDP, 0, 6, 17, 1000,
		2000, 0, 44, 0, 1, RECORD_TUN_GENEVE, 44},
	{"eth=0x0800 ip4=17 udp=1,6081 geneve=45,0x0800 ip4=17 " UDP, 0, 4, 17, 1000, 2000, 0, 45,
		0, 1, RECORD_TUN_GENEVE, 45},
	{"eth=0x0800 ip4=17 udp=2152,9 gtpu=66 ip4=17 " UDP, 0, 4, 17, 1000, 2000, .n_tunnels = 1,
		.tunnel = RECORD_TUN_GTPU, .tunnel_id = 66},
	{"eth=0x0800 ip4=17 udp=9,2152 gtpux=67 ip6=17 " UDP, 0, 6, 17, 1000, 2000, .n_tunnels = 1,
		.tunnel = RECORD_TUN_GTPU, .tunnel_id = 67},
	{"eth=0x0800 ip4=17 udp=9,37008 tzsp=1 eth=0x0800 ip4=17 " UDP, 0, 4, 17, 1000, 2000,
		.n_tunnels = 1, .tunnel = RECORD_TUN_TZSP, .tunnel_id = UINT32_MAX},
	{"eth=0x0800 ip4=17 udp=9,37008 tzsp=18 wifi snap=0x0800 ip4=17 " UDP, 0, 4, 17, 1000, 2000,
		.n_tunnels = 1, .tunnel = RECORD_TUN_TZSP, .tunnel_id = UINT32_MAX},
	{"eth=0x0800 ip4=17 udp=9,5247 capwap=0 eth=0x0800 ip4=17 " UDP, 0, 4, 17, 1000, 2000,
		.n_tunnels = 1, .tunnel = RECORD_TUN_CAPWAP, .tunnel_id = UINT32_MAX},
	{"eth=0x0800 ip4=17 udp=9,5247 capwap=1 hex=0108 hex=00000000000000000000000000000000"
	 "000000000000 snap=0x0800 ip4=17 " UDP,
		0, 4, 17, 1000, 2000, .n_tunnels = 1, .tunnel = RECORD_TUN_CAPWAP,
		.tunnel_id = UINT32_MAX}, // bytes swapped
	{"eth=0x0800 ip4=4 ip4=41 ip6=4 ip4=41 ip6=17 " UDP, 0, 6, 17, 1000, 2000, .n_tunnels = 3,
		.tunnel = RECORD_TUN_IPIP, .tunnel_id = UINT32_MAX}, // four; three go into a record
};

#define N_GOOD (sizeof(good) / sizeof(good[0]))

static struct parser *new_parser(void)
{
	struct parser *ps = calloc(1, sizeof(*ps));

	ps->seed = (struct hash_seed){{0x11, 0x23, 0x35, 0x47}};
	ps->tunnels = PARSE_ALL_TUNNELS;
	ps->frags = frag_create(64, &ps->seed);
	assert_non_null(ps->frags);
	return ps;
}

static void free_parser(struct parser *ps)
{
	frag_free(ps->frags);
	free(ps);
}

// Parses a copy in memory of exactly its length, so that a sanitizer sees a read past the end.
static struct packet parse(const struct parser *ps, const struct recipe *r, uint8_t link,
	uint32_t len, uint32_t wire_len, struct parse_detail *d)
{
	uint8_t *exact = malloc(len != 0 ? len : 1);
	struct packet p = {.data = exact, .len = len, .wire_len = wire_len, .link = link, .ts = 1};

	memcpy(exact, r->b, len);
	parse_packet(ps, &p, d);
	free(exact);
	p.data = NULL;
	return p;
}

static void check_good(const struct parser *ps, const struct good *g, const struct recipe *r)
{
	struct parse_detail d;
	struct packet p = parse(ps, r, g->link, r->n, r->n, &d);

	assert_int_equal(p.notes, 0);
	assert_int_equal(p.flags & ~PACKET_TUNNEL, PACKET_IP);
	// What lies between Ethernet and IP is no tunnel of IP packets.
	assert_int_equal((p.flags & PACKET_TUNNEL) != 0,
		g->n_tunnels != 0 && g->tunnel != RECORD_TUN_MPLS && g->tunnel != RECORD_TUN_PPPOE);
	assert_int_equal(p.key.version, g->version);
	assert_int_equal(p.key.proto, g->proto);
	assert_int_equal(p.key.port[0], g->port0);
	assert_int_equal(p.key.port[1], g->port1);
	assert_int_equal(p.key.vlan, g->vlan);
	assert_int_equal(p.key.vni, g->vni != 0 ? g->vni : UINT32_MAX);
	assert_int_equal(d.n_vlans, g->n_vlans);
	assert_int_equal(d.n_tunnels, g->n_tunnels);
	if (g->n_tunnels != 0) {
		assert_int_equal(d.tunnels[0].kind, g->tunnel);
		assert_int_equal(d.tunnels[0].id, g->tunnel_id);
	}
	assert_int_equal(p.dir, 0);
	assert_int_equal(p.l3_off + p.ip_len, r->n);
	if (g->port0 == 1000 || g->proto == 6)
		assert_int_equal(r->n - p.payload_off, 10);
}

static void test_good(void **state)
{
	struct parser *ps = new_parser();
	struct recipe r;

	for (unsigned i = 0; i < N_GOOD; i++) {
		print_message("%s\n", good[i].words);
		recipe_make(&r, good[i].words, false);
		check_good(ps, &good[i], &r);
	}
	free_parser(ps);
}

// Both directions have one key and one hash.
static void test_both_ways(void **state)
{
	struct parser *ps = new_parser();
	struct recipe r;

	for (unsigned i = 0; i < N_GOOD; i++) {
		struct packet a, b;

		recipe_make(&r, good[i].words, false);
		a = parse(ps, &r, good[i].link, r.n, r.n, NULL);
		recipe_make(&r, good[i].words, true);
		b = parse(ps, &r, good[i].link, r.n, r.n, NULL);
		assert_int_equal(a.dir, 0);
		assert_int_equal(b.dir, 1);
		assert_memory_equal(&a.key, &b.key, sizeof(a.key));
		assert_true(a.hash == b.hash);
		ps->seed.s[1] += 2;
		assert_true(parse(ps, &r, good[i].link, r.n, r.n, NULL).hash != a.hash);
		ps->seed.s[1] -= 2;
	}
	free_parser(ps);
}

// Between equal addresses the ports tell the directions.
static void test_same_address(void **state)
{
	struct parser *ps = new_parser();
	struct recipe r;
	struct packet a, b;

	recipe_make(&r, "ip4=17 " UDP, false);
	memcpy(r.b + 16, r.b + 12, 4);
	a = parse(ps, &r, LINK_RAW, r.n, r.n, NULL);
	recipe_make(&r, "ip4=17 udp=2000,1000 " TEN, false);
	memcpy(r.b + 16, r.b + 12, 4);
	b = parse(ps, &r, LINK_RAW, r.n, r.n, NULL);
	assert_memory_equal(&a.key, &b.key, sizeof(a.key));
	assert_int_equal(a.dir, 0);
	assert_int_equal(b.dir, 1);
	assert_true(a.hash == b.hash);
	free_parser(ps);
}

static void check_bounds(const struct packet *p)
{
	unsigned header = p->key.version == 4 ? 20 : 40;

	if (!(p->flags & PACKET_IP))
		return;
	assert_true(p->l3_off + header <= p->len);
	assert_true(p->l4_off == 0 || p->l4_off <= p->len);
	assert_true(p->payload_off < p->len);
	assert_true(p->l3_off + p->ip_len <= p->wire_len);
}

// Cut at every byte: by the wire, which is malformed (or no packet of that kind any more), and by
// the capture, which is not the sender's fault.
static void test_cut(void **state)
{
	struct parser *ps = new_parser();
	struct parse_detail d;
	struct recipe r;

	for (unsigned i = 0; i < N_GOOD; i++) {
		recipe_make(&r, good[i].words, false);
		for (uint32_t len = 0; len < r.n; len++) {
			struct packet p = parse(ps, &r, good[i].link, len, len, &d);

			check_bounds(&p);
			assert_true((p.notes & (NOTES_MALFORMED | NOTE_BIT(LLC))) != 0);
			p = parse(ps, &r, good[i].link, len, r.n, NULL);
			check_bounds(&p);
			assert_true(p.notes != 0);
			if (p.flags & PACKET_IP)
				assert_true((p.notes & NOTE_BIT(CUT)) && (p.flags & PACKET_NO_DPI));
		}
	}
	free_parser(ps);
}

// Every bit of every frame turned, and random bytes behind: nothing but bounds is asked.
static void test_damaged(void **state)
{
	struct parser *ps = new_parser();
	struct parse_detail d;
	struct recipe r;
	uint64_t rng = 88172645463325252;

	for (unsigned i = 0; i < N_GOOD; i++) {
		recipe_make(&r, good[i].words, false);
		for (uint32_t bit = 0; bit < r.n * 8; bit++) {
			struct packet p;
			uint8_t old[4];
			uint32_t at;

			at = (uint32_t)(draw64(&rng) >> 8) % (r.n - 4);
			r.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
			memcpy(old, r.b + at, 4);
			p = parse(ps, &r, good[i].link, r.n, r.n, &d);
			check_bounds(&p);
			memcpy(r.b + at, &rng, 4);
			p = parse(ps, &r, good[i].link, r.n, r.n, NULL);
			check_bounds(&p);
			memcpy(r.b + at, old, 4);
			r.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	free_parser(ps);
}

// A frame for each note, in its reason's own words.
struct odd {
	const char *words;
	uint8_t link;
	enum reason_note note;
	bool has_key;
};

#define TAGS4 "tag=1,0x8100 tag=1,0x8100 tag=1,0x8100 tag=1,0x8100 "
#define EXT3  "ext=60,0 ext=60,0 ext=60,0 "

static const struct odd odd[] = {
	{"eth=0x0806 data=28", 0, NOTE_ARP},
	{"eth=0x88cc data=40", 0, NOTE_LLDP},
	{"eth=0x8809 data=110", 0, NOTE_SLOW},
	{"ether=38 hex=424203 data=35", 0, NOTE_LLC}, // STP
	{"eth=0x9000 data=46", 0, NOTE_OTHER_TYPE},
	{"eth=0x8863 data=46", 0, NOTE_OTHER_TYPE},                       // PPPoE discovery
	{"eth=0x8864 pppoe=1,0xc021 data=8", 0, NOTE_OTHER_TYPE},         // LCP
	{"eth=0x8847 mpls=1,1 hex=00000000 data=60", 0, NOTE_OTHER_TYPE}, // pseudowire
	{"ppp=0x8021 data=10", LINK_PPP, NOTE_OTHER_TYPE},
	{"hex=8000 data=30", LINK_80211, NOTE_OTHER_TYPE},      // beacon
	{"hex=0841 data=30 " TEN, LINK_80211, NOTE_OTHER_TYPE}, // encrypted
	{"radiotap=9,0x40 wifi snap=0x0800 ip4=17 " UDP, LINK_RADIOTAP, NOTE_OTHER_TYPE}, // bad FCS
	{"data=13", 0, NOTE_SHORT_FRAME},
	{"eth=0x0800", 0, NOTE_SHORT_FRAME},
	{"ether=100 hex=aaaa", 0, NOTE_SHORT_FRAME},
	{"radiotap=8,0", LINK_RADIOTAP, NOTE_SHORT_FRAME},
	{"hex=0000ff00 data=40", LINK_RADIOTAP, NOTE_SHORT_FRAME}, // longer than the frame
	{"eth=0x8100 hex=0001", 0, NOTE_SHORT_TAG},
	{"eth=0x8100 " TAGS4 TAGS4 "tag=1,0x0800 ip4=17 " UDP, 0, NOTE_MANY_TAGS},
	{"eth=0x8847 mpls=1,0", 0, NOTE_SHORT_MPLS},
	{"eth=0x8864 hex=110000010004", 0, NOTE_SHORT_PPPOE},
	{"ip4=17 " UDP " set=0,0x55", LINK_RAW, NOTE_IP_VERSION},
	{"hex=45000013 data=15", LINK_RAW, NOTE_IP4_SHORT},
	{"ip4=17 " UDP " set=0,0x44", LINK_RAW, NOTE_IP4_HEADER},
	{"ip4=17 set=0,0x46", LINK_RAW, NOTE_IP4_HEADER}, // options past the end
	{"ip4=17 " UDP " set=3,19", LINK_RAW, NOTE_IP4_LENGTH},
	{"ip4=17 " UDP " set=3,39", LINK_RAW, NOTE_IP4_LENGTH},
	{"hex=60000000 data=35", LINK_RAW, NOTE_IP6_SHORT},
	{"ip6=17 " UDP " set=5,19", LINK_RAW, NOTE_IP6_LENGTH},
	{"ip6=0 ext=17,3 set=41,4", LINK_RAW, NOTE_IP6_EXT},
	{"ip6=0 hex=1100", LINK_RAW, NOTE_IP6_EXT},
	{"ip6=44 hex=1100", LINK_RAW, NOTE_IP6_EXT},
	{"ip6=60 " EXT3 EXT3 EXT3 "ext=17,0 " UDP, LINK_RAW, NOTE_IP6_EXT}, // no end to it
	{"ip4=6 data=19", LINK_RAW, NOTE_L4_SHORT, true},
	{"ip4=17 data=7", LINK_RAW, NOTE_L4_SHORT, true},
	{"ip4=132 data=11", LINK_RAW, NOTE_L4_SHORT, true},
	{"ip4=1 data=3", LINK_RAW, NOTE_L4_SHORT, true},
	{"ip6=58 data=3", LINK_RAW, NOTE_L4_SHORT, true},
	{"ip4=6 tcp=1,2 set=32,0x40", LINK_RAW, NOTE_TCP_OFFSET, true},
	{"ip4=6 tcp=1,2 set=32,0x60", LINK_RAW, NOTE_TCP_OFFSET, true},
	{"ip4=17 " UDP " set=25,7", LINK_RAW, NOTE_UDP_LENGTH, true},
	{"ip4=17 " UDP " set=25,19", LINK_RAW, NOTE_UDP_LENGTH, true},
	{"ip4f=6,0,1,1 data=16", LINK_RAW, NOTE_FRAG_TINY, true},
	{"ip4f=6,1,0,2 data=16", LINK_RAW, NOTE_FRAG_OVERLAP, true},
	{"ip4f=17,0,1,3 " UDP, LINK_RAW, NOTE_FRAG_FIRST, true},
	{"ip4f=17,3,0,4 " TEN, LINK_RAW, NOTE_FRAG_LATER, true},
	{"ip4f=17,3,0,5 " TEN, LINK_RAW, NOTE_FRAG_ORPHAN, true},
	{"ip6=44 frag=17,3,0,6 " TEN, LINK_RAW, NOTE_FRAG_ORPHAN, true},
	{"ip4=4 ip4=4 ip4=4 ip4=4 ip4=4 ip4=17 " UDP, LINK_RAW, NOTE_TUNNEL_DEPTH, true},
	{"ip4=4 hex=4500", LINK_RAW, NOTE_TUNNEL_INNER, true},
	{"ip4=17 udp=1,4789 vxlan=1 eth=0x0806 data=28", LINK_RAW, NOTE_TUNNEL_INNER, true},
};

static uint32_t notes_of_odd(const struct parser *ps, const struct odd *o)
{
	struct recipe r;
	struct packet p;

	recipe_make(&r, o->words, false);
	p = parse(ps, &r, o->link, r.n, r.n, NULL);
	if (!(p.notes & 1u << o->note))
		fail_msg("%s: notes %#x, not %s", o->words, p.notes, reason_note_name(o->note));
	assert_int_equal((p.flags & PACKET_IP) != 0, o->has_key);
	check_bounds(&p);
	return p.notes;
}

static void test_notes(void **state)
{
	struct parser *ps = new_parser();
	struct recipe r;
	uint32_t seen = 0;

	for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		seen |= notes_of_odd(ps, &odd[i]);
	for (unsigned id = 0; id < 200; id++) { // more datagrams than the table has room for
		char words[64];

		snprintf(words, sizeof(words), "ip4f=17,0,1,%u " UDP, id + 100);
		recipe_make(&r, words, false);
		seen |= parse(ps, &r, LINK_RAW, r.n, r.n, NULL).notes;
	}
	recipe_make(&r, "ip4=17 " UDP, false);
	seen |= parse(ps, &r, LINK_RAW, r.n - 1, r.n, NULL).notes;
	assert_int_equal(seen, (1ull << NOTE_COUNT) - 1);
	free_parser(ps);
}

// A tunnel that is not looked into leaves the outer flow.
static void test_tunnels_off(void **state)
{
	struct parser *ps = new_parser();
	struct recipe r;
	struct packet p;

	ps->tunnels = PARSE_ALL_TUNNELS & ~PARSE_VXLAN;
	recipe_make(&r, "eth=0x0800 ip4=17 udp=1,4789 vxlan=5 eth=0x0800 ip4=17 " UDP, false);
	p = parse(ps, &r, 0, r.n, r.n, NULL);
	assert_int_equal(p.flags, PACKET_IP);
	assert_int_equal(p.key.port[1], 4789);
	assert_int_equal(p.key.vni, UINT32_MAX);
	free_parser(ps);
}

static void test_link_numbers(void **state)
{
	for (unsigned link = LINK_ETHERNET; link <= LINK_RADIOTAP; link++)
		assert_int_equal(parse_link_of_dlt(parse_dlt_of_link((uint8_t)link)), link);
	assert_int_equal(parse_link_of_dlt(228), LINK_RAW);
	assert_int_equal(parse_link_of_dlt(147), -1);
}

static void test_names(void **state)
{
	for (unsigned a = 0; a < REASON_OUTCOME_COUNT; a++) {
		bool stops = strncmp(reason_outcome_name(a), "pass_", 5) != 0;

		assert_int_equal(reason_outcome_stopped(a), stops);
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(reason_outcome_name(a), reason_outcome_name(b));
	}
	for (unsigned a = 0; a < NOTE_COUNT; a++)
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(reason_note_name(a), reason_note_name(b));
	// What every wire carries is not malformed.
	assert_int_equal(NOTES_MALFORMED & (NOTE_BIT(ARP) | NOTE_BIT(LLDP) | NOTE_BIT(SLOW) |
						   NOTE_BIT(LLC) | NOTE_BIT(OTHER_TYPE) |
						   NOTE_BIT(FRAG_ORPHAN) | NOTE_BIT(CUT)),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_same_address),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_tunnels_off),
		cmocka_unit_test(test_link_numbers),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
