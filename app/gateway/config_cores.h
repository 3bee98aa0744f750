// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which lcores the EAL's arguments make: the grammars of -l, --lcores and -c, as the EAL Parameters
// of DPDK 22.11 document them and as it takes them.
#pragma once

#include "app/gateway/config.h"

// Each reads text into out->lcores and lcores_known. NULL, or what is wrong with it, and *at where
// in the text: nothing is known then.

// -l "0-3,5".
const char *cfg_core_list(const char *text, struct gateway_eal *out, const char **at);

// --lcores "1,2@(5-7),(3-5)@(0,2),(0,6),7-8": lcores, and after "@" the CPUs that each of them may
// run on. Without, a number or a range runs on the CPU of its number, and a group "(…)" on all of
// its own. Sets lcores_mapped where any lcore may run elsewhere than on its CPU alone.
const char *cfg_core_map(const char *text, struct gateway_eal *out, const char **at);

// -c "0x1f".
const char *cfg_core_mask(const char *text, struct gateway_eal *out, const char **at);
