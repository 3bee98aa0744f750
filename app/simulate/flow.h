// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What is known of a flow that is over, or of one as far as a log goes, and what a policy says of
// it.
#pragma once

#include "app/simulate/windows.h"
#include "app/simulate/words.h"
#include "drivers/geo/geo.h"
#include "policy/policy.h"

#define FLOW_NO_ACTION 3 // one more than the actions: nothing to compare with

struct flow_verdict {
	uint8_t action;                    // enum policy_action, FLOW_NO_ACTION
	bool undecided;                    // rules wait for a label that never came
	const char *rule, *reason, *limit; // NULL: none; borrowed
};

struct flow_known {
	struct policy_facts facts; // without tenant, border and cc, which are each policy's own
	uint16_t cc;               // as recorded
	bool overridden;           // cc is an override's of the policy that was in force
	uint16_t vlan;             // outermost, POLICY_VLAN_NONE
	uint32_t vni;              // POLICY_VNI_NONE
	uint32_t version;          // of the policy that decided; 0: not known
	uint64_t fid;
	int64_t t0, t1; // microseconds since 1970 UTC
	uint64_t out, in, stopped;
	const struct word *app, *gw; // gw NULL: none
	// What the gateway itself raised the verdict to, for want of room or the like;
	// POLICY_ALLOW: nothing. Holds against any policy.
	uint8_t raised;
	const char *raised_reason;
	struct flow_verdict had; // what was decided, by the record
	const char *passed;      // limit that the record says was passed; NULL: none
	struct window_use use;   // what no record of it has told before
	char host[256];
};

// How often an answer rests on something that the records do not say.
struct flow_doubts {
	uint64_t override_kept; // country of an override that the policy does not have
	uint64_t no_asn;        // the policy asks for an AS, and the record has none
	uint64_t limit_taken;   // a limit of the same name was passed then, and is taken to be now
};

// One who judges.
struct flow_judge {
	const struct policy *policy;
	struct windows windows;
	const struct geo *geo;      // NULL: no database is at hand
	struct flow_doubts *doubts; // borrowed
	// The policy is the one that was in force: limits were passed where the record says so.
	// Else they are counted here, too.
	bool in_force;
	bool asks_asn; // a rule or limit does
};

// The tenant by the policy's own prefixes, what follows from rules, from limits and from what the
// gateway itself raised. Counts flow->use in the limits' windows. *tenant and *cc are what the
// policy went by.
void flow_judge(struct flow_judge *j, const struct flow_known *flow, struct flow_verdict *out,
	uint32_t *tenant, uint16_t *cc);
