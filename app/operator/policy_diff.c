// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The comparison. The console's diff is of lines; this one knows what a policy says: rules by id,
// lists as sets. Whatever the format has is walked, known or not, so that nothing is left out.

#include "app/operator/policy_diff.h"
#include "app/operator/policy_diff_apart.h"
#include "policy/moment.h"
#include "policy/prefix.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct spot {
	const char *in, *id; // id NULL: there is one only
	json_t *one;         // after, or before where it is gone
};

struct compare {
	struct policy_pair docs;
	json_t *out;
};

static bool is_key(const char *key, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(key, *list) == 0)
			return true;
	return false;
}

const char *policy_diff_default(const char *key)
{
	static const char *const defaults[][2] = {
		{"enabled", "true"}, {"shadow", "false"}, {"snap", "128"}, {"block_with", "reset"}};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strcmp(defaults[i][0], key) == 0)
			return defaults[i][1];
	return NULL;
}

bool policy_diff_absent(const char *key, const json_t *v)
{
	const char *standing = policy_diff_default(key);
	char text[POLICY_DIFF_TEXT_MAX];

	if (v == NULL)
		return true;
	if (strcmp(key, "note") == 0 || strcmp(key, "title") == 0)
		return json_string_length(v) == 0;
	if (strcmp(key, "basis") == 0 || strcmp(key, "partial") == 0)
		return json_is_array(v) && json_array_size(v) == 0;
	if (standing == NULL)
		return false;
	policy_diff_text(key, v, text);
	return strcmp(text, standing) == 0;
}

void policy_diff_text(const char *key, const json_t *v, char out[POLICY_DIFF_TEXT_MAX])
{
	static const char *const times[] = {
		"not_before", "expires", "valid_from", "valid_to", NULL};
	static const char *const prefixes[] = {"prefixes", "prefix", "src", "dst", NULL};
	static const char *const ports[] = {"dports", "sports", NULL};
	const char *s = json_string_value(v);
	struct policy_prefix prefix;
	unsigned from, to;
	bool impossible;
	int64_t t;

	if (s == NULL) {
		char *plain = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

		snprintf(out, POLICY_DIFF_TEXT_MAX, "%s", plain != NULL ? plain : "-");
		free(plain);
		return;
	}
	snprintf(out, POLICY_DIFF_TEXT_MAX, "%s", s);
	if (is_key(key, times) && moment_parse(s, &t, &impossible))
		moment_format(t, out);
	else if (is_key(key, prefixes) && prefix_parse(s, &prefix) == PREFIX_GOOD)
		prefix_format(&prefix, out);
	else if (is_key(key, ports) && sscanf(s, "%u-%u", &from, &to) == 2 && from != to)
		snprintf(out, POLICY_DIFF_TEXT_MAX, "%u-%u", from, to);
	else if (is_key(key, ports) && sscanf(s, "%u", &from) == 1)
		snprintf(out, POLICY_DIFF_TEXT_MAX, "%u", from);
	else if (strcmp(key, "hosts") == 0)
		for (char *c = out; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
}

static json_t *add(struct compare *c, const struct spot *at, const char *what)
{
	json_t *change = json_pack("{s:s, s:s}", "what", what, "in", at->in);

	if (at->id != NULL)
		json_object_set_new(change, "id", json_string(at->id));
	json_array_append_new(c->out, change);
	return change;
}

static void set_or_null(json_t *o, const char *key, json_t *v)
{
	if (v != NULL)
		json_object_set(o, key, v);
	else
		json_object_set_new(o, key, json_null());
}

static json_t *changed(
	struct compare *c, const struct spot *at, const char *path, json_t *before, json_t *after)
{
	json_t *change = add(c, at, "changed");

	if (*path != '\0')
		json_object_set_new(change, "key", json_string(path));
	set_or_null(change, "old", before);
	set_or_null(change, "new", after);
	return change;
}

// The values of a list that the other one lacks, in one spelling.
static json_t *missing(const char *key, const json_t *from, const json_t *other)
{
	json_t *have = json_object(), *out = json_array(), *v;
	char text[POLICY_DIFF_TEXT_MAX];
	size_t i;

	json_array_foreach (other, i, v) {
		policy_diff_text(key, v, text);
		json_object_set_new(have, text, json_true());
	}
	json_array_foreach (from, i, v) {
		policy_diff_text(key, v, text);
		if (json_object_get(have, text) == NULL)
			json_array_append_new(out, json_string(text));
	}
	json_decref(have);
	return out;
}

static void compare_lists(struct compare *c, const struct spot *at, const char *path,
	const char *key, json_t *before, json_t *after)
{
	json_t *came = missing(key, after, before), *went = missing(key, before, after), *change;

	// An empty list and none are two things: the one matches nothing, the other everything.
	if (json_array_size(came) != 0 || json_array_size(went) != 0 ||
		(before == NULL) != (after == NULL)) {
		change = changed(c, at, path, before, after);
		json_object_set(change, "added", came);
		json_object_set(change, "removed", went);
		policy_diff_words(&c->docs, change, at->one, NULL);
	}
	json_decref(came);
	json_decref(went);
}

static void compare_values(struct compare *c, const struct spot *at, const char *path,
	const char *key, json_t *before, json_t *after);

static void compare_member(struct compare *c, const struct spot *at, const char *path,
	const char *key, json_t *before, json_t *after)
{
	char longer[256];

	snprintf(longer, sizeof(longer), "%s%s%s", path, *path != '\0' ? "." : "", key);
	compare_values(
		c, at, longer, key, json_object_get(before, key), json_object_get(after, key));
}

static void compare_objects(
	struct compare *c, const struct spot *at, const char *path, json_t *before, json_t *after)
{
	const char *key;
	json_t *v;

	json_object_foreach (after, key, v)
		compare_member(c, at, path, key, before, after);
	json_object_foreach (before, key, v)
		if (json_object_get(after, key) == NULL)
			compare_member(c, at, path, key, before, after);
}

static void compare_values(struct compare *c, const struct spot *at, const char *path,
	const char *key, json_t *before, json_t *after)
{
	char a[POLICY_DIFF_TEXT_MAX], b[POLICY_DIFF_TEXT_MAX];

	if (json_is_object(before) || json_is_object(after)) {
		compare_objects(c, at, path, before, after);
		return;
	}
	if (policy_diff_absent(key, before))
		before = NULL;
	if (policy_diff_absent(key, after))
		after = NULL;
	if (before == NULL && after == NULL)
		return;
	if (json_is_array(before) || json_is_array(after)) {
		compare_lists(c, at, path, key, before, after);
		return;
	}
	if (before != NULL && after != NULL) {
		policy_diff_text(key, before, a);
		policy_diff_text(key, after, b);
		if (json_equal(before, after) || strcmp(a, b) == 0)
			return;
	}
	policy_diff_words(&c->docs, changed(c, at, path, before, after), at->one, NULL);
}

static json_t *whole(struct compare *c, const struct spot *at, bool added)
{
	json_t *change = add(c, at, added ? "added" : "removed");

	json_object_set(change, added ? "new" : "old", at->one);
	return change;
}

static void compare_named(struct compare *c, const char *in, json_t *before, json_t *after)
{
	const char *id;
	json_t *v, *was;

	json_object_foreach (after, id, v) {
		const struct spot at = {in, id, v};

		was = json_object_get(before, id);
		if (was != NULL)
			compare_objects(c, &at, "", was, v);
		else
			policy_diff_words(&c->docs, whole(c, &at, true), v, NULL);
	}
	json_object_foreach (before, id, v) {
		const struct spot at = {in, id, v};

		if (json_object_get(after, id) == NULL)
			policy_diff_words(&c->docs, whole(c, &at, false), v, NULL);
	}
}

// Overrides by their prefixes: the longest wins, so that their order says nothing.
static json_t *by_prefix(const json_t *doc)
{
	json_t *list = json_object_get(json_object_get(doc, "geo"), "overrides"), *v;
	json_t *out = json_object();
	char prefix[POLICY_DIFF_TEXT_MAX];
	size_t i;

	json_array_foreach (list, i, v) {
		json_t *rest = json_copy(v);

		policy_diff_text("prefix", json_object_get(v, "prefix"), prefix);
		json_object_del(rest, "prefix");
		json_object_set_new(out, prefix, rest);
	}
	return out;
}

static void compare_geo(struct compare *c, json_t *before, json_t *after)
{
	const struct spot at = {"geo", NULL, after};
	json_t *was = by_prefix(c->docs.before), *is = by_prefix(c->docs.after);
	const char *key;
	json_t *v;

	compare_named(c, "overrides", was, is);
	json_decref(was);
	json_decref(is);
	json_object_foreach (after, key, v)
		if (strcmp(key, "overrides") != 0)
			compare_member(c, &at, "", key, before, after);
}

// ---- lists in which the order counts

struct ranked {
	json_t *list;
	size_t n;
	size_t *was;                     // place before, SIZE_MAX: it is new
	uint8_t *action;                 // of a rule that decides: its first letter; 0: of another
	bool *in_row;                    // belongs to a longest row of those that kept their order
	struct policy_diff_reach *reach; // of rules; NULL: of limits
};

static const char *id_of(const json_t *one)
{
	return json_string_value(json_object_get(one, "id"));
}

// A longest rising subsequence of was[], by patience sorting (Schensted 1961): n log n.
static bool mark_row(struct ranked *r)
{
	size_t *end = calloc(r->n + 1, sizeof(*end)), *up = calloc(r->n + 1, sizeof(*up));
	bool good = end != NULL && up != NULL;
	size_t piles = 0;

	for (size_t i = 0; good && i < r->n; i++) {
		size_t lo = 0, hi = piles;

		if (r->was[i] == SIZE_MAX)
			continue;
		while (lo < hi) {
			const size_t mid = lo + (hi - lo) / 2;

			if (r->was[end[mid]] < r->was[i])
				lo = mid + 1;
			else
				hi = mid;
		}
		up[i] = lo != 0 ? end[lo - 1] : SIZE_MAX;
		end[lo] = i;
		piles += lo == piles;
	}
	if (piles != 0)
		for (size_t i = end[piles - 1]; i != SIZE_MAX; i = up[i])
			r->in_row[i] = true;
	free(end);
	free(up);
	return good;
}

static json_t *crossed_by(const struct ranked *r, size_t at)
{
	json_t *out = json_array();

	for (size_t i = 0; i < r->n; i++)
		if (r->was[i] != SIZE_MAX && (r->was[i] < r->was[at]) != (i < at) &&
			r->action[i] != r->action[at] && r->action[i] != 0 && r->action[at] != 0 &&
			!policy_diff_apart(r->reach, i, at))
			json_array_append(out, json_array_get(r->list, i));
	return out;
}

static void moved(struct compare *c, const struct spot *at, const struct ranked *r, size_t i)
{
	json_t *change = add(c, at, "moved"), *crossed = crossed_by(r, i);

	json_object_set_new(change, "from", json_integer((json_int_t)r->was[i] + 1));
	json_object_set_new(change, "to", json_integer((json_int_t)i + 1));
	if (i != 0)
		json_object_set_new(
			change, "after", json_string(id_of(json_array_get(r->list, i - 1))));
	policy_diff_words(&c->docs, change, at->one, crossed);
	json_decref(crossed);
}

static void compare_ranked(
	struct compare *c, const char *in, const struct ranked *r, const json_t *before)
{
	json_t *one, *here = json_object(), *change;
	size_t i;

	json_array_foreach (r->list, i, one) {
		const struct spot at = {in, id_of(one), one};

		json_object_set_new(here, at.id, json_true());
		if (r->was[i] == SIZE_MAX) {
			change = whole(c, &at, true);
			json_object_set_new(change, "to", json_integer((json_int_t)i + 1));
			policy_diff_words(&c->docs, change, one, NULL);
			continue;
		}
		if (!r->in_row[i])
			moved(c, &at, r, i);
		compare_objects(c, &at, "", json_array_get(before, r->was[i]), one);
	}
	json_array_foreach (before, i, one) {
		const struct spot at = {in, id_of(one), one};

		if (json_object_get(here, at.id) != NULL)
			continue;
		change = whole(c, &at, false);
		json_object_set_new(change, "from", json_integer((json_int_t)i + 1));
		policy_diff_words(&c->docs, change, one, NULL);
	}
	json_decref(here);
}

static bool compare_lists_of(struct compare *c, const char *in, json_t *before, json_t *after)
{
	struct ranked r = {.list = after, .n = json_array_size(after)};
	json_t *places = json_object(), *one, *place;
	bool good;
	size_t i;

	json_array_foreach (before, i, one)
		json_object_set_new(places, id_of(one), json_integer((json_int_t)i));
	r.was = calloc(r.n + 1, sizeof(*r.was));
	r.in_row = calloc(r.n + 1, sizeof(*r.in_row));
	r.action = calloc(r.n + 1, sizeof(*r.action));
	r.reach = strcmp(in, "rules") == 0 ? policy_diff_reaches(c->docs.after) : NULL;
	good = r.was != NULL && r.in_row != NULL && r.action != NULL &&
	       (r.reach != NULL || strcmp(in, "rules") != 0);
	if (good) {
		json_array_foreach (after, i, one) {
			place = json_object_get(places, id_of(one));
			if (strcmp(in, "rules") == 0 && policy_diff_decides(one))
				r.action[i] =
					(uint8_t)*json_string_value(json_object_get(one, "action"));
			r.was[i] = place != NULL ? (size_t)json_integer_value(place) : SIZE_MAX;
		}
		good = mark_row(&r);
	}
	if (good)
		compare_ranked(c, in, &r, before);
	free(r.was);
	free(r.in_row);
	free(r.action);
	policy_diff_reaches_free(r.reach);
	json_decref(places);
	return good;
}

static bool compare_part(struct compare *c, const char *in)
{
	static const char *const named[] = {"jurisdictions", "tenants", "apps", NULL};
	static const char *const ranked[] = {"rules", "limits", NULL};
	json_t *before = json_object_get(c->docs.before, in);
	json_t *after = json_object_get(c->docs.after, in);
	const struct spot at = {in, NULL, after != NULL ? after : before};

	if (is_key(in, ranked))
		return compare_lists_of(c, in, before, after);
	if (is_key(in, named))
		compare_named(c, in, before, after);
	else if (strcmp(in, "geo") == 0)
		compare_geo(c, before, after);
	else
		compare_values(c, &at, "", in, before, after);
	return true;
}

json_t *policy_diff(json_t *before, json_t *after)
{
	static const char *const order[] = {"meta", "home", "jurisdictions", "geo", "tenants",
		"apps", "defaults", "rules", "limits", NULL};
	struct compare c = {{before, after, policy_diff_users(before, after)}, json_array()};
	bool good = c.out != NULL && c.docs.users != NULL;
	const char *key;
	json_t *v;

	for (unsigned i = 0; good && order[i] != NULL; i++)
		good = compare_part(&c, order[i]);
	json_object_foreach (after, key, v)
		if (good && !is_key(key, order))
			good = compare_part(&c, key);
	json_object_foreach (before, key, v)
		if (good && !is_key(key, order) && json_object_get(after, key) == NULL)
			good = compare_part(&c, key);
	json_decref(c.docs.users);
	if (good)
		return c.out;
	json_decref(c.out);
	return NULL;
}
