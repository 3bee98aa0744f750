// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Why a flow gets its verdict: each rule and limit of a policy, condition by condition, in words.
//
// Every condition is worked out from the document, without anything that was compiled from it. What
// comes out is held against policy_eval() and its like, which decide in the gateway: an explanation
// of another verdict than theirs is never given without saying so. Slow (it writes a sentence for
// each condition); pure like the rest of the library.
#pragma once

#include "policy/arena.h"
#include "policy/policy.h"

enum policy_truth {
	POLICY_FALSE,
	POLICY_PENDING, // classification may still make it either
	POLICY_TRUE,
};

// What is asked. The tenant, country and border of the facts are found, not asked.
struct policy_question {
	struct policy_facts facts;
	uint16_t vlan; // 1..4094, or POLICY_VLAN_NONE
	uint32_t vni;  // 0..16777215, or POLICY_VNI_NONE
	uint16_t cc;   // the country database's answer; POLICY_CC_XX where it has none
	int64_t now;   // seconds since 1970 UTC
};

struct explain_condition {
	const char *field; // the key of the match: "tenants"
	enum policy_truth is;
	const char *why; // words, one line
};

struct explain_match {
	enum policy_truth is; // of all conditions together
	unsigned n;
	const struct explain_condition *conditions; // in the order of enum policy_dim
};

enum explain_part {             // which part a rule has in the verdict
	EXPLAIN_OFF,            // it is not in force: why says so
	EXPLAIN_NOT,            // a condition is false
	EXPLAIN_CANDIDATE,      // pending above the rule that holds: it may still decide
	EXPLAIN_HOLDS,          // the first that holds
	EXPLAIN_SHADOW,         // a shadow rule that holds above that: it decides nothing
	EXPLAIN_SHADOW_PENDING, // a shadow rule that is pending above that
	EXPLAIN_BELOW,          // it stands below the one that holds: not reached
};

struct explain_rule {
	struct explain_match match;
	enum explain_part part;
	const char *off; // EXPLAIN_OFF: why; else NULL
};

struct policy_explanation {
	struct policy_facts facts;    // of the question, with tenant, cc and border
	const char *tenant_why;       // "10.20.9.7 is in 10.20.8.0/22 of auto-oem"
	const char *country_why;      // the override that gives it; NULL: the database's answer
	struct explain_rule *rules;   // as many as the policy has, in its order
	struct explain_match *limits; // as many as the policy has, for the rule that decided
	struct policy_verdict verdict;
	// The first rule that holds, whatever is pending above it: an index, or
	// POLICY_RULE_DEFAULT. POLICY_RULE_NONE: the policy has expired and its rules are not
	// asked.
	uint16_t holds;
	// Limits that hold for the verdict. Where it is undecided they wait for the decision: none.
	uint16_t held[POLICY_MAX_LIMITS];
	unsigned n_held;
	const char *differs; // NULL; else the engine decides otherwise, which is a bug: how
	struct arena arena;  // owns the words
};

// names: the classifier's, as the policy was loaded with. 0, or -ENOMEM. In either case free with
// policy_explanation_free().
int policy_explain(const struct policy *p, const struct policy_question *q,
	const struct policy_names *names, struct policy_explanation *out);
void policy_explanation_free(struct policy_explanation *e);

const char *policy_truth_name(enum policy_truth t); // "false", "pending", "true"
const char *explain_part_name(enum explain_part p); // "off", "no", "candidate", "holds", ...
