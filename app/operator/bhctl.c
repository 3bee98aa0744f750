// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/server.h"
#include "app/operator/stats_text.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_SOCKET "/run/bridgehead/control.sock"

static const char usage[] =
	"usage: bhctl [--socket PATH] stats [--json] [--all]\n"
	"       bhctl --help | --version\n"
	"\n"
	"stats   counters of a live gateway: by reason, worker and port\n"
	"\n"
	"  --socket PATH  the gateway's control_socket; default: " DEFAULT_SOCKET "\n"
	"  --json         the whole answer, for machines\n"
	"  --all          counters that are zero too\n"
	"\n"
	"Exit status: 0 good, 2 an error.\n";

static int stats(const char *socket, bool json, bool all)
{
	json_t *request = json_pack("{s:s}", "cmd", "stats"), *reply;
	char err[512];

	reply = control_ask(socket, request, err, sizeof(err));
	json_decref(request);
	if (reply == NULL) {
		fprintf(stderr, "bhctl: %s\n", err);
		return 2;
	}
	if (json)
		json_dumpf(reply, stdout, JSON_INDENT(1));
	else
		stats_text(reply, all, stdout);
	if (json)
		putchar('\n');
	json_decref(reply);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"all", no_argument, NULL, 'a'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	const char *socket = DEFAULT_SOCKET;
	bool json = false, all = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			socket = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'a':
			all = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'v':
			puts("bhctl " BRIDGEHEAD_VERSION);
			return 0;
		default:
			fputs("see bhctl --help\n", stderr);
			return 2;
		}
	}
	if (optind + 1 == argc && strcmp(argv[optind], "stats") == 0)
		return stats(socket, json, all);
	if (optind < argc)
		fprintf(stderr, "bhctl: no command \"%s\"\n", argv[optind]);
	fputs(usage, stderr);
	return 2;
}
