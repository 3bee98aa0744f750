// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// An explanation as policy_model.py gives it, as a JSON object.
#pragma once

#include "policy/policy.h"

#include <jansson.h>

json_t *explained(const struct policy *p, json_t *facts);
