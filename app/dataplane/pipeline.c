// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/pipeline.h"

#include <errno.h>
#include <stdlib.h>

#define FRAG_DATAGRAMS  4096
#define OWN_COUNTERS    65536
#define METERS          65536
#define ORDER_BLOCKS    16384 // 8 MiB of segments before their turn, touched when used
#define ORDER_SEGMENTS  32    // of one direction of a flow: reordering networks are far below
#define ORDER_BYTES     65535
#define DATAGRAMS       1024
#define DATAGRAM_BLOCKS 8192 // 4 MiB of fragments, likewise
#define DATAGRAM_PIECES 64   // of one datagram: 65535 bytes in frames of 1500 are 45
#define PREFETCH_AHEAD  4
#define AGE_BATCH       16
#define GROUP           12 // packets that go through a stage together

// What DPI is given is put in order and put together.
static int init_reassembly(struct pipeline *pl)
{
	const struct order_config o = {.contexts = pl->c.lanes != NULL ? lanes_contexts(pl->c.lanes)
								       : dpi_contexts(pl->c.dpi),
		.blocks = ORDER_BLOCKS,
		.segments = ORDER_SEGMENTS,
		.bytes = ORDER_BYTES};
	const struct datagram_config d = {.contexts = o.contexts,
		.datagrams = DATAGRAMS,
		.blocks = DATAGRAM_BLOCKS,
		.fragments = DATAGRAM_PIECES,
		.seed = pl->c.seed};

	pl->datagrams = datagrams_create(&d);
	return pl->datagrams != NULL ? order_init(&pl->order, &o) : -ENOMEM;
}

int pipeline_init(struct pipeline *pl, const struct pipeline_config *c, int64_t now)
{
	int rc;

	memset(pl, 0, sizeof(*pl));
	pl->c = *c;
	pl->now = now;
	pl->next_change = INT64_MIN;
	pl->full_reported = pl->shed_reported = INT64_MIN / 2;
	budget_init(&pl->budget, c->new_share);
	pl->next_fid = (uint64_t)c->worker << 56 | 1;
	pl->parser.seed = c->seed;
	pl->parser.tunnels = c->tunnels;
	pl->parser.frags = frag_create(FRAG_DATAGRAMS, &c->seed);
	pl->wheel = aligned_alloc(64, sizeof(*pl->wheel)); // written by this thread alone
	rc = flow_table_init(&pl->table, c->max_flows, &c->seed, c->huge);
	if (rc == 0 && pl->c.quota == NULL) {
		rc = quota_init(&pl->own_quota, OWN_COUNTERS);
		pl->c.quota = &pl->own_quota;
	}
	if (rc == 0)
		rc = meters_init(&pl->meters, METERS, pl->c.quota, c->n_workers);
	if (rc == 0)
		rc = init_reassembly(pl);
	if (rc < 0 || pl->parser.frags == NULL || pl->wheel == NULL) {
		pipeline_fini(pl);
		return -ENOMEM;
	}
	timer_init(pl->wheel, &pl->table, now);
	pl->gen = policy_slot_enter(c->slot, c->reader);
	if (c->shadow != NULL)
		pl->candidate = policy_slot_enter(c->shadow, c->shadow_reader);
	return 0;
}

void pipeline_fini(struct pipeline *pl)
{
	frag_free(pl->parser.frags);
	pl->parser.frags = NULL;
	free(pl->wheel);
	pl->wheel = NULL;
	flow_table_fini(&pl->table);
	meters_fini(&pl->meters);
	order_fini(&pl->order);
	datagrams_free(pl->datagrams);
	pl->datagrams = NULL;
	if (pl->own_quota.counters != NULL)
		quota_fini(&pl->own_quota);
}

// The policy in force, and the next second at which its own rules change. Where either moved, every
// flow's verdict is old.
static void refresh(struct pipeline *pl, int64_t now)
{
	if (now > pl->now)
		pl->now = now;
	pl->gen = policy_slot_enter(pl->c.slot, pl->c.reader);
	if (pl->c.shadow != NULL)
		pl->candidate = policy_slot_enter(pl->c.shadow, pl->c.shadow_reader);
	meters_recall(&pl->meters);
	if (pl->gen->epoch != pl->gen_epoch || pl->now >= pl->next_change) {
		int64_t next = policy_next_change(pl->gen->policy, pl->now / 1000000);
		int64_t window = meters_windows(&pl->meters, pl->gen->policy, pl->now / 1000000);

		if (window < next)
			next = window;
		pl->gen_epoch = pl->gen->epoch;
		pl->can_block = policy_can_block(pl->gen->policy);
		pl->next_change = next > INT64_MAX / 1000000 ? INT64_MAX : next * 1000000;
		pl->stamp++;
	}
	pl->log_full = pl->c.log_full != NULL &&
		       atomic_load_explicit(pl->c.log_full, memory_order_relaxed);
	pl->stop_all = pl->log_full && pl->c.exceptions.log_disk_full == POLICY_BLOCK;
	pl->n_injects = 0;
}

void pipeline_set_back(struct pipeline *pl, int64_t now)
{
	pl->now = now;
	pl->next_change = INT64_MIN; // rules and limits go by the time: decide anew
	pl->full_reported = pl->shed_reported = INT64_MIN / 2;
	pl->ring_full_until = INT64_MIN;
	timer_set_back(pl->wheel, now);
}

void pipeline_shift(struct pipeline *pl, int64_t by)
{
	pl->now += by;
	pl->next_change = INT64_MIN;
	pl->full_reported += by;
	pl->shed_reported += by;
	pl->ring_full_until += by;
	for (uint32_t i = 0; i < pl->table.fresh; i++) {
		if (pl->table.hot[i].version == 0)
			continue;
		pl->table.hot[i].last += by;
		pl->table.cold[i].t0 += by;
	}
	datagram_shift(pl->datagrams, by);
	timer_look_at_all(pl->wheel, pl->now);
}

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

static void count_notes(struct pipeline *pl, uint32_t notes)
{
	while (notes != 0) {
		pl->stats.notes[__builtin_ctz(notes)]++;
		notes &= notes - 1;
	}
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

// What the packets of a burst that passed on the fast path add to the counters.
struct sums {
	uint64_t packets, bytes, ip_bytes; // of all
	uint64_t flagged_packets, flagged_bytes, local_packets, local_bytes;
};

static void add_sums(struct pipeline_stats *s, const struct sums *x)
{
	s->flow_packets += x->packets;
	s->flow_bytes += x->ip_bytes;
	s->packets[REASON_PASS_FLAG] += x->flagged_packets;
	s->bytes[REASON_PASS_FLAG] += x->flagged_bytes;
	s->packets[REASON_PASS_LOCAL] += x->local_packets;
	s->bytes[REASON_PASS_LOCAL] += x->local_bytes;
	s->packets[REASON_PASS_ALLOW] += x->packets - x->flagged_packets - x->local_packets;
	s->bytes[REASON_PASS_ALLOW] += x->bytes - x->flagged_bytes - x->local_bytes;
}

static inline void fast_odd(struct packet *p, bool local, struct sums *x)
{
	if (local) {
		p->outcome = REASON_PASS_LOCAL;
		x->local_packets++;
		x->local_bytes += p->wire_len;
	} else {
		p->outcome = REASON_PASS_FLAG;
		x->flagged_packets++;
		x->flagged_bytes += p->wire_len;
	}
}

// The commonest case of all: an established flow with a verdict in force.
static inline bool fast_packet(struct pipeline *pl, struct packet *p, uint32_t i, struct sums *x)
{
	struct flow_hot *h = &pl->table.hot[i];
	bool out;

	if (h->epoch != pl->stamp || !(h->flags & FLOW_SETTLED) || h->action == POLICY_BLOCK)
		return false;
	if (p->ts - h->last >= pl->c.timeout_us[h->class_])
		return false;
	if (h->proto == 6 &&
		((p->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST)) || !(h->tcp & FLOW_TCP_BOTH)))
		return false;
	out = flow_is_outbound(h, p);
	if (h->meter != METER_NONE && out &&
		!meter_fast(&pl->meters, h->meter, h->bytes[0], p->ip_len))
		return false;
	if (p->ts > h->last)
		h->last = p->ts;
	h->packets[!out]++;
	h->bytes[!out] += p->ip_len;
	x->packets++;
	x->bytes += p->wire_len;
	x->ip_bytes += p->ip_len;
	p->outcome = REASON_PASS_ALLOW;
	if ((h->flags & FLOW_LOCAL) || h->action == POLICY_FLAG)
		fast_odd(p, h->flags & FLOW_LOCAL, x);
	return true;
}

static void prefetch_frames(const struct packet *p, unsigned n, unsigned i)
{
	if (i + PREFETCH_AHEAD < n)
		__builtin_prefetch(p[i + PREFETCH_AHEAD].data);
}

// Looks for the signature only: the hot line is prefetched, not read. The first candidate is nearly
// always the one; flow_find() goes on where it is not.
static uint32_t candidate(const struct pipeline *pl, const struct packet *p)
{
	const struct flow_table *t = &pl->table;
	const struct flow_bucket *b = &t->buckets[flow_bucket_of(t, p->hash)];
	unsigned mask = flow_sig_mask(b, flow_sig(p->hash));
	uint32_t i;

	if (mask == 0)
		return FLOW_NONE;
	i = b->entry[__builtin_ctz(mask)];
	__builtin_prefetch(&t->hot[i], 1);
	return i;
}

static inline void read_packet(
	struct pipeline *pl, struct packet *p, unsigned n, unsigned i, bool parsed)
{
	if (!parsed) {
		prefetch_frames(p, n, i);
		if (!parse_plain(&pl->parser, &p[i]))
			parse_packet(&pl->parser, &p[i], NULL);
	}
	if (p[i].flags & PACKET_IP)
		__builtin_prefetch(&pl->table.buckets[flow_bucket_of(&pl->table, p[i].hash)]);
}

// A new flow needs the country of its remote end.
static void prefetch_country(const struct pipeline *pl, const struct packet *p, unsigned step)
{
	const struct flow_key *k = &p->key;
	unsigned remote = p->dir ^ (p->side == SIDE_INSIDE);

	if (pl->c.geo != NULL && p->side != SIDE_UNKNOWN && (p->flags & PACKET_IP))
		geo_prefetch(pl->c.geo, k->version,
			k->version == 4 ? (const uint8_t *)&k->a4[remote] : k->a6[remote], step);
}

static inline uint32_t find_entry(const struct pipeline *pl, const struct packet *p)
{
	uint32_t entry = p->flags & PACKET_IP ? candidate(pl, p) : FLOW_NONE;

	if (entry == FLOW_NONE)
		prefetch_country(pl, p, 0);
	return entry;
}

// What lies behind the line that the stage before has prefetched: IPv6 addresses, or the country.
static inline void prefetch_behind(
	const struct pipeline *pl, const struct packet *p, uint32_t entry)
{
	if (entry == FLOW_NONE)
		prefetch_country(pl, p, 1);
	else if (p->key.version == 6 && pl->table.hot[entry].version == 6)
		__builtin_prefetch(pl->table.addr6[pl->table.hot[entry].v6.slot]);
}

// What new flows and their classification take is measured, and limited where packets wait.
static void serve_slowly(struct pipeline *pl, struct packet *q, uint32_t entry)
{
	bool begins = entry == FLOW_NONE;
	uint64_t start = 0;

	if (begins && budget_used_up(&pl->budget)) {
		flow_shed(pl, q);
		return;
	}
	if (begins || pl->table.cold[entry].dpi != FLOW_NONE)
		start = budget_start(&pl->budget);
	slow_packet(pl, q, entry);
	budget_draw(&pl->budget, start);
}

// Packets that have no key, or about which something is to be said, and all where none may pass.
// True where that was all.
static __attribute__((noinline)) bool serve_odd(struct pipeline *pl, struct packet *q)
{
	if (q->notes != 0)
		count_notes(pl, q->notes);
	if (!(q->flags & PACKET_IP)) {
		no_key(pl, q);
		return true;
	}
	return (pl->stop_all || q->notes != 0) && stopped(pl, q);
}

static inline void serve(struct pipeline *pl, struct packet *q, uint32_t entry, struct sums *x)
{
	if (__builtin_expect((q->notes != 0) | !(q->flags & PACKET_IP) | pl->stop_all, 0) &&
		serve_odd(pl, q))
		return;
	// An earlier packet of this burst may have begun or ended the flow: look again.
	if (entry == FLOW_NONE || !flow_matches(&pl->table, entry, q))
		entry = flow_find(&pl->table, q);
	// A fragment without its first may be what a datagram of another flow waits for.
	if (entry == FLOW_NONE || (q->notes & (NOTES_MALFORMED | NOTE_BIT(FRAG_ORPHAN))) ||
		!fast_packet(pl, q, entry, x))
		serve_slowly(pl, q, entry);
}

static inline unsigned group_end(unsigned first, unsigned n)
{
	return first + GROUP < n ? first + GROUP : n;
}

unsigned pipeline_burst(struct pipeline *pl, struct packet *p, unsigned n, int64_t now, bool parsed)
{
	uint32_t entry[PIPELINE_MAX_BURST];
	uint64_t start = budget_start(&pl->budget);
	struct sums x = {0};

	refresh(pl, now);
	// The stages follow each other at a distance of GROUP packets, so that the memory requests
	// of one packet are spread between the work on others and have come when they are needed.
	// A group's packets go through a stage together: what they wait for, they wait for at once.
	for (unsigned i = 0; i < n + 3 * GROUP; i += GROUP) {
		for (unsigned j = i, end = group_end(j, n); j < end; j++)
			read_packet(pl, p, n, j, parsed);
		if (i < GROUP)
			continue;
		for (unsigned j = i - GROUP, end = group_end(j, n); j < end; j++)
			entry[j] = find_entry(pl, &p[j]);
		if (i < 2 * GROUP)
			continue;
		for (unsigned j = i - 2 * GROUP, end = group_end(j, n); j < end; j++)
			prefetch_behind(pl, &p[j], entry[j]);
		if (i < 3 * GROUP)
			continue;
		for (unsigned j = i - 3 * GROUP, end = group_end(j, n); j < end; j++)
			serve(pl, &p[j], entry[j], &x);
	}
	add_sums(&pl->stats, &x);
	budget_earn(&pl->budget, start);
	return (unsigned)x.packets;
}

static void look_at(struct pipeline *pl, uint32_t i)
{
	struct flow_hot *h = &pl->table.hot[i];
	int64_t due = h->last + pl->c.timeout_us[h->class_], update;

	if (due <= pl->now) {
		if ((pl->c.lanes != NULL && flow_lane_last_word(pl, i)) ||
			(pl->table.cold[i].offloaded && flow_offload_last_word(pl, i)))
			timer_set(pl->wheel, i, pl->now + TIMER_TICK_US);
		else
			flow_end(pl, i, RECORD_END_IDLE);
		return;
	}
	if (h->meter != METER_NONE) {
		flow_limit_time(pl, i);
		timer_clear(pl->wheel, i); // a new meter may have set it
	}
	update = flow_update_due(pl, i);
	if (h->meter != METER_NONE && flow_limit_due(pl, i) < update)
		update = flow_limit_due(pl, i);
	timer_set(pl->wheel, i, update < due ? update : due);
}

// Takes flows that are due off the wheel and prefetches what looking at them needs. Where they lie
// in the table the order of the wheel does not tell.
static unsigned take_due(struct pipeline *pl, uint32_t *due, unsigned max)
{
	struct flow_table *t = &pl->table;
	unsigned n = 0;

	while (n < max && (due[n] = timer_next(pl->wheel, pl->now)) != FLOW_NONE) {
		__builtin_prefetch(&t->hot[due[n]], 1);
		__builtin_prefetch((const char *)&t->cold[due[n]] + 63, 1);
		n++;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct flow_hot *h = &t->hot[due[i]];

		if (h->last + pl->c.timeout_us[h->class_] <= pl->now)
			__builtin_prefetch(&t->buckets[flow_bucket_of(t, flow_hash(t, due[i]))], 1);
	}
	return n;
}

unsigned pipeline_age(struct pipeline *pl, int64_t now, unsigned budget)
{
	uint32_t due[AGE_BATCH];
	uint64_t start = budget_start(&pl->budget);
	unsigned done = 0;

	refresh(pl, now);
	while (done < budget) {
		unsigned n =
			take_due(pl, due, budget - done < AGE_BATCH ? budget - done : AGE_BATCH);

		if (n == 0)
			break;
		for (unsigned i = 0; i < n; i++)
			look_at(pl, due[i]);
		done += n;
	}
	if (done != 0)
		budget_draw(&pl->budget, start);
	return done;
}

unsigned pipeline_answers(struct pipeline *pl, int64_t now, unsigned budget)
{
	uint64_t start;
	unsigned n;

	refresh(pl, now);
	start = budget_start(&pl->budget);
	n = flow_lane_answers(pl, budget);
	budget_draw(&pl->budget, start);
	return n;
}

void pipeline_stop(struct pipeline *pl)
{
	flow_offload_last_words(pl);
	if (pl->c.lanes != NULL)
		flow_lane_last_words(pl);
	for (uint32_t i = 0; i < pl->table.fresh; i++)
		if (pl->table.hot[i].version != 0)
			flow_end(pl, i, RECORD_END_STOP);
}
