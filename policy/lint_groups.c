// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a policy names and does not use, presets of long ago, and what a client talks its way
// through.

#include "policy/lint_part.h"

#include <stdio.h>
#include <string.h>

struct used {
	bool *groups, *jurisdictions;
};

static void mark(const struct policy_match *m, struct used *u)
{
	for (unsigned i = 0; i < m->n_apps; i++)
		u->groups[m->apps[i]] = true;
	for (unsigned i = 0; i < m->n_jurisdictions; i++)
		u->jurisdictions[m->jurisdictions[i]] = true;
}

static bool basis_used(const struct policy_doc *d, const char *id)
{
	for (unsigned i = 0; i < d->info.n_rules; i++)
		for (unsigned k = 0; k < d->rules[i].n_basis; k++)
			if (strcmp(d->rules[i].basis[k], id) == 0)
				return true;
	return false;
}

static void check_bases(struct lint *l)
{
	char pointer[128];

	for (unsigned i = 0; i < l->doc->n_basis; i++) {
		if (basis_used(l->doc, l->doc->basis[i].id))
			continue;
		snprintf(pointer, sizeof(pointer), "/meta/basis/%s", l->doc->basis[i].id);
		lint_say(l, DIAG_NOTE, pointer, NULL, "no rule names legal basis \"%s\"",
			l->doc->basis[i].id);
	}
}

static void check_age(struct lint *l, const struct policy_jurisdiction_doc *j)
{
	char pointer[128];
	int64_t days;

	if (l->now == POLICY_ANY_TIME)
		return;
	days = (l->now - j->as_of) / 86400;
	snprintf(pointer, sizeof(pointer), "/jurisdictions/%s/as_of", j->name);
	if (j->as_of > l->now)
		lint_say(l, DIAG_WARNING, pointer,
			"write the day on which its members were checked",
			"the preset \"%s\" is of a day that has not come", j->name);
	else if (days > LINT_PRESET_DAYS)
		lint_say(l, DIAG_WARNING, pointer,
			"compare it with the agreement's parties of today, and renew the date",
			"the preset \"%s\" is %lld days old, more than %d", j->name,
			(long long)days, LINT_PRESET_DAYS);
}

void lint_groups(struct lint *l)
{
	const struct policy_doc *d = l->doc;
	struct used u = {arena_alloc(l->arena, d->n_groups, sizeof(bool)),
		arena_alloc(l->arena, d->n_jurisdictions, sizeof(bool))};
	char pointer[128];

	if (u.groups == NULL || u.jurisdictions == NULL)
		return;
	for (unsigned i = 0; i < d->info.n_rules; i++)
		mark(&d->rules[i].match, &u);
	for (unsigned i = 0; i < d->info.n_limits; i++)
		mark(&d->limits[i].match, &u);
	check_bases(l);
	for (unsigned i = 0; i < d->n_jurisdictions; i++) {
		snprintf(pointer, sizeof(pointer), "/jurisdictions/%s", d->jurisdictions[i].name);
		if (!u.jurisdictions[i])
			lint_say(l, DIAG_NOTE, pointer, "take it out, or name it in a rule",
				"no rule or limit uses the country group \"%s\"",
				d->jurisdictions[i].name);
		check_age(l, &d->jurisdictions[i]);
	}
	for (unsigned i = 0; i < d->n_groups; i++) {
		snprintf(pointer, sizeof(pointer), "/apps/%s", d->groups[i].name);
		if (!u.groups[i])
			lint_say(l, DIAG_NOTE, pointer, "take it out, or name it in a rule",
				"no rule or limit uses the application group \"%s\"",
				d->groups[i].name);
	}
}

// What the client cannot make up: where the packets really go. (An application's label follows
// from the same name, or from bytes that both ends agree on.)
#define REMOTE (1u << DIM_DST | 1u << DIM_ASNS | 1u << DIM_COUNTRIES | 1u << DIM_JURISDICTIONS)

static bool only_home(const struct policy_match *m)
{
	return match_names(m, DIM_BORDER) && m->border == 1u << POLICY_BORDER_HOME;
}

void lint_hosts(struct lint *l)
{
	char pointer[64];

	for (unsigned i = 0; i < l->doc->info.n_rules; i++) {
		const struct policy_rule_doc *r = &l->doc->rules[i];

		if (r->action != POLICY_ALLOW || r->shadow || l->rules[i].dead ||
			!match_names(&r->match, DIM_HOSTS) || (r->match.present & REMOTE) != 0 ||
			only_home(&r->match))
			continue;
		snprintf(pointer, sizeof(pointer), "/rules/%u/match/hosts", i);
		lint_say(l, DIAG_WARNING, pointer,
			"say where it goes, too: \"dst\", \"asns\", \"countries\" or "
			"\"jurisdictions\"",
			"rule \"%s\" allows by \"hosts\" alone: a client writes into SNI what it "
			"likes",
			r->id);
	}
}
