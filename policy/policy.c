// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A policy's life and what it says about itself.

#include "policy/engine.h"

#include <stdlib.h>

static struct policy *compile(struct policy_doc *doc)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->engine = engine_build(doc);
	if (p == NULL || p->engine == NULL) {
		free(p);
		doc_free(doc);
		return NULL;
	}
	p->doc = doc;
	return p;
}

struct policy *policy_load(const char *text, size_t len, int64_t now,
	const struct policy_names *names, struct diag_list *diag)
{
	struct policy_doc *doc = doc_read(text, len, now, names, diag);
	struct policy *p;

	if (doc == NULL)
		return NULL;
	p = compile(doc);
	if (p == NULL)
		diag_add(diag, DIAG_ERROR, 0, 0, NULL, NULL, "no memory to compile the policy");
	return p;
}

struct policy *policy_builtin(enum policy_action action, const char *reason)
{
	struct policy_doc *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->info = (struct policy_info){
		.id = "_builtin",
		.issuer = "Bridgehead",
		.not_before = INT64_MIN,
		.expires = INT64_MAX,
		.timezone = "UTC",
		.n_tenants = 1,
		.min_confidence = POLICY_CONF_CACHE,
		.block_with = POLICY_BLOCK_RESET,
		.boot_without_policy = action,
		.pending = {POLICY_ALLOW, 1, 1, 1, 1},
	};
	d->default_action = action;
	d->default_reason = arena_strdup(&d->arena, reason);
	d->default_severity = POLICY_SEV_HIGH;
	d->tenants = arena_alloc(&d->arena, 1, sizeof(*d->tenants));
	if (d->arena.failed) {
		doc_free(d);
		return NULL;
	}
	d->tenants[0].name = "_unlisted";
	return compile(d);
}

void policy_free_engine(struct policy *p)
{
	engine_free(p->engine);
	p->engine = NULL;
}

void policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	engine_free(p->engine);
	doc_free(p->doc);
	free(p);
}

const struct policy_info *policy_info(const struct policy *p)
{
	return &p->doc->info;
}

bool policy_can_block(const struct policy *p)
{
	const struct policy_doc *d = p->doc;

	if (d->default_action == POLICY_BLOCK || d->on_expiry == ON_EXPIRY_BLOCK)
		return true;
	for (unsigned i = 0; i < d->info.n_rules; i++)
		if (d->rules[i].enabled && !d->rules[i].shadow &&
			d->rules[i].action == POLICY_BLOCK)
			return true;
	return false;
}

bool policy_asks_asn(const struct policy *p)
{
	const struct policy_doc *d = p->doc;

	for (unsigned i = 0; i < d->info.n_rules; i++)
		if (match_names(&d->rules[i].match, DIM_ASNS))
			return true;
	for (unsigned i = 0; i < d->info.n_limits; i++)
		if (match_names(&d->limits[i].match, DIM_ASNS))
			return true;
	return false;
}

void policy_rule(const struct policy *p, uint16_t rule, struct policy_rule_info *out)
{
	const struct policy_doc *d = p->doc;
	const struct policy_rule_doc *r;

	*out = (struct policy_rule_info){.enabled = true};
	if (rule == POLICY_RULE_DEFAULT) {
		out->id = "_default";
		out->reason = d->default_reason;
		out->action = d->default_action;
		out->severity = d->default_severity;
		return;
	}
	if (rule >= d->info.n_rules)
		return;
	r = &d->rules[rule];
	out->id = r->id;
	out->reason = r->reason;
	out->basis = r->basis;
	out->n_basis = r->n_basis;
	out->action = r->action;
	out->severity = r->severity;
	out->enabled = r->enabled;
	out->shadow = r->shadow;
	out->capture_packets = r->capture_packets;
	out->capture_snap = r->capture_snap;
}

void policy_override_at(const struct policy *p, unsigned i, struct policy_override *out)
{
	const struct policy_override_doc *o = &p->doc->overrides[i];

	*out = (struct policy_override){o->prefix.addr, o->prefix.len, o->cc};
}

const char *policy_tenant_name(const struct policy *p, uint32_t tenant)
{
	const struct policy_doc *d = p->doc;

	return d->tenants[tenant < d->info.n_tenants ? tenant : POLICY_TENANT_NONE].name;
}

const char *policy_action_name(enum policy_action a)
{
	static const char *const names[] = {"allow", "flag", "block"};

	return names[a];
}

const char *policy_border_name(enum policy_border b)
{
	static const char *const names[] = {"home", "cross", "unknown"};

	return names[b];
}

const char *policy_state_name(enum policy_state s)
{
	static const char *const names[] = {"decided", "agreed", "undecided"};

	return names[s];
}

const char *policy_severity_name(enum policy_severity s)
{
	static const char *const names[] = {NULL, "info", "low", "medium", "high", "critical"};

	return names[s];
}

const char *policy_conf_name(enum policy_conf c)
{
	static const char *const names[] = {NULL, "port", "ip", "cache", "dpi"};

	return names[c];
}
