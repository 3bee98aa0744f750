// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A made-up classifier and made-up timezones, so that the model's tests depend on no version of
// nDPI and on no timezone database. Ids stand at the ends of the ranges and of machine words.
#pragma once

#include "policy/policy.h"

struct made_up_name {
	const char *name;
	int id;
};

extern const struct made_up_name made_up_apps[], made_up_categories[],
	made_up_risks[]; // end in NULL

struct made_up_zone {
	const char *name;
	int32_t offset;   // seconds east of UTC, in winter
	const char *rule; // as in TZ, POSIX
};

extern const struct made_up_zone made_up_zones[]; // end in NULL

extern const struct policy_names made_up_names;
