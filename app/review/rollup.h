// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Hourly rollups: the records of a segment counted by what a report asks for. A group's key is the
// begin of a record, with only these fields and its times cut down to the hour,
//
//     {"ev":"end","tn":"auto-oem","app":"TLS","master":"TLS","cc":"US","act":"allow",
//     "rule":"gdl-auto","border":"cross","t0":…,"t1":…
//
// so that it can be read as one, and a filter that asks for no more than that and whose times are
// whole hours says of it what it says of each of its records.
#pragma once

#include "app/review/filter.h"
#include "app/review/groups.h"
#include "app/rows/row.h"

// Counts a record. False: out of memory, or too many groups.
bool rollup_row(struct groups *g, const struct row *r);

// Whether rollups answer the filter exactly.
bool rollup_answers(const struct filter *f);

// A rollup's line, without a newline, into out (size: at least key's length + 80): the key closed,
// with "n", "ob" and "rb". Its length.
size_t rollup_line(const struct group *g, char *out, size_t size);
