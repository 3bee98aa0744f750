// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// bhctl's commands. Each parses its own options and returns the exit status: 0 good, 1 a finding, 2
// an error.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define EXIT_GOOD    0
#define EXIT_FINDING 1
#define EXIT_ERROR   2

struct command {
	const char *name; // "policy push"
	int (*run)(const char *socket, int argc, char **argv);
	const char *what; // one line
};

// One option of a command: a switch, or a word.
struct option_of {
	const char *name;  // without "--"
	const char **word; // takes a value
	bool *flag;        // or is set
};

// Reads options (n of them) and leaves the rest in argv, *argc of them. "--help" prints usage,
// "--version" the program's version, and both exit with 0. 0, or EXIT_ERROR with a line on standard
// error.
int command_options(
	const char *usage, const struct option_of *options, unsigned n, int *argc, char **argv);
// The same for a command that takes nothing else: then any word is an error, with usage.
int command_only_options(
	const char *usage, const struct option_of *options, unsigned n, int argc, char **argv);

// Says on standard error what is wrong with a command line, in one line, and then the usage.
// EXIT_ERROR.
int command_misuse(const char *usage, const char *what, ...) __attribute__((format(printf, 2, 3)));
// Whether the words that are no options are from min to max; missing is what the first one behind
// too few would have been. 0, or EXIT_ERROR as of command_misuse().
int command_words(const char *usage, int argc, char **argv, int min, int max, const char *missing);

void command_print_version(void);

// A time of the command line, or a day (its first second in UTC), in seconds since 1970 UTC; now
// where text is NULL. option names it. False with a line on standard error.
bool command_time(const char *option, const char *text, int64_t *out);

// A request to the gateway; NULL with a line on standard error.
json_t *command_ask(const char *socket, json_t *request);
// Prints an answer as it is.
void command_print_json(const json_t *o);
// Prints a text that somebody else wrote: "?" for what breaks the line or a terminal acts upon.
void command_put_plain(const char *text);

// Fields of answers.
const char *command_text(const json_t *o, const char *key); // "" where there is none
json_int_t command_number(const json_t *o, const char *key);

int stats_command(const char *socket, int argc, char **argv);
int metrics_command(const char *socket, int argc, char **argv);
int ports_command(const char *socket, int argc, char **argv);
int flows_command(const char *socket, int argc, char **argv);
int rules_command(const char *socket, int argc, char **argv);
int top_command(const char *socket, int argc, char **argv);
int keygen_command(const char *socket, int argc, char **argv);
int validate_command(const char *socket, int argc, char **argv);
int lint_command(const char *socket, int argc, char **argv);
int explain_command(const char *socket, int argc, char **argv);
int diff_command(const char *socket, int argc, char **argv);
int sign_command(const char *socket, int argc, char **argv);
int push_command(const char *socket, int argc, char **argv);
int promote_command(const char *socket, int argc, char **argv);
int withdraw_command(const char *socket, int argc, char **argv);
int rollback_command(const char *socket, int argc, char **argv);
int status_command(const char *socket, int argc, char **argv);
int history_command(const char *socket, int argc, char **argv);
