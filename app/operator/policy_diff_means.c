// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What follows from a change of a policy.

#include "app/operator/policy_diff_part.h"

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
				up ? done_to(command_text(one, "action"))
				   : command_text(one, "action"));
		if (n <= LISTED)
			fprintf(to, "%s%s (%s)", n != 1 ? ", " : "", command_text(other, "id"),
				command_text(other, "action"));
	}
	if (n > LISTED)
		fprintf(to, " and %u more", n - LISTED);
	if (n == 0)
		fputs("it has passed no deciding rule of another action that it shares flows "
		      "with: verdicts stay, rule and reason may be others",
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
			done_to(command_text(one, "action")));
	else
		fprintf(to,
			"flows that it %s are now decided by rules below it, or by the defaults",
			done_to(command_text(one, "action")));
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
		fprintf(to, "more flows may be %s by it", done_to(command_text(one, "action")));
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
				done_to(command_text(one, "action")));
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
				json_object_set_new(
					all, command_text(one, "id"), json_string(kind));
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
		policy_diff_list(to, "countries", came);
		fputs(": no longer across the border", to);
	}
	if (json_array_size(went) != 0) {
		fputs(json_array_size(came) != 0 ? "; " : "", to);
		policy_diff_list(to, "countries", went);
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

void policy_diff_means(FILE *to, const struct policy_pair *p, const json_t *change,
	const json_t *one, const json_t *crossed)
{
	const char *path = command_text(change, "key");
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
		put_users(to, p, command_text(change, "in"), command_text(change, "id"));
}
