// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Whether the lines that a page shows are the log's. Where the catalogue's copies were added up,
// those of them that are shown are held against the blocks: anybody can write into a catalogue.
#pragma once

#include "app/console/digest.h"

#include <stdbool.h>

// Reads the blocks that hold the sequence numbers of the lines that a finished digest shows: flows
// that were flagged and blocked, policies, gaps, starts and stops. 0, -EBADMSG: one of them does
// not stand there, or another -errno: that could not be found out.
int report_check(const struct digest *d, const char *log);
