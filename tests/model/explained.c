// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "explained.h"
#include "facts.h"
#include "made_up.h"

#include <ctype.h>
#include <string.h>

// A condition without a word of why, or with more than a line, is as wrong as a false one.
static void check_words(const char *why)
{
	if (!why || !*why)
		bad_input("a condition has no words");
	for (; *why; why++)
		if (!isprint((unsigned char)*why))
			bad_input("a condition's words are more than a line");
}

static json_t *conditions(const struct explain_match *m)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < m->n; i++) {
		const struct explain_condition *c = &m->conditions[i];

		check_words(c->why);
		if (json_object_get(all, c->field))
			bad_input("a condition stands there twice");
		json_object_set_new(all, c->field, json_string(policy_truth_name(c->is)));
	}
	return all;
}

static json_t *one_match(const struct explain_match *m, const char *part)
{
	return json_pack("{ss so ss?}", "is", policy_truth_name(m->is), "conditions", conditions(m),
		"part", part);
}

json_t *explained(const struct policy *p, json_t *facts)
{
	json_t *rules = json_array(), *limits = json_array(), *held = json_array(), *out;
	struct policy_explanation e;
	struct policy_question q;
	struct policy_rule_info rule;
	struct policy_limit_info limit;

	facts_question(facts, &q);
	if (policy_explain(p, &q, &made_up_names, &e) < 0)
		bad_input("no memory to explain");
	for (unsigned i = 0; i < policy_info(p)->n_rules; i++) {
		if ((e.rules[i].part == EXPLAIN_OFF) != (e.rules[i].off != NULL))
			bad_input("a rule is off without a reason, or the other way round");
		json_array_append_new(
			rules, one_match(&e.rules[i].match, explain_part_name(e.rules[i].part)));
	}
	for (unsigned i = 0; i < policy_info(p)->n_limits; i++)
		json_array_append_new(limits, one_match(&e.limits[i], NULL));
	for (unsigned i = 0; i < e.n_held; i++) {
		policy_limit(p, e.held[i], &limit);
		json_array_append_new(held, json_string(limit.id));
	}
	policy_rule(p, e.verdict.rule, &rule);
	check_words(e.tenant_why);
	out = json_pack("{ss ss ss? so so so ss?}", "tenant", policy_tenant_name(p, e.facts.tenant),
		"border", policy_border_name((enum policy_border)e.facts.border), "rule", rule.id,
		"rules", rules, "limits", limits, "held", held, "differs", e.differs);
	policy_explanation_free(&e);
	return out;
}
