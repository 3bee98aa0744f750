// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/command.h"
#include "app/operator/findings.h"
#include "app/operator/offline.h"

#include <limits.h>
#include <time.h>

static const char usage[] =
	"usage: bhctl policy validate [--strict] [--any-time] [--json] FILE...\n"
	"\n"
	"Prints everything that is wrong with policies, each finding as\n"
	"FILE:LINE:COLUMN: /json/pointer: what is wrong; hint\n"
	"\n"
	"  --strict    warnings count: exit status 1\n"
	"  --any-time  do not hold not_before and expires against the clock\n"
	"  --json      one object a file, for machines\n"
	"\n"
	"Exit status: 0 good, 1 warnings with --strict, 2 errors.\n";

struct outcome {
	bool errors, warnings;
};

static void validate(
	const char *path, int64_t now, struct dpi *dpi, json_t *all, struct outcome *out)
{
	struct policy_names names = policy_file_names(dpi);
	struct policy *p = NULL;
	struct policy_text text;
	struct diag_list d;

	diag_init(&d, path);
	if (policy_text_read(&text, path, &d) == 0)
		p = policy_load(text.text, text.len, now, &names, &d);
	if (all != NULL)
		json_array_append_new(all, findings_json(path, p, &d));
	else
		policy_file_print(&d, stdout);
	if (all == NULL && p != NULL)
		printf("%s: valid: policy %s version %u, %u rules, %u limits, %u tenants\n", path,
			policy_info(p)->id, policy_info(p)->version, policy_info(p)->n_rules,
			policy_info(p)->n_limits, policy_info(p)->n_tenants - 1);
	out->errors |= p == NULL;
	out->warnings |= d.warnings != 0;
	policy_free(p);
	policy_text_free(&text);
	diag_clear(&d);
}

int validate_command(const char *socket, int argc, char **argv)
{
	bool strict = false, any_time = false, json = false;
	const struct option_of options[] = {
		{"strict", NULL, &strict}, {"any-time", NULL, &any_time}, {"json", NULL, &json}};
	struct outcome out = {0};
	struct dpi *dpi;
	json_t *all;
	int rc = command_options(usage, options, 3, &argc, argv);

	(void)socket;
	if (rc == 0)
		rc = command_words(usage, argc, argv, 1, INT_MAX, "FILE");
	if (rc != 0)
		return rc;
	dpi = offline_dpi();
	if (dpi == NULL)
		return EXIT_ERROR;
	all = json ? json_array() : NULL;
	for (int i = 0; i < argc; i++)
		validate(argv[i], any_time ? POLICY_ANY_TIME : (int64_t)time(NULL), dpi, all, &out);
	if (json)
		command_print_json(all);
	json_decref(all);
	dpi_free(dpi);
	return out.errors ? EXIT_ERROR : strict && out.warnings ? EXIT_FINDING : EXIT_GOOD;
}
