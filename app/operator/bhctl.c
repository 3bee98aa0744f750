// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/command.h"
#include "app/simulate/simulate.h"
#include "policy/diag.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SOCKET "/run/bridgehead/control.sock"

static const struct command commands[] = {
	{"stats", stats_command, "counters by reason, worker and port"},
	{"metrics", metrics_command, "counters and state for Prometheus"},
	{"ports", ports_command, "ports, links, packets, losses"},
	{"flows", flows_command, "live flows and their verdicts"},
	{"rules", rules_command, "what each rule has decided"},
	{"top", top_command, "who sends most just now"},
	{"policy status", status_command, "the policy in force"},
	{"policy validate", validate_command, "everything that is wrong with policies"},
	{"policy lint", lint_command, "what is odd about policies"},
	{"policy explain", explain_command, "what a policy decides on a flow, and why"},
	{"policy diff", diff_command, "what two policies differ in, and what it means"},
	{"policy simulate", simulate_command, "what a policy changes, over captures or logs"},
	{"policy sign", sign_command, "sign a policy"},
	{"policy push", push_command, "put a policy into force, or into shadow"},
	{"policy promote", promote_command, "put the candidate into force"},
	{"policy withdraw", withdraw_command, "give the candidate up"},
	{"policy rollback", rollback_command, "put an earlier policy into force again"},
	{"policy history", history_command, "every attempt, refused ones too"},
	{"policy keygen", keygen_command, "make a key"},
	{"keygen", keygen_command, "make a key that signs policies or the flow log"},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *to)
{
	fputs("usage: bhctl [--socket PATH] COMMAND ...\n"
	      "       bhctl --help | --version\n"
	      "\n",
		to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-18s %s\n", commands[i].name, commands[i].what);
	fputs("\n"
	      "Each takes --help and --version, and --json where it prints a table.\n"
	      "\n"
	      "  --socket PATH  the gateway's control_socket; default: " DEFAULT_SOCKET ",\n"
	      "                 or what the variable BHCTL_SOCKET says\n"
	      "\n"
	      "Exit status: 0 good, 1 a finding, 2 an error.\n",
		to);
}

static void print_policy_usage(FILE *to)
{
	fputs("usage: bhctl [--socket PATH] policy COMMAND ...\n\n", to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strncmp(commands[i].name, "policy ", 7) == 0)
			fprintf(to, "  %-18s %s\n", commands[i].name, commands[i].what);
	fputs("\nEach takes --help and --version, and --json where it prints a table.\n", to);
}

static const char *command_at(void *ctx, size_t i)
{
	(void)ctx;
	return i < N_COMMANDS ? commands[i].name : NULL;
}

// The words name no command.
static int no_command(int argc, char **argv)
{
	const bool policy = argc > 0 && strcmp(argv[0], "policy") == 0;
	const char *meant;
	char name[64], hint[DIAG_MEANT_MAX];

	if (policy && argc > 1 && strcmp(argv[1], "--help") == 0) {
		print_policy_usage(stdout);
		return EXIT_GOOD;
	}
	if (policy && argc > 1 && strcmp(argv[1], "--version") == 0) {
		command_print_version();
		return EXIT_GOOD;
	}
	if (argc == (policy ? 1 : 0)) {
		fprintf(stderr, "bhctl: which %scommand?\n", policy ? "policy " : "");
	} else {
		snprintf(name, sizeof(name), "%s%s", policy ? "policy " : "", argv[policy ? 1 : 0]);
		meant = diag_meant(hint, diag_nearest(name, command_at, NULL));
		fprintf(stderr, "bhctl: no command \"%s\"%s%s\n", name, meant != NULL ? "; " : "",
			meant != NULL ? meant : "");
	}
	if (policy)
		print_policy_usage(stderr);
	else
		print_usage(stderr);
	return EXIT_ERROR;
}

// How many words of argv name the command; 0: not this one.
static int named(const struct command *c, int argc, char **argv)
{
	char copy[64], *rest = copy, *word;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", c->name);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (n == argc || strcmp(argv[n], word) != 0)
			return 0;
		n++;
	}
	return n;
}

// What could not be written was not said: a full disk must not pass for a good answer.
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("bhctl: cannot write to standard output\n", stderr);
	return EXIT_ERROR;
}

int main(int argc, char **argv)
{
	const char *socket = getenv("BHCTL_SOCKET");

	if (socket == NULL)
		socket = DEFAULT_SOCKET;
	argc--;
	argv++;
	while (argc > 0 && strncmp(argv[0], "--", 2) == 0) {
		if (strcmp(argv[0], "--help") == 0) {
			print_usage(stdout);
			return EXIT_GOOD;
		}
		if (strcmp(argv[0], "--version") == 0) {
			command_print_version();
			return EXIT_GOOD;
		}
		if (strncmp(argv[0], "--socket=", 9) == 0) {
			socket = argv[0] + 9;
		} else if (strcmp(argv[0], "--socket") == 0 && argc > 1) {
			socket = argv[1];
			argc--;
			argv++;
		} else {
			fprintf(stderr,
				"bhctl: %s: no such option, or its value is missing; see bhctl "
				"--help\n",
				argv[0]);
			return EXIT_ERROR;
		}
		argc--;
		argv++;
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		int n = named(&commands[i], argc, argv);

		if (n != 0)
			return finish(commands[i].run(socket, argc - n, argv + n));
	}
	return finish(no_command(argc, argv));
}
