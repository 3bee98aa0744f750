// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Asks the policy engine what a script wants to know. One JSON object a line, in and out.
//
//     policy_driver --names              the made-up classifier's names and the timezones
//     policy_driver --check FILE [NOW]   every finding: {"level", "pointer", "text"}, the text as
//                                        diag_format() writes it
//     policy_driver --lint FILE [NOW]    the same of what lint finds
//     policy_driver FILE                 a verdict for each line of facts on standard input
//
// Facts are those of policy_model.py. A line of only {"now": …} asks for the windows of limits at
// that time; one that has "explain" asks for the explanation of the verdict too. Exit status: 0, 1
// the policy does not load, 2 wrong use or input.
#include "explained.h"
#include "facts.h"
#include "made_up.h"
#include "policy/jsondoc.h"
#include "policy/lint.h"
#include "unlabelled.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t cap = 0;

	if (!f)
		bad_input("cannot open the policy");
	*len = 0;
	do {
		if (*len == cap) {
			cap = cap ? 2 * cap : 65536;
			text = realloc(text, cap);
			if (!text)
				bad_input("no memory");
		}
		*len += fread(text + *len, 1, cap - *len, f);
	} while (!feof(f) && !ferror(f));
	if (ferror(f))
		bad_input("cannot read the policy");
	fclose(f);
	return text;
}

static void print(json_t *line)
{
	if (json_dumpf(line, stdout, JSON_COMPACT) < 0)
		bad_input("cannot write");
	putchar('\n');
	json_decref(line);
}

static json_t *name_table(const struct made_up_name *v)
{
	json_t *table = json_object();

	for (; v->name; v++)
		json_object_set_new(table, v->name, json_integer(v->id));
	return table;
}

static void print_names(void)
{
	json_t *zones = json_object();

	for (const struct made_up_zone *z = made_up_zones; z->name; z++) {
		uint8_t *data;
		size_t len;
		char hex[513];

		if (made_up_names.zone(NULL, z->name, &data, &len) || 2 * len >= sizeof(hex))
			bad_input("a zone is wrong");
		for (size_t i = 0; i < len; i++)
			sprintf(hex + 2 * i, "%02x", data[i]);
		json_object_set_new(zones, z->name, json_string(hex));
		free(data);
	}
	print(json_pack("{so so so so}", "apps", name_table(made_up_apps), "categories",
		name_table(made_up_categories), "risks", name_table(made_up_risks), "zones",
		zones));
}

static void print_findings(const struct diag_list *d)
{
	for (size_t i = 0; i < d->n; i++) {
		int len = diag_format(d, i, NULL, 0);
		char *text = malloc((size_t)len + 1);

		if (!text)
			bad_input("no memory");
		diag_format(d, i, text, (size_t)len + 1);
		// jansson writes only UTF-8: a finding that quoted raw bytes would fail here.
		print(json_pack("{ss ss? ss}", "level", diag_level_name(d->v[i].level), "pointer",
			d->v[i].pointer, "text", text));
		free(text);
	}
}

// ---- answers

static json_t *moment_or_null(int64_t t)
{
	return t == INT64_MAX ? json_null() : json_integer(t);
}

static json_t *limits(const struct policy *p, const struct policy_facts *f, uint16_t rule)
{
	uint16_t held[POLICY_MAX_LIMITS];
	json_t *ids = json_array();
	unsigned n = rule == POLICY_RULE_NONE ? 0 : policy_limits(p, f, rule, held);

	for (unsigned i = 0; i < n; i++) {
		struct policy_limit_info info;

		policy_limit(p, held[i], &info);
		json_array_append_new(ids, json_string(info.id));
	}
	return ids;
}

static void answer_facts(const struct policy *p, json_t *in)
{
	struct policy_facts f;
	struct policy_verdict v;
	struct policy_rule_info rule, shadow;
	int64_t now = fact_number(in, "now");
	char cc[2];

	facts_read(p, in, &f);
	policy_eval(p, &f, now, &v);
	if (!unlabelled_agrees(p, &f, now))
		bad_input("policy_may_block() denies what policy_eval() does");
	policy_rule(p, v.rule, &rule);
	policy_rule(p, v.shadow, &shadow);
	cc[0] = (char)(f.cc >> 8);
	cc[1] = (char)(f.cc & 0xff);
	if (v.state > POLICY_UNDECIDED || v.action > POLICY_BLOCK || v.expired > 1)
		bad_input("the engine's verdict is out of range");
	print(json_pack("{ss sb ss% ss ss ss ss? ss? ss? ss? sb so so}", "tenant",
		policy_tenant_name(p, f.tenant), "covered", (int)policy_inside(p, &f.inside), "cc",
		cc, (size_t)2, "border", policy_border_name((enum policy_border)f.border), "state",
		policy_state_name((enum policy_state)v.state), "action",
		policy_action_name((enum policy_action)v.action), "severity",
		policy_severity_name((enum policy_severity)v.severity), "rule", rule.id, "reason",
		v.expired                    ? "POLICY_EXPIRED"
		: v.rule == POLICY_RULE_NONE ? NULL
					     : rule.reason,
		"shadow", shadow.id, "expired", (int)v.expired, "next",
		moment_or_null(policy_next_change(p, now)), "limits", limits(p, &f, v.rule)));
}

static void answer_windows(const struct policy *p, int64_t now)
{
	static const char *const names[] = {"none", "hour", "day", "month"};
	json_t *out = json_object();

	for (int w = POLICY_WINDOW_HOUR; w <= POLICY_WINDOW_MONTH; w++) {
		int64_t begin, end;

		policy_window(p, (enum policy_limit_window)w, now, &begin, &end);
		json_object_set_new(
			out, names[w], json_pack("[II]", (json_int_t)begin, (json_int_t)end));
	}
	print(out);
}

static void answer_lines(const struct policy *p)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		json_t *in = json_loadb(line, (size_t)len, 0, NULL);

		if (!json_is_object(in))
			bad_input("a line is no JSON object");
		if (json_object_size(in) == 1)
			answer_windows(p, fact_number(in, "now"));
		else if (json_object_get(in, "explain"))
			print(explained(p, in));
		else
			answer_facts(p, in);
		json_decref(in);
	}
	free(line);
}

static void print_lint(const struct policy *p, const char *text, size_t len, int64_t now)
{
	struct diag_list diag;

	diag_init(&diag, "policy");
	if (policy_lint(p, text, len, now, &diag) < 0 || diag_failed(&diag))
		bad_input("lint failed");
	print_findings(&diag);
	diag_clear(&diag);
}

int main(int argc, char **argv)
{
	bool lint = argc >= 3 && !strcmp(argv[1], "--lint");
	bool check = argc >= 3 && !strcmp(argv[1], "--check");
	const char *path = check || lint ? argv[2] : argc == 2 ? argv[1] : NULL;
	int64_t now = argc == 4 ? strtoll(argv[3], NULL, 10) : POLICY_ANY_TIME;
	struct diag_list diag;
	struct policy *p;
	char *text;
	size_t len, errors;

	if (!path)
		bad_input("use: --names | --check FILE [NOW] | --lint FILE [NOW] | FILE");
	if (!strcmp(path, "--names")) {
		print_names();
		return 0;
	}
	text = read_file(path, &len);
	diag_init(&diag, path);
	p = policy_load(text, len, check ? now : POLICY_ANY_TIME, &made_up_names, &diag);
	if (!p != diag_failed(&diag))
		bad_input("the engine's findings and its answer do not fit");
	if (check || !p)
		print_findings(&diag);
	else if (lint)
		print_lint(p, text, len, now);
	else
		answer_lines(p);
	errors = diag.errors;
	diag_clear(&diag);
	policy_free(p);
	free(text);
	return errors ? 1 : 0;
}
