// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the files of lint share. Private to the policy library.
#pragma once

#include "policy/country.h"
#include "policy/cover.h"
#include "policy/doc.h"
#include "policy/jsondoc.h"
#include "policy/lint.h"

#define GEO_WORDS ((COUNTRY_INDEX_MAX + 63) / 64)
#define APP_WORDS (POLICY_MAX_APPS / 64)
#define CAT_WORDS (POLICY_MAX_CATS / 64)
#define WHY_MAX   300

// What a match can hold for, dimension by dimension, as sets.
struct reach {
	const struct policy_match *m;
	uint64_t geo[GEO_WORDS]; // countries, by country_index(): border, countries, jurisdictions
	uint64_t protos[4]; // protocols: protos, and those with ports where ports are asked for
	uint64_t apps[APP_WORDS], cats[CAT_WORDS]; // of the groups
	int64_t from, to; // seconds in which it can hold, both included; from > to: never
	bool dead;        // why says why
	char why[WHY_MAX], hint[WHY_MAX];
};

struct lint {
	const struct policy_doc *doc;
	struct jsondoc *json; // findings go to its list
	struct arena *arena;
	int64_t now;            // or POLICY_ANY_TIME
	int64_t begin, end;     // seconds in which rules can decide, both included
	struct cover unbound;   // prefixes of tenants that name no network
	struct cover overrides; // prefixes, with their countries beside
	const uint16_t *override_cc;
	bool *tenant_lost;   // by tenant: no address is its
	struct reach *rules; // as many as the policy has
	uint64_t steps;      // of work that grows with the square of the text
	unsigned skipped;    // looks that were left out as they would have cost too much
};

void lint_say(struct lint *l, enum diag_level level, const char *pointer, const char *hint,
	const char *what, ...) __attribute__((format(printf, 5, 6)));

// Whether a look of so many steps may be taken; else it is counted in skipped. A document of 16 MiB
// could keep lint busy for hours.
bool lint_may(struct lint *l, uint64_t steps);

// Fills what look-ups need. False without memory.
bool lint_prepare(struct lint *l);

// The sets of a match, and whether they leave anything.
void lint_reach(struct lint *l, const struct policy_match *m, struct reach *out);
// Marks it dead; further reasons are dropped.
void reach_kill(struct reach *r, const char *hint, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

// Whether the tenant can have an address of the prefix (NULL: any address).
bool lint_tenant_wins(const struct lint *l, uint32_t tenant, const struct policy_prefix *src);

// Whether wide holds wherever narrow does, countries left out.
bool lint_holds_all(const struct lint *l, const struct reach *wide, const struct reach *narrow);

// ---- what is looked at, each in its file
void lint_rules(struct lint *l);   // rules and limits that can never match
void lint_groups(struct lint *l);  // groups and bases that nobody uses, presets of long ago
void lint_hosts(struct lint *l);   // allowed by a name alone
void lint_tenants(struct lint *l); // tenants that overlap
