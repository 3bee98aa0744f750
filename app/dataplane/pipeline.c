// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/pipeline.h"
#include "app/dataplane/pages.h"

#include <errno.h>
#include <stdlib.h>

#define FRAG_DATAGRAMS  4096
#define OWN_COUNTERS    65536
#define METERS          65536
#define ORDER_BLOCKS    16384 // 8 MiB of segments before their turn
#define ORDER_SEGMENTS  32    // of one direction of a flow: reordering networks are far below
#define ORDER_BYTES     65535
#define DATAGRAMS       1024
#define DATAGRAM_BLOCKS 8192 // 4 MiB of fragments, likewise
#define DATAGRAM_PIECES 64   // of one datagram: 65535 bytes in frames of 1500 are 45
#define AGE_AHEAD       8    // flows between the steps of ageing one

// What DPI is given is put in order and put together.
static int init_reassembly(struct pipeline *pl)
{
	const struct order_config o = {.contexts = pl->c.lanes != NULL ? lanes_contexts(pl->c.lanes)
								       : dpi_contexts(pl->c.dpi),
		.blocks = ORDER_BLOCKS,
		.segments = ORDER_SEGMENTS,
		.bytes = ORDER_BYTES,
		.touch = pl->c.huge};
	const struct datagram_config d = {.contexts = o.contexts,
		.datagrams = DATAGRAMS,
		.blocks = DATAGRAM_BLOCKS,
		.fragments = DATAGRAM_PIECES,
		.seed = pl->c.seed,
		.touch = pl->c.huge};

	pl->datagrams = datagrams_create(&d);
	pl->holders = pages_map(o.contexts, sizeof(*pl->holders), pl->c.huge);
	pl->n_holders = o.contexts;
	if (pl->datagrams == NULL || pl->holders == NULL ||
		handshakes_init(&pl->handshakes, o.contexts, pl->c.huge) < 0)
		return -ENOMEM;
	return order_init(&pl->order, &o);
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
		rc = meters_init(&pl->meters, METERS, pl->c.quota, c->n_workers, c->huge);
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
	handshakes_fini(&pl->handshakes);
	pages_unmap(pl->holders, pl->n_holders, sizeof(*pl->holders));
	pl->holders = NULL;
	datagrams_free(pl->datagrams);
	pl->datagrams = NULL;
	if (pl->own_quota.counters != NULL)
		quota_fini(&pl->own_quota);
}

void pipeline_refresh(struct pipeline *pl, int64_t now)
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
		pl->sieve = policy_sieve(pl->gen->policy, pl->now / 1000000);
		pl->screen = pl->sieve != NULL ? pl->gen->screen : NULL;
		pl->overrides = policy_info(pl->gen->policy)->n_overrides != 0;
		pl->limits = policy_info(pl->gen->policy)->n_limits != 0;
		if (pl->overrides)
			pl->sieve = NULL;
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

// Of a flow that was taken off the wheel and whose line has come: where it will be removed from.
static void prefetch_bucket(const struct pipeline *pl, uint32_t i)
{
	const struct flow_table *t = &pl->table;
	const struct flow_hot *h = &t->hot[i];

	if (h->last + pl->c.timeout_us[h->class_] <= pl->now)
		__builtin_prefetch(&t->buckets[flow_bucket_of(t, flow_hash(t, i))], 1);
}

// Flows that are due follow each other in the wheel as a list: one more is taken for each that is
// looked at, so that its lines and the next one's come meanwhile: where they lie in the table the
// order of the wheel does not tell.
unsigned pipeline_age(struct pipeline *pl, int64_t now, unsigned budget)
{
	uint32_t due[2 * AGE_AHEAD + 2];
	const unsigned places = sizeof(due) / sizeof(due[0]);
	uint64_t start = budget_start(&pl->budget);
	unsigned taken = 0, seen = 0, done = 0;
	bool more;

	pipeline_refresh(pl, now);
	do {
		uint32_t i = taken < budget ? timer_next(pl->wheel, pl->now) : FLOW_NONE;

		more = i != FLOW_NONE;
		if (more) {
			due[taken++ % places] = i;
			flow_prefetch(&pl->table, i);
		}
		if (seen + (more ? AGE_AHEAD : 0) < taken)
			prefetch_bucket(pl, due[seen++ % places]);
		if (done + (more ? AGE_AHEAD : 0) < seen)
			look_at(pl, due[done++ % places]);
	} while (more || done < taken);
	if (done != 0)
		budget_draw(&pl->budget, start);
	return done;
}

unsigned pipeline_answers(struct pipeline *pl, int64_t now, unsigned budget)
{
	uint64_t start;
	unsigned n;

	pipeline_refresh(pl, now);
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
