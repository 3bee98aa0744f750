// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Counters of the filters that net_tap writes its rules as (tc flower on the interface's multiq
// queue), asked of the kernel over rtnetlink.
#pragma once

#include "drivers/eal/rule.h"

// The counters of the filter for m. 0, -ENOENT where there is none, or -errno.
int rule_kernel_query(uint32_t if_index, const struct rule_match *m, struct rule_counts *out);
