// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/doctor/doctor.h"
#include "app/gateway/gateway.h"
#include "app/gateway/replay.h"
#include "drivers/ndpi/dpi.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: bridgehead run --config gateway.json [--check]\n"
	"       bridgehead replay --policy FILE --country-db FILE[,FILE...] [options] CAPTURE...\n"
	"       bridgehead doctor [--config gateway.json] [--json]\n"
	"       bridgehead --help | --version\n"
	"\n"
	"run     the gateway, inline between pairs of ports or on taps\n"
	"replay  the same pipeline over captures\n"
	"doctor  is this host ready, and what to mend where it is not\n"
	"\n"
	"Each takes --help and --version.\n";

// Whoever asks a command for the version means the program's.
static bool wants_version(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--version") == 0)
			return true;
	return false;
}

static int print_version(void)
{
	printf("bridgehead %s (nDPI %s)\n", BRIDGEHEAD_VERSION, dpi_library_version());
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {{"run", run_main}, {"replay", replay_main}, {"doctor", doctor_main}};
	const char *what = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(what, commands[i].name) == 0)
			return wants_version(argc - 1, argv + 1)
				       ? print_version()
				       : commands[i].run(argc - 1, argv + 1);
	}
	if (strcmp(what, "--help") == 0 || strcmp(what, "help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (strcmp(what, "--version") == 0)
		return print_version();
	if (*what != '\0')
		fprintf(stderr, "bridgehead: no command \"%s\"\n", what);
	else
		fputs("bridgehead: which command?\n", stderr);
	fputs(usage, stderr);
	return 2;
}
