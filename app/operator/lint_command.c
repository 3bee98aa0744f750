// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/command.h"
#include "app/operator/findings.h"
#include "app/operator/grid.h"
#include "app/operator/offline.h"
#include "policy/lint.h"

#include <limits.h>

static const char usage[] =
	"usage: bhctl policy lint [--at TIME] [--json] FILE...\n"
	"\n"
	"Prints what is odd about policies that are valid, each finding as\n"
	"FILE:LINE:COLUMN: /json/pointer: warning or note: what is odd; hint\n"
	"\n"
	"Rules and limits that can never match: disabled, past, empty, or below rules that match\n"
	"all that they match. (Said only where it is sure.) Groups and legal bases that nobody\n"
	"uses; country groups whose date is older than 180 days; tenants that overlap; rules that\n"
	"allow by the host's name alone, which a client writes as it likes. Where a policy is not\n"
	"valid, names that this host's nDPI lacks included, what is wrong is printed as by policy\n"
	"validate.\n"
	"\n"
	"  --at TIME  as of then (2026-01-31T09:00:00+08:00, 2026-01-31); default: now\n"
	"  --json     one object a file, for machines\n"
	"\n"
	"Exit status: 0 nothing found, 1 findings, 2 an error.\n";

static void print_sum(const char *path, const struct policy *p, const struct diag_list *d)
{
	const struct policy_info *i = policy_info(p);

	if (d->warnings + d->notes == 0)
		printf("%s: nothing found: policy %s version %u\n", path, i->id, i->version);
	else
		printf("%s: %zu warning%s, %zu note%s: policy %s version %u\n", path, d->warnings,
			d->warnings == 1 ? "" : "s", d->notes, d->notes == 1 ? "" : "s", i->id,
			i->version);
}

// The exit status for one file.
static int lint(const char *path, int64_t now, struct dpi *dpi, json_t *all)
{
	struct policy_names names = policy_file_names(dpi);
	struct policy *p = NULL;
	struct policy_text text;
	struct diag_list d;
	int rc = EXIT_ERROR;

	diag_init(&d, path);
	// The clock is lint's: what has ended is a finding of its own.
	if (policy_text_read(&text, path, &d) == 0)
		p = policy_load(text.text, text.len, POLICY_ANY_TIME, &names, &d);
	if (p != NULL && policy_lint(p, text.text, text.len, now, &d) == 0)
		rc = d.warnings + d.notes != 0 ? EXIT_FINDING : EXIT_GOOD;
	else if (p != NULL)
		diag_add(&d, DIAG_ERROR, 0, 0, NULL, NULL, "no memory to look at the policy");
	diag_sort(&d, 0);
	if (all != NULL)
		json_array_append_new(all, findings_json(path, p, &d));
	else
		findings_print(&d, grid_colour(stdout), stdout);
	if (all == NULL && rc != EXIT_ERROR)
		print_sum(path, p, &d);
	policy_free(p);
	policy_text_free(&text);
	diag_clear(&d);
	return rc;
}

int lint_command(const char *socket, int argc, char **argv)
{
	const char *at = NULL;
	bool json = false;
	const struct option_of options[] = {{"at", &at, NULL}, {"json", NULL, &json}};
	int rc = command_options(usage, options, 2, &argc, argv), one;
	struct dpi *dpi;
	json_t *all;
	int64_t now;

	(void)socket;
	if (rc == 0)
		rc = command_words(usage, argc, argv, 1, INT_MAX, "FILE");
	if (rc != 0)
		return rc;
	if (!command_time("at", at, &now))
		return EXIT_ERROR;
	dpi = offline_dpi();
	if (dpi == NULL)
		return EXIT_ERROR;
	all = json ? json_array() : NULL;
	for (int i = 0; i < argc; i++) {
		one = lint(argv[i], now, dpi, all);
		rc = one > rc ? one : rc;
	}
	if (json)
		command_print_json(all);
	json_decref(all);
	dpi_free(dpi);
	return rc;
}
