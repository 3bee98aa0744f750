// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whether two rules of a policy can ever meet in a flow. Said only where it can be seen: what a
// flow has one of (a tenant, a country, a protocol, ports, addresses). Applications and host names
// do not count: a group may be named by two names, and nDPI gives a flow several.
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct policy_diff_reach;

// Of each rule in turn; borrows doc. NULL without memory.
struct policy_diff_reach *policy_diff_reaches(const json_t *doc);
void policy_diff_reaches_free(struct policy_diff_reach *r);

// Whether no flow can match both rules, by their places from 0.
bool policy_diff_apart(const struct policy_diff_reach *r, size_t a, size_t b);
