// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/command.h"
#include "app/operator/metrics.h"

static const char usage[] =
	"usage: bhctl [--socket PATH] metrics\n"
	"\n"
	"Everything that is counted, the policy in force, the candidate and the state of the flow\n"
	"log, in Prometheus' text format: for node_exporter's textfile collector, or a script "
	"that\n"
	"is asked for it.\n";

int metrics_command(const char *socket, int argc, char **argv)
{
	json_t *stats;
	int rc = command_only_options(usage, NULL, 0, argc, argv);

	if (rc != 0)
		return rc;
	stats = command_ask(socket, json_pack("{s:s}", "cmd", "stats"));
	if (stats == NULL)
		return EXIT_ERROR;
	metrics_text(stats, stdout);
	json_decref(stats);
	// Half of it would look like counters that have gone.
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_GOOD : EXIT_ERROR;
}
