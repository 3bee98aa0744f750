// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/dataplane/view.h"

static bool in_prefix(const struct view_filter *f, uint8_t version, const uint8_t *a)
{
	unsigned bytes = f->addr_len / 8, rest = f->addr_len % 8;

	if (version != f->addr_version || memcmp(a, f->addr, bytes) != 0)
		return false;
	return rest == 0 || ((a[bytes] ^ f->addr[bytes]) >> (8 - rest)) == 0;
}

static bool matches(const struct view_filter *f, const struct record *r)
{
	struct policy_rule_info rule;

	if ((f->cc != 0 && f->cc != r->cc) || (f->action >= 0 && f->action != r->action) ||
		(f->border >= 0 && f->border != r->border) ||
		(f->proto >= 0 && f->proto != r->proto))
		return false;
	if (f->app >= 0 && f->app != r->app && f->app != r->master)
		return false;
	if (f->port >= 0 && f->port != r->sport && f->port != r->dport)
		return false;
	if (f->has_addr && !in_prefix(f, r->version, r->src) && !in_prefix(f, r->version, r->dst))
		return false;
	if (f->host != NULL && strcasestr(r->host, f->host) == NULL)
		return false;
	if (f->tenant != NULL &&
		(r->policy == NULL ||
			strcmp(policy_tenant_name(r->policy, r->tenant), f->tenant) != 0))
		return false;
	if (f->rule == NULL)
		return true;
	if (r->policy == NULL || r->undecided)
		return false;
	policy_rule(r->policy, r->rule, &rule);
	return rule.id != NULL && strcmp(rule.id, f->rule) == 0;
}

static uint64_t sort_value(enum view_sort sort, const struct record *r)
{
	switch (sort) {
	case VIEW_BY_OUT:
		return r->ob;
	case VIEW_BY_IN:
		return r->rb;
	case VIEW_BY_BYTES:
		return r->ob + r->rb + r->db;
	case VIEW_BY_PACKETS:
		return r->op + r->rp + r->dp;
	case VIEW_BY_AGE:
		return UINT64_MAX - (uint64_t)r->t0;
	case VIEW_BY_LAST:
		return (uint64_t)r->t1;
	}
	return 0; // there is no other
}

static void sift_down(struct view *v, unsigned at)
{
	for (;;) {
		unsigned least = at, left = 2 * at + 1, right = left + 1;
		struct view_row t;

		if (left < v->n_rows && v->rows[left].sort < v->rows[least].sort)
			least = left;
		if (right < v->n_rows && v->rows[right].sort < v->rows[least].sort)
			least = right;
		if (least == at)
			return;
		t = v->rows[at];
		v->rows[at] = v->rows[least];
		v->rows[least] = t;
		at = least;
	}
}

static void keep(struct view *v, const struct view_row *row)
{
	if (v->max_rows == 0)
		return;
	if (v->n_rows < v->max_rows) {
		v->rows[v->n_rows++] = *row;
		if (v->n_rows == v->max_rows)
			for (unsigned i = v->n_rows / 2; i-- > 0;)
				sift_down(v, i);
		return;
	}
	if (row->sort <= v->rows[0].sort)
		return;
	v->rows[0] = *row;
	sift_down(v, 0);
}

static uint32_t key_value(enum view_key key, const struct record *r)
{
	switch (key) {
	case VIEW_KEY_TENANT:
		return r->tenant;
	case VIEW_KEY_COUNTRY:
		return r->cc;
	case VIEW_KEY_APP:
		return r->app;
	case VIEW_KEY_RULE:
		return r->rule;
	case VIEW_KEY_SHADOW:
		return r->shadow;
	case VIEW_KEY_ACTION:
		return r->action;
	}
	return 0; // there is no other
}

static void add(struct view *v, uint32_t key, uint16_t generation, uint64_t out, uint64_t in)
{
	bool words =
		v->key == VIEW_KEY_TENANT || v->key == VIEW_KEY_RULE || v->key == VIEW_KEY_SHADOW;
	struct view_sum *s;
	uint32_t at;

	if (!words) // these mean the same in every policy
		generation = 0;
	at = (key * 2654435761u ^ generation * 40503u) % VIEW_SUMS;
	for (unsigned tries = 0; tries < 64; tries++, at = (at + 1) % VIEW_SUMS) {
		s = &v->sums[at];
		if (!s->used)
			*s = (struct view_sum){.key = key, .generation = generation, .used = true};
		if (s->key != key || s->generation != generation)
			continue;
		s->flows++;
		s->out += out;
		s->in += in;
		return;
	}
	v->sums_full++;
}

// What both policies say of the same facts; limits and exceptions hold for either and are left out.
static bool compare(struct view *v, struct pipeline *pl, uint32_t i, struct view_row *row)
{
	struct policy_verdict now, then;
	struct policy_facts f;

	flow_facts(pl, i, pl->gen->policy, &f);
	policy_eval(pl->gen->policy, &f, pl->now / 1000000, &now);
	flow_facts(pl, i, v->candidate, &f);
	policy_eval(v->candidate, &f, pl->now / 1000000, &then);
	v->moved[now.action][then.action]++;
	row->compared = true;
	row->new_action = then.action;
	row->new_state = then.state;
	row->new_rule = then.rule;
	return now.action != then.action;
}

// Where rules are compared, bytes that a rule before the one at hand has got are not its own.
static void add_flow(struct view *v, const struct pipeline *pl, uint32_t i, const struct record *r)
{
	const struct flow_cold *c = &pl->table.cold[i];
	uint64_t out = r->ob, in = r->rb;

	if (v->key == VIEW_KEY_RULE && c->ext != FLOW_NONE) {
		out -= pl->table.ext[c->ext].credited[0];
		in -= pl->table.ext[c->ext].credited[1];
	}
	add(v, key_value(v->key, r), c->generation, out, in);
	if (v->shadows_too && r->shadow != POLICY_RULE_NONE)
		add(v, r->shadow, c->generation, 0, 0);
}

static void look(struct view *v, struct pipeline *pl, uint32_t i)
{
	struct view_row row;

	v->seen++;
	flow_snapshot(pl, i, &row.r);
	if (row.r.local || !matches(&v->filter, &row.r))
		return;
	row.compared = false;
	if (v->candidate != NULL && !compare(v, pl, i, &row))
		return;
	v->matched++;
	row.sort = sort_value(v->sort, &row.r);
	if (v->want_sums)
		add_flow(v, pl, i, &row.r);
	keep(v, &row);
}

bool view_slice(struct view *v, struct pipeline *pl, unsigned budget)
{
	while (budget-- > 0) {
		if (v->next >= pl->table.fresh)
			return true;
		if (pl->table.hot[v->next].version != 0)
			look(v, pl, v->next);
		v->next++;
	}
	return false;
}
