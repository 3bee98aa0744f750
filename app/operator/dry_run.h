// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// policy push --dry-run: what a policy would change for live flows.
#pragma once

#include "app/operator/command.h"

// Flows with the verdict that they have (act, rule) and that they would have (new_act, new_rule),
// as a table.
void dry_run_flows(const json_t *flows);
// How many of the live flows change, and which way, as a line; what: what it is that they do.
void dry_run_changes(const json_t *r, const char *what);

// offer: a request to push, which becomes one to try, and is freed. limit: flows that are shown.
// The exit status.
int dry_run(const char *socket, json_t *offer, json_int_t limit, bool json);
