// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A policy document that was read and checked: the words of an egress-policy/1 file as C
// structures, names resolved to indexes. Private to the policy library; everything lies in one
// arena.
#pragma once

#include "policy/arena.h"
#include "policy/policy.h"
#include "policy/prefix.h"
#include "policy/zone.h"

enum policy_dim { // the dimensions of a match, in the order in which they are explained
	DIM_TENANTS,
	DIM_INITIATOR,
	DIM_BORDER,
	DIM_COUNTRIES,
	DIM_JURISDICTIONS,
	DIM_SRC,
	DIM_DST,
	DIM_PROTOS,
	DIM_SPORTS,
	DIM_DPORTS,
	DIM_ASNS,
	DIM_RULES,
	DIM_APPS, // from here on: may be pending
	DIM_HOSTS,
	DIM_RISKS,
	DIM_COUNT
};

struct port_range {
	uint16_t from, to; // both included
};

struct policy_match {
	uint32_t present; // 1 << enum policy_dim
	uint32_t n_tenants, n_src, n_dst, n_asns;
	uint16_t n_countries, n_jurisdictions, n_apps, n_hosts, n_rules, n_sports, n_dports,
		n_protos;
	uint8_t border;          // 1 << enum policy_border
	uint8_t initiator;       // enum policy_initiator
	uint64_t risks;          // 1 << risk id
	const uint32_t *tenants; // indexes
	const struct policy_prefix *src, *dst;
	const uint32_t *asns;
	const uint16_t *countries;     // codes
	const uint16_t *jurisdictions; // indexes
	const uint16_t *apps;          // indexes of groups
	const uint16_t *rules;         // indexes
	const char *const *hosts;      // lower case, "*." in front of a suffix
	const struct port_range *sports, *dports;
	const uint8_t *protos; // IP protocol numbers
};

// Whether the match has a condition of this dimension.
static inline bool match_names(const struct policy_match *m, enum policy_dim dim)
{
	return m->present >> dim & 1;
}

struct policy_rule_doc {
	const char *id, *reason, *note; // note may be NULL
	const char *const *basis;
	unsigned n_basis;
	bool enabled, shadow;
	uint8_t action, severity;
	uint16_t capture_packets, capture_snap;
	int64_t valid_from, valid_to; // INT64_MIN, INT64_MAX: always
	struct policy_match match;
};

struct policy_limit_doc {
	const char *id, *reason;
	uint8_t per, window, action, severity; // as in struct policy_limit_info
	uint64_t bytes_out, flows, seconds;    // 0: no such limit
	struct policy_match match;
};

struct policy_tenant_doc {
	const char *name, *note;
	const struct policy_prefix *prefixes;
	const uint16_t *vlans;
	const uint32_t *vnis;
	uint32_t n_prefixes;
	uint32_t n_vnis;
	uint16_t n_vlans;
};

struct policy_jurisdiction_doc {
	const char *name;
	int64_t as_of; // seconds since 1970 UTC, midnight
	const uint16_t *countries, *partial;
	unsigned n_countries, n_partial;
};

struct policy_app_group {
	const char *name;
	const uint16_t *apps, *cats;                     // classifier ids
	const char *const *app_names, *const *cat_names; // as written
	unsigned n_apps, n_cats;
};

struct policy_override_doc {
	struct policy_prefix prefix;
	uint16_t cc;
	const char *note;
};

struct policy_basis_doc {
	const char *id, *text;
};

enum policy_on_expiry {
	ON_EXPIRY_KEEP_AND_FLAG,
	ON_EXPIRY_DEFAULT_ONLY,
	ON_EXPIRY_BLOCK,
};

struct policy_doc {
	struct arena arena;
	struct policy_info info;
	struct zone zone;
	uint32_t restores; // 0: none
	uint8_t default_action, default_severity, on_expiry;
	const char *default_reason;
	const struct policy_basis_doc *basis;
	const uint16_t *home; // codes
	struct policy_jurisdiction_doc *jurisdictions;
	struct policy_override_doc *overrides;
	struct policy_tenant_doc *tenants; // [0] is "_unlisted"
	struct policy_app_group *groups;
	struct policy_rule_doc *rules;
	struct policy_limit_doc *limits;
	unsigned n_basis, n_home, n_jurisdictions, n_groups;
	// n_rules, n_tenants, n_limits, n_overrides: in info
};

// Reads and checks a document's text. Everything wrong is a finding in diag. NULL on error.
struct policy_doc *doc_read(const char *text, size_t len, int64_t now,
	const struct policy_names *names, struct diag_list *diag);
void doc_free(struct policy_doc *d);
