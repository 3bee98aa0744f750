// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/dry_run.h"
#include "app/operator/live.h"

#include <string.h>

static const struct grid_column columns[] = {{"NOW", false, 0}, {"THEN", false, 0},
	{"CC", false, 0}, {"OUT", true, 0}, {"APPLICATION", false, 18}, {"TENANT", false, 20},
	{"RULE NOW", false, 22}, {"RULE THEN", false, 22}, {"FLOW", false, 0}};

void dry_run_flows(const json_t *flows)
{
	struct grid g;
	char ends[200], rule[80];
	json_t *f;
	size_t i;

	grid_init(&g, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach (flows, i, f) {
		bool open = json_is_true(json_object_get(f, "new_undecided"));
		const char *new_rule = command_text(f, "new_rule");

		grid_cell(&g, "%s", command_text(f, "act"));
		grid_cell(&g, "%s", command_text(f, "new_act"));
		grid_cell(&g, "%s", command_text(f, "cc"));
		grid_amount(&g, (uint64_t)command_number(f, "ob"));
		grid_cell(&g, "%s", command_text(f, "app"));
		grid_cell(&g, "%s", command_text(f, "tn"));
		live_rule(f, rule, sizeof(rule));
		grid_cell(&g, "%s", rule);
		grid_cell(&g, "%s", open ? "(undecided)" : *new_rule != '\0' ? new_rule : "-");
		live_ends(f, ends, sizeof(ends));
		grid_cell(&g, "%s", ends);
	}
	grid_print(&g, SIZE_MAX, grid_terminal(stdout, NULL), stdout);
	grid_free(&g);
}

void dry_run_changes(const json_t *r, const char *what)
{
	const char *way, *between = ": ";
	json_t *n;

	printf("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " live flows %s",
		command_number(r, "changed"), command_number(r, "live"), what);
	json_object_foreach (json_object_get(r, "changes"), way, n) {
		if (json_integer_value(n) == 0)
			continue;
		printf("%s%s %" JSON_INTEGER_FORMAT, between, way, json_integer_value(n));
		between = ", ";
	}
	putchar('\n');
}

static void print(const json_t *r)
{
	json_t *flows = json_object_get(r, "flows");
	json_int_t changed = command_number(r, "changed");

	printf("policy %s version %" JSON_INTEGER_FORMAT " would be taken: %" JSON_INTEGER_FORMAT
	       " rules, %" JSON_INTEGER_FORMAT " limits, compiled in %.1f ms%s%s\n",
		command_text(r, "id"), command_number(r, "version"), command_number(r, "rules"),
		command_number(r, "limits"), (double)command_number(r, "compile_us") / 1000,
		*command_text(r, "key") != '\0' ? ", signed by " : "", command_text(r, "key"));
	dry_run_changes(r, "would get another verdict");
	if (json_array_size(flows) != 0) {
		putchar('\n');
		dry_run_flows(flows);
	}
	if ((json_int_t)json_array_size(flows) < changed)
		printf("%" JSON_INTEGER_FORMAT " more are not shown (--limit)\n",
			changed - (json_int_t)json_array_size(flows));
	puts("Nothing was put into force.");
}

int dry_run(const char *socket, json_t *offer, json_int_t limit, bool json)
{
	json_t *reply, *line;
	bool good;
	size_t i;

	json_object_set_new(offer, "cmd", json_string("policy.dry_run"));
	json_object_set_new(offer, "limit", json_integer(limit));
	reply = live_ask(socket, offer);
	if (reply == NULL)
		return EXIT_ERROR;
	good = strcmp(command_text(reply, "outcome"), "checked") == 0;
	if (json) {
		command_print_json(reply);
	} else {
		json_array_foreach (json_object_get(reply, "findings"), i, line) {
			fprintf(good ? stdout : stderr, "%s\n", json_string_value(line));
		}
		if (good)
			print(reply);
		else
			fputs("bhctl: would be refused\n", stderr); // why is a finding
	}
	json_decref(reply);
	return good ? EXIT_GOOD : EXIT_FINDING;
}
