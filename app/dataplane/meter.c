// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/meter_parts.h"
#include "app/dataplane/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int meters_init(
	struct meters *m, uint32_t size, struct quota *quota, unsigned n_workers, bool touch)
{
	memset(m, 0, sizeof(*m));
	m->quota = quota;
	m->n_workers = n_workers == 0 ? 1 : n_workers;
	m->size = size;
	m->fresh = 1;
	m->v = pages_map(size, sizeof(*m->v), touch);
	return m->v != NULL ? 0 : -ENOMEM;
}

void meters_fini(struct meters *m)
{
	pages_unmap(m->v, m->size, sizeof(*m->v));
	m->v = NULL;
}

int64_t meters_windows(struct meters *m, const struct policy *p, int64_t now)
{
	unsigned used = 0;
	int64_t next = INT64_MAX;
	struct policy_limit_info l;

	for (uint16_t i = 0; i < policy_info(p)->n_limits; i++) {
		policy_limit(p, i, &l);
		used |= 1u << l.window;
	}
	for (unsigned w = POLICY_WINDOW_HOUR; w <= POLICY_WINDOW_MONTH; w++) {
		int64_t end;

		if ((used & 1u << w) == 0)
			continue;
		policy_window(p, (enum policy_limit_window)w, now, &m->begin[w], &end);
		if (end < next)
			next = end;
	}
	return next;
}

static uint32_t take_entry(struct meters *m)
{
	uint32_t i = m->free;

	if (i != METER_NONE)
		m->free = m->v[i].next;
	else if (m->fresh < m->size)
		i = m->fresh++;
	else
		return METER_NONE;
	memset(&m->v[i], 0, sizeof(m->v[i]));
	m->live++;
	return i;
}

static void give_entries(struct meters *m, uint32_t i)
{
	while (i != METER_NONE) {
		uint32_t more = m->v[i].more;

		m->v[i].next = m->free;
		m->free = i;
		m->live--;
		i = more;
	}
}

static void fill_part(struct meters *m, const struct policy *p, uint16_t limit, uint32_t tenant,
	uint16_t cc, struct meter_part *out)
{
	struct policy_limit_info l;
	bool by_tenant, by_country;

	policy_limit(p, limit, &l);
	by_tenant = l.per == POLICY_PER_TENANT || l.per == POLICY_PER_TENANT_COUNTRY;
	by_country = l.per == POLICY_PER_COUNTRY || l.per == POLICY_PER_TENANT_COUNTRY;
	*out = (struct meter_part){
		.bytes = l.bytes_out,
		.flows = l.flows,
		.seconds = l.seconds,
		.limit = limit,
		.window = l.window,
		.action = l.action,
		.severity = l.severity,
		.per_flow = l.per == POLICY_PER_FLOW,
	};
	if (out->per_flow)
		return;
	out->counter = quota_find(m->quota, l.id, by_tenant ? policy_tenant_name(p, tenant) : NULL,
		by_country ? cc : 0, (enum policy_limit_window)l.window);
	if (out->counter == NULL)
		m->full++;
	meter_enter(m, out);
	out->over = out->counter != NULL && atomic_load(&out->counter->over);
}

static bool is_same(const struct meters *m, uint32_t i, uint16_t generation, uint32_t tenant,
	uint16_t cc, const uint16_t *limits, unsigned n, uint64_t flow_bytes)
{
	const struct meter *x = &m->v[i];
	struct meter_part *p;
	unsigned k = 0;

	if (x->generation != generation || x->tenant != tenant || x->cc != cc ||
		x->flow_bytes != flow_bytes)
		return false;
	EACH_PART(m, i, p)
	{
		if (k == n || p->limit != limits[k++])
			return false;
	}
	return k == n;
}

// The least limit of a flow of its own that it has not passed yet.
static uint64_t next_flow_bytes(
	const struct policy *p, const uint16_t *limits, unsigned n, uint64_t sent)
{
	uint64_t next = UINT64_MAX;
	struct policy_limit_info l;

	for (unsigned i = 0; i < n; i++) {
		policy_limit(p, limits[i], &l);
		if (l.per == POLICY_PER_FLOW && l.bytes_out != 0 && l.bytes_out >= sent &&
			l.bytes_out < next)
			next = l.bytes_out;
	}
	return next;
}

static uint64_t key_of(uint16_t generation, uint32_t tenant, uint16_t cc, const uint16_t *limits,
	unsigned n, uint64_t flow_bytes)
{
	uint64_t h = flow_bytes ^ ((uint64_t)generation << 48 | (uint64_t)cc << 32 | tenant) *
					  0x9e3779b97f4a7c15;

	for (unsigned i = 0; i < n; i++)
		h = ((h ^ limits[i]) * 0xff51afd7ed558ccd) ^ h >> 29;
	return h ^ h >> 32;
}

static bool fill(struct meters *m, uint32_t first, const struct policy *p, const uint16_t *limits,
	unsigned n)
{
	struct meter *head = &m->v[first], *x = head;

	head->lease = 0; // the first packet asks the counters
	for (unsigned i = 0; i < n; i++) {
		if (x->n == METER_PARTS) {
			uint32_t more = take_entry(m);

			if (more == METER_NONE)
				return false;
			x->more = more;
			x = &m->v[more];
		}
		fill_part(m, p, limits[i], head->tenant, head->cc, &x->parts[x->n++]);
	}
	return true;
}

uint32_t meter_get(struct meters *m, const struct policy *p, uint16_t generation, uint32_t tenant,
	uint16_t cc, const uint16_t *limits, unsigned n, uint64_t sent, bool *full)
{
	uint64_t key, flow_bytes;
	uint32_t *chain, i;

	*full = false;
	if (n == 0)
		return METER_NONE;
	flow_bytes = next_flow_bytes(p, limits, n, sent);
	key = key_of(generation, tenant, cc, limits, n, flow_bytes);
	chain = &m->chain[key % METER_CHAINS];
	for (i = *chain; i != METER_NONE; i = m->v[i].next)
		if (m->v[i].key == key &&
			is_same(m, i, generation, tenant, cc, limits, n, flow_bytes))
			return i;
	i = take_entry(m);
	if (i != METER_NONE) {
		m->v[i].key = key;
		m->v[i].generation = generation;
		m->v[i].tenant = tenant;
		m->v[i].cc = cc;
		m->v[i].flow_bytes = flow_bytes;
		if (fill(m, i, p, limits, n)) {
			m->v[i].next = *chain;
			*chain = i;
			return i;
		}
		give_entries(m, i);
	}
	m->full++;
	*full = true;
	return METER_NONE;
}

void meter_ref(struct meters *m, uint32_t i)
{
	if (i != METER_NONE)
		m->v[i].refs++;
}

void meter_unref(struct meters *m, uint32_t i)
{
	uint32_t *at;

	if (i == METER_NONE || --m->v[i].refs != 0)
		return;
	meter_settle(m, i);
	for (at = &m->chain[m->v[i].key % METER_CHAINS]; *at != i; at = &m->v[*at].next)
		;
	*at = m->v[i].next;
	give_entries(m, i);
}

uint64_t meter_flow_seconds(const struct meters *m, uint32_t i)
{
	uint64_t least = UINT64_MAX;
	struct meter_part *p;

	EACH_PART(m, i, p)
	{
		if (p->per_flow && p->seconds != 0 && p->seconds < least)
			least = p->seconds;
	}
	return least;
}

bool meter_counts_seconds(const struct meters *m, uint32_t i)
{
	struct meter_part *p;

	EACH_PART(m, i, p)
	{
		if (p->counter != NULL && p->seconds != 0)
			return true;
	}
	return false;
}

static bool passed(const struct meter_part *p, uint64_t bytes, uint64_t seconds)
{
	if (p->counter != NULL)
		return atomic_load(&p->counter->over);
	return p->per_flow &&
	       ((p->bytes != 0 && bytes > p->bytes) || (p->seconds != 0 && seconds > p->seconds));
}

struct meter_verdict meter_check(
	struct meters *m, uint32_t i, uint64_t bytes, uint64_t seconds, bool own)
{
	struct meter_verdict v = {.limit = POLICY_LIMIT_NONE, .action = POLICY_ALLOW};
	struct meter_part *p;

	EACH_PART(m, i, p)
	{
		if (own && !p->per_flow)
			continue;
		meter_enter(m, p);
		// No counter was left: what cannot be counted is at least seen.
		if (!p->per_flow && p->counter == NULL) {
			if (v.action < POLICY_FLAG)
				v = (struct meter_verdict){p->limit, POLICY_FLAG, p->severity};
			continue;
		}
		if (passed(p, bytes, seconds) && p->action > v.action)
			v = (struct meter_verdict){p->limit, p->action, p->severity};
	}
	return v;
}
