// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/colour.h"
#include "app/operator/command.h"
#include "app/operator/dry_run.h"
#include "app/operator/grid.h"
#include "app/simulate/simulation.h"

#include <string.h>

#define ROWS 12 // of a table where not all are asked for

static void heading(const char *text)
{
	putchar('\n');
	colour_put(stdout, grid_colour(stdout), COLOUR_BOLD, 0, text);
	putchar('\n');
}

static void print_verdicts(const json_t *list)
{
	static const struct grid_column columns[] = {{"BEFORE", false, 0}, {"AFTER", false, 0},
		{"FLOWS", true, 0}, {"OUT", true, 0}, {"", false, 0}};
	struct grid g;
	json_t *v;
	size_t i;

	heading("Verdicts");
	grid_init(&g, columns, 5);
	json_array_foreach (list, i, v) {
		const char *from = command_text(v, "from");

		grid_cell(&g, "%s", *from != '\0' ? from : "-");
		grid_cell(&g, "%s", command_text(v, "to"));
		grid_cell(&g, "%" JSON_INTEGER_FORMAT, command_number(v, "flows"));
		grid_amount(&g, (uint64_t)command_number(v, "bytes_out"));
		grid_cell(&g, "%s",
			*from != '\0' && strcmp(from, command_text(v, "to")) != 0 ? "changed" : "");
	}
	grid_print(&g, SIZE_MAX, grid_terminal(stdout, NULL), stdout);
	grid_free(&g);
}

static void print_table(const json_t *list, const char *title, const char *name, bool all)
{
	const struct grid_column columns[] = {{name, false, 24}, {"FLOWS", true, 0},
		{"OUT", true, 0}, {"ALLOW", true, 0}, {"FLAG", true, 0}, {"BLOCK", true, 0},
		{"CHANGED", true, 0}, {"CHANGED OUT", true, 0}};
	const size_t n = json_array_size(list);
	struct grid g;
	json_t *v;
	size_t i;

	heading(title);
	grid_init(&g, columns, 8);
	json_array_foreach (list, i, v) {
		if (!all && i == ROWS)
			break;
		grid_cell(&g, "%s", command_text(v, "name"));
		grid_cell(&g, "%" JSON_INTEGER_FORMAT, command_number(v, "flows"));
		grid_amount(&g, (uint64_t)command_number(v, "bytes_out"));
		grid_cell(&g, "%" JSON_INTEGER_FORMAT, command_number(v, "allow"));
		grid_cell(&g, "%" JSON_INTEGER_FORMAT, command_number(v, "flag"));
		grid_cell(&g, "%" JSON_INTEGER_FORMAT, command_number(v, "block"));
		grid_cell(&g, "%" JSON_INTEGER_FORMAT, command_number(v, "changed"));
		grid_amount(&g, (uint64_t)command_number(v, "changed_bytes_out"));
	}
	grid_print(&g, SIZE_MAX, grid_terminal(stdout, NULL), stdout);
	grid_free(&g);
	if (!all && n > ROWS)
		printf("%zu more are not shown (--all)\n", n - ROWS);
}

static void print_head(const json_t *a)
{
	const json_t *p = json_object_get(a, "policy"), *old = json_object_get(a, "against");

	printf("policy %s version %" JSON_INTEGER_FORMAT, command_text(p, "id"),
		command_number(p, "version"));
	if (json_is_object(old))
		printf(" against %s version %" JSON_INTEGER_FORMAT, command_text(old, "id"),
			command_number(old, "version"));
	else if (strcmp(command_text(a, "source"), "log") == 0)
		fputs(" against what was decided", stdout);
	printf(": %" JSON_INTEGER_FORMAT " flows", command_number(a, "flows"));
	if (json_object_get(a, "records") != NULL)
		printf(" of %" JSON_INTEGER_FORMAT " records", command_number(a, "records"));
	putchar('\n');
	if (json_is_null(old))
		return;
	printf("%" JSON_INTEGER_FORMAT " get another verdict: %" JSON_INTEGER_FORMAT
	       " a stricter one, %" JSON_INTEGER_FORMAT " a looser one; %" JSON_INTEGER_FORMAT
	       " the same by another rule or for another reason\n",
		command_number(a, "changed"), command_number(a, "stricter"),
		command_number(a, "looser"), command_number(a, "same_by_another_rule"));
}

static void print_notes(const json_t *notes)
{
	json_t *n;
	size_t i;

	if (json_array_size(notes) != 0)
		heading("What this does not say");
	json_array_foreach (notes, i, n) {
		fputs("  - ", stdout);
		if (json_object_get(n, "flows") != NULL)
			printf("%" JSON_INTEGER_FORMAT " flows ", command_number(n, "flows"));
		puts(command_text(n, "note"));
	}
}

void simulation_print(const json_t *a, bool all)
{
	const json_t *flows = json_object_get(a, "changed_flows");
	const json_t *pending = json_object_get(a, "bytes_before_verdict");
	json_int_t more;

	print_head(a);
	print_verdicts(json_object_get(a, "verdicts"));
	print_table(json_object_get(a, "tenants"), "By tenant", "TENANT", all);
	print_table(json_object_get(a, "countries"), "By country", "CC", all);
	print_table(json_object_get(a, "apps"), "By application", "APPLICATION", all);
	if (pending != NULL) {
		heading("Bytes that left before a verdict");
		if (json_object_get(pending, "before") != NULL)
			printf("before %" JSON_INTEGER_FORMAT ", ",
				command_number(pending, "before"));
		printf("after %" JSON_INTEGER_FORMAT "\n", command_number(pending, "after"));
	}
	if (json_array_size(flows) != 0) {
		heading("Flows whose verdict changes, the most outbound bytes first");
		dry_run_flows(flows);
	}
	more = command_number(a, "changed") - (json_int_t)json_array_size(flows);
	if (more > 0)
		printf("%" JSON_INTEGER_FORMAT " more are not shown (--limit, --all)\n", more);
	print_notes(json_object_get(a, "notes"));
}
