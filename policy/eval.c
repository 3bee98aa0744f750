// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// From what is known of a flow to its verdict.

#include "policy/engine.h"

static bool claimed(
	const struct engine *e, const struct tenant_node *node, uint64_t network, uint32_t *tenant)
{
	uint32_t lo = node->first, hi = node->first + node->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (e->claims[mid].network == network) {
			*tenant = e->claims[mid].tenant;
			return true;
		}
		if (e->claims[mid].network < network)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

// Who names the packet's network goes before who names none.
static bool tenant_of_node(const struct engine *e, const struct tenant_node *node, uint16_t vlan,
	uint32_t vni, uint32_t *tenant)
{
	if (vlan != POLICY_VLAN_NONE && claimed(e, node, 1ull << 32 | vlan, tenant))
		return true;
	if (vni != POLICY_VNI_NONE && claimed(e, node, 2ull << 32 | vni, tenant))
		return true;
	*tenant = node->unbound;
	return *tenant != POLICY_TENANT_NONE;
}

uint32_t policy_tenant(
	const struct policy *p, const struct policy_addr *inside, uint16_t vlan, uint32_t vni)
{
	const struct engine *e = p->engine;
	uint32_t tenant;

	for (uint32_t i = lpm_find(&e->tenant_lpm, inside); i != LPM_NONE;
		i = e->tenant_lpm.parent[i])
		if (tenant_of_node(e, &e->nodes[i], vlan, vni, &tenant))
			return tenant;
	tenant_of_node(e, &e->anywhere, vlan, vni, &tenant);
	return tenant;
}

bool policy_inside(const struct policy *p, const struct policy_addr *a)
{
	return lpm_find(&p->engine->tenant_lpm, a) != LPM_NONE;
}

bool policy_override(const struct policy *p, const struct policy_addr *remote, uint16_t *cc)
{
	uint32_t i = lpm_find(&p->engine->override_lpm, remote);

	if (i == LPM_NONE)
		return false;
	*cc = p->engine->override_cc[i];
	return true;
}

enum policy_border policy_border(const struct policy *p, uint16_t cc)
{
	if (cc == POLICY_CC_XX)
		return POLICY_BORDER_UNKNOWN;
	return p->engine->home[country_index(cc)] ? POLICY_BORDER_HOME : POLICY_BORDER_CROSS;
}

const uint64_t *engine_in_force(const struct engine *e, int64_t now)
{
	unsigned lo = 0, hi = e->n_times;

	while (hi - lo > 1) {
		unsigned mid = lo + (hi - lo) / 2;

		if (e->from[mid] <= now)
			lo = mid;
		else
			hi = mid;
	}
	return e->in_force[lo];
}

int64_t policy_next_change(const struct policy *p, int64_t now)
{
	const struct engine *e = p->engine;
	int64_t next = p->doc->info.expires > now ? p->doc->info.expires : INT64_MAX;

	for (unsigned i = 1; i < e->n_times; i++)
		if (e->from[i] > now)
			return e->from[i] < next ? e->from[i] : next;
	return next;
}

// What is found on the way down the rules.
struct walk {
	unsigned decided; // index; the number of rules: none
	unsigned shadow;  // the same
	bool pending_block, pending_pass;
	uint16_t capture_packets, capture_snap;
};

// The most that any of the 64 rules that may decide keeps.
static void want_capture(
	const struct policy_doc *d, unsigned word, uint64_t rules, struct walk *out)
{
	for (; rules != 0; rules &= rules - 1) {
		const struct policy_rule_doc *r =
			&d->rules[64 * word + (unsigned)__builtin_ctzll(rules)];

		if (r->capture_packets > out->capture_packets)
			out->capture_packets = r->capture_packets;
		if (r->capture_snap > out->capture_snap)
			out->capture_snap = r->capture_snap;
	}
}

static void walk_rules(const struct policy *p, const struct probe *probe, const uint64_t *in_force,
	struct walk *out)
{
	const struct engine *e = p->engine;
	const unsigned none = e->rules.n;

	*out = (struct walk){.decided = none, .shadow = none};
	for (unsigned w = 0; w < probe->words; w++) {
		uint64_t maybe, held, decides, shadows, pending;

		if (in_force[w] == 0)
			continue;
		held = probe_word(probe, w, in_force[w], &maybe);
		if (maybe == 0)
			continue;
		decides = held & ~e->shadow[w];
		shadows = held & e->shadow[w];
		pending = maybe & ~held & ~e->shadow[w];
		if (decides != 0) {
			uint64_t above = (decides & -decides) - 1;

			out->decided = 64 * w + (unsigned)__builtin_ctzll(decides);
			shadows &= above;
			pending &= above;
		}
		if (shadows != 0 && out->shadow == none)
			out->shadow = 64 * w + (unsigned)__builtin_ctzll(shadows);
		if (e->captures)
			want_capture(
				p->doc, w, (pending | (decides & -decides)) & e->capturing[w], out);
		out->pending_block |= (pending & e->blocking[w]) != 0;
		out->pending_pass |= (pending & ~e->blocking[w]) != 0;
		if (decides != 0)
			return;
	}
}

static void take_default(const struct policy_doc *d, struct policy_verdict *out)
{
	out->state = POLICY_DECIDED;
	out->action = d->default_action;
	out->severity = d->default_severity;
	out->rule = POLICY_RULE_DEFAULT;
}

// The policy has expired and does not keep its rules.
static bool eval_expired(const struct policy_doc *d, struct policy_verdict *out)
{
	if (d->on_expiry == ON_EXPIRY_KEEP_AND_FLAG)
		return false;
	*out = (struct policy_verdict){.rule = POLICY_RULE_NONE, .shadow = POLICY_RULE_NONE};
	if (d->on_expiry == ON_EXPIRY_DEFAULT_ONLY)
		take_default(d, out);
	else
		out->action = POLICY_BLOCK;
	out->state = POLICY_DECIDED;
	out->expired = 1;
	return true;
}

void policy_eval(const struct policy *p, const struct policy_facts *f, int64_t now,
	struct policy_verdict *out)
{
	const struct policy_doc *d = p->doc;
	const struct engine *e = p->engine;
	bool expired = now >= d->info.expires;
	struct probe probe;
	struct walk walk;

	if (expired && eval_expired(d, out))
		return;
	*out = (struct policy_verdict){.shadow = POLICY_RULE_NONE};
	matcher_probe(&e->rules, f, d->info.min_confidence, POLICY_RULE_NONE, &probe);
	walk_rules(p, &probe, engine_in_force(e, now), &walk);
	out->capture_packets = walk.capture_packets;
	out->capture_snap = walk.capture_snap;
	if (walk.shadow < e->rules.n)
		out->shadow = (uint16_t)walk.shadow;
	take_default(d, out);
	if (walk.decided < e->rules.n) {
		out->action = d->rules[walk.decided].action;
		out->severity = d->rules[walk.decided].severity;
		out->rule = (uint16_t)walk.decided;
	}
	if (out->action == POLICY_BLOCK ? walk.pending_pass : walk.pending_block) {
		out->state = POLICY_UNDECIDED;
		out->action = d->info.pending.action;
		out->severity = POLICY_SEV_NONE;
		out->rule = POLICY_RULE_NONE;
		return;
	}
	if (walk.pending_pass || walk.pending_block)
		out->state = POLICY_AGREED;
	if (expired && out->action == POLICY_ALLOW) {
		out->action = POLICY_FLAG;
		out->expired = 1;
	}
}
