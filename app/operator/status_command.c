// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// bhctl policy status and history.

#include "app/operator/command.h"

#include <string.h>
#include <time.h>

static const char status_usage[] = "usage: bhctl [--socket PATH] policy status [--json]\n"
				   "\n"
				   "The policy in force, and the candidate where there is "
				   "one.\n";

static void print_time(const char *label, json_int_t t, const char *behind)
{
	time_t at = (time_t)t;
	char text[64] = "";
	struct tm tm;

	if (t > 253402300799 || t < -62135596800 || gmtime_r(&at, &tm) == NULL)
		snprintf(text, sizeof(text), "never");
	else
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("%-10s %s%s\n", label, text, behind);
}

// Of whoever wrote the policy.
static void print_words(const char *label, const char *text)
{
	printf("%-10s ", label);
	command_put_plain(text);
	putchar('\n');
}

static void print_candidate(const json_t *c)
{
	const char *way, *between = " (";
	json_t *n;

	if (!json_is_object(c)) {
		puts("candidate  none");
		return;
	}
	printf("candidate  %s version %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
	       " rules, %" JSON_INTEGER_FORMAT " limits, by %s\n",
		command_text(c, "id"), command_number(c, "version"), command_number(c, "rules"),
		command_number(c, "limits"),
		*command_text(c, "who") != '\0' ? command_text(c, "who") : "-");
	printf("           sha256 %s\n", command_text(c, "sha256"));
	print_time("           since", command_number(c, "since") / 1000000,
		json_is_true(json_object_get(c, "expired")) ? "  EXPIRED" : "");
	printf("           of %" JSON_INTEGER_FORMAT
	       " flows that ended, another verdict on %" JSON_INTEGER_FORMAT,
		command_number(c, "flows"), command_number(c, "changed"));
	json_object_foreach (json_object_get(c, "changes"), way, n) {
		if (json_integer_value(n) == 0)
			continue;
		printf("%s%s %" JSON_INTEGER_FORMAT, between, way, json_integer_value(n));
		between = ", ";
	}
	printf("%s, another rule or reason on %" JSON_INTEGER_FORMAT "\n",
		*between == ',' ? ")" : "", command_number(c, "renamed"));
}

static void print_evidence(const json_t *e)
{
	json_int_t blocks = command_number(e, "blocks");

	printf("log        %s%s, checkpoint of %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
	       " blocks\n",
		*command_text(e, "signer") != '\0' ? "signed by " : "unsigned",
		command_text(e, "signer"), command_number(e, "checkpoint_blocks"), blocks);
	if (command_number(e, "checkpoint_t") != 0)
		print_time("", command_number(e, "checkpoint_t") / 1000000, "");
	if (command_number(e, "ages_wait_s") != 0)
		printf("           the clock has stepped forward: nothing is removed for its age "
		       "for "
		       "another %" JSON_INTEGER_FORMAT " min\n",
			(command_number(e, "ages_wait_s") + 59) / 60);
}

// What the ports take over, and what they cannot; nothing where it is off.
static void print_offload(const json_t *o)
{
	const char *name;
	json_t *wire, *v;
	size_t i, k;

	json_array_foreach (json_object_get(o, "wires"), i, wire) {
		const json_t *can = json_object_get(wire, "can");

		printf("%-10s wire %s: ", i == 0 ? "offload" : "", command_text(wire, "wire"));
		json_array_foreach (can, k, v)
			printf("%s%s", k != 0 ? ", " : "", json_string_value(v));
		puts(json_array_size(can) == 0 ? "its ports can nothing" : "");
		json_object_foreach (json_object_get(wire, "cannot"), name, v)
			printf("           cannot %s: %s\n", name, json_string_value(v));
	}
}

int status_command(const char *socket, int argc, char **argv)
{
	bool json = false;
	const struct option_of options[] = {{"json", NULL, &json}};
	json_t *r;
	int rc = command_only_options(status_usage, options, 1, argc, argv);

	if (rc != 0)
		return rc;
	r = command_ask(socket, json_pack("{s:s}", "cmd", "policy.status"));
	if (r == NULL)
		return EXIT_ERROR;
	if (json) {
		command_print_json(r);
	} else {
		printf("gateway    %s\n", command_text(r, "gateway"));
		printf("policy     %s version %" JSON_INTEGER_FORMAT ", epoch %" JSON_INTEGER_FORMAT
		       "\n",
			command_text(r, "id"), command_number(r, "version"),
			command_number(r, "epoch"));
		if (*command_text(r, "title") != '\0')
			print_words("title", command_text(r, "title"));
		print_words("issuer", command_text(r, "issuer"));
		printf("sha256     %s\n", command_text(r, "sha256"));
		printf("contents   %" JSON_INTEGER_FORMAT " rules, %" JSON_INTEGER_FORMAT
		       " limits, %" JSON_INTEGER_FORMAT " tenants\n",
			command_number(r, "rules"), command_number(r, "limits"),
			command_number(r, "tenants"));
		print_time("not before", command_number(r, "not_before"), "");
		print_time("expires", command_number(r, "expires"),
			json_is_true(json_object_get(r, "expired")) ? "  EXPIRED" : "");
		printf("signatures %s\n", json_is_true(json_object_get(r, "signatures"))
						  ? "required"
						  : "not required");
		printf("file       %s\n", json_is_true(json_object_get(r, "watch"))
						  ? "watched"
						  : "read at the start and on SIGHUP");
		print_evidence(json_object_get(r, "evidence"));
		print_candidate(json_object_get(r, "candidate"));
		print_offload(json_object_get(r, "offload"));
	}
	json_decref(r);
	return EXIT_GOOD;
}

static const char history_usage[] =
	"usage: bhctl [--socket PATH] policy history [--json]\n"
	"\n"
	"The last attempts to put a policy into force, refused ones too.\n";

// What was refused has no epoch, and where it could not be read no version.
static void or_dash(json_int_t n, char out[24])
{
	if (n != 0)
		snprintf(out, 24, "%" JSON_INTEGER_FORMAT, n);
	else
		strcpy(out, "-");
}

int history_command(const char *socket, int argc, char **argv)
{
	bool json = false;
	const struct option_of options[] = {{"json", NULL, &json}};
	json_t *r, *o;
	size_t i;
	int rc = command_only_options(history_usage, options, 1, argc, argv);

	if (rc != 0)
		return rc;
	r = command_ask(socket, json_pack("{s:s}", "cmd", "policy.history"));
	if (r == NULL)
		return EXIT_ERROR;
	if (json) {
		command_print_json(json_object_get(r, "attempts"));
		json_decref(r);
		return EXIT_GOOD;
	}
	printf("%-20s %-9s %-10s %-9s %8s %6s  %-16s  %s\n", "TIME", "HOW", "WHO", "OUTCOME",
		"VERSION", "EPOCH", "SHA-256", "DETAIL");
	json_array_foreach (json_object_get(r, "attempts"), i, o) {
		time_t at = (time_t)(command_number(o, "t") / 1000000);
		char text[32] = "", version[24], epoch[24];
		struct tm tm;

		if (gmtime_r(&at, &tm) != NULL)
			strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		or_dash(command_number(o, "version"), version);
		or_dash(command_number(o, "epoch"), epoch);
		printf("%-20s %-9s %-10s %-9s %8s %6s  %-16.16s  ", text, command_text(o, "how"),
			*command_text(o, "who") != '\0' ? command_text(o, "who") : "-",
			command_text(o, "outcome"), version, epoch, command_text(o, "sha256"));
		command_put_plain(command_text(o, "detail"));
		putchar('\n');
	}
	json_decref(r);
	return EXIT_GOOD;
}
