// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Which records a command is about, on the command line: for every command that finds records.
#pragma once

#include "app/review/filter.h"
#include "app/review/period_args.h"

enum filter_arg { // past those of enum filter_field
	FILTER_ARG_MIN_BYTES = FILTER_FIELDS,
	FILTER_ARG_SINCE,
	FILTER_ARG_UNTIL,
	FILTER_ARG_PERIOD,
	FILTER_ARG_OFFSET,
	FILTER_ARG_LIMIT,
	FILTER_ARG_OWN, // the first of a command's own
};

// Rows of a table for getopt_long().
#define FILTER_ARG_ROWS                                                                            \
	{"tenant", required_argument, NULL, FILTER_TENANT},                                        \
		{"country", required_argument, NULL, FILTER_COUNTRY},                              \
		{"app", required_argument, NULL, FILTER_APP},                                      \
		{"host", required_argument, NULL, FILTER_HOST},                                    \
		{"addr", required_argument, NULL, FILTER_ADDR},                                    \
		{"remote", required_argument, NULL, FILTER_REMOTE},                                \
		{"act", required_argument, NULL, FILTER_ACT},                                      \
		{"rule", required_argument, NULL, FILTER_RULE},                                    \
		{"reason", required_argument, NULL, FILTER_REASON},                                \
		{"ev", required_argument, NULL, FILTER_EV},                                        \
		{"fid", required_argument, NULL, FILTER_FID},                                      \
		{"min-bytes", required_argument, NULL, FILTER_ARG_MIN_BYTES},                      \
		{"since", required_argument, NULL, FILTER_ARG_SINCE},                              \
		{"until", required_argument, NULL, FILTER_ARG_UNTIL},                              \
		{"period", required_argument, NULL, FILTER_ARG_PERIOD},                            \
		{"offset", required_argument, NULL, FILTER_ARG_OFFSET},                            \
	{                                                                                          \
		"limit", required_argument, NULL, FILTER_ARG_LIMIT                                 \
	}

// Their lines of a --help.
#define FILTER_ARG_HELP                                                                            \
	"Which (options of one kind are alternatives, kinds must all hold):\n"                     \
	"  --tenant T        tenant of the inside end; _unlisted: none\n"                          \
	"  --country CC      country of the remote end, ISO 3166 alpha-2; XX: unknown\n"           \
	"  --app A           nDPI's application or master name, letters in any case\n"             \
	"  --host H          name seen: exact, or *.SUFFIX\n"                                      \
	"  --addr A|PREFIX   either end\n"                                                         \
	"  --remote A|PREFIX the end that is not inside\n"                                         \
	"  --act ACT         allow, flag, block\n"                                                 \
	"  --rule ID         rule that decided; _default: none did\n"                              \
	"  --reason CODE     reason code\n"                                                        \
	"  --ev EV           decision, update, end, policy, gap, start, stop\n"                    \
	"  --fid ID          a flow's id, 16 hexadecimal digits\n"                                 \
	"  --min-bytes N     at least N IP bytes, both directions together\n"                      \
	"  --since T         flows that lasted until T or longer; RFC 3339, or a date\n"           \
	"  --until T         flows that began before T; a date includes that day\n"                \
	"  --period P        2026, 2026-11, 2026-11-24, or FROM/UNTIL of these or of times\n"      \
	"  --offset +HH:MM   east of UTC, for days, weeks and months (default +00:00)\n"           \
	"  --limit N         stop after N matches, 1 or more\n"

struct filter_args {
	struct filter filter; // whole after filter_args_end()
	struct period_args period;
	int64_t offset; // seconds east of UTC
	uint64_t limit; // 0: none
};

// Takes one; text is borrowed. 0, or -EINVAL or -E2BIG with a line in err, or 1: it is none of
// these.
int filter_args_take(
	struct filter_args *a, int option, const char *text, char *err, size_t err_size);

// Behind the last option. 0, or -EINVAL with a line in err.
int filter_args_end(struct filter_args *a, char *err, size_t err_size);
