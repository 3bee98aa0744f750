// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A policy that has only limits, for tests of counting.
#pragma once

#include "policy/policy.h"

// limits: members of the array as text. Tenants "a" (1) and "b" (2); the timezone is UTC.
struct policy *limits_policy(const char *limits);
