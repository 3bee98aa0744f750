// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What is odd about a policy that loads: rules that can never match, groups that nobody uses, what
// a client can talk its way through, presets of long ago.
//
// "can never match" is said only where it follows from the document: no flow from now on, whatever
// is known of it, is decided by that rule (or, of a shadow rule, is its hit). What is not said to
// be dead may be dead all the same. Pure like the rest of the library.
#pragma once

#include "policy/diag.h"
#include "policy/policy.h"

#define LINT_PRESET_DAYS 180 // a preset's as_of may be so old

// text: len bytes, exactly those that p was loaded from: findings say where things stand in it.
// now: seconds since 1970 UTC, or POLICY_ANY_TIME: nothing is held against the clock. Findings are
// warnings and notes, in the order of the text; diag is initialised by the caller. 0, or -ENOMEM.
int policy_lint(
	const struct policy *p, const char *text, size_t len, int64_t now, struct diag_list *diag);
