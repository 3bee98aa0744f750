// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The parts of a policy that decide: groups of applications, rules, limits.

#include "policy/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const actions[] = {"allow", "flag", "block", NULL};
static const char *const severities[] = {"info", "low", "medium", "high", "critical", NULL};

struct lookup { // one kind of the classifier's names
	const char *what;
	int (*id)(void *ctx, const char *name);
	const char *(*at)(void *ctx, size_t i);
	void *ctx;
};

static const char *const *read_ids(struct reader *r, const struct place *at, json_t *o,
	const char *key, const struct lookup *l, const uint16_t **ids, unsigned *n)
{
	struct place here = {.up = at, .key = key};
	json_t *list = read_list(r, at, o, key, 1, 4096, false);
	char hint[DIAG_MEANT_MAX];
	const char **names;
	uint16_t *out;

	*n = 0;
	if (list == NULL)
		return NULL;
	read_unique(r, &here, list);
	names = arena_alloc(r->arena, json_array_size(list), sizeof(*names));
	out = arena_alloc(r->arena, json_array_size(list), sizeof(*out));
	for (size_t i = 0; names != NULL && out != NULL && i < json_array_size(list); i++) {
		struct place p = {.up = &here, .index = i};
		const char *s = read_text(r, &p, json_array_get(list, i), 1, 253);
		int id = s != NULL && l->id != NULL ? l->id(l->ctx, s) : -1;

		if (s == NULL)
			continue;
		if (id < 0)
			read_error(r, &p, l->at != NULL ? read_meant(hint, s, l->at, l->ctx) : NULL,
				"unknown %s \"%s\"", l->what, s);
		out[*n] = (uint16_t)id;
		names[(*n)++] = s;
	}
	*ids = out;
	return names;
}

void read_groups(struct reader *r, json_t *root)
{
	static const char *const keys[] = {"apps", "categories", NULL};
	static const struct policy_names none;
	const struct policy_names *n = r->names != NULL ? r->names : &none;
	const struct lookup app = {"application", n->app, n->app_at, n->ctx},
			    cat = {"category", n->category, n->category_at, n->ctx};
	struct place top = {0}, at = {.up = &top, .key = "apps"};
	json_t *o = read_member(r, &top, root, "apps", JSON_OBJECT, false), *v;
	struct policy_app_group *g;
	const char *key;
	unsigned k = 0;

	g = arena_alloc(r->arena, json_object_size(o), sizeof(*g));
	if (o == NULL || g == NULL)
		return;
	json_object_foreach (o, key, v) {
		struct place here = {.up = &at, .key = key};

		read_name_ok(r, &here, key, NAME_ID);
		g[k].name = arena_strdup(r->arena, key);
		read_index(r, INDEX_GROUPS, key, k);
		if (read_type(r, &here, v, JSON_OBJECT)) {
			read_keys(r, &here, v, keys);
			if (json_object_size(v) == 0)
				read_error(r, &here, "such as \"apps\": [\"SSH\"]",
					"needs \"apps\" or \"categories\"");
			g[k].app_names =
				read_ids(r, &here, v, "apps", &app, &g[k].apps, &g[k].n_apps);
			g[k].cat_names =
				read_ids(r, &here, v, "categories", &cat, &g[k].cats, &g[k].n_cats);
		}
		k++;
	}
	r->doc->groups = g;
	r->doc->n_groups = k;
}

static const char *basis_at(void *ctx, size_t i)
{
	const struct policy_doc *d = ctx;

	return i < d->n_basis ? d->basis[i].id : NULL;
}

static void read_basis_list(
	struct reader *r, const struct place *at, json_t *o, struct policy_rule_doc *rule)
{
	struct place here = {.up = at, .key = "basis"};
	json_t *list = read_list(r, at, o, "basis", 0, 64, false);
	char hint[DIAG_MEANT_MAX];
	const char **ids;

	if (list == NULL)
		return;
	read_unique(r, &here, list);
	ids = arena_alloc(r->arena, json_array_size(list), sizeof(*ids));
	for (size_t i = 0; ids != NULL && i < json_array_size(list); i++) {
		struct place p = {.up = &here, .index = i};
		const char *id = read_name(r, &p, json_array_get(list, i), NAME_BASIS);
		unsigned k = 0;

		if (id == NULL)
			continue;
		while (k < r->doc->n_basis && strcmp(r->doc->basis[k].id, id) != 0)
			k++;
		if (k == r->doc->n_basis) {
			const char *meant = read_meant(hint, id, basis_at, r->doc);

			read_error(r, &p, meant != NULL ? meant : "name it in meta/basis",
				"unknown legal basis \"%s\"", id);
		}
		ids[rule->n_basis++] = id;
	}
	rule->basis = ids;
}

static void read_capture(
	struct reader *r, const struct place *up, json_t *o, struct policy_rule_doc *rule)
{
	static const char *const keys[] = {"packets", "snap", NULL};
	struct place at = {.up = up, .key = "capture"};
	json_t *c = read_member(r, up, o, "capture", JSON_OBJECT, false);
	uint64_t n;

	if (c == NULL)
		return;
	read_keys(r, &at, c, keys);
	if (read_number(r, PLACE_KEY(&at, "packets"),
		    read_member(r, &at, c, "packets", JSON_INTEGER, true), 1, 1000, &n))
		rule->capture_packets = (uint16_t)n;
	rule->capture_snap = 128;
	if (read_number(r, PLACE_KEY(&at, "snap"), json_object_get(c, "snap"), 64, 65535, &n))
		rule->capture_snap = (uint16_t)n;
}

static void read_validity(
	struct reader *r, const struct place *at, json_t *o, struct policy_rule_doc *rule)
{
	rule->valid_from = INT64_MIN;
	rule->valid_to = INT64_MAX;
	read_moment(r, PLACE_KEY(at, "valid_from"), json_object_get(o, "valid_from"),
		&rule->valid_from);
	read_moment(r, PLACE_KEY(at, "valid_to"), json_object_get(o, "valid_to"), &rule->valid_to);
	if (rule->valid_from > rule->valid_to)
		read_error(r, PLACE_KEY(at, "valid_to"), "it must be later than valid_from",
			"ends before it begins");
	else if (r->now != POLICY_ANY_TIME && rule->valid_to < r->now)
		read_warn(r, PLACE_KEY(at, "valid_to"), NULL, "this rule has ended");
}

static uint8_t read_severity(struct reader *r, const struct place *at, json_t *o)
{
	int w = read_word(r, PLACE_KEY(at, "severity"),
		read_member(r, at, o, "severity", JSON_STRING, false), severities);

	return w < 0 ? POLICY_SEV_NONE : (uint8_t)(w + POLICY_SEV_INFO);
}

static void read_rule(
	struct reader *r, const struct place *at, json_t *o, struct policy_rule_doc *rule)
{
	static const char *const keys[] = {"id", "enabled", "shadow", "match", "action", "reason",
		"severity", "basis", "valid_from", "valid_to", "note", "capture", NULL};
	json_t *v;
	int w;

	rule->enabled = true;
	read_keys(r, at, o, keys);
	rule->id = read_name(
		r, PLACE_KEY(at, "id"), read_member(r, at, o, "id", JSON_STRING, true), NAME_ID);
	if (rule->id != NULL && strcmp(rule->id, "_default") == 0)
		read_error(r, PLACE_KEY(at, "id"), "give it another name",
			"\"_default\" is the name of the defaults");
	if ((v = read_member(r, at, o, "enabled", JSON_TRUE, false)) != NULL)
		rule->enabled = json_is_true(v);
	if ((v = read_member(r, at, o, "shadow", JSON_TRUE, false)) != NULL)
		rule->shadow = json_is_true(v);
	v = read_member(r, at, o, "action", JSON_STRING, true);
	if ((w = read_word(r, PLACE_KEY(at, "action"), v, actions)) >= 0)
		rule->action = (uint8_t)w;
	rule->reason = read_name(r, PLACE_KEY(at, "reason"),
		read_member(r, at, o, "reason", JSON_STRING, true), NAME_REASON);
	rule->severity = read_severity(r, at, o);
	read_basis_list(r, at, o, rule);
	read_validity(r, at, o, rule);
	rule->note = read_text(r, PLACE_KEY(at, "note"), json_object_get(o, "note"), 0, 512);
	read_capture(r, at, o, rule);
	if (rule->shadow && json_object_get(o, "capture") != NULL)
		read_warn(r, PLACE_KEY(at, "capture"), "leave it out until the rule decides",
			"a shadow rule captures nothing");
	v = read_member(r, at, o, "match", JSON_OBJECT, true);
	if (v != NULL)
		read_match(r, PLACE_KEY(at, "match"), v, false, &rule->match);
}

struct named {
	const char *id;
	size_t i;
};

static int by_id(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int c = strcmp(x->id, y->id);

	return c != 0 ? c : x->i < y->i ? -1 : x->i > y->i;
}

static void check_ids(struct reader *r, const struct place *at, struct named *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_id);
	for (size_t i = 1; i < n; i++)
		if (strcmp(v[i].id, v[i - 1].id) == 0)
			read_error(r, PLACE_KEY(PLACE_INDEX(at, v[i].i), "id"),
				"records name rules and limits by their id: each needs its own",
				"id \"%s\" is in use already (entry %zu)", v[i].id, v[i - 1].i);
}

void read_rules(struct reader *r, json_t *root)
{
	struct place top = {0}, at = {.up = &top, .key = "rules"};
	json_t *list = read_list(r, &top, root, "rules", 0, POLICY_MAX_RULES, true);
	size_t n = json_array_size(list), named = 0;
	struct policy_rule_doc *rules = arena_alloc(r->arena, n, sizeof(*rules));
	struct named *ids = calloc(n + 1, sizeof(*ids));

	if (rules == NULL || ids == NULL) {
		r->arena->failed = true;
		free(ids);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct place here = {.up = &at, .index = i};

		if (!read_type(r, &here, json_array_get(list, i), JSON_OBJECT))
			continue;
		read_rule(r, &here, json_array_get(list, i), &rules[i]);
		if (rules[i].id != NULL)
			ids[named++] = (struct named){.id = rules[i].id, .i = i};
		read_index(r, INDEX_RULES, rules[i].id, i);
	}
	check_ids(r, &at, ids, named);
	free(ids);
	r->doc->rules = rules;
	r->doc->info.n_rules = (unsigned)n;
}

static void read_thresholds(
	struct reader *r, const struct place *at, json_t *o, struct policy_limit_doc *l)
{
	static const char *const windows[] = {"hour", "day", "month", NULL};
	json_t *w = read_member(r, at, o, "window", JSON_STRING, false);
	bool has_window = json_object_get(o, "window") != NULL;
	int word = read_word(r, PLACE_KEY(at, "window"), w, windows);

	if (word >= 0)
		l->window = (uint8_t)(word + POLICY_WINDOW_HOUR);
	read_number(r, PLACE_KEY(at, "bytes_out"), json_object_get(o, "bytes_out"), 1, INT64_MAX,
		&l->bytes_out);
	read_number(
		r, PLACE_KEY(at, "flows"), json_object_get(o, "flows"), 1, INT64_MAX, &l->flows);
	read_number(r, PLACE_KEY(at, "seconds"), json_object_get(o, "seconds"), 1,
		INT64_MAX / 1000000, &l->seconds);
	if (json_object_get(o, "bytes_out") == NULL && json_object_get(o, "flows") == NULL &&
		json_object_get(o, "seconds") == NULL)
		read_error(r, at, "such as \"bytes_out\": 1000000000",
			"needs \"bytes_out\", \"flows\" or \"seconds\"");
	if (l->per == POLICY_PER_FLOW && has_window)
		read_error(r, PLACE_KEY(at, "window"), "leave it out: it runs over the flow's life",
			"a limit per flow has no window");
	if (l->per == POLICY_PER_FLOW && l->flows != 0)
		read_warn(r, PLACE_KEY(at, "flows"), NULL, "a limit per flow counts one flow only");
	if (l->per != POLICY_PER_FLOW && !has_window)
		read_error(r, at, "hour, day or month", "\"window\" is missing");
}

static void read_limit(
	struct reader *r, const struct place *at, json_t *o, struct policy_limit_doc *l)
{
	static const char *const keys[] = {"id", "match", "per", "window", "bytes_out", "flows",
		"seconds", "then", "reason", "severity", NULL};
	static const char *const pers[] = {"flow", "tenant", "country", "tenant+country", NULL};
	static const char *const thens[] = {"flag", "block", NULL};
	json_t *v;
	int w;

	read_keys(r, at, o, keys);
	l->id = read_name(
		r, PLACE_KEY(at, "id"), read_member(r, at, o, "id", JSON_STRING, true), NAME_ID);
	v = read_member(r, at, o, "per", JSON_STRING, true);
	if ((w = read_word(r, PLACE_KEY(at, "per"), v, pers)) >= 0)
		l->per = (uint8_t)w;
	read_thresholds(r, at, o, l);
	v = read_member(r, at, o, "then", JSON_STRING, true);
	if ((w = read_word(r, PLACE_KEY(at, "then"), v, thens)) >= 0)
		l->action = (uint8_t)(w + POLICY_FLAG);
	l->reason = read_name(r, PLACE_KEY(at, "reason"),
		read_member(r, at, o, "reason", JSON_STRING, true), NAME_REASON);
	l->severity = read_severity(r, at, o);
	v = read_member(r, at, o, "match", JSON_OBJECT, true);
	if (v != NULL)
		read_match(r, PLACE_KEY(at, "match"), v, true, &l->match);
}

void read_limits(struct reader *r, json_t *root)
{
	struct place top = {0}, at = {.up = &top, .key = "limits"};
	json_t *list = read_list(r, &top, root, "limits", 0, POLICY_MAX_LIMITS, false);
	size_t n = json_array_size(list), named = 0;
	struct policy_limit_doc *limits = arena_alloc(r->arena, n, sizeof(*limits));
	struct named ids[POLICY_MAX_LIMITS];

	if (limits == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		struct place here = {.up = &at, .index = i};

		if (!read_type(r, &here, json_array_get(list, i), JSON_OBJECT))
			continue;
		read_limit(r, &here, json_array_get(list, i), &limits[i]);
		if (limits[i].id != NULL)
			ids[named++] = (struct named){.id = limits[i].id, .i = i};
	}
	check_ids(r, &at, ids, named);
	r->doc->limits = limits;
	r->doc->info.n_limits = (unsigned)n;
}
