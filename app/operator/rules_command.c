// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/live.h"

#include <stdlib.h>
#include <string.h>

#define GONE_SHOWN 20

static const char usage[] =
	"usage: bhctl [--socket PATH] rules [--json]\n"
	"\n"
	"What each rule of the policy in force has decided since the gateway's start: HITS, flows "
	"that it\n"
	"decided; FLOWS, those that are its now; bytes of both; when it last decided one. A rule "
	"that keeps\n"
	"its id over a change of the policy goes on counting. \"shadow\" rules decide nothing: "
	"theirs is what\n"
	"they would have decided. Rules that are \"gone\" were in an earlier policy. Where there "
	"is a\n"
	"candidate (policy push --shadow), its rules follow: HITS are flows that ended and would "
	"have been\n"
	"its own.\n"
	"\n"
	"  --json  the whole answer, for machines\n";

static const struct grid_column columns[] = {{"RULE", false, 0}, {"ACTION", false, 0},
	{"HITS", true, 0}, {"FLOWS", true, 0}, {"OUT", true, 0}, {"IN", true, 0},
	{"LAST HIT", false, 0}, {"REASON", false, 0}};

static void add(struct grid *g, const char *id, const char *action, const json_t *rule)
{
	char last[32];

	live_time(command_number(rule, "last"), last);
	grid_cell(g, "%s", id);
	grid_cell(g, "%s", action);
	grid_cell(g, "%" JSON_INTEGER_FORMAT, command_number(rule, "hits"));
	grid_cell(g, "%" JSON_INTEGER_FORMAT, command_number(rule, "flows"));
	grid_amount(g, (uint64_t)command_number(rule, "bytes_out"));
	grid_amount(g, (uint64_t)command_number(rule, "bytes_in"));
	grid_cell(g, "%s", last);
	grid_cell(g, "%s", command_text(rule, "reason"));
}

static int latest(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;
	json_int_t dx = command_number(*x, "last"), dy = command_number(*y, "last");

	return dx < dy ? 1 : dx > dy ? -1 : 0;
}

// Rules of earlier policies, the last that was hit first. Returns how many are left out.
static size_t add_gone(struct grid *g, json_t *gone)
{
	size_t n = 0, size = json_object_size(gone);
	json_t **list = calloc(size + 1, sizeof(json_t *)), *rule;
	const char *id;

	json_object_foreach (gone, id, rule) {
		json_object_set_new(rule, "id", json_string(id));
		if (list != NULL)
			list[n++] = rule;
	}
	if (n > 1)
		qsort(list, n, sizeof(json_t *), latest);
	for (size_t i = 0; i < n && i < GONE_SHOWN; i++)
		add(g, command_text(list[i], "id"), "(gone)", list[i]);
	free(list);
	return size > GONE_SHOWN ? size - GONE_SHOWN : 0;
}

static const struct grid_column candidate_columns[] = {{"CANDIDATE'S RULE", false, 0},
	{"ACTION", false, 0}, {"HITS", true, 0}, {"OUT", true, 0}, {"IN", true, 0},
	{"LAST HIT", false, 0}, {"REASON", false, 0}};

static void action_of(const json_t *rule, char out[32])
{
	bool shadow = json_is_true(json_object_get(rule, "shadow"));
	bool off = json_is_false(json_object_get(rule, "enabled"));

	snprintf(out, 32, "%s%s", command_text(rule, "action"),
		off      ? " (disabled)"
		: shadow ? " (shadow)"
			 : "");
}

static void print_candidate(const json_t *candidate)
{
	char action[32], last[32];
	struct grid g;
	json_t *rule;
	size_t i;

	grid_init(&g, candidate_columns, sizeof(candidate_columns) / sizeof(candidate_columns[0]));
	json_array_foreach (json_object_get(candidate, "rules"), i, rule) {
		action_of(rule, action);
		live_time(command_number(rule, "last"), last);
		grid_cell(&g, "%s", command_text(rule, "id"));
		grid_cell(&g, "%s", action);
		grid_cell(&g, "%" JSON_INTEGER_FORMAT, command_number(rule, "hits"));
		grid_amount(&g, (uint64_t)command_number(rule, "bytes_out"));
		grid_amount(&g, (uint64_t)command_number(rule, "bytes_in"));
		grid_cell(&g, "%s", last);
		grid_cell(&g, "%s", command_text(rule, "reason"));
	}
	printf("\ncandidate %s version %" JSON_INTEGER_FORMAT
	       ", which decides nothing: %" JSON_INTEGER_FORMAT
	       " flows ended, %" JSON_INTEGER_FORMAT " with another verdict\n",
		command_text(candidate, "id"), command_number(candidate, "version"),
		command_number(candidate, "flows"), command_number(candidate, "changed"));
	grid_print(&g, SIZE_MAX, grid_terminal(stdout, NULL), stdout);
	grid_free(&g);
}

static void print(const json_t *reply)
{
	json_t *rule;
	struct grid g;
	char action[32];
	size_t i, left_out;

	grid_init(&g, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach (json_object_get(reply, "rules"), i, rule) {
		action_of(rule, action);
		add(&g, command_text(rule, "id"), action, rule);
	}
	left_out = add_gone(&g, json_object_get(reply, "gone"));
	printf("policy %s version %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT " live flows\n",
		command_text(reply, "policy"), command_number(reply, "version"),
		command_number(reply, "live"));
	grid_print(&g, SIZE_MAX, grid_terminal(stdout, NULL), stdout);
	grid_free(&g);
	if (left_out != 0)
		printf("%zu more that are gone are not shown (--json)\n", left_out);
	if (json_is_object(json_object_get(reply, "candidate")))
		print_candidate(json_object_get(reply, "candidate"));
}

int rules_command(const char *socket, int argc, char **argv)
{
	bool json = false;
	const struct option_of options[] = {{"json", NULL, &json}};
	json_t *reply;
	int rc = command_only_options(usage, options, 1, argc, argv);

	if (rc != 0)
		return rc;
	reply = live_ask(socket, json_pack("{s:s}", "cmd", "rules"));
	if (reply == NULL)
		return EXIT_ERROR;
	if (json)
		command_print_json(reply);
	else
		print(reply);
	json_decref(reply);
	return EXIT_GOOD;
}
