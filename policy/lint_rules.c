// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Rules and limits that can never match.

#include "policy/bitmaps.h"
#include "policy/lint_part.h"
#include "policy/moment.h"

#include <stdio.h>
#include <string.h>

static void check_time(const struct lint *l, const struct policy_rule_doc *r, struct reach *out)
{
	char at[MOMENT_TEXT_MAX];

	if (r->valid_from > out->from)
		out->from = r->valid_from;
	if (r->valid_to < out->to)
		out->to = r->valid_to;
	if (!r->enabled) {
		reach_kill(out, "enable it, or take it out", "it is disabled");
	} else if (r->valid_from > l->end) {
		moment_format(r->valid_from, at);
		reach_kill(out, NULL, "it begins at %s, when the policy has expired", at);
	} else if (out->from > out->to) {
		moment_format(r->valid_to, at);
		reach_kill(out, "take it out", "it ended at %s%s", at,
			l->now == POLICY_ANY_TIME || r->valid_to >= l->now
				? ", before the policy begins"
				: "");
	}
}

static uint64_t product(uint64_t a, uint64_t b)
{
	return (a != 0 ? a : 1) * (b != 0 ? b : 1);
}

// How long it may take to hold the two against each other, in steps of a few nanoseconds.
static uint64_t cost(const struct policy_match *a, const struct policy_match *b)
{
	return 8 + product(a->n_tenants, b->n_tenants) + product(a->n_asns, b->n_asns) +
	       product(a->n_hosts, b->n_hosts) +
	       product((uint64_t)a->n_sports * a->n_sports, b->n_sports) +
	       product((uint64_t)a->n_dports * a->n_dports, b->n_dports) +
	       64 * ((uint64_t)b->n_src + b->n_dst);
}

static bool leaves(uint64_t *rest, const uint64_t *taken)
{
	bool any = false;

	for (unsigned i = 0; i < GEO_WORDS; i++) {
		rest[i] &= ~taken[i];
		any |= rest[i] != 0;
	}
	return any;
}

static bool meets(const uint64_t *a, const uint64_t *b)
{
	for (unsigned i = 0; i < GEO_WORDS; i++)
		if (a[i] & b[i])
			return true;
	return false;
}

struct above { // rules that hold for all but countries
	uint64_t rest[GEO_WORDS];
	char names[200];
	unsigned n;
};

static void kill_by_one(struct reach *r, const struct policy_rule_doc *by, unsigned entry)
{
	char hint[WHY_MAX];

	snprintf(hint, sizeof(hint), "move it above \"%s\", or take it out", by->id);
	reach_kill(
		r, hint, "rule \"%s\" above (entry %u) matches all that it matches", by->id, entry);
}

static void add_above(struct above *a, const char *id)
{
	size_t used = strlen(a->names);

	a->n++;
	if (used + strlen(id) + 8 < sizeof(a->names))
		snprintf(a->names + used, sizeof(a->names) - used, "%s\"%s\"",
			used == 0 ? "" : ", ", id);
}

// Whether a rule above holds wherever this one does, or several that share its countries out.
static void check_above(struct lint *l, unsigned i)
{
	struct reach *r = &l->rules[i], *e;
	struct above a = {.n = 0};

	memcpy(a.rest, r->geo, sizeof(a.rest));
	for (unsigned k = 0; k < i; k++) {
		e = &l->rules[k];
		if (e->dead || l->doc->rules[k].shadow || !meets(e->geo, a.rest))
			continue;
		if (!lint_may(l, cost(e->m, r->m)))
			return;
		if (!lint_holds_all(l, e, r))
			continue;
		add_above(&a, l->doc->rules[k].id);
		if (leaves(a.rest, e->geo))
			continue;
		if (a.n == 1)
			kill_by_one(r, &l->doc->rules[k], k);
		else
			reach_kill(r, "move it above them, or take it out",
				"the rules above, %s, match together all that it matches", a.names);
		return;
	}
}

static void say_rule(struct lint *l, unsigned i)
{
	const struct policy_rule_doc *d = &l->doc->rules[i];
	const struct reach *r = &l->rules[i];
	char pointer[32];

	snprintf(pointer, sizeof(pointer), "/rules/%u", i);
	lint_say(l, d->enabled ? DIAG_WARNING : DIAG_NOTE, pointer,
		r->hint[0] != '\0' ? r->hint : NULL, "%srule \"%s\" can never match: %s",
		d->shadow ? "shadow " : "", d->id, r->why);
}

static void check_limit(struct lint *l, unsigned i)
{
	const struct policy_limit_doc *d = &l->doc->limits[i];
	const struct policy_match *m = &d->match;
	bool decided = !match_names(m, DIM_RULES);
	struct reach r;
	char pointer[32];

	lint_reach(l, m, &r);
	for (unsigned k = 0; k < m->n_rules; k++)
		decided |= !l->rules[m->rules[k]].dead && !l->doc->rules[m->rules[k]].shadow;
	if (!decided)
		reach_kill(&r, "a shadow rule decides nothing, one that can never match neither",
			"no rule that it names decides a flow");
	snprintf(pointer, sizeof(pointer), "/limits/%u", i);
	if (r.dead)
		lint_say(l, DIAG_WARNING, pointer, r.hint[0] != '\0' ? r.hint : NULL,
			"limit \"%s\" can never hold: %s", d->id, r.why);
}

void lint_rules(struct lint *l)
{
	const struct policy_doc *d = l->doc;

	for (unsigned i = 0; i < d->info.n_rules; i++) {
		lint_reach(l, &d->rules[i].match, &l->rules[i]);
		check_time(l, &d->rules[i], &l->rules[i]);
		if (!l->rules[i].dead)
			check_above(l, i);
		if (l->rules[i].dead)
			say_rule(l, i);
	}
	for (unsigned i = 0; i < d->info.n_limits; i++)
		check_limit(l, i);
	if (l->skipped != 0)
		lint_say(l, DIAG_NOTE, "/rules", "split the lists over tenants and groups",
			"%u times lists were too long to look whether a rule can match",
			l->skipped);
}
