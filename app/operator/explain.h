// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// bhctl policy explain: what is asked, and how the answer is written.
#pragma once

#include "app/operator/command.h"
#include "app/operator/geo_files.h"
#include "app/operator/offline.h"
#include "policy/explain.h"

// Words of the command line; NULL: not given.
struct explain_words {
	const char *src, *dst, *proto, *sport, *dport, *initiator, *vlan, *vni;
	const char *country, *asn, *app, *master, *category, *confidence, *risk, *host, *at;
	struct geo_words geo;
	bool pending; // classification goes on though there is an application
};

struct explain_asked {
	struct policy_question q;
	const char *country_from; // words: where the database's answer comes from
};

// Words to a question. False with a line on standard error.
bool explain_read(
	const struct explain_words *w, const struct offline_policy *p, struct explain_asked *out);
// The part of it that says what is known of the application.
bool explain_read_label(const struct explain_words *w, struct dpi *dpi, struct policy_facts *f);
// Says on standard error what is wrong with an option's value; returns false.
bool explain_bad(const char *option, const char *value, const char *what);

// Of one question: the flow as it stands and, while classification goes on, as it will be decided
// at a cap at the latest.
struct explain_answer {
	const struct offline_policy *p;
	const struct explain_asked *asked;
	struct policy_explanation now, cap;
	bool has_cap;
};

void explain_print(const struct explain_answer *a, bool all, bool colour, FILE *to);
json_t *explain_json(const struct explain_answer *a);

// ---- words that both ways of writing have in common

// "POLICY_EXPIRED", the rule's, the limit's; NULL where nothing is decided.
const char *explain_reason(const struct policy *p, const struct policy_verdict *v);
// Whether the flow counts for the limit, as things stand.
bool explain_counts(const struct policy_explanation *e, unsigned limit);
// "per tenant and country, a day"
void explain_scope(const struct policy_limit_info *l, char out[64]);
