// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/live.h"

#include <string.h>
#include <time.h>

static const char usage[] =
	"usage: bhctl [--socket PATH] flows [FILTER...] [--sort KEY] [--limit N] [--json]\n"
	"\n"
	"Live flows and what was decided on them, the largest first: bytes OUT and IN that passed, "
	"those\n"
	"that were STOPPED.\n"
	"\n" LIVE_FILTER_USAGE "\n"
	"  --sort KEY        out, in, bytes, packets (most first), age (oldest first), last "
	"(latest "
	"packet\n"
	"                    first); default: out\n"
	"  --limit N         at most so many, up to 10000; default: 50\n"
	"  --json            the whole answer, for machines\n"
	"\n"
	"Exit status: 0 good, 1 no flow matches, 2 an error (a rule or tenant that is not "
	"there).\n";

static const struct grid_column columns[] = {{"ACT", false, 0}, {"CC", false, 0}, {"OUT", true, 0},
	{"IN", true, 0}, {"STOPPED", true, 0}, {"AGE", true, 0}, {"IDLE", true, 0},
	{"APPLICATION", false, 18}, {"TENANT", false, 20}, {"RULE", false, 24}, {"FLOW", false, 0}};

static void add(struct grid *g, const json_t *flow, int64_t now)
{
	char ends[200], rule[80], age[16];
	const char *host = command_text(flow, "host"), *limit = command_text(flow, "limit");

	grid_cell(g, "%s", command_text(flow, "act"));
	grid_cell(g, "%s", command_text(flow, "cc"));
	grid_amount(g, (uint64_t)command_number(flow, "ob"));
	grid_amount(g, (uint64_t)command_number(flow, "rb"));
	grid_amount(g, (uint64_t)command_number(flow, "db"));
	live_age(now - command_number(flow, "t0"), age);
	grid_cell(g, "%s", age);
	live_age(now - command_number(flow, "t1"), age);
	grid_cell(g, "%s", age);
	grid_cell(g, "%s", command_text(flow, "app"));
	grid_cell(g, "%s", command_text(flow, "tn"));
	live_rule(flow, rule, sizeof(rule));
	grid_cell(g, "%s%s", *limit != '\0' ? "limit " : "", *limit != '\0' ? limit : rule);
	live_ends(flow, ends, sizeof(ends));
	grid_cell(g, "%s%s%.200s", ends, *host != '\0' ? " " : "", host);
}

static void print(const json_t *reply)
{
	json_t *flows = json_object_get(reply, "flows"), *flow;
	json_int_t matched = command_number(reply, "matched");
	struct timespec now;
	struct grid g;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	grid_init(&g, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach (flows, i, flow) {
		add(&g, flow, now.tv_sec * 1000000 + now.tv_nsec / 1000);
	}
	if (json_array_size(flows) != 0)
		grid_print(&g, SIZE_MAX, grid_terminal(stdout, NULL), stdout);
	grid_free(&g);
	printf("%" JSON_INTEGER_FORMAT " live flows, %" JSON_INTEGER_FORMAT " match",
		command_number(reply, "live"), matched);
	if ((json_int_t)json_array_size(flows) < matched)
		printf(", %zu are shown (--limit)", json_array_size(flows));
	putchar('\n');
}

int flows_command(const char *socket, int argc, char **argv)
{
	struct live_filter f = {0};
	const char *sort = NULL, *limit = NULL;
	bool json = false;
	const struct option_of options[] = {LIVE_FILTER_OPTIONS(f), {"sort", &sort, NULL},
		{"limit", &limit, NULL}, {"json", NULL, &json}};
	json_t *request, *reply;
	json_int_t n = 50;
	int rc = command_only_options(
		usage, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (rc != 0)
		return rc;
	if (limit != NULL && !live_number(limit, "limit", 10000, &n))
		return EXIT_ERROR;
	request = json_pack(
		"{s:s, s:s, s:I}", "cmd", "flows", "sort", sort != NULL ? sort : "out", "limit", n);
	if (!live_filter_put(request, &f)) {
		json_decref(request);
		return EXIT_ERROR;
	}
	reply = live_ask(socket, request);
	if (reply == NULL)
		return EXIT_ERROR;
	if (command_number(reply, "matched") == 0 && !live_known(socket, &f)) {
		json_decref(reply);
		return EXIT_ERROR;
	}
	if (json)
		command_print_json(reply);
	else
		print(reply);
	rc = command_number(reply, "matched") != 0 ? EXIT_GOOD : EXIT_FINDING;
	json_decref(reply);
	return rc;
}
