// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The stages of a burst (pipeline.h).

#include "app/dataplane/fast.h"

#include <netinet/in.h>

enum versions {       // in a burst
	VERSIONS_ONE, // nearly all packets have the same
	VERSIONS_MIXED,
};

static void set_outcome(struct pipeline *pl, struct packet *p, enum reason_outcome r)
{
	p->outcome = r;
	pl->stats.packets[r]++;
	pl->stats.bytes[r] += p->wire_len;
}

// A packet without a key: not IP, or malformed.
static void no_key(struct pipeline *pl, struct packet *p)
{
	if (p->notes & NOTES_MALFORMED) {
		bool stop = pl->c.exceptions.malformed == POLICY_BLOCK;

		set_outcome(pl, p, stop ? REASON_STOP_MALFORMED : REASON_PASS_MALFORMED);
	} else {
		set_outcome(pl, p, REASON_PASS_NOT_IP);
	}
}

// What an exception policy of block stops before any flow is looked at.
static bool stopped(struct pipeline *pl, struct packet *p)
{
	if (pl->stop_all)
		set_outcome(pl, p, REASON_STOP_LOG_FULL);
	else if ((p->notes & NOTES_MALFORMED) && pl->c.exceptions.malformed == POLICY_BLOCK)
		set_outcome(pl, p, REASON_STOP_MALFORMED);
	else
		return false;
	return true;
}

void flow_count(struct pipeline *pl, struct packet *p, uint32_t i)
{
	static const uint8_t outcomes[2][POLICY_BLOCK + 1] = {
		{REASON_PASS_ALLOW, REASON_PASS_FLAG, REASON_STOP_BLOCK},
		{REASON_PASS_PENDING, REASON_PASS_PENDING, REASON_STOP_PENDING},
	};
	struct flow_hot *h = &pl->table.hot[i];
	unsigned in = !flow_is_outbound(h, p);
	enum reason_outcome r = outcomes[(h->flags & FLOW_UNDECIDED) != 0][h->action];

	if (h->flags & FLOW_LOCAL)
		r = REASON_PASS_LOCAL;
	if (p->ts > h->last)
		h->last = p->ts;
	pl->stats.flow_packets++;
	pl->stats.flow_bytes += p->ip_len;
	if (h->action != POLICY_BLOCK) {
		h->packets[in]++;
		h->bytes[in] += p->ip_len;
	} else {
		struct flow_cold *c = &pl->table.cold[i];

		c->stopped_packets++;
		c->stopped_bytes += p->ip_len;
	}
	set_outcome(pl, p, r);
}

// Looks for the signature only: the hot line is prefetched, not read. The first candidate is nearly
// always the one; flow_find() goes on where it is not. Of a packet without a key nothing is made of
// what it finds.
static uint32_t candidate(const struct pipeline *pl, const struct packet *p)
{
	const struct flow_table *t = &pl->table;
	const struct flow_bucket *b = &t->buckets[p->bucket];
	unsigned mask = flow_sig_mask(b, flow_sig(p->hash));
	uint32_t i;

	if (mask == 0)
		return FLOW_NONE;
	i = b->entry[__builtin_ctz(mask)] & FLOW_ENTRY;
	__builtin_prefetch(&t->hot[i], 1);
	return i;
}

// The same for many strangers at random, without a branch that would be mispredicted at each: so
// what lies behind the entry is asked for, too. FLOW_NONE: certain, there is no other bucket to
// look into.
static inline void find_unbranched(const struct pipeline *pl, struct packet *p)
{
	const struct flow_table *t = &pl->table;
	const struct flow_bucket *b = &t->buckets[p->bucket];
	unsigned mask = flow_sig_mask(b, flow_sig(p->hash));
	uint32_t i = b->entry[__builtin_ctz(mask | 1u << (FLOW_PER_BUCKET - 1))] & FLOW_ENTRY;

	__builtin_prefetch(&t->hot[i], 1);
	__builtin_prefetch(
		p->key.version == 6 ? (const void *)t->addr6[i] : (const void *)&t->hot[i]);
	p->entry = i | -(uint32_t)((mask == 0) & (b->next == FLOW_NONE));
}

// The bucket of its key, 0 where it has none.
static inline void read_packet(struct pipeline *pl, struct packet *p, bool parsed)
{
	if (!parsed)
		pipeline_parse(pl, p);
	p->bucket = p->flags & PACKET_IP ? flow_bucket_of(&pl->table, p->hash) : 0;
}

// A new flow needs the country of its remote end.
static void prefetch_country(const struct pipeline *pl, const struct packet *p, unsigned step)
{
	const struct flow_key *k = &p->key;
	unsigned remote = p->dir ^ (p->side == SIDE_INSIDE);

	if (pl->c.geo != NULL && p->side != SIDE_UNKNOWN && (p->flags & PACKET_IP))
		geo_prefetch(pl->c.geo, k->version, flow_key_addr(k, remote), step);
}

// *behind: there is something for prefetch_behind().
static inline void find_entry(
	const struct pipeline *pl, struct packet *p, enum versions versions, bool *behind)
{
	p->entry = candidate(pl, p);
	if (p->entry == FLOW_NONE) {
		prefetch_country(pl, p, 0);
		*behind = true;
	} else if (versions == VERSIONS_MIXED) {
		__builtin_prefetch(flow_second_line(&pl->table, p->entry, &p->key));
	} else if (p->key.version == 6) {
		*behind = true;
	}
}

// What lies behind the line that the stage before has prefetched: IPv6 addresses, or the country.
static inline void prefetch_behind(
	const struct pipeline *pl, const struct packet *p, enum versions versions)
{
	if (p->entry == FLOW_NONE)
		prefetch_country(pl, p, 1);
	else if (versions != VERSIONS_MIXED && p->key.version == 6)
		__builtin_prefetch(pl->table.addr6[p->entry]);
}

// What new flows and their classification take is measured, and limited where packets wait.
// slowly: not on a fast path, whatever its flow.
static void serve_slowly(
	struct pipeline *pl, struct packet *q, uint32_t entry, bool slowly, struct fast_sums *x)
{
	bool begins = entry == FLOW_NONE;
	uint64_t start = 0;

	if (!begins && !slowly && fast_blocked(pl, q, entry, x))
		return;
	if (begins && budget_used_up(&pl->budget)) {
		flow_shed(pl, q);
		return;
	}
	if (begins || pl->table.cold[entry].dpi != FLOW_NONE)
		start = budget_start(&pl->budget);
	slow_packet(pl, q, entry);
	budget_draw(&pl->budget, start);
}

static inline bool is_odd(const struct pipeline *pl, const struct packet *q)
{
	return (q->notes != 0) | ((q->flags & (PACKET_IP | PACKET_TUNNEL)) != PACKET_IP) |
	       pl->stop_all;
}

// Packets that have no key, or about which something is to be said, those in tunnels, and all where
// none may pass. True where that was all.
static bool end_odd(struct pipeline *pl, struct packet *q)
{
	if (pl->hand_over && (q->flags & PACKET_TUNNEL) && pipeline_owner(pl, q) != pl->c.worker) {
		q->outcome = REASON_ELSEWHERE;
		pl->elsewhere++;
		return true;
	}
	if (q->notes != 0)
		flow_count_notes(pl, q->notes);
	if (!(q->flags & PACKET_IP)) {
		no_key(pl, q);
		return true;
	}
	return (pl->stop_all || q->notes != 0) && stopped(pl, q);
}

static inline bool matches(
	const struct pipeline *pl, uint32_t entry, const struct packet *q, enum versions versions)
{
	return versions == VERSIONS_MIXED ? flow_matches_either(&pl->table, entry, q)
					  : flow_matches(&pl->table, entry, q);
}

static inline void serve_flow(struct pipeline *pl, struct packet *q, bool slowly,
	enum versions versions, struct fast_sums *x)
{
	uint32_t entry = q->entry;

	// An earlier packet of this burst may have begun or ended the flow: look again.
	if (entry == FLOW_NONE || !matches(pl, entry, q, versions))
		entry = flow_find(&pl->table, q);
	if (entry == FLOW_NONE || slowly || !fast_packet(pl, q, entry, x)) {
		serve_slowly(pl, q, entry, slowly, x);
		x->stopped += reason_outcome_stopped(q->outcome);
	}
}

static __attribute__((noinline)) void serve_odd(
	struct pipeline *pl, struct packet *q, struct fast_sums *x)
{
	// A fragment without its first may be what a datagram of another flow waits for.
	const bool slowly = (q->notes & (NOTES_MALFORMED | NOTE_BIT(FRAG_ORPHAN))) != 0;

	if (end_odd(pl, q))
		x->stopped += reason_outcome_stopped(q->outcome);
	else
		serve_flow(pl, q, slowly, VERSIONS_ONE, x);
}

static inline void serve(
	struct pipeline *pl, struct packet *q, enum versions versions, struct fast_sums *x)
{
	if (__builtin_expect(is_odd(pl, q), 0))
		serve_odd(pl, q, x);
	else
		serve_flow(pl, q, false, versions, x);
}

static inline unsigned group_end(unsigned first, unsigned group, unsigned n)
{
	return first + group < n ? first + group : n;
}

// While new flows are turned away, packets without an entry are left for the end of the burst and
// served together: strangers that come at random between the others would break the stride of
// all. Nothing can begin their flows before that, since what is used up stays so for the burst.
struct late {
	uint8_t p[PIPELINE_MAX_BURST]; // their places in the burst
	unsigned n;
};

static_assert(PIPELINE_MAX_BURST <= UINT8_MAX + 1, "a place in a burst");

static void serve_stranger(struct pipeline *pl, struct packet *q, struct fast_sums *x)
{
	if (!is_odd(pl, q) || !end_odd(pl, q))
		flow_shed(pl, q);
	x->stopped += reason_outcome_stopped(q->outcome);
}

static void serve_late(struct pipeline *pl, struct packet *p, struct late *l, struct fast_sums *x)
{
	const uint64_t shed = pl->stats.flows_shed;
	const unsigned left = flow_shed_screened(pl, p, l->p, l->n);

	if (pl->c.exceptions.overload == POLICY_BLOCK)
		x->stopped += l->n - left;
	// Those that need their country wait for it together; it is asked for when they are shed.
	for (unsigned k = 0; k < left; k++)
		prefetch_country(pl, &p[l->p[k]], 0);
	for (unsigned k = 0; k < left; k++)
		prefetch_country(pl, &p[l->p[k]], 1);
	for (unsigned k = 0; k < left; k++)
		serve_stranger(pl, &p[l->p[k]], x);
	budget_turned_away(&pl->budget, pl->stats.flows_shed - shed);
}

// The stages follow each other at a distance of a group, so that the memory requests of one packet
// are spread between the work on others and have come when they are needed. A group's packets go
// through a stage together: what they wait for, they wait for at once.
//
// Where a table is larger than the page addresses that are at hand, a prefetch waits for its page's
// address and holds up what follows it: so buckets are asked for one right after the other, to wait
// for that together. And a group is only so large that no more lines are under way at once than a
// processor has places for (24 on Zen 3): two for each packet, three for one of IPv6.
static inline __attribute__((always_inline)) bool stages(struct pipeline *pl, struct packet *p,
	unsigned n, bool parsed, unsigned group, bool flooded, enum versions versions)
{
	struct fast_sums x = {0};
	bool behind = false; // of the group before the last
	struct late late;

	late.n = 0;
	for (unsigned i = 0; i < n + 3 * group; i += group) {
		bool next_behind = false;

		for (unsigned j = i, end = group_end(j, group, n); j < end; j++)
			read_packet(pl, &p[j], parsed);
		for (unsigned j = i, end = group_end(j, group, n); j < end; j++)
			__builtin_prefetch(&pl->table.buckets[p[j].bucket]);
		if (i < group)
			continue;
		for (unsigned j = i - group, end = group_end(j, group, n); j < end; j++) {
			if (flooded)
				find_unbranched(pl, &p[j]);
			else
				find_entry(pl, &p[j], versions, &next_behind);
		}
		if (!flooded && behind)
			for (unsigned j = i - 2 * group, end = group_end(j, group, n); j < end; j++)
				prefetch_behind(pl, &p[j], versions);
		behind = next_behind;
		if (i < 3 * group)
			continue;
		for (unsigned j = i - 3 * group, end = group_end(j, group, n); j < end; j++) {
			if (flooded && p[j].entry == FLOW_NONE)
				late.p[late.n++] = (uint8_t)j;
			else
				serve(pl, &p[j], versions, &x);
		}
	}
	if (flooded)
		serve_late(pl, p, &late, &x);
	fast_add(&pl->stats, &x);
	return x.stopped == 0;
}

// Each is a function of its own: what one needs of registers is no matter to the other, and sizes
// are constants.
#define BURST(name, group, flooded, versions)                                                      \
	static __attribute__((noinline)) bool name(                                                \
		struct pipeline *pl, struct packet *p, unsigned n, bool parsed)                    \
	{                                                                                          \
		return stages(pl, p, n, parsed, group, flooded, versions);                         \
	}

BURST(usual_burst, PIPELINE_GROUP, false, VERSIONS_ONE)
BURST(usual_burst6, PIPELINE_GROUP6, false, VERSIONS_ONE)
BURST(flooded_burst, PIPELINE_GROUP, true, VERSIONS_ONE)
BURST(flooded_burst6, PIPELINE_GROUP6, true, VERSIONS_ONE)
BURST(mixed_stages, PIPELINE_GROUP6, false, VERSIONS_MIXED)

// A bit for each of up to 64 packets that seem to be IPv6's, behind a VLAN tag or none.
static uint64_t seem_6(const struct packet *p, unsigned n)
{
	uint64_t six = 0;

	for (unsigned j = 0; j < n; j++) {
		const uint8_t *type = p[j].data + 12;

		if (p[j].len < 14 + 4)
			continue;
		type += (parse_raw16(type) == htons(0x8100)) * 4;
		six |= (uint64_t)(parse_raw16(type) == htons(0x86dd)) << j;
	}
	return six;
}

static inline void parse_these(struct pipeline *pl, struct packet *p, uint64_t which)
{
	for (; which != 0; which &= which - 1)
		pipeline_parse(pl, &p[__builtin_ctzll(which)]);
}

// First all of one version are parsed, and then all of the other: nobody can predict which a packet
// is. What the other stages do depends little on it; they take the packets as they came.
static bool mixed_burst(struct pipeline *pl, struct packet *p, unsigned n, bool parsed)
{
	for (unsigned i = 0, m; !parsed && i < n; i += m) {
		uint64_t six;

		m = n - i < 64 ? n - i : 64;
		six = seem_6(p + i, m);
		parse_these(pl, p + i, ~six & UINT64_MAX >> (64 - m));
		parse_these(pl, p + i, six);
	}
	return mixed_stages(pl, p, n, true);
}

// Three packets tell. Mixed: by the last twenty bursts or so, where more than every tenth packet is
// of the other version; with fewer it does not pay.
static void look_at_versions(struct pipeline *pl, const struct packet *p, unsigned n)
{
	unsigned six;

	if (n == 0)
		return;
	six = (p[0].key.version == 6) + (p[n / 2].key.version == 6) + (p[n - 1].key.version == 6);
	pl->mostly6 = six >= 2;
	if (six % 3 != 0)
		pl->mixture =
			pl->mixture < PIPELINE_MIXTURE - 3 ? pl->mixture + 3 : PIPELINE_MIXTURE;
	else if (pl->mixture != 0)
		pl->mixture--;
}

// Flows have come or gone. As many steps as keep up with bursts of new flows alone; they are part
// of what these cost.
static __attribute__((noinline)) void follow_flows(struct pipeline *pl, unsigned n)
{
	uint64_t start = budget_start(&pl->budget);

	flow_buckets_follow(&pl->table, n / 2 + 1);
	budget_draw(&pl->budget, start);
}

bool pipeline_burst(struct pipeline *pl, struct packet *p, unsigned n, int64_t now, bool parsed)
{
	bool passed;

	pl->elsewhere = 0;
	budget_earn(&pl->budget);
	pipeline_refresh(pl, now);
	if (__builtin_expect(flow_buckets_lag(&pl->table), 0))
		follow_flows(pl, n);
	// What comes is like what came.
	if (budget_used_up(&pl->budget))
		passed = (pl->mostly6 ? flooded_burst6 : flooded_burst)(pl, p, n, parsed);
	else if (pl->mixture >= PIPELINE_MIXTURE / 2)
		passed = mixed_burst(pl, p, n, parsed);
	else
		passed = (pl->mostly6 ? usual_burst6 : usual_burst)(pl, p, n, parsed);
	look_at_versions(pl, p, n);
	return passed;
}
