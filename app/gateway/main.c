// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/doctor/doctor.h"
#include "app/gateway/gateway.h"
#include "app/gateway/replay.h"
#include "drivers/ndpi/dpi.h"

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
	"Each takes --help.\n";

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "run") == 0)
		return run_main(argc - 1, argv + 1);
	if (strcmp(what, "replay") == 0)
		return replay_main(argc - 1, argv + 1);
	if (strcmp(what, "doctor") == 0)
		return doctor_main(argc - 1, argv + 1);
	if (strcmp(what, "--help") == 0 || strcmp(what, "help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (strcmp(what, "--version") == 0) {
		printf("bridgehead %s (nDPI %s)\n", BRIDGEHEAD_VERSION, dpi_library_version());
		return 0;
	}
	if (*what != '\0')
		fprintf(stderr, "bridgehead: no command \"%s\"\n", what);
	fputs(usage, stderr);
	return 2;
}
