// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// How meters count: leases are taken, used up, settled and called back.

#include "app/dataplane/meter_parts.h"

void meter_settle(struct meters *m, uint32_t i)
{
	struct meter *x = &m->v[i];
	struct meter_part *p;

	EACH_PART(m, i, p)
	{
		struct quota_counter *c = p->counter;

		if (c == NULL)
			continue;
		meter_enter(m, p);
		if (p->begin == atomic_load(&c->begin)) {
			atomic_fetch_add(&c->bytes, x->bytes);
			if (p->leased >= x->bytes)
				atomic_fetch_sub(&c->committed, p->leased - x->bytes);
			else
				atomic_fetch_add(&c->committed, x->bytes - p->leased);
		}
		p->leased = 0;
		p->begin = atomic_load(&c->begin);
	}
	x->bytes = 0;
	x->lease = 0;
}

static bool bounds(const struct meter_part *p)
{
	return p->counter != NULL && p->bytes != 0 && !atomic_load(&p->counter->over);
}

// Sets bytes aside in every counter that is still below its limit: the same for all, the least that
// any can give.
static void lease(struct meters *m, uint32_t i)
{
	uint64_t want = QUOTA_LEASE_MAX;
	struct meter_part *p;

	EACH_PART(m, i, p)
	{
		if (!bounds(p))
			continue;
		p->leased = quota_lease(p->counter, p->bytes, want, m->n_workers);
		want = p->leased;
	}
	EACH_PART(m, i, p)
	{
		if (p->leased > want) {
			atomic_fetch_sub(&p->counter->committed, p->leased - want);
			p->leased = want;
		}
	}
	m->v[i].lease = want;
}

// Whether a counter has passed its limit since this was asked last. Who is told decides all flows
// of the worker anew, so nobody but the askers may note that it is known.
static bool has_news(struct meters *m, uint32_t i)
{
	struct meter_part *p;
	bool news = false;

	EACH_PART(m, i, p)
	{
		bool over = p->counter != NULL && atomic_load(&p->counter->over);

		news |= over != p->over;
		p->over = over;
	}
	return news;
}

void meters_settle(struct meters *m)
{
	m->recalled = atomic_load(&m->quota->recall);
	for (unsigned k = 0; k < METER_CHAINS; k++)
		for (uint32_t i = m->chain[k]; i != METER_NONE; i = m->v[i].next)
			if (m->v[i].lease != 0 || m->v[i].bytes != 0)
				meter_settle(m, i);
}

// Whoever counts within a lease must learn of it now, not when the lease is used up.
static void pass(struct meters *m, struct quota_counter *c)
{
	if (!atomic_exchange(&c->over, true))
		atomic_fetch_add(&m->quota->recall, 1);
}

// Nothing is left to set aside, but not all that is set aside has been used: it is called back, so
// that the limit is neither passed by what others have used of theirs nor reached before it is
// used.
static void call_back(struct meters *m, uint32_t i)
{
	struct meter_part *p;

	atomic_fetch_add(&m->quota->recall, 1);
	meters_settle(m);
	EACH_PART(m, i, p)
	{
		if (p->counter != NULL && p->bytes != 0 &&
			atomic_load(&p->counter->bytes) > p->bytes)
			pass(m, p->counter);
	}
}

// Counts a packet in the counters themselves.
static void count_one(struct meters *m, uint32_t i, uint64_t len)
{
	struct meter_part *p;
	bool reserved = false;

	EACH_PART(m, i, p)
	{
		struct quota_counter *c = p->counter;
		uint64_t committed;

		if (c == NULL)
			continue;
		committed = atomic_fetch_add(&c->committed, len) + len;
		if (atomic_fetch_add(&c->bytes, len) + len > p->bytes && p->bytes != 0)
			pass(m, c);
		else if (committed > p->bytes && p->bytes != 0)
			reserved = true;
	}
	if (reserved)
		call_back(m, i);
}

bool meter_charge(struct meters *m, uint32_t i, uint64_t len)
{
	struct meter *x = &m->v[i];

	meter_settle(m, i);
	lease(m, i);
	if (len <= x->lease) {
		x->bytes = len;
		return has_news(m, i);
	}
	meter_settle(m, i);
	count_one(m, i, len);
	return has_news(m, i);
}

void meter_refund(struct meters *m, uint32_t i, uint64_t len)
{
	struct meter *x = &m->v[i];
	struct meter_part *p;

	if (x->bytes >= len) {
		x->bytes -= len;
		return;
	}
	EACH_PART(m, i, p)
	{
		if (p->counter == NULL)
			continue;
		atomic_fetch_sub(&p->counter->committed, len);
		atomic_fetch_sub(&p->counter->bytes, len);
	}
}

bool meter_add_seconds(struct meters *m, uint32_t i, uint64_t seconds)
{
	struct meter_part *p;

	EACH_PART(m, i, p)
	{
		struct quota_counter *c = p->counter;

		if (c == NULL)
			continue;
		meter_enter(m, p);
		if (atomic_fetch_add(&c->seconds, seconds) + seconds > p->seconds &&
			p->seconds != 0)
			pass(m, c);
	}
	return has_news(m, i);
}

static bool has_counter(const struct meters *m, uint32_t i, const struct quota_counter *c)
{
	struct meter_part *p;

	EACH_PART(m, i, p)
	{
		if (p->counter == c)
			return true;
	}
	return false;
}

void meter_join(struct meters *m, uint32_t i, uint32_t before, uint64_t bytes)
{
	struct meter_part *p;

	EACH_PART(m, i, p)
	{
		struct quota_counter *c = p->counter;
		uint64_t flows;

		if (c == NULL || has_counter(m, before, c))
			continue;
		meter_enter(m, p);
		flows = atomic_fetch_add(&c->flows, 1) + 1;
		atomic_fetch_add(&c->committed, bytes);
		if ((atomic_fetch_add(&c->bytes, bytes) + bytes > p->bytes && p->bytes != 0) ||
			(p->flows != 0 && flows > p->flows))
			pass(m, c);
	}
}
