// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Charts as inline SVG without scripts, styles or fonts of their own: bars only, stretched to the
// width there is; all text is HTML beside them. Colours are classes of the style sheet: a, f, b for
// allowed, flagged, blocked.
#pragma once

#include "app/console/sums.h"

#include <stdio.h>

// One bar of bytes by verdict, as long as their share of max. Hidden from screen readers: the
// numbers stand in the same row of the table.
void chart_share(FILE *out, const uint64_t bytes[ACTS], uint64_t max);

// A row of n bars up to max. name: what it shows, in words (escaped here).
void chart_bars(
	FILE *out, const uint64_t *v, unsigned n, uint64_t max, enum act act, const char *name);
