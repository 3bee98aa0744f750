// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// policy_may_block() against policy_eval().
#pragma once

#include "policy/policy.h"

// The same flow without a label, a name or a risk, none of which will come: false where it is
// blocked though policy_may_block() denies that.
static inline bool unlabelled_agrees(
	const struct policy *p, const struct policy_facts *facts, int64_t now)
{
	struct policy_facts f = *facts;
	struct policy_verdict v;

	f.final = true;
	f.conf = POLICY_CONF_NONE;
	f.app = f.master = f.cat = 0;
	f.risks = 0;
	f.host = NULL;
	policy_eval(p, &f, now, &v);
	return v.action != POLICY_BLOCK || policy_may_block(p, f.cc, f.proto, now);
}
