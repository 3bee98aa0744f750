// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// --key, --witness and --anchor: what a log is verified against, for every command that verifies.
#pragma once

#include "app/evidence/verify.h"

#define VERIFY_ARGS_ANCHORS 16

enum verify_arg {
	VERIFY_ARG_KEY = 'k',
	VERIFY_ARG_WITNESS = 'w',
	VERIFY_ARG_ANCHOR = 'a',
};

// Rows of a table for getopt_long().
#define VERIFY_ARG_ROWS                                                                            \
	{"key", required_argument, NULL, VERIFY_ARG_KEY},                                          \
		{"witness", required_argument, NULL, VERIFY_ARG_WITNESS},                          \
	{                                                                                          \
		"anchor", required_argument, NULL, VERIFY_ARG_ANCHOR                               \
	}

struct verify_args { // must stay where it is: o points into it
	struct verify_options o;
	struct key_public key, witness;
	const char *anchors[VERIFY_ARGS_ANCHORS];
};

void verify_args_init(struct verify_args *a);
// Takes one; text is borrowed. 0, or -EINVAL with a line in err, or 1: it is none of these.
int verify_args_take(
	struct verify_args *a, int option, const char *text, char *err, size_t err_size);
