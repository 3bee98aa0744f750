// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/bundle/bundle_command.h"

#include "app/bundle/bundle.h"
#include "app/review/moment.h"
#include "app/review/period.h"
#include "app/review/search.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"Usage: bhlog bundle DIR --period P --out FILE [options]\n"
	"\n"
	"Writes what somebody takes away of a flow log: the records of a period with the proof\n"
	"that they are in the log and that none is left out, checkpoints, keys, policies, and a\n"
	"verifier that needs nothing but Python. A tar archive; the gateway may write meanwhile.\n"
	"\n"
	"  --period P        2026, 2026-11, 2026-11-24, or FROM/UNTIL of these or of RFC 3339 "
	"times\n"
	"  --since T         from T on; RFC 3339, or a date (in the time of --offset)\n"
	"  --until T         before T; a date includes that day\n"
	"  --offset +HH:MM   days are those of so many hours and minutes east of UTC\n"
	"  --out FILE        the archive; there whole or not at all\n"
	"  --force           in place of an old one\n"
	"  --key VKEY        public key of the gateway's log, to go with it\n"
	"  --witness VKEY    and that of the witness that signed DIR/cosigned\n"
	"  --policy FILE     a policy of the period, to go with it; may be given several times\n"
	"  --captures        with the evidence captures that the records name\n"
	"\n"
	"Exit status: 0 written, 1 nothing of the period is there, 2 an error.\n";

enum option_value {
	OPT_PERIOD = 1,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_OFFSET,
	OPT_OUT,
	OPT_FORCE,
	OPT_KEY,
	OPT_WITNESS,
	OPT_POLICY,
	OPT_CAPTURES,
	OPT_HELP = 'h',
};

static const struct option options[] = {
	{"period", required_argument, NULL, OPT_PERIOD},
	{"since", required_argument, NULL, OPT_SINCE},
	{"until", required_argument, NULL, OPT_UNTIL},
	{"offset", required_argument, NULL, OPT_OFFSET},
	{"out", required_argument, NULL, OPT_OUT},
	{"force", no_argument, NULL, OPT_FORCE},
	{"key", required_argument, NULL, OPT_KEY},
	{"witness", required_argument, NULL, OPT_WITNESS},
	{"policy", required_argument, NULL, OPT_POLICY},
	{"captures", no_argument, NULL, OPT_CAPTURES},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct command {
	struct bundle_options o;
	struct period_args period;
	struct key_public key, witness;
	int64_t offset; // seconds east of UTC
	struct bundle bundle;
};

static int say(struct command *c, const char *text)
{
	return bundle_say(&c->bundle, -EINVAL, "%s", text);
}

static int take_key(
	struct command *c, struct key_public *k, const struct key_public **to, const char *text)
{
	if (!key_read_public(text, k, c->bundle.err, sizeof(c->bundle.err)))
		return -EINVAL;
	*to = k;
	return 0;
}

static int take_option(struct command *c, int option, const char *text)
{
	switch (option) {
	case OPT_PERIOD:
		c->period.period = text;
		return 0;
	case OPT_SINCE:
		c->period.since = text;
		return 0;
	case OPT_UNTIL:
		c->period.until = text;
		return 0;
	case OPT_OFFSET:
		return offset_parse(text, &c->offset)
			       ? 0
			       : say(c, "--offset: expected +HH:MM or -HH:MM, such as +08:00");
	case OPT_OUT:
		c->o.out = text;
		return 0;
	case OPT_FORCE:
		c->o.force = true;
		return 0;
	case OPT_KEY:
		return take_key(c, &c->key, &c->o.key, text);
	case OPT_WITNESS:
		return take_key(c, &c->witness, &c->o.witness, text);
	case OPT_POLICY:
		if (c->o.n_policies == BUNDLE_POLICIES_MAX)
			return say(c, "--policy: no more than 64 of them");
		c->o.policies[c->o.n_policies++] = text;
		return 0;
	case OPT_CAPTURES:
		c->o.captures = true;
		return 0;
	default: // getopt has said what is wrong
		return say(c, "\"bhlog bundle --help\" lists the options");
	}
}

static int check(struct command *c, int n, char **names)
{
	int rc;

	if (n != 1)
		return say(c, "name one log's directory; \"bhlog bundle --help\" tells more");
	c->o.dir = names[0];
	rc = period_args_read(
		&c->period, c->offset, &c->o.when, c->bundle.err, sizeof(c->bundle.err));
	if (rc != 0)
		return rc;
	if (!c->o.when.has_since || !c->o.when.has_until)
		return say(c, "--period is missing, or both --since and --until");
	if (c->o.out == NULL)
		return say(c, "--out is missing: the file to write");
	return 0;
}

static void summarise_policies(const struct bundle *b)
{
	for (size_t i = 0; i < b->named.n_policies; i++) {
		const struct named_policy *p = &b->named.policies[i];
		char version[48] = "";

		if (!p->in_force || p->here)
			continue;
		if (p->version != 0)
			snprintf(version, sizeof(version), "version %" PRIu64 ", ", p->version);
		fprintf(stderr, "bhlog: not in it: the policy in force %sSHA-256 %s\n", version,
			p->sha256);
	}
}

static void summarise(const struct bundle *b)
{
	char time[32];

	moment_format(b->newest.c.time, time);
	fprintf(stderr,
		"bhlog: %s: %" PRIu64 " records, %" PRIu64 " of them of the period, in %" PRIu64
		" blocks; checkpoint of %" PRIu64 " blocks%s%s\n",
		b->o->out, b->records, b->of_period, b->end - b->first - b->pruned,
		b->newest.c.size, time[0] != '\0' ? " at " : "", time);
	if (b->pruned != 0)
		fprintf(stderr,
			"bhlog: the first %" PRIu64
			" blocks of the period were pruned%s: only their entries are in it\n",
			b->pruned,
			b->states_kept ? ", as the log states"
				       : ", or removed by hand, which the log does not say");
	if (b->of_period == 0)
		fputs("bhlog: no record is of the period; the bundle shows it\n", stderr);
	if (b->end == b->newest.c.size && b->last < b->o->when.until + BUNDLE_MARGIN &&
		b->newest.c.time < b->o->when.until + BUNDLE_MARGIN)
		fputs("bhlog: the checkpoint is older than the period's end and ten minutes: what "
		      "came later is not in it\n",
			stderr);
	if (b->o->key == NULL)
		fputs("bhlog: no public key is in it (--key); whoever verifies must have it\n",
			stderr);
	summarise_policies(b);
	if (!b->o->captures && b->named.n_captures != 0)
		fprintf(stderr, "bhlog: not in it: %zu evidence captures (--captures)\n",
			b->named.n_captures);
	if (b->named.captures_gone != 0)
		fprintf(stderr,
			"bhlog: not in it: %" PRIu64 " evidence captures that are not there\n",
			b->named.captures_gone);
	if (b->named.captures_other != 0)
		fprintf(stderr,
			"bhlog: not in it: %" PRIu64
			" evidence captures that are not what their records are of\n",
			b->named.captures_other);
}

static int run(struct command *c, int argc, char **argv)
{
	int option, rc = 0;

	optind = 1;
	while (rc == 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(help, stdout);
			return REVIEW_FOUND;
		}
		rc = take_option(c, option, optarg);
	}
	if (rc == 0)
		rc = check(c, argc - optind, argv + optind);
	if (rc == 0) {
		c->o.progress = isatty(STDERR_FILENO);
		rc = bundle_make(&c->bundle, &c->o);
	}
	if (rc != 0) {
		fprintf(stderr, "bhlog: %s\n", c->bundle.err);
		return rc == 1 ? REVIEW_NOTHING : REVIEW_ERROR;
	}
	summarise(&c->bundle);
	return REVIEW_FOUND;
}

int bundle_main(int argc, char **argv)
{
	struct command *c = calloc(1, sizeof(*c));
	int status;

	if (c == NULL) {
		fprintf(stderr, "bhlog: out of memory\n");
		return REVIEW_ERROR;
	}
	c->bundle.dir_fd = -1;
	status = run(c, argc, argv);
	bundle_fini(&c->bundle);
	free(c);
	return status;
}
