// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Limits on flows: which hold, what they have counted, what follows (policy.md, semantics 5).

#include "app/dataplane/pipeline.h"

static uint64_t seconds_of(const struct pipeline *pl, uint32_t i)
{
	int64_t end = pl->ending ? pl->table.hot[i].last : pl->now;
	int64_t life = end - pl->table.cold[i].t0;

	return life > 0 ? (uint64_t)life / 1000000 : 0;
}

// Another meter. Counters that both have go on; in one that is new the flow counts with what it has
// sent, unless it is new because the policy is: a limit begins to count when it is put into force.
static void change_meter(struct pipeline *pl, uint32_t i, uint32_t meter, bool same_policy)
{
	struct flow_hot *h = &pl->table.hot[i];
	uint32_t before = h->meter;

	if (meter != METER_NONE)
		meter_join(&pl->meters, meter, before, same_policy ? h->bytes[0] : 0);
	meter_ref(&pl->meters, meter);
	meter_unref(&pl->meters, before);
	h->meter = meter;
	if (meter != METER_NONE && flow_limit_due(pl, i) != INT64_MAX) {
		int64_t due = flow_limit_due(pl, i), idle = h->last + pl->c.timeout_us[h->class_];

		timer_clear(pl->wheel, i); // the look that is pending may come too late
		timer_set(pl->wheel, i, due < idle ? due : idle);
	}
}

struct meter_verdict flow_limit(
	struct pipeline *pl, uint32_t i, const struct policy_facts *f, uint16_t rule, uint32_t more)
{
	const struct meter_verdict none = {.limit = POLICY_LIMIT_NONE, .action = POLICY_ALLOW};
	struct flow_hot *h = &pl->table.hot[i];
	uint16_t limits[POLICY_MAX_LIMITS];
	unsigned n = policy_limits(pl->gen->policy, f, rule, limits);
	uint64_t sent = h->bytes[0] + more;
	bool full, same_policy;
	uint32_t meter;

	if (n == 0 && h->meter == METER_NONE)
		return none;
	meter = meter_get(&pl->meters, pl->gen->policy, pl->gen->number, f->tenant, f->cc, limits,
		n, sent, &full);
	same_policy =
		h->meter == METER_NONE || pl->meters.v[h->meter].generation == pl->gen->number;
	if (meter != h->meter)
		change_meter(pl, i, meter, same_policy);
	if (full) { // what cannot be counted is at least seen
		pl->stats.meters_full++;
		return (struct meter_verdict){limits[0], POLICY_FLAG, POLICY_SEV_NONE};
	}
	return meter == METER_NONE
		       ? none
		       : meter_check(&pl->meters, meter, sent, seconds_of(pl, i), pl->ending);
}

// Whatever else was decided by these counters must be decided anew, at each flow's next packet.
static void passed(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	pl->stats.limits_passed++;
	pl->stamp++;
	flow_decide(pl, i, p);
}

void flow_charge(struct pipeline *pl, uint32_t i, const struct packet *p)
{
	struct flow_hot *h = &pl->table.hot[i];
	uint32_t meter = h->meter;

	if (h->bytes[0] + p->ip_len > pl->meters.v[meter].flow_bytes) {
		flow_decide(pl, i, p);
		meter = h->meter;
		if (h->action == POLICY_BLOCK || meter == METER_NONE)
			return;
	}
	if (meter_fast(&pl->meters, meter, h->bytes[0], p->ip_len) ||
		!meter_charge(&pl->meters, meter, p->ip_len))
		return;
	passed(pl, i, p);
	if (h->action == POLICY_BLOCK && h->meter == meter)
		meter_refund(&pl->meters, meter, p->ip_len);
}

void flow_limit_time(struct pipeline *pl, uint32_t i)
{
	uint32_t meter = pl->table.hot[i].meter;
	uint64_t life = seconds_of(pl, i);

	if (meter_counts_seconds(&pl->meters, meter)) {
		struct flow_ext *x = flow_ext(&pl->table, i);

		if (x == NULL) {
			pl->stats.ext_full++;
		} else if (life > x->seconds) {
			uint64_t more = life - x->seconds;

			x->seconds = (uint32_t)life;
			if (meter_add_seconds(&pl->meters, meter, more)) {
				passed(pl, i, NULL);
				return;
			}
		}
	}
	if (life > meter_flow_seconds(&pl->meters, meter) &&
		pl->table.cold[i].limit == POLICY_LIMIT_NONE)
		flow_decide(pl, i, NULL);
}

int64_t flow_limit_due(const struct pipeline *pl, uint32_t i)
{
	uint32_t meter = pl->table.hot[i].meter;
	uint64_t seconds = meter_flow_seconds(&pl->meters, meter);
	int64_t t0 = pl->table.cold[i].t0, due = INT64_MAX;

	if (seconds < INT64_MAX / 2000000 && t0 + (int64_t)(seconds + 1) * 1000000 > pl->now)
		due = t0 + (int64_t)(seconds + 1) * 1000000;
	if (meter_counts_seconds(&pl->meters, meter) && pl->now + 10000000 < due)
		due = pl->now + 10000000; // counted every ten seconds
	return due;
}

// The rest of its seconds, and its place in the meter.
void flow_limit_end(struct pipeline *pl, uint32_t i)
{
	struct flow_hot *h = &pl->table.hot[i];
	struct flow_cold *c = &pl->table.cold[i];
	uint64_t life = h->last > c->t0 ? (uint64_t)(h->last - c->t0) / 1000000 : 0;
	uint64_t counted = c->ext != FLOW_NONE ? pl->table.ext[c->ext].seconds : 0;

	if (life > counted && meter_counts_seconds(&pl->meters, h->meter) &&
		meter_add_seconds(&pl->meters, h->meter, life - counted)) {
		pl->stats.limits_passed++;
		pl->stamp++;
	}
	meter_unref(&pl->meters, h->meter);
	h->meter = METER_NONE;
}
