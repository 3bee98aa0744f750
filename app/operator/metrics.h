// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A gateway's statistics in Prometheus' text format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
//
// All that is counted is there, by the names of `bhctl stats --json`:
// bridgehead_GROUP_NAME_total{worker="0"}. A counter that is added there needs nothing here.
#pragma once

#include <jansson.h>
#include <stdio.h>

// stats: the answer to the control command "stats".
void metrics_text(const json_t *stats, FILE *to);
