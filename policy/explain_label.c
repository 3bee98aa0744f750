// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The conditions that classification settles: applications, names of hosts, risks.

#include "policy/explain_part.h"
#include "policy/matcher.h"

#include <string.h>

struct explain_label explain_label_of(const struct policy_doc *d, const struct policy_facts *f)
{
	if (f->conf < d->info.min_confidence)
		return (struct explain_label){.unsure = true};
	return (struct explain_label){.app = f->app, .master = f->master, .cat = f->cat};
}

// What of the group is the label; NULL: nothing.
static const char *in_group(const struct policy_app_group *g, const struct explain_label *l)
{
	for (unsigned i = 0; i < g->n_apps; i++)
		if (g->apps[i] == l->app || (l->master != 0 && g->apps[i] == l->master))
			return g->app_names[i];
	for (unsigned i = 0; i < g->n_cats; i++)
		if (g->cats[i] == l->cat)
			return g->cat_names[i];
	return NULL;
}

enum policy_truth explain_apps(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	struct explain_label l = explain_label_of(x->doc, x->facts);

	if (!x->facts->final) {
		words_add(w, "no label yet that is final");
		return POLICY_PENDING;
	}
	for (unsigned i = 0; i < m->n_apps; i++) {
		const struct policy_app_group *g = &x->doc->groups[m->apps[i]];
		const char *which = in_group(g, &l);

		if (which == NULL)
			continue;
		words_add(w, "%s is in %s (%s)", x->label, g->name, which);
		return POLICY_TRUE;
	}
	words_add(w, "%s is not in ", x->label);
	for (unsigned i = 0; i < m->n_apps; i++)
		words_item(w, m->n_apps, "%s", x->doc->groups[m->apps[i]].name);
	return POLICY_FALSE;
}

enum policy_truth explain_hosts(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	if (x->facts->host == NULL) {
		words_add(w, x->facts->final ? "classification ended without a name; wanted: "
					     : "no name seen yet; wanted: ");
		for (unsigned i = 0; i < m->n_hosts; i++)
			words_item(w, m->n_hosts, "%s", m->hosts[i]);
		return x->facts->final ? POLICY_FALSE : POLICY_PENDING;
	}
	for (unsigned i = 0; i < m->n_hosts; i++) {
		if (!host_matches(m->hosts[i], x->host))
			continue;
		if (m->hosts[i][0] == '*')
			words_add(w, "%s is below %s", x->host, m->hosts[i]);
		else
			words_add(w, "%s is listed", x->host);
		return POLICY_TRUE;
	}
	words_add(w, "%s is %s ", x->host, m->n_hosts == 1 ? "not" : "none of");
	for (unsigned i = 0; i < m->n_hosts; i++)
		words_item(w, m->n_hosts, "%s", m->hosts[i]);
	return POLICY_FALSE;
}

enum policy_truth explain_risks(
	const struct explaining *x, const struct policy_match *m, struct words *w)
{
	uint64_t both = m->risks & x->facts->risks;
	unsigned n = (unsigned)__builtin_popcountll(m->risks);
	char name[96];

	if (both != 0) {
		explain_risk_name(x->names, (unsigned)__builtin_ctzll(both), name);
		words_add(w, "%s was found", name);
		return POLICY_TRUE;
	}
	words_add(w, x->facts->final ? "none was found of " : "none was found yet of ");
	for (unsigned i = 0; i < POLICY_MAX_RISKS; i++) {
		if ((m->risks >> i & 1) == 0)
			continue;
		explain_risk_name(x->names, i, name);
		words_item(w, n, "%s", name);
	}
	return x->facts->final ? POLICY_FALSE : POLICY_PENDING;
}
