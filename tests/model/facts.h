// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Facts about flows as policy_model.py has them, as JSON objects.
#pragma once

#include "policy/explain.h"

#include <jansson.h>

// What cannot be asked is the script's mistake: say so and stop.
void bad_input(const char *what) __attribute__((noreturn));

json_int_t fact_number(json_t *facts, const char *key);

// Strings point into the object.
void facts_question(json_t *in, struct policy_question *q);
// The facts with what follows from them by the policy.
void facts_read(const struct policy *p, json_t *in, struct policy_facts *f);
