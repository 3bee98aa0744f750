// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Findings about policies, for people and for machines.
#pragma once

#include "policy/policy.h"

#include <jansson.h>
#include <stdio.h>

// What was found in a file, and what policy it is where it is one (p NULL: it is none).
json_t *findings_json(const char *path, const struct policy *p, const struct diag_list *d);

// Each finding as a line, as diag_format() has it, in the order of the list; with colours where
// they are wanted.
void findings_print(const struct diag_list *d, bool colour, FILE *to);
