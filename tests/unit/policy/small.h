// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Small policies for tests, which fail where one does not load.
#pragma once

#include "policy/diag.h"
#include "policy/policy.h"

#define NOW 1764000000 // 2025-11-24T16:00:00Z

void small_print(const struct diag_list *d);
struct policy *small_load(const char *text, int64_t now);
// What stands in front of the rules, the rules, how the defaults end; the first and the last may be
// NULL.
struct policy *small_policy(const char *more, const char *rules, const char *defaults);
