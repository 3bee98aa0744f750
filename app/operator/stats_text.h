// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A gateway's statistics as a person reads them.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

// reply: the answer to the control command "stats". all: counters that are zero too.
void stats_text(const json_t *reply, bool all, FILE *to);
