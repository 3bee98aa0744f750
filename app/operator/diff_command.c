// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/colour.h"
#include "app/operator/command.h"
#include "app/operator/grid.h"
#include "app/operator/offline.h"
#include "app/operator/policy_diff.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: bhctl policy diff [--json] OLD NEW\n"
	"\n"
	"What NEW says otherwise than OLD, by meaning, and what follows from it: rules and limits\n"
	"that were added, removed, moved or changed, groups, tenants, home countries, overrides "
	"and\n"
	"defaults. The order of keys and of the values in a list is no difference.\n"
	"\n"
	"  --json  every change as an object, for machines\n"
	"\n"
	"Exit status: 0 both mean the same, 1 they differ, 2 an error.\n";

static const char *const sections[][2] = {{"meta", "About the policy"}, {"home", "Home countries"},
	{"jurisdictions", "Country groups"}, {"overrides", "Countries by prefix"},
	{"tenants", "Tenants"}, {"apps", "Application groups"}, {"defaults", "Defaults"},
	{"rules", "Rules"}, {"limits", "Limits"}};

static const char *title_of(const char *in)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strcmp(sections[i][0], in) == 0)
			return sections[i][1];
	return in;
}

static void print_change(const json_t *change, bool colour)
{
	const char *what = command_text(change, "what");
	const char *sign = strcmp(what, "added") == 0     ? "+"
			   : strcmp(what, "removed") == 0 ? "-"
			   : strcmp(what, "moved") == 0   ? ">"
							  : "~";
	const char *code = *sign == '+' ? "\033[32m" : *sign == '-' ? "\033[31m" : "\033[33m";

	printf("  %s%s%s ", colour ? code : "", sign, colour ? "\033[0m" : "");
	command_put_plain(command_text(change, "words"));
	putchar('\n');
	if (*command_text(change, "means") != '\0') {
		fputs("      ", stdout);
		command_put_plain(command_text(change, "means"));
		putchar('\n');
	}
}

// "3 rules changed, 1 rule added" would have to count rules once: this counts changes.
static void print_sum(const json_t *changes)
{
	static const char *const kinds[] = {"added", "removed", "moved", "changed"};
	unsigned n[4] = {0};
	const json_t *change;
	size_t i;

	json_array_foreach (changes, i, change)
		for (unsigned k = 0; k < 4; k++)
			n[k] += strcmp(command_text(change, "what"), kinds[k]) == 0;
	printf("%zu differences: %u added, %u removed, %u moved, %u changed\n",
		json_array_size(changes), n[0], n[1], n[2], n[3]);
}

static void print(const struct offline_policy *p, const json_t *changes, bool colour)
{
	const struct policy_info *a = policy_info(p[0].policy), *b = policy_info(p[1].policy);
	const char *section = "";
	const json_t *change;
	size_t i;

	printf("policy %s version %u -> %s version %u\n", a->id, a->version, b->id, b->version);
	json_array_foreach (changes, i, change) {
		if (strcmp(section, command_text(change, "in")) != 0) {
			section = command_text(change, "in");
			putchar('\n');
			colour_put(stdout, colour, COLOUR_BOLD, 0, title_of(section));
			putchar('\n');
		}
		print_change(change, colour);
	}
	putchar('\n');
	if (json_array_size(changes) != 0)
		print_sum(changes);
	else
		puts(memcmp(a->sha256, b->sha256, 32) == 0
				? "They are the same, to the byte."
				: "They mean the same; the bytes differ.");
}

static int compare(const struct offline_policy *p, char **path, bool json)
{
	json_t *docs[2], *changes = NULL, *answer;
	bool differ;

	for (unsigned i = 0; i < 2; i++)
		docs[i] = json_loadb(p[i].text.text, p[i].text.len, 0, NULL);
	if (docs[0] != NULL && docs[1] != NULL)
		changes = policy_diff(docs[0], docs[1]);
	json_decref(docs[0]);
	json_decref(docs[1]);
	if (changes == NULL) {
		fputs("bhctl: no memory\n", stderr);
		return EXIT_ERROR;
	}
	differ = json_array_size(changes) != 0;
	if (json) {
		answer = json_pack("{s:o, s:o, s:b, s:O}", "old", offline_about(&p[0], path[0]),
			"new", offline_about(&p[1], path[1]), "differ", (int)differ, "changes",
			changes);
		command_print_json(answer);
		json_decref(answer);
	} else {
		print(p, changes, grid_colour(stdout));
	}
	json_decref(changes);
	return differ ? EXIT_FINDING : EXIT_GOOD;
}

int diff_command(const char *socket, int argc, char **argv)
{
	bool json = false;
	const struct option_of options[] = {{"json", NULL, &json}};
	struct offline_policy p[2];
	int rc = command_options(usage, options, 1, &argc, argv);

	(void)socket;
	if (rc == 0)
		rc = command_words(usage, argc, argv, 2, 2, argc == 0 ? "OLD" : "NEW");
	if (rc != 0)
		return rc;
	// Either may be of another time: what it says does not depend on the clock.
	if (!offline_load(&p[0], argv[0], true))
		return EXIT_ERROR;
	if (offline_load(&p[1], argv[1], true)) {
		rc = compare(p, argv, json);
		offline_free(&p[1]);
	} else {
		rc = EXIT_ERROR;
	}
	offline_free(&p[0]);
	return rc;
}
