// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What two policies differ in. argv[1]: the example policy.

#include "app/operator/policy_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *example;

static json_t *load(void)
{
	json_error_t e;
	json_t *doc = json_load_file(example, 0, &e);

	if (doc == NULL)
		fail_msg("%s: %s", example, e.text);
	return doc;
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

// The change of this kind, of this one; NULL: none.
static json_t *find(json_t *changes, const char *what, const char *in, const char *id)
{
	json_t *c;
	size_t i;

	json_array_foreach (changes, i, c)
		if (strcmp(text(c, "what"), what) == 0 && strcmp(text(c, "in"), in) == 0 &&
			strcmp(text(c, "id"), id) == 0)
			return c;
	return NULL;
}

static json_t *rule(json_t *doc, const char *id)
{
	json_t *r;
	size_t i;

	json_array_foreach (json_object_get(doc, "rules"), i, r)
		if (strcmp(text(r, "id"), id) == 0)
			return r;
	return NULL;
}

// The only change between the example and it.
static json_t *only(json_t *after)
{
	json_t *before = load(), *changes = policy_diff(before, after), *one;

	assert_int_equal(json_array_size(changes), 1);
	one = json_incref(json_array_get(changes, 0));
	json_decref(changes);
	json_decref(before);
	json_decref(after);
	return one;
}

static void says(json_t *change, const char *words, const char *means)
{
	assert_string_equal(text(change, "words"), words);
	assert_string_equal(text(change, "means"), means);
	json_decref(change);
}

static void same_meaning_is_no_difference(void **state)
{
	json_t *a = load(), *b = load(), *changes, *list, *r = rule(b, "important-assessed");

	(void)state;
	list = json_object_get(
		json_object_get(json_object_get(b, "jurisdictions"), "cptpp"), "countries");
	json_array_append(list, json_array_get(list, 0));
	json_array_remove(list, 0); // another order
	json_object_set_new(r, "valid_to", json_string("2035-12-31T15:59:59Z"));
	json_object_set_new(r, "enabled", json_true());
	json_object_set_new(r, "shadow", json_false());
	list = json_object_get(json_object_get(r, "match"), "dports");
	json_array_set_new(list, 0, json_string("443-443"));
	list = json_object_get(
		json_object_get(json_object_get(b, "tenants"), "auto-oem"), "prefixes");
	json_array_set_new(list, 1, json_string("2001:0DB8:20:8:0::/62"));
	changes = policy_diff(a, b);
	assert_int_equal(json_array_size(changes), 0);
	json_decref(changes);
	json_decref(a);
	json_decref(b);
}

static void conditions_in_words(void **state)
{
	json_t *b = load();

	(void)state;
	json_array_append_new(
		json_object_get(json_object_get(rule(b, "gdl-auto"), "match"), "countries"),
		json_string("JP"));
	says(only(b), "rule gdl-auto now also matches countries JP",
		"more flows may be allowed by it");
	b = load();
	json_object_del(json_object_get(rule(b, "p2p-block"), "match"), "border");
	says(only(b), "rule p2p-block no longer asks for borders (cross, unknown before)",
		"more flows may be blocked by it");
	b = load();
	json_object_set_new(json_object_get(rule(b, "trial-gdpr"), "match"), "initiator",
		json_string("inside"));
	says(only(b), "rule trial-gdpr: initiator any -> inside",
		"it decides nothing, so that no verdict changes");
	b = load();
	json_object_set_new(rule(b, "tunnel-flag"), "action", json_string("block"));
	says(only(b), "rule tunnel-flag: action flag -> block",
		"flows that it decides were flagged and are now blocked");
}

static void rules_that_come_and_go(void **state)
{
	json_t *a = load(), *b = load(), *rules = json_object_get(b, "rules"), *changes, *c;
	json_t *last = json_incref(json_array_get(rules, 12));

	(void)state;
	json_array_remove(rules, 12);
	json_array_remove(rules, 0);
	json_object_set_new(last, "id", json_string("other"));
	json_array_insert_new(rules, 0, last);
	changes = policy_diff(a, b);
	assert_int_equal(json_array_size(changes), 3);
	c = find(changes, "added", "rules", "other");
	assert_non_null(c);
	assert_int_equal(json_integer_value(json_object_get(c, "to")), 1);
	assert_string_equal(
		text(c, "means"), "flows that match it and no rule above are now flagged");
	c = find(changes, "removed", "rules", "core-no-export");
	assert_non_null(c);
	assert_int_equal(json_integer_value(json_object_get(c, "from")), 1);
	assert_non_null(find(changes, "removed", "rules", "unknown-country"));
	json_decref(changes);
	json_decref(a);
	json_decref(b);
}

// One rule moves, and only that one is said to.
static void a_moved_rule_is_one_change(void **state)
{
	json_t *b = load(), *rules = json_object_get(b, "rules"), *r, *c;

	(void)state;
	r = json_incref(json_array_get(rules, 3)); // p2p-block, behind gdl-fund
	json_array_remove(rules, 3);
	json_array_insert_new(rules, 7, r);
	c = only(b);
	assert_string_equal(text(c, "id"), "p2p-block");
	assert_int_equal(json_integer_value(json_object_get(c, "from")), 4);
	assert_int_equal(json_integer_value(json_object_get(c, "to")), 8);
	says(c, "rule p2p-block moved from place 4 to 8, behind gdl-fund",
		"flows that it (block) shares with these are now theirs: tunnel-flag (flag), "
		"gdl-auto (allow), gdl-bio (allow), gdl-fund (allow)");
	b = load();
	rules = json_object_get(b, "rules");
	r = json_incref(json_array_get(rules, 3));
	json_array_remove(rules, 3);
	json_array_insert_new(rules, 2, r); // before important-rest, which blocks too
	says(only(b), "rule p2p-block moved from place 4 to 3, behind important-assessed",
		"it has passed no deciding rule of another action that it shares flows with: "
		"verdicts stay, rule and reason may be others");
}

// What moving a rule to the top means to the one that stood there and allows: their matches are
// texts of JSON.
static const char *moving(const char *upper, const char *lower)
{
	static char means[256];
	json_t *a = load(), *b, *changes, *rules = json_object_get(a, "rules");

	json_array_clear(rules);
	json_array_append_new(
		rules, json_pack("{s:s, s:s, s:s, s:o}", "id", "upper", "action", "allow", "reason",
			       "R", "match", json_loads(upper, 0, NULL)));
	json_array_append_new(
		rules, json_pack("{s:s, s:s, s:s, s:o}", "id", "lower", "action", "block", "reason",
			       "R", "match", json_loads(lower, 0, NULL)));
	b = json_deep_copy(a);
	rules = json_object_get(b, "rules");
	json_array_insert(rules, 0, json_array_get(rules, 1));
	json_array_remove(rules, 2);
	changes = policy_diff(a, b);
	assert_int_equal(json_array_size(changes), 1);
	snprintf(means, sizeof(means), "%s", text(json_array_get(changes, 0), "means"));
	json_decref(changes);
	json_decref(a);
	json_decref(b);
	return means;
}

// Rules that no flow can match both have nothing to do with each other, wherever they stand.
static void rules_that_share_no_flow_are_not_named(void **state)
{
	static const struct {
		const char *upper, *lower;
		bool shared;
	} cases[] = {
		{"{}", "{}", true},
		{"{\"tenants\": [\"auto-oem\"]}", "{\"tenants\": [\"cro-lab\"]}", false},
		{"{\"tenants\": [\"auto-oem\", \"cro-lab\"]}", "{\"tenants\": [\"cro-lab\"]}",
			true},
		{"{\"tenants\": [\"auto-oem\"]}", "{\"apps\": [\"p2p\"]}", true},
		{"{\"border\": [\"home\"]}", "{\"border\": [\"cross\", \"unknown\"]}", false},
		{"{\"border\": [\"home\"]}", "{\"countries\": [\"JP\"]}", false},
		{"{\"border\": [\"home\"]}", "{\"countries\": [\"CN\"]}", true},
		{"{\"border\": [\"unknown\"]}", "{\"countries\": [\"XX\"]}", true},
		{"{\"border\": [\"cross\"]}", "{\"countries\": [\"XX\"]}", false},
		{"{\"jurisdictions\": [\"cptpp\"]}", "{\"countries\": [\"US\"]}", false},
		{"{\"jurisdictions\": [\"cptpp\"]}", "{\"countries\": [\"US\", \"JP\"]}", true},
		{"{\"jurisdictions\": [\"cptpp\"]}", "{\"jurisdictions\": [\"special_regions\"]}",
			false},
		{"{\"protos\": [\"tcp\"]}", "{\"protos\": [\"udp\", \"icmp\"]}", false},
		{"{\"protos\": [\"gre\"]}", "{\"dports\": [\"443\"]}", false},
		{"{\"protos\": [\"sctp\"]}", "{\"dports\": [\"443\"]}", true},
		{"{\"dports\": [\"443\", \"8000-8100\"]}", "{\"dports\": [\"444-7999\"]}", false},
		{"{\"dports\": [\"443\", \"8000-8100\"]}", "{\"dports\": [\"8100\"]}", true},
		{"{\"sports\": [\"1-1023\"]}", "{\"sports\": [\"1024-65535\"]}", false},
		{"{\"sports\": [\"443\"]}", "{\"dports\": [\"444\"]}", true},
		{"{\"dst\": [\"203.0.113.0/25\"]}", "{\"dst\": [\"203.0.113.128/25\"]}", false},
		{"{\"dst\": [\"203.0.113.0/24\"]}", "{\"dst\": [\"203.0.113.128/25\"]}", true},
		{"{\"dst\": [\"0.0.0.0/0\"]}", "{\"dst\": [\"::/0\"]}", false},
		{"{\"src\": [\"10.0.0.0/8\"]}", "{\"src\": [\"192.0.2.0/24\"]}", false},
		{"{\"src\": [\"10.0.0.0/8\"]}", "{\"dst\": [\"192.0.2.0/24\"]}", true},
		{"{\"initiator\": \"inside\"}", "{\"initiator\": \"outside\"}", false},
		{"{\"protos\": []}", "{}", false},
		{"{\"apps\": [\"p2p\"]}", "{\"apps\": [\"bulk\"]}", true}, // a name may be in both
		{"{\"hosts\": [\"a.example\"]}", "{\"hosts\": [\"b.example\"]}", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *wanted =
			cases[i].shared
				? "flows that it shares with these are now blocked by it: upper "
				  "(allow)"
				: "it has passed no deciding rule of another action that it shares "
				  "flows with: verdicts stay, rule and reason may be others";

		assert_string_equal(moving(cases[i].upper, cases[i].lower), wanted);
		assert_string_equal(moving(cases[i].lower, cases[i].upper), wanted);
	}
}

static void groups_name_their_users(void **state)
{
	json_t *b = load();

	(void)state;
	json_array_append_new(
		json_object_get(json_object_get(json_object_get(b, "apps"), "p2p"), "apps"),
		json_string("eDonkey"));
	says(only(b), "application group p2p, applications: added eDonkey",
		"used by rule p2p-block");
	b = load();
	json_array_append_new(json_object_get(b, "home"), json_string("HK"));
	says(only(b), "home countries: added HK", "HK: no longer across the border");
	b = load();
	json_object_set_new(
		json_array_get(json_object_get(json_object_get(b, "geo"), "overrides"), 0),
		"country", json_string("DE"));
	says(only(b), "country of 203.0.113.0/24: country SG -> DE",
		"goes before what the database says, where no longer prefix does");
}

// ---- nothing is left out

static unsigned leaves;

static void differ_at_leaf(json_t *a, json_t *b, const char *where)
{
	json_t *changes = policy_diff(a, b), *c;
	size_t i;

	if (json_array_size(changes) == 0)
		fail_msg("%s changed, and there is no difference", where);
	json_array_foreach (changes, i, c)
		if (*text(c, "words") == '\0')
			fail_msg("%s changed without a word", where);
	json_decref(changes);
	leaves++;
}

static json_t *another(const json_t *v)
{
	char other[600];

	if (json_is_integer(v))
		return json_integer(json_integer_value(v) + 1);
	if (json_is_boolean(v))
		return json_boolean(!json_is_true(v));
	snprintf(other, sizeof(other), "9%s", json_string_value(v));
	return json_string(other);
}

static void change_each(json_t *a, json_t *b, json_t *at, const char *where)
{
	char path[512];
	const char *key;
	json_t *v, *was;
	size_t i;

	if (json_is_object(at)) {
		for (void *it = json_object_iter(at); it != NULL;
			it = json_object_iter_next(at, it)) {
			key = json_object_iter_key(it);
			v = json_object_iter_value(it);
			snprintf(path, sizeof(path), "%s/%s", where, key);
			if (json_is_object(v) || json_is_array(v)) {
				change_each(a, b, v, path);
				continue;
			}
			was = json_incref(v);
			json_object_iter_set_new(at, it, another(was));
			differ_at_leaf(a, b, path);
			json_object_iter_set_new(at, it, was);
		}
		return;
	}
	for (i = 0; i < json_array_size(at); i++) {
		v = json_array_get(at, i);
		snprintf(path, sizeof(path), "%s/%zu", where, i);
		if (json_is_object(v) || json_is_array(v)) {
			change_each(a, b, v, path);
			continue;
		}
		was = json_incref(v);
		json_array_set_new(at, i, another(was));
		differ_at_leaf(a, b, path);
		json_array_set_new(at, i, was);
	}
}

static void every_member_counts(void **state)
{
	json_t *a = load(), *b = load();

	(void)state;
	leaves = 0;
	change_each(a, b, b, "");
	assert_true(leaves > 200);
	json_decref(a);
	json_decref(b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_meaning_is_no_difference),
		cmocka_unit_test(conditions_in_words),
		cmocka_unit_test(rules_that_come_and_go),
		cmocka_unit_test(a_moved_rule_is_one_change),
		cmocka_unit_test(rules_that_share_no_flow_are_not_named),
		cmocka_unit_test(groups_name_their_users),
		cmocka_unit_test(every_member_counts),
	};

	if (argc != 2)
		return 2;
	example = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
