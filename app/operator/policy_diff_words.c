// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a change of a policy says to a reader.

#include "app/operator/policy_diff_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The last part of a path: "countries" of "match.countries".
static const char *leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
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

void policy_diff_list(FILE *to, const char *key, const json_t *list)
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
	const char *standing = policy_diff_default(key);
	char text[POLICY_DIFF_TEXT_MAX];

	if (json_is_null(v)) {
		fputs(standing != NULL                  ? standing
			: strcmp(key, "initiator") == 0 ? "any"
							: "none",
			to);
		return;
	}
	policy_diff_text(key, v, text);
	fputs(text, to);
}

// "remote prefixes 198.51.100.0/24; borders cross". in: what stands before the keys in paths.
static void put_members(FILE *to, json_t *thing, const char *in)
{
	const char *between = "", *key;
	char path[64];
	json_t *v;

	json_object_foreach (thing, key, v) {
		snprintf(path, sizeof(path), "%s%s", in, key);
		fprintf(to, "%s%s ", between, name_of(path));
		if (json_is_array(v))
			policy_diff_list(to, key, v);
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
	const char *in = command_text(change, "in");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].in, in) == 0)
			in = names[i].name;
	fprintf(to, "%s%s", in, command_text(change, "id"));
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
		policy_diff_list(to, key, after);
		fputs(", any before", to);
		return;
	}
	if (json_is_null(after)) {
		fprintf(to, " no longer asks for %s (", name_of(path));
		policy_diff_list(to, key, before);
		fputs(" before)", to);
		return;
	}
	if (json_array_size(came) != 0) {
		fprintf(to, " now also matches %s ", name_of(path));
		policy_diff_list(to, key, came);
		between = ", and ";
	}
	if (json_array_size(went) != 0) {
		fprintf(to, "%sno longer matches %s ", between, name_of(path));
		policy_diff_list(to, key, went);
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
		policy_diff_list(to, key, came);
	}
	if (json_array_size(went) != 0) {
		fputs(json_array_size(came) != 0 ? ", removed " : " removed ", to);
		policy_diff_list(to, key, went);
	}
	if (json_array_size(came) == 0 && json_array_size(went) == 0)
		fputs(json_is_null(json_object_get(change, "new")) ? " gone" : " nothing yet", to);
}

static void put_changed(FILE *to, const json_t *change)
{
	const char *path = command_text(change, "key");

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
	if (is_in(change, "rules") || is_in(change, "limits")) {
		const bool rule = is_in(change, "rules");

		fprintf(to, ": %s", command_text(one, rule ? "action" : "then"));
		if (!rule)
			fprintf(to, " over a total per %s", command_text(one, "per"));
		fputs(" where ", to);
		put_members(to, json_object_get(one, "match"), "match.");
		fprintf(to, "; reason %s", command_text(one, "reason"));
		return;
	}
	if (json_object_size(one) != 0)
		fputs(": ", to);
	put_members(to, one, "");
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
			fprintf(to, "behind %s", command_text(change, "after"));
		else
			fputs("to the top", to);
		return;
	}
	if (is_what(change, "added") && json_object_get(change, "to") != NULL)
		fprintf(to, " added at place %d",
			(int)json_integer_value(json_object_get(change, "to")));
	else
		fprintf(to, " %s", command_text(change, "what"));
	put_whole(to, change, one);
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
	policy_diff_means(to, p, change, one, crossed);
	fclose(to);
	if (len != 0)
		json_object_set_new(change, "means", json_string(text));
	free(text);
}
