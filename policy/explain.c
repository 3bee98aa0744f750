// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/explain.h"
#include "policy/country.h"
#include "policy/engine.h"
#include "policy/explain_part.h"
#include "policy/moment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// Why a rule is not in force at the time; NULL: it is.
static const char *why_off(const struct policy_rule_doc *r, int64_t now, struct arena *a)
{
	char at[MOMENT_TEXT_MAX];
	struct words w = {0};

	if (!r->enabled)
		return "disabled";
	if (now >= r->valid_from && now <= r->valid_to)
		return NULL;
	moment_format(now < r->valid_from ? r->valid_from : r->valid_to, at);
	words_add(&w, now < r->valid_from ? "begins at %s" : "ended at %s", at);
	return arena_strdup(a, w.text);
}

// The facts that follow from the addresses and the network.
static void place(const struct policy *p, const struct policy_question *q,
	struct policy_explanation *e, struct explaining *x)
{
	const struct policy_doc *d = p->doc;
	struct policy_facts *f = &e->facts;

	*f = q->facts;
	f->tenant = explain_tenant(d, &f->inside, q->vlan, q->vni, &e->arena, &e->tenant_why);
	f->cc = q->cc;
	explain_override(d, &f->remote, &f->cc, &e->arena, &e->country_why);
	f->border = f->cc == POLICY_CC_XX ? POLICY_BORDER_UNKNOWN : POLICY_BORDER_CROSS;
	for (unsigned i = 0; i < d->n_home; i++)
		if (d->home[i] == f->cc)
			f->border = POLICY_BORDER_HOME;
	policy_addr_format(&f->inside, x->inside);
	policy_addr_format(&f->remote, x->remote);
	country_format(f->cc, x->cc);
	x->tenant_why = e->tenant_why;
}

// "TLS.Google of Web", and what it counts as.
static void describe_label(struct explaining *x)
{
	struct explain_label l = explain_label_of(x->doc, x->facts);
	const struct policy_facts *f = x->facts;
	char app[96], master[96], cat[96];
	struct words w = {0};

	explain_app_name(x->names, f->app, app);
	if (f->master != 0) {
		explain_app_name(x->names, f->master, master);
		words_add(&w, "%s.", master);
	}
	words_add(&w, "%s", app);
	if (f->cat != 0) {
		explain_category_name(x->names, f->cat, cat);
		words_add(&w, " of %s", cat);
	}
	if (l.unsure && (f->app != 0 || f->master != 0 || f->cat != 0))
		words_add(&w, ", not sure enough, which counts as Unknown,");
	snprintf(x->label, sizeof(x->label), "%s", w.text);
	if (f->host != NULL)
		host_plain(f->host, x->host);
}

// What a walk down the rules finds.
struct found {
	bool pass, block; // pending rules above the one that holds
	uint16_t shadow;
	uint16_t capture_packets, capture_snap;
};

static void take_capture(struct found *f, const struct policy_rule_doc *r)
{
	if (r->capture_packets > f->capture_packets)
		f->capture_packets = r->capture_packets;
	if (r->capture_snap > f->capture_snap)
		f->capture_snap = r->capture_snap;
}

static void take_rule(
	const struct policy_doc *d, struct policy_explanation *e, unsigned i, struct found *f)
{
	const struct policy_rule_doc *r = &d->rules[i];
	struct explain_rule *x = &e->rules[i];

	if (x->off != NULL) {
		x->part = EXPLAIN_OFF;
	} else if (e->holds != POLICY_RULE_DEFAULT) {
		x->part = EXPLAIN_BELOW;
	} else if (x->match.is == POLICY_FALSE) {
		x->part = EXPLAIN_NOT;
	} else if (r->shadow) {
		x->part = x->match.is == POLICY_TRUE ? EXPLAIN_SHADOW : EXPLAIN_SHADOW_PENDING;
		if (x->part == EXPLAIN_SHADOW && f->shadow == POLICY_RULE_NONE)
			f->shadow = (uint16_t)i;
	} else if (x->match.is == POLICY_PENDING) {
		x->part = EXPLAIN_CANDIDATE;
		*(r->action == POLICY_BLOCK ? &f->block : &f->pass) = true;
		take_capture(f, r);
	} else {
		x->part = EXPLAIN_HOLDS;
		e->holds = (uint16_t)i;
		take_capture(f, r);
	}
}

// The verdict that the rules' parts come to (policy.md, semantics 1 and 3).
static struct policy_verdict conclude(
	const struct policy_doc *d, const struct policy_explanation *e, const struct found *f)
{
	struct policy_verdict v = {.action = d->default_action,
		.severity = d->default_severity,
		.rule = e->holds,
		.shadow = f->shadow,
		.capture_packets = f->capture_packets,
		.capture_snap = f->capture_snap};

	if (e->holds != POLICY_RULE_DEFAULT) {
		v.action = d->rules[e->holds].action;
		v.severity = d->rules[e->holds].severity;
	}
	v.state = f->pass || f->block ? POLICY_AGREED : POLICY_DECIDED;
	if (v.action == POLICY_BLOCK ? f->pass : f->block) {
		v.state = POLICY_UNDECIDED;
		v.action = d->info.pending.action;
		v.severity = POLICY_SEV_NONE;
		v.rule = POLICY_RULE_NONE;
	}
	return v;
}

// An expired policy that does not keep its rules (semantics 7).
static struct policy_verdict conclude_expired(const struct policy_doc *d)
{
	struct policy_verdict v = {.state = POLICY_DECIDED,
		.action = POLICY_BLOCK,
		.expired = 1,
		.rule = POLICY_RULE_NONE,
		.shadow = POLICY_RULE_NONE};

	if (d->on_expiry == ON_EXPIRY_DEFAULT_ONLY) {
		v.action = d->default_action;
		v.severity = d->default_severity;
		v.rule = POLICY_RULE_DEFAULT;
	}
	return v;
}

static struct policy_verdict walk(const struct policy *p, const struct policy_question *q,
	struct policy_explanation *e, const struct explaining *x)
{
	const struct policy_doc *d = p->doc;
	bool expired = q->now >= d->info.expires;
	bool rules = !expired || d->on_expiry == ON_EXPIRY_KEEP_AND_FLAG;
	struct found f = {.shadow = POLICY_RULE_NONE};
	struct policy_verdict v;

	e->holds = POLICY_RULE_DEFAULT;
	for (unsigned i = 0; i < d->info.n_rules; i++) {
		explain_match(x, &d->rules[i].match, &e->rules[i].match);
		e->rules[i].off =
			rules ? why_off(&d->rules[i], q->now, &e->arena) : "the policy has expired";
		take_rule(d, e, i, &f);
	}
	if (!rules) {
		e->holds = POLICY_RULE_NONE;
		return conclude_expired(d);
	}
	v = conclude(d, e, &f);
	if (expired && v.state != POLICY_UNDECIDED && v.action == POLICY_ALLOW) {
		v.action = POLICY_FLAG;
		v.expired = 1;
	}
	return v;
}

static void hold_limits(const struct policy *p, struct policy_explanation *e, struct explaining *x)
{
	x->rule = e->verdict.rule;
	x->undecided = e->verdict.state == POLICY_UNDECIDED;
	for (unsigned i = 0; i < p->doc->info.n_limits; i++) {
		explain_match(x, &p->doc->limits[i].match, &e->limits[i]);
		if (x->rule != POLICY_RULE_NONE && e->limits[i].is == POLICY_TRUE)
			e->held[e->n_held++] = (uint16_t)i;
	}
}

// ---- the engine's word on it

static bool same_verdict(const struct policy_verdict *a, const struct policy_verdict *b)
{
	return a->state == b->state && a->action == b->action && a->severity == b->severity &&
	       a->expired == b->expired && a->rule == b->rule && a->shadow == b->shadow &&
	       a->capture_packets == b->capture_packets && a->capture_snap == b->capture_snap;
}

static const char *id_of(const struct policy *p, uint16_t rule)
{
	struct policy_rule_info info;

	policy_rule(p, rule, &info);
	return info.id != NULL ? info.id : "no rule";
}

static void compare(
	const struct policy *p, const struct policy_question *q, struct policy_explanation *e)
{
	const struct policy_facts *f = &e->facts;
	uint32_t tenant = policy_tenant(p, &f->inside, q->vlan, q->vni);
	uint16_t held[POLICY_MAX_LIMITS], cc = q->cc;
	struct policy_verdict v;
	struct words w = {0};
	unsigned n = 0;

	policy_override(p, &f->remote, &cc);
	policy_eval(p, f, q->now, &v);
	if (v.rule != POLICY_RULE_NONE)
		n = policy_limits(p, f, v.rule, held);
	if (tenant != f->tenant)
		words_add(&w, "the engine's tenant is %s, not %s", policy_tenant_name(p, tenant),
			policy_tenant_name(p, f->tenant));
	else if (cc != f->cc || policy_border(p, cc) != f->border)
		words_add(&w, "the engine's country or border is another");
	else if (!same_verdict(&v, &e->verdict))
		words_add(&w,
			"the engine's verdict is %s by %s (%s), the explanation's %s by %s (%s)",
			policy_action_name((enum policy_action)v.action), id_of(p, v.rule),
			policy_state_name((enum policy_state)v.state),
			policy_action_name((enum policy_action)e->verdict.action),
			id_of(p, e->verdict.rule),
			policy_state_name((enum policy_state)e->verdict.state));
	else if (n != e->n_held || (n != 0 && memcmp(held, e->held, n * sizeof(*held)) != 0))
		words_add(&w, "the engine holds %u limits, the explanation %u, or others", n,
			e->n_held);
	if (w.n != 0)
		e->differs = arena_strdup(&e->arena, w.text);
}

int policy_explain(const struct policy *p, const struct policy_question *q,
	const struct policy_names *names, struct policy_explanation *e)
{
	struct explaining x = {.doc = p->doc,
		.names = names,
		.facts = &e->facts,
		.arena = &e->arena,
		.rule = POLICY_RULE_NONE};

	memset(e, 0, sizeof(*e));
	e->rules = arena_alloc(&e->arena, p->doc->info.n_rules, sizeof(*e->rules));
	e->limits = arena_alloc(&e->arena, p->doc->info.n_limits, sizeof(*e->limits));
	if (e->arena.failed)
		return -ENOMEM;
	place(p, q, e, &x);
	describe_label(&x);
	e->verdict = walk(p, q, e, &x);
	hold_limits(p, e, &x);
	compare(p, q, e);
	return e->arena.failed ? -ENOMEM : 0;
}

void policy_explanation_free(struct policy_explanation *e)
{
	arena_free(&e->arena);
}
