// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a report tells of a log, added up line by line in bounded memory.
//
// Each byte counts once, at the moment of the record that brought it: an update's bytes, and of
// decisions and ends what they say beyond the records of the flow before them. So the reports of
// two days add up to the report of both; at the edges of a period a byte may be up to one update
// interval (60 s) late. Each flow counts once, by the last verdict that it had in the period.
#pragma once

#include "app/console/flow_list.h"
#include "app/console/notices.h"
#include "app/console/open_flows.h"
#include "app/console/tally.h"
#include "app/console/timeline.h"
#include "app/review/lone.h"
#include "app/review/period_args.h"
#include "app/rows/row.h"

#define DIGEST_TEXT 320

struct digest_options {
	struct period_bounds when;
	int64_t offset; // of the times shown, seconds east of UTC
	unsigned rows;  // how many of the largest flows are listed
	// NULL, or called once for each flow that is counted under `act`, with its last record in
	// the period. Not with sums, which have no lines.
	void (*each)(void *ctx, const char *line, size_t len);
	void *ctx;
	uint8_t act;
};

struct digest_later { // sums that wait until the timeline is as wide as it will be
	int64_t first, last;
	struct sums sums;
};

struct digest {
	struct digest_options o;
	struct sums total; // flows with a remote end
	struct sums local; // both ends inside; verdicts do not apply, all under ACT_ALLOW
	struct tally *countries, *tenants, *apps, *rules; // keys as they stand in the log; of rules
							  // see digest_rule
	struct timeline time;
	struct flow_list flagged, blocked;
	struct open_flows *open;
	struct notices policies, gaps, runs; // lines in the period; runs: start and stop
	uint64_t gap_lost;                   // records lost, by the gap records of the period
	uint64_t lines, in_period;           // records
	uint64_t unreadable;                 // lines that are no records
	uint64_t undercounted; // records that say less than was counted before: counted as nothing
	uint64_t no_room;      // records of flows past OPEN_FLOWS_MAX, left to their end
	uint64_t still_open;   // flows without an end in the log
	char gateway[DIGEST_TEXT]; // as it stands in the log, escapes and all
	uint64_t run;
	bool has_time;
	int64_t first, last; // moments of the first and the last record in the period
	struct digest_later *later;
	size_t n_later, cap_later;
	bool cached;   // sums are of the catalogue, which nothing signs
	bool verified; // all lines are of blocks that were verified as they were added up
	bool inexact;  // see digest_is_exact()
	bool unlisted; // there was no memory for a line that each() should have had
};

// NULL: no memory.
struct digest *digest_new(const struct digest_options *o);
void digest_free(struct digest *d);

// 0; -EBADMSG: not a record (counted); -EXDEV: of another gateway than those before.
int digest_line(struct digest *d, const char *line, size_t len);
// Sums of lone flows stand for their lines, wherever these would come. Those of a segment count all
// or none: whether all can shows before the first is added. False: some of the records are in the
// period or a step of time and some not; the lines are needed.
bool digest_can_sum(const struct digest *d, const struct lone_sum *s);
// 0, -EXDEV as above, or -ENOMEM.
int digest_sum(struct digest *d, const struct lone_sum *s);
// Behind digest_finish(): whether it says to the last byte what it would of the lines. It may not
// where a few minutes are all there is, or where there are more keys than a tally has rows for.
bool digest_is_exact(const struct digest *d);
// Behind the last line: flows that did not end are counted.
void digest_finish(struct digest *d);

// A key of `rules` is these values as they stand in the log, lists with their brackets, each
// followed by DIGEST_SEPARATOR; empty where absent.
enum digest_rule_part {
	DIGEST_RULE_ACT,
	DIGEST_RULE_ID,
	DIGEST_RULE_REASON,
	DIGEST_RULE_SEVERITY,
	DIGEST_RULE_BASIS,
	DIGEST_RULE_LIMIT,
	DIGEST_RULE_PARTS,
};
#define DIGEST_SEPARATOR LONE_SEPARATOR

// Takes a key apart into cells that point into it.
void digest_rule(const char *key, size_t len, struct cell out[DIGEST_RULE_PARTS]);
