// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/geo_files.h"
#include "app/operator/live.h"
#include "app/simulate/simulate.h"
#include "app/simulate/simulation.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: bhctl policy simulate --policy NEW [--against OLD] [options] LOG|CAPTURE...\n"
	"\n"
	"What a policy would have decided, and which flows would get another verdict.\n"
	"LOG: a flow log's directory, files of it, or \"-\" for standard input; the engine\n"
	"over what was recorded, against what was decided then or against OLD. CAPTURE: pcap or\n"
	"pcapng; the gateway's own pipeline over the packets, once for each policy. Ends with "
	"what\n"
	"the answer does not say.\n"
	"\n"
	"  --policy NEW         the policy; its dates are not held against today\n"
	"  --against OLD        compare with this one\n"
	"  --country-db FILES   country databases, comma separated; captures need one\n"
	"  --asn-db FILES       AS databases, for captures\n"
	"  --inside PREFIXES    inside prefixes, for captures; default: the tenants' prefixes\n"
	"  --limit N            show at most so many flows that change; default: 20\n"
	"  --all                show them all, and tables whole\n"
	"  --json               the whole answer, for machines\n"
	"\n"
	"Exit status: 0 no verdict changes, 1 some do, 2 an error.\n";

// Whether the file begins as captures do. A directory is a log, and so is what can be read only
// once.
static bool is_capture(const char *path)
{
	static const unsigned char magics[][4] = {{0xd4, 0xc3, 0xb2, 0xa1},
		{0xa1, 0xb2, 0xc3, 0xd4}, {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d},
		{0x0a, 0x0d, 0x0d, 0x0a}};
	unsigned char head[4];
	struct stat st;
	int fd =
		stat(path, &st) == 0 && S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	bool whole = fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head);

	if (fd >= 0)
		close(fd);
	for (size_t i = 0; whole && i < sizeof(magics) / sizeof(magics[0]); i++)
		if (memcmp(head, magics[i], sizeof(head)) == 0)
			return true;
	return false;
}

// What the arguments are, all of one kind. False with a line on standard error.
static bool tell_kind(struct simulation *s, char *const *paths, int n)
{
	for (int i = 0; i < n; i++) {
		const bool capture = is_capture(paths[i]);

		if (i != 0 && capture != s->captures) {
			fputs("bhctl: a log and a capture cannot be simulated together\n", stderr);
			return false;
		}
		s->captures = capture;
	}
	if (s->captures && s->country_db == NULL) {
		fputs("bhctl: captures need --country-db FILE; see --help\n", stderr);
		return false;
	}
	if (!s->captures && (s->asn_db != NULL || s->inside != NULL)) {
		fputs("bhctl: --asn-db and --inside are for captures; a log has both in it\n",
			stderr);
		return false;
	}
	return true;
}

// A log's countries are recorded; a database is for those that an override gave.
static bool load_countries(struct simulation *s)
{
	const struct geo_words files = {.country_db = s->country_db};

	return s->captures || s->country_db == NULL || geo_files_load(&files, true, false, &s->geo);
}

static json_t *answer_of(struct simulation *s)
{
	json_t *a = json_object(), *pending;

	json_object_set_new(a, "policy", offline_about(&s->policy, s->policy_path));
	json_object_set_new(a, "source", json_string(s->captures ? "captures" : "log"));
	// A log says what was decided; of a capture nobody has said anything yet.
	json_object_set_new(a, "against",
		s->has_against ? offline_about(&s->against, s->against_path)
		: s->captures  ? json_null()
			       : json_string("records"));
	if (!s->captures)
		json_object_set_new(a, "records", json_integer((json_int_t)s->log.records));
	json_object_update_new(a, result_json(&s->result));
	if (s->captures) {
		pending = json_pack("{s:I}", "after", (json_int_t)s->before_verdict[1]);
		if (s->has_against)
			json_object_set_new(
				pending, "before", json_integer((json_int_t)s->before_verdict[0]));
		json_object_set_new(a, "bytes_before_verdict", pending);
	}
	json_object_set_new(a, "notes", simulation_notes(s));
	return a;
}

static int run(struct simulation *s, char *const *paths, unsigned n, bool all, bool json)
{
	json_t *answer;
	int rc;

	s->progress = isatty(STDERR_FILENO);
	if (!load_countries(s))
		return EXIT_ERROR;
	rc = s->captures ? simulate_captures(s, paths, n) : simulate_log(s, paths, n);
	if (rc < 0)
		return EXIT_ERROR;
	rc = s->result.changed != 0 ? EXIT_FINDING : EXIT_GOOD;
	answer = answer_of(s);
	if (json)
		command_print_json(answer);
	else
		simulation_print(answer, all);
	json_decref(answer);
	return rc;
}

int simulate_command(const char *socket, int argc, char **argv)
{
	struct simulation s = {0};
	bool all = false, json = false;
	const char *text = NULL;
	json_int_t limit = 20;
	const struct option_of options[] = {{"policy", &s.policy_path, NULL},
		{"against", &s.against_path, NULL}, {"country-db", &s.country_db, NULL},
		{"asn-db", &s.asn_db, NULL}, {"inside", &s.inside, NULL}, {"limit", &text, NULL},
		{"all", NULL, &all}, {"json", NULL, &json}};
	int rc = command_options(usage, options, 8, &argc, argv);

	(void)socket;
	if (rc == 0)
		rc = command_words(usage, argc, argv, 1, INT_MAX, "LOG or CAPTURE");
	if (rc != 0)
		return rc;
	if (s.policy_path == NULL)
		return command_misuse(usage, "--policy NEW is missing");
	if ((text != NULL && !live_number(text, "limit", 1000000, &limit)) ||
		!tell_kind(&s, argv, argc) || !offline_load(&s.policy, s.policy_path, true))
		return EXIT_ERROR;
	s.has_against = s.against_path != NULL;
	if (s.has_against && !offline_load(&s.against, s.against_path, true)) {
		offline_free(&s.policy);
		return EXIT_ERROR;
	}
	result_init(&s.result, all ? SIZE_MAX : (size_t)limit);
	rc = run(&s, argv, (unsigned)argc, all, json);
	result_fini(&s.result);
	geo_free(s.geo);
	if (s.has_against)
		offline_free(&s.against);
	offline_free(&s.policy);
	return rc;
}
