// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// bhctl policy push, promote, withdraw and rollback.

#include "app/control/policy_sig.h"
#include "app/control/server.h"
#include "app/operator/dry_run.h"
#include "app/operator/live.h"
#include "app/operator/offline.h"
#include "app/operator/rewrite.h"

#include <stdlib.h>
#include <string.h>

static const char push_usage[] =
	"usage: bhctl [--socket PATH] policy push [--shadow | --dry-run [--limit N]] [--json] "
	"POLICY\n"
	"\n"
	"Sends a policy, with its signature where POLICY.sig is there, to the gateway: it "
	"verifies,\n"
	"checks, compiles and puts it into force, or says why not.\n"
	"\n"
	"  --shadow   makes it the candidate: it decides nothing, but records say where it would "
	"have\n"
	"             decided otherwise; see policy promote and withdraw\n"
	"  --dry-run  puts nothing into force: says whether the gateway would take the policy, "
	"and\n"
	"             how many and which live flows would get another verdict by it\n"
	"  --limit N  shows at most so many of these, up to 10000; default: 20\n"
	"  --json     the whole answer, for machines\n"
	"\n"
	"Exit status: 0 in force (with --dry-run: would be; with --shadow: a candidate), 1 "
	"refused,\n"
	"2 an error.\n";

static void say_taken(const json_t *reply, const char *what)
{
	printf("policy %s version %" JSON_INTEGER_FORMAT " is %s", command_text(reply, "id"),
		command_number(reply, "version"), what);
	if (command_number(reply, "epoch") != 0)
		printf(": epoch %" JSON_INTEGER_FORMAT, command_number(reply, "epoch"));
	printf("%s %" JSON_INTEGER_FORMAT " rules, %" JSON_INTEGER_FORMAT
	       " limits, compiled in %.1f ms%s%s\n",
		command_number(reply, "epoch") != 0 ? "," : ":", command_number(reply, "rules"),
		command_number(reply, "limits"), (double)command_number(reply, "compile_us") / 1000,
		*command_text(reply, "key") != '\0' ? ", signed by " : "",
		command_text(reply, "key"));
	if (json_is_integer(json_object_get(reply, "changed")))
		dry_run_changes(reply, "changed verdict");
	else if (json_is_null(json_object_get(reply, "changed")))
		puts("how many live flows changed verdict was not counted in time");
}

static int report(json_t *reply, bool json)
{
	const char *outcome = command_text(reply, "outcome");
	bool taken = strcmp(outcome, "refused") != 0, said = false;
	json_t *findings = json_object_get(reply, "findings"), *line;
	size_t i;

	if (json) {
		command_print_json(reply);
	} else {
		json_array_foreach (findings, i, line) {
			const char *text = json_string_value(line);

			fprintf(taken ? stdout : stderr, "%s\n", text);
			said |= strstr(text, command_text(reply, "why")) != NULL;
		}
		if (strcmp(outcome, "withdrawn") == 0)
			printf("candidate %s version %" JSON_INTEGER_FORMAT " is withdrawn\n",
				command_text(reply, "id"), command_number(reply, "version"));
		else if (taken)
			say_taken(reply, strcmp(outcome, "shadow") == 0 ? "the candidate, in shadow"
									: "in force");
		else
			fprintf(stderr, "bhctl: refused%s%s; the policy before stays in force\n",
				said ? "" : ": ", said ? "" : command_text(reply, "why"));
		if (*command_text(reply, "warning") != '\0')
			fprintf(stderr, "bhctl: WARNING: %s\n", command_text(reply, "warning"));
	}
	json_decref(reply);
	return taken ? EXIT_GOOD : EXIT_FINDING;
}

static json_t *offer(
	const char *name, const char *how, const char *text, size_t len, const char *sig)
{
	json_t *o = json_pack("{s:s, s:o, s:s, s:s%, s:o}", "cmd", "policy.push", "name",
		control_text(name), "how", how, "text", text, len, "sig",
		sig != NULL ? control_text(sig) : json_null());

	if (o == NULL)
		fprintf(stderr, "bhctl: %s: not UTF-8, so not JSON; see bhctl policy validate\n",
			name);
	return o;
}

int push_command(const char *socket, int argc, char **argv)
{
	bool json = false, dry = false, shadow = false;
	const char *limit = NULL;
	const struct option_of options[] = {{"json", NULL, &json}, {"dry-run", NULL, &dry},
		{"shadow", NULL, &shadow}, {"limit", &limit, NULL}};
	struct policy_text text;
	struct diag_list diag;
	json_t *request, *reply;
	json_int_t n = 20;
	int rc = command_options(push_usage, options, 4, &argc, argv);

	if (rc == 0)
		rc = command_words(push_usage, argc, argv, 1, 1, "POLICY");
	if (rc != 0)
		return rc;
	if (limit != NULL && !live_number(limit, "limit", 10000, &n))
		return EXIT_ERROR;
	if (shadow && dry)
		return command_misuse(push_usage,
			"--shadow and --dry-run exclude each other: the one makes a candidate, the "
			"other tries only");
	if (limit != NULL && !dry)
		return command_misuse(push_usage, "--limit is of --dry-run, which is missing");
	diag_init(&diag, argv[0]);
	rc = policy_text_read(&text, argv[0], &diag);
	policy_file_print(&diag, stderr);
	diag_clear(&diag);
	if (rc < 0)
		return EXIT_ERROR;
	request = offer(argv[0], "push", text.text, text.len, text.sig);
	policy_text_free(&text);
	if (shadow && request != NULL)
		json_object_set_new(request, "cmd", json_string("policy.shadow"));
	if (dry && request != NULL)
		return dry_run(socket, request, n, json);
	reply = request != NULL ? command_ask(socket, request) : NULL;
	return reply != NULL ? report(reply, json) : EXIT_ERROR;
}

static const char promote_usage[] =
	"usage: bhctl [--socket PATH] policy promote [--version N] [--json]\n"
	"\n"
	"Puts the candidate (policy push --shadow) into force, by all the checks of a push.\n"
	"\n"
	"  --version N  only where the candidate is this version; else an error\n"
	"  --json       the whole answer, for machines\n"
	"\n"
	"Exit status: 0 in force, 1 refused: it stays the candidate, 2 an error.\n";

static const char withdraw_usage[] =
	"usage: bhctl [--socket PATH] policy withdraw [--version N] [--json]\n"
	"\n"
	"Gives the candidate (policy push --shadow) up.\n"
	"\n"
	"  --version N  only where the candidate is this version; else an error\n"
	"  --json       the whole answer, for machines\n"
	"\n"
	"Exit status: 0 withdrawn, 2 an error.\n";

static int on_candidate(
	const char *socket, int argc, char **argv, const char *usage, const char *cmd)
{
	bool json = false;
	const char *version = NULL;
	const struct option_of options[] = {{"json", NULL, &json}, {"version", &version, NULL}};
	json_int_t n = 0;
	json_t *request, *reply;
	int rc = command_only_options(usage, options, 2, argc, argv);

	if (rc != 0)
		return rc;
	if (version != NULL && !live_number(version, "version", UINT32_MAX, &n))
		return EXIT_ERROR;
	request = json_pack("{s:s}", "cmd", cmd);
	if (version != NULL)
		json_object_set_new(request, "version", json_integer(n));
	reply = command_ask(socket, request);
	return reply != NULL ? report(reply, json) : EXIT_ERROR;
}

int promote_command(const char *socket, int argc, char **argv)
{
	return on_candidate(socket, argc, argv, promote_usage, "policy.promote");
}

int withdraw_command(const char *socket, int argc, char **argv)
{
	return on_candidate(socket, argc, argv, withdraw_usage, "policy.withdraw");
}

static const char rollback_usage[] =
	"usage: bhctl [--socket PATH] policy rollback [--to VERSION] [--key FILE [--name NAME]]\n"
	"             [--out FILE] [--json]\n"
	"\n"
	"Puts the text of an earlier version into force again, as a new version that says which "
	"one it\n"
	"restores.\n"
	"\n"
	"  --to VERSION  which; default: the one that was in force before, whatever its id and "
	"version\n"
	"  --key FILE    private key to sign with, where the gateway wants signatures\n"
	"  --name NAME   the key's name; default: as FILE.pub says\n"
	"  --out FILE    write the new policy here too (and its signature to FILE.sig)\n"
	"  --json        the whole answer, for machines\n"
	"\n"
	"Exit status: 0 in force, 1 refused, 2 an error.\n";

static int roll(const char *socket, json_t *old, json_int_t now, const struct key_private *k,
	const char *out, bool json)
{
	char *sig = NULL, *text;
	size_t len;
	json_t *request, *reply = NULL;

	text = rewrite_version(command_text(old, "text"), (uint32_t)now + 1,
		(uint32_t)command_number(old, "version"), &len);
	if (text == NULL) {
		fprintf(stderr, "bhctl: the text of that version cannot be rewritten\n");
		return EXIT_ERROR;
	}
	if (k != NULL)
		sig = policy_sig_make(k, text, len, rewrite_id(text), (uint32_t)now + 1);
	if (out != NULL && !rewrite_save(out, text, len, sig)) {
		free(text);
		free(sig);
		return EXIT_ERROR;
	}
	request = offer(out != NULL ? out : "rollback", "rollback", text, len, sig);
	if (request != NULL)
		reply = command_ask(socket, request);
	free(text);
	free(sig);
	return reply != NULL ? report(reply, json) : EXIT_ERROR;
}

int rollback_command(const char *socket, int argc, char **argv)
{
	static const char *const suffixes[] = {"", ".sig", NULL};
	const char *to = NULL, *key = NULL, *name = NULL, *out = NULL;
	bool json = false;
	const struct option_of options[] = {{"to", &to, NULL}, {"key", &key, NULL},
		{"name", &name, NULL}, {"out", &out, NULL}, {"json", NULL, &json}};
	struct key_private *k = NULL;
	json_t *status, *old = NULL;
	json_int_t now, version = 0;
	int rc = command_only_options(rollback_usage, options, 5, argc, argv);

	if (rc != 0)
		return rc;
	if (to != NULL && !live_number(to, "to", UINT32_MAX, &version))
		return EXIT_ERROR;
	if (to != NULL && version == 0)
		return command_misuse(rollback_usage, "--to: versions begin with 1");
	if (key_in_the_way(out, suffixes, key, NULL))
		return EXIT_ERROR;
	if (key != NULL && (k = key_for_signing(key, name)) == NULL)
		return EXIT_ERROR;
	status = command_ask(socket, json_pack("{s:s}", "cmd", "policy.status"));
	now = command_number(status, "version");
	if (status != NULL)
		old = command_ask(socket,
			to != NULL
				? json_pack("{s:s, s:I}", "cmd", "policy.get", "version", version)
				: json_pack("{s:s, s:b}", "cmd", "policy.get", "before", 1));
	if (command_number(old, "version") > now) // its number was used for that text
		now = command_number(old, "version");
	if (old != NULL && now >= UINT32_MAX) {
		fprintf(stderr,
			"bhctl: no version comes after %u; push the earlier text with a version of "
			"its own\n",
			UINT32_MAX);
		json_decref(old);
		old = NULL;
	}
	rc = old != NULL ? roll(socket, old, now, k, out, json) : EXIT_ERROR;
	json_decref(old);
	json_decref(status);
	key_free(k);
	return rc;
}
