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
//
// Bytes of records that are their flow's only one add up as they stand. Those of others depend on
// which of them are asked for (flow_bytes.h): they stand one by one behind the groups.
#pragma once

#include "app/review/filter.h"
#include "app/review/flow_bytes.h"
#include "app/review/groups.h"
#include "app/rows/row.h"

struct bytes;

// A record that is not its flow's only one.
struct rollup_single {
	struct flow_record record;
	uint32_t key; // which of the groups
};

// Counts a record. False: out of memory, or too many groups.
bool rollup_row(struct groups *g, const struct row *r);
// Takes it out of the groups where it was counted, and puts it behind the others in *singles: one
// by one, with a group of `to` where it has one. False: that cannot be.
bool rollup_single_out(
	struct groups *g, const struct row *r, struct groups *to, struct bytes *singles);

// Whether rollups answer the filter exactly.
bool rollup_answers(const struct filter *f);

// A rollup's bytes: a line for each group, a NUL, the singles. False: out of memory, or more than
// `most` bytes.
bool rollup_put(
	const struct groups *g, const struct bytes *singles, struct bytes *out, size_t most);
// The i-th of the singles, of which there are len bytes. False: there is none.
bool rollup_single_at(const char *singles, size_t len, size_t i, struct rollup_single *out);

// A rollup's line, without a newline, into out (size: at least key's length + 80): the key closed,
// with "n", "ob" and "rb". Its length.
size_t rollup_line(const struct group *g, char *out, size_t size);
