// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/command.h"
#include "app/operator/stats_text.h"

static const char usage[] = "usage: bhctl [--socket PATH] stats [--json] [--all]\n"
			    "\n"
			    "Counters of a live gateway: by reason, worker and port.\n"
			    "\n"
			    "  --json  the whole answer, for machines\n"
			    "  --all   counters that are zero too\n";

int stats_command(const char *socket, int argc, char **argv)
{
	bool json = false, all = false;
	const struct option_of options[] = {{"json", NULL, &json}, {"all", NULL, &all}};
	json_t *reply;
	int rc = command_only_options(usage, options, 2, argc, argv);

	if (rc != 0)
		return rc;
	reply = command_ask(socket, json_pack("{s:s}", "cmd", "stats"));
	if (reply == NULL)
		return EXIT_ERROR;
	if (json)
		command_print_json(reply);
	else
		stats_text(reply, all, stdout);
	json_decref(reply);
	return EXIT_GOOD;
}
