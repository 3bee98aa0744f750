// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The command lines of report and serve: what both take, and one argument that is the log.
#pragma once

#include "app/console/policy_words.h"
#include "app/console/words.h"
#include "app/review/verify_args.h"

#include <getopt.h>
#include <stdint.h>

enum console_option {
	CONSOLE_LANG = 256,
	CONSOLE_OFFSET,
	CONSOLE_POLICY,
	CONSOLE_OWN, // the first of a command's own
};

#define CONSOLE_OPTION_ROWS                                                                        \
	{"lang", required_argument, NULL, CONSOLE_LANG},                                           \
		{"offset", required_argument, NULL, CONSOLE_OFFSET},                               \
		{"policy", required_argument, NULL, CONSOLE_POLICY}, VERIFY_ARG_ROWS,              \
	{                                                                                          \
		"help", no_argument, NULL, 'h'                                                     \
	}

struct console_args {
	const char *log; // the one argument
	enum lang lang;
	int64_t offset; // seconds east of UTC
	struct policy_words *policy;
	struct verify_args verify;
	char err[4400];
};

struct console_command {
	const char *name, *help;
	const char *log;              // what the argument is: "directory"
	const struct option *options; // with CONSOLE_OPTION_ROWS
	// Takes an option of the command's own: 0, or -EINVAL with a line in the args' err.
	int (*take)(void *ctx, int option, const char *text);
	void *ctx;
};

// 0 or -ENOMEM.
int console_args_init(struct console_args *a);
void console_args_fini(struct console_args *a);
// 0; 1: the help was asked for and printed; -EINVAL with a line in err.
int console_args_parse(
	struct console_args *a, const struct console_command *c, int argc, char **argv);
// Says what was expected of an option: -EINVAL.
int console_args_wrong(
	struct console_args *a, const char *option, const char *text, const char *expected);
