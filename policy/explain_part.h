// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the files that explain share. Private to the policy library.
#pragma once

#include "policy/doc.h"
#include "policy/explain.h"

#define WORDS_MAX 400 // bytes of one sentence; a longer one is cut and ends in "..."

// A sentence under construction.
struct words {
	char text[WORDS_MAX];
	size_t n;
	unsigned items; // of the list that is being written
};

void words_add(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// The next item of a list of total: "a, b, c and 12 more". Call it for each.
void words_item(struct words *w, size_t total, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct explaining {
	const struct policy_doc *doc;
	const struct policy_names *names; // may be NULL
	const struct policy_facts *facts; // with tenant, cc and border
	struct arena *arena;
	uint16_t rule; // that decided, for limits; POLICY_RULE_NONE: none has
	bool undecided;
	char inside[PREFIX_TEXT_MAX], remote[PREFIX_TEXT_MAX], cc[3];
	char label[WORDS_MAX]; // application and category as they count
	char host[256];        // as it counts; where there is one
	const char *tenant_why;
};

// Names of the classifier's ids, or "application 7" where it knows none.
void explain_app_name(const struct policy_names *n, uint16_t id, char out[96]);
void explain_category_name(const struct policy_names *n, uint16_t id, char out[96]);
void explain_risk_name(const struct policy_names *n, unsigned id, char out[96]);

// The tenant and why, from the document; *why in the arena.
uint32_t explain_tenant(const struct policy_doc *d, const struct policy_addr *inside, uint16_t vlan,
	uint32_t vni, struct arena *a, const char **why);
// The country that an override gives; false: none does.
bool explain_override(const struct policy_doc *d, const struct policy_addr *remote, uint16_t *cc,
	struct arena *a, const char **why);

// All conditions of a match.
void explain_match(
	const struct explaining *x, const struct policy_match *m, struct explain_match *out);

// The label as it counts: nothing where it is not sure enough.
struct explain_label {
	uint16_t app, master, cat;
	bool unsure; // less sure than min_confidence
};
struct explain_label explain_label_of(const struct policy_doc *d, const struct policy_facts *f);

// The conditions that can be pending, each in one sentence.
enum policy_truth explain_apps(
	const struct explaining *x, const struct policy_match *m, struct words *w);
enum policy_truth explain_hosts(
	const struct explaining *x, const struct policy_match *m, struct words *w);
enum policy_truth explain_risks(
	const struct explaining *x, const struct policy_match *m, struct words *w);
