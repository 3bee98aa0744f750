// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a change of a policy says to a reader, and what follows from it.

#include "app/operator/policy_diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTED 8 // values of a list that are named; the change itself has all

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static bool is_in(const json_t *change, const char *in)
{
	return strcmp(text_of(change, "in"), in) == 0;
}

static bool is_what(const json_t *change, const char *what)
{
	return strcmp(text_of(change, "what"), what) == 0;
}

// The last part of a path: "countries" of "match.countries".
static const char *leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

static bool in_match(const char *path)
{
	return strncmp(path, "match.", 6) == 0;
}

// What members are called in sentences; those that are not here are words already.
static const char *name_of(const char *path)
{
	static const struct {
		const char *key, *name;
	} names[] = {{"match.apps", "application groups"}, {"match.src", "inside prefixes"},
		{"match.dst", "remote prefixes"}, {"match.sports", "source ports"},
		{"match.dports", "destination ports"}, {"match.protos", "protocols"},
		{"match.hosts", "host names"}, {"match.asns", "AS numbers"},
		{"match.border", "borders"}, {"apps", "applications"}, {"vlans", "VLANs"},
		{"vnis", "VNIs"}, {"as_of", "date"}, {"partial", "countries in part"},
		{"basis", "legal bases"}, {"max_bytes_out", "max_bytes_out (before a verdict)"},
		{"max_ms", "max_ms (before a verdict)"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].key, path) == 0)
			return names[i].name;
	return in_match(path) ? path + 6 : path;
}

static const char *done_to(const char *action)
{
	return strcmp(action, "allow") == 0  ? "allowed"
	       : strcmp(action, "flag") == 0 ? "flagged"
					     : "blocked";
}

static void put_list(FILE *to, const char *key, const json_t *list)
{
	char text[POLICY_DIFF_TEXT_MAX];
	const size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < LISTED; i++) {
		policy_diff_text(key, json_array_get(list, i), text);
		fprintf(to, "%s%s", i != 0 ? ", " : "", text);
	}
	if (n > LISTED)
		fprintf(to, " and %zu more", n - LISTED);
	if (n == 0)
		fputs("nothing", to);
}

static void put_value(FILE *to, const char *key, const json_t *v)
{
	char text[POLICY_DIFF_TEXT_MAX];

	if (json_is_null(v)) {
		fputs(strcmp(key, "enabled") == 0        ? "true"
			: strcmp(key, "shadow") == 0     ? "false"
			: strcmp(key, "snap") == 0       ? "128"
			: strcmp(key, "block_with") == 0 ? "reset"
			: strcmp(key, "initiator") == 0  ? "any"
							 : "none",
			to);
		return;
	}
	policy_diff_text(key, v, text);
	fputs(text, to);
}

static void put_match(FILE *to, json_t *match)
{
	const char *between = "", *key;
	char path[64];
	json_t *v;

	json_object_foreach (match, key, v) {
		snprintf(path, sizeof(path), "match.%s", key);
		fprintf(to, "%s%s ", between, name_of(path));
		if (json_is_array(v))
			put_list(to, key, v);
		else
			put_value(to, key, v);
		between = "; ";
	}
}

static void put_subject(FILE *to, const json_t *change)
{
	static const struct {
		const char *in, *name;
	} names[] = {{"jurisdictions", "country group "}, {"overrides", "country of "},
		{"tenants", "tenant "}, {"apps", "application group "}, {"rules", "rule "},
		{"limits", "limit "}, {"home", "home countries"}};
	const char *in = text_of(change, "in");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].in, in) == 0)
			in = names[i].name;
	fprintf(to, "%s%s", in, text_of(change, "id"));
}

// Rules' and limits' lists of conditions.
static void put_match_list(FILE *to, const json_t *change, const char *path)
{
	const json_t *before = json_object_get(change, "old"),
		     *after = json_object_get(change, "new");
	const json_t *came = json_object_get(change, "added"), *went;
	const char *key = leaf(path), *between = " ";

	went = json_object_get(change, "removed");
	if (json_is_null(before)) {
		fprintf(to, " now matches only %s ", name_of(path));
		put_list(to, key, after);
		fputs(", any before", to);
		return;
	}
	if (json_is_null(after)) {
		fprintf(to, " no longer asks for %s (", name_of(path));
		put_list(to, key, before);
		fputs(" before)", to);
		return;
	}
	if (json_array_size(came) != 0) {
		fprintf(to, " now also matches %s ", name_of(path));
		put_list(to, key, came);
		between = ", and ";
	}
	if (json_array_size(went) != 0) {
		fprintf(to, "%sno longer matches %s ", between, name_of(path));
		put_list(to, key, went);
	}
}

static void put_list_change(FILE *to, const json_t *change, const char *path)
{
	const json_t *came = json_object_get(change, "added"), *went;
	const char *key = is_in(change, "home") ? "countries" : leaf(path);

	went = json_object_get(change, "removed");
	if (*path != '\0')
		fprintf(to, ", %s", name_of(path));
	fputc(':', to);
	if (json_array_size(came) != 0) {
		fputs(" added ", to);
		put_list(to, key, came);
	}
	if (json_array_size(went) != 0) {
		fputs(json_array_size(came) != 0 ? ", removed " : " removed ", to);
		put_list(to, key, went);
	}
	if (json_array_size(came) == 0 && json_array_size(went) == 0)
		fputs(json_is_null(json_object_get(change, "new")) ? " gone" : " nothing yet", to);
}

static void put_changed(FILE *to, const json_t *change)
{
	const char *path = text_of(change, "key");

	put_subject(to, change);
	if (json_object_get(change, "added") == NULL) {
		fprintf(to, ": %s ", name_of(path));
		put_value(to, leaf(path), json_object_get(change, "old"));
		fputs(" -> ", to);
		put_value(to, leaf(path), json_object_get(change, "new"));
	} else if (in_match(path)) {
		put_match_list(to, change, path);
	} else {
		put_list_change(to, change, path);
	}
}

// What a whole thing says, in short.
static void put_whole(FILE *to, const json_t *change, json_t *one)
{
	const char *between = ": ", *key;
	json_t *v;

	if (is_in(change, "rules") || is_in(change, "limits")) {
		const bool rule = is_in(change, "rules");

		fprintf(to, ": %s", text_of(one, rule ? "action" : "then"));
		if (!rule)
			fprintf(to, " over a total per %s", text_of(one, "per"));
		fputs(" where ", to);
		put_match(to, json_object_get(one, "match"));
		fprintf(to, "; reason %s", text_of(one, "reason"));
		return;
	}
	json_object_foreach (one, key, v) {
		fprintf(to, "%s%s ", between, name_of(key));
		if (json_is_array(v))
			put_list(to, key, v);
		else
			put_value(to, key, v);
		between = "; ";
	}
}

static void put_words(FILE *to, const json_t *change, json_t *one)
{
	if (is_what(change, "changed")) {
		put_changed(to, change);
		return;
	}
	put_subject(to, change);
	if (is_what(change, "moved")) {
		fprintf(to, " moved from place %d to %d, ",
			(int)json_integer_value(json_object_get(change, "from")),
			(int)json_integer_value(json_object_get(change, "to")));
		if (json_object_get(change, "after") != NULL)
			fprintf(to, "behind %s", text_of(change, "after"));
		else
			fputs("to the top", to);
		return;
	}
	if (is_what(change, "added") && json_object_get(change, "to") != NULL)
		fprintf(to, " added at place %d",
			(int)json_integer_value(json_object_get(change, "to")));
	else
		fprintf(to, " %s", text_of(change, "what"));
	put_whole(to, change, one);
}

// ---- what follows

bool policy_diff_decides(const json_t *rule)
{
	return !json_is_false(json_object_get(rule, "enabled")) &&
	       !json_is_true(json_object_get(rule, "shadow"));
}

static void mean_moved(FILE *to, const json_t *change, const json_t *one, const json_t *crossed)
{
	const bool up = json_integer_value(json_object_get(change, "to")) <
			json_integer_value(json_object_get(change, "from"));
	unsigned n = 0;
	json_t *other;
	size_t i;

	if (!is_in(change, "rules")) {
		fputs("where several limits were passed and are as strict, the first is named", to);
		return;
	}
	json_array_foreach (crossed, i, other) {
		if (n++ == 0)
			fprintf(to,
				up ? "flows that it shares with these are now %s by it: "
				   : "flows that it (%s) shares with these are now theirs: ",
				up ? done_to(text_of(one, "action")) : text_of(one, "action"));
		if (n <= LISTED)
			fprintf(to, "%s%s (%s)", n != 1 ? ", " : "", text_of(other, "id"),
				text_of(other, "action"));
	}
	if (n > LISTED)
		fprintf(to, " and %u more", n - LISTED);
	if (n == 0)
		fputs("it has passed no deciding rule of another action: verdicts stay, rule and "
		      "reason may be others",
			to);
}

static void mean_rule_whole(FILE *to, const json_t *change, const json_t *one)
{
	const bool added = is_what(change, "added");

	if (json_is_false(json_object_get(one, "enabled")))
		fputs("it is disabled: no flow is its own", to);
	else if (json_is_true(json_object_get(one, "shadow")))
		fputs("it is a shadow rule: it decides nothing", to);
	else if (added)
		fprintf(to, "flows that match it and no rule above are now %s",
			done_to(text_of(one, "action")));
	else
		fprintf(to,
			"flows that it %s are now decided by rules below it, or by the defaults",
			done_to(text_of(one, "action")));
}

static void mean_match(FILE *to, const json_t *change, const json_t *one)
{
	const bool rule = is_in(change, "rules"),
		   from_any = json_is_null(json_object_get(change, "old"));
	const bool to_any = json_is_null(json_object_get(change, "new"));
	const bool wider =
		to_any || (!from_any && json_array_size(json_object_get(change, "added")));
	const bool narrower =
		from_any || (!to_any && json_array_size(json_object_get(change, "removed")));
	const bool scalar = json_object_get(change, "added") == NULL;

	if (rule && !policy_diff_decides(one)) {
		fputs("it decides nothing, so that no verdict changes", to);
		return;
	}
	if (scalar && !from_any && !to_any) {
		fputs(rule ? "it decides other flows than before" : "it counts other flows", to);
		return;
	}
	if (wider && rule)
		fprintf(to, "more flows may be %s by it", done_to(text_of(one, "action")));
	else if (wider)
		fputs("more flows count for it", to);
	if (wider && narrower)
		fputs("; ", to);
	if (narrower)
		fputs(rule ? "flows that it no longer matches go on to the rules below it"
			   : "flows that it no longer matches do not count for it",
			to);
}

static void mean_rule(FILE *to, const json_t *change, const json_t *one, const char *path)
{
	const char *before = json_string_value(json_object_get(change, "old"));
	const char *after = json_string_value(json_object_get(change, "new"));
	const bool rule = is_in(change, "rules");

	if (in_match(path)) {
		mean_match(to, change, one);
	} else if (strcmp(path, "action") == 0 && before != NULL && after != NULL) {
		if (policy_diff_decides(one))
			fprintf(to, "flows that it decides were %s and are now %s", done_to(before),
				done_to(after));
	} else if (strcmp(path, "then") == 0 && before != NULL && after != NULL) {
		fprintf(to, "flows over it were %s and are now %s at least", done_to(before),
			done_to(after));
	} else if (strcmp(path, "enabled") == 0 || strcmp(path, "shadow") == 0) {
		if (policy_diff_decides(one))
			fprintf(to, "it decides now: its flows are %s",
				done_to(text_of(one, "action")));
		else
			fputs("it decides nothing now: flows go on to the rules below it", to);
	} else if (!rule && json_is_integer(json_object_get(change, "old")) &&
		   json_is_integer(json_object_get(change, "new"))) {
		fputs(json_integer_value(json_object_get(change, "new")) >
					json_integer_value(json_object_get(change, "old"))
				? "it is passed later"
				: "it is passed sooner",
			to);
	} else if (strcmp(path, "valid_from") == 0 || strcmp(path, "valid_to") == 0) {
		fputs("outside its time the rule decides nothing", to);
	}
}

static void add_users(json_t *users, json_t *doc, const char *in, const char *kind)
{
	static const char *const dims[] = {"tenants", "jurisdictions", "apps"};
	json_t *one, *v, *all;
	char key[128];
	size_t i, k;

	json_array_foreach (json_object_get(doc, in), i, one) {
		for (unsigned d = 0; d < 3; d++) {
			json_array_foreach (
				json_object_get(json_object_get(one, "match"), dims[d]), k, v) {
				snprintf(key, sizeof(key), "%s/%s", dims[d], json_string_value(v));
				all = json_object_get(users, key);
				if (all == NULL) {
					all = json_object();
					json_object_set_new(users, key, all);
				}
				json_object_set_new(all, text_of(one, "id"), json_string(kind));
			}
		}
	}
}

json_t *policy_diff_users(json_t *before, json_t *after)
{
	json_t *users = json_object();

	add_users(users, after, "rules", "rule");
	add_users(users, before, "rules", "rule");
	add_users(users, after, "limits", "limit");
	add_users(users, before, "limits", "limit");
	return users;
}

// Rules and limits that name a group or tenant, in either policy.
static void put_users(FILE *to, const struct policy_pair *p, const char *dim, const char *name)
{
	const char *between = "used by ", *id;
	char key[128];
	json_t *seen, *v;
	unsigned n = 0;

	snprintf(key, sizeof(key), "%s/%s", dim, name);
	seen = json_object_get(p->users, key);
	json_object_foreach (seen, id, v) {
		if (n++ < LISTED)
			fprintf(to, "%s%s %s", between, json_string_value(v), id);
		between = ", ";
	}
	if (n > LISTED)
		fprintf(to, " and %u more", n - LISTED);
	if (n == 0)
		fputs("no rule and no limit names it", to);
}

static void mean_home(FILE *to, const json_t *change)
{
	const json_t *came = json_object_get(change, "added"), *went;

	went = json_object_get(change, "removed");
	if (json_array_size(came) != 0) {
		put_list(to, "countries", came);
		fputs(": no longer across the border", to);
	}
	if (json_array_size(went) != 0) {
		fputs(json_array_size(came) != 0 ? "; " : "", to);
		put_list(to, "countries", went);
		fputs(": across the border from now on", to);
	}
}

static void mean_default(FILE *to, const json_t *change, const char *path)
{
	const char *before = json_string_value(json_object_get(change, "old"));
	const char *after = json_string_value(json_object_get(change, "new"));

	if (strcmp(path, "action") == 0)
		fprintf(to, "flows that no rule matches were %s and are now %s", done_to(before),
			done_to(after));
	else if (strcmp(path, "min_confidence") == 0)
		fputs("labels less sure than this count as Unknown in every rule", to);
	else if (strncmp(path, "pending", 7) == 0)
		fputs("holds while a flow's application is not known and rules do not agree", to);
}

static void put_meaning(FILE *to, const struct policy_pair *p, const json_t *change,
	const json_t *one, const json_t *crossed)
{
	const char *path = text_of(change, "key");
	const bool whole = !is_what(change, "changed");

	if (is_what(change, "moved"))
		mean_moved(to, change, one, crossed);
	else if (is_in(change, "rules") && whole)
		mean_rule_whole(to, change, one);
	else if (is_in(change, "limits") && whole)
		fputs(is_what(change, "added")
				? "it begins to count when the policy comes into force"
				: "what it raised is no longer raised by it",
			to);
	else if (is_in(change, "rules") || is_in(change, "limits"))
		mean_rule(to, change, one, path);
	else if (is_in(change, "home"))
		mean_home(to, change);
	else if (is_in(change, "overrides") && strcmp(path, "note") != 0)
		fputs(is_what(change, "removed")
				? "its country is again what the database says"
				: "goes before what the database says, where no longer prefix does",
			to);
	else if (is_in(change, "defaults"))
		mean_default(to, change, path);
	else if ((is_in(change, "jurisdictions") && strcmp(path, "as_of") != 0) ||
		 is_in(change, "tenants") || is_in(change, "apps"))
		put_users(to, p, text_of(change, "in"), text_of(change, "id"));
}

void policy_diff_words(
	const struct policy_pair *p, json_t *change, json_t *one, const json_t *crossed)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL)
		return;
	put_words(to, change, one);
	fclose(to);
	json_object_set_new(change, "words", json_string(text));
	free(text);
	to = open_memstream(&text, &len);
	if (to == NULL)
		return;
	put_meaning(to, p, change, one, crossed);
	fclose(to);
	if (len != 0)
		json_object_set_new(change, "means", json_string(text));
	free(text);
}
