// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A policy that has only words: what records refer to, without an engine. Stands in for the policy
// library in the tests of the flow log.
#pragma once

#include "policy/policy.h"

enum fake_rule {
	FAKE_RULE_ALLOW,  // "gdl-auto", GENERAL_DATA_LIST, two legal bases
	FAKE_RULE_BLOCK,  // "p2p-block", PROHIBITED_APP
	FAKE_RULE_SHADOW, // "trial-gdpr"
};

#define FAKE_TENANT  1   // "auto-oem"
#define FAKE_TENANTS 100 // and 31 more: "tenant-00" to "tenant-31"
#define FAKE_LIMIT   3   // "gdl-day", flags

// Version 412.
const struct policy *fake_policy(void);
