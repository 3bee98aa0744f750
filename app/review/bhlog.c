// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// bhlog: what a regulator does with a flow log, without the gateway.

#include "app/bundle/bundle_command.h"
#include "app/console/report_command.h"
#include "app/console/serve_command.h"
#include "app/export/export_command.h"
#include "app/review/evidence.h"
#include "app/review/reindex.h"
#include "app/review/search.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"search", search_main, "find records by tenant, country, application, verdict, time, ..."},
	{"verify", verify_main, "is the log whole, and who signed it?"},
	{"prove", prove_main, "that a record is in the log; that the log has only grown"},
	{"reindex", reindex_main, "make the catalogue that makes search fast"},
	{"witness", witness_main, "sign checkpoints of a log that has only grown"},
	{"export", export_main, "records in the words of other tools; with pseudonyms"},
	{"bundle", bundle_main, "what to take away of a period, with its proofs and a verifier"},
	{"report", report_main, "one HTML file to read, print and file"},
#ifdef HAVE_CONSOLE
	{"serve", serve_main, "a console for the browser that shows and changes nothing"},
#endif
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fputs("Usage: bhlog COMMAND [arguments]\n"
	      "\n"
	      "Reviews the flow log of a Bridgehead gateway.\n"
	      "\n"
	      "Commands:\n",
		out);
	for (unsigned i = 0; i < N_COMMANDS; i++) {
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
	}
	fputs("\n"
	      "\"bhlog COMMAND --help\" tells more. --version prints the version.\n"
	      "Exit status: 0 good, 1 a finding (search: nothing found), 2 an error, 3 "
	      "unconfirmed.\n",
		out);
}

static int unknown(const char *name)
{
	fprintf(stderr, "bhlog: there is no command \"%s\"; there %s", name,
		N_COMMANDS == 1 ? "is" : "are");
	for (unsigned i = 0; i < N_COMMANDS; i++) {
		fprintf(stderr, "%s %s", i != 0 ? "," : "", commands[i].name);
	}
	fputs("\n", stderr);
	return REVIEW_ERROR;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return REVIEW_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return REVIEW_FOUND;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("bhlog %s\n", BRIDGEHEAD_VERSION);
		return REVIEW_FOUND;
	}
	for (unsigned i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) == 0) {
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	return unknown(argv[1]);
}
