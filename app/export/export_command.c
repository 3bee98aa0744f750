// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/export/export_command.h"

#include "app/export/writer.h"
#include "app/review/filter_args.h"
#include "app/review/out_file.h"
#include "app/review/scan.h"
#include "app/review/search.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct export
{
	struct filter_args which;
	struct scan scan;
	const char *format, *out, *key;
	bool keep_prefixes;
	char err[4400];
};

static const char help[] =
	"Usage: bhlog export DIR|FILE|-... --format FORMAT [options]\n"
	"\n"
	"Writes records of the flow log in the words of other tools.\n"
	"\n"
	"  --format eve      Suricata's EVE JSON: flow, alert and engine events\n"
	"  --format ecs      Elastic Common Schema 8, one JSON object a line\n"
	"  --format csv      RFC 4180, a header, a column for each field of a record\n"
	"  --out FILE        in place of standard output; whole or not at all\n"
	"  --pseudonymise KEY\n"
	"                    pseudonyms in place of addresses, host names and tenants; KEY is a\n"
	"                    file of 32 or more random bytes that its owner alone can read\n"
	"  --keep-prefixes   with it: addresses that have their first bits in common still do\n"
	"\n" FILTER_ARG_HELP "\n"
	"Exit status: 0 written, 1 nothing matched, 2 an error.\n";

enum option_value {
	OPT_FORMAT = FILTER_ARG_OWN,
	OPT_OUT,
	OPT_PSEUDONYMISE,
	OPT_KEEP_PREFIXES,
	OPT_HELP = 'h',
};

static const struct option options[] = {
	FILTER_ARG_ROWS,
	{"format", required_argument, NULL, OPT_FORMAT},
	{"out", required_argument, NULL, OPT_OUT},
	{"pseudonymise", required_argument, NULL, OPT_PSEUDONYMISE},
	{"keep-prefixes", no_argument, NULL, OPT_KEEP_PREFIXES},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int take_option(struct export *x, int option, const char *text)
{
	const int rc = filter_args_take(&x->which, option, text, x->err, sizeof(x->err));

	if (rc <= 0) {
		return rc;
	}
	switch (option) {
	case OPT_FORMAT:
		x->format = text;
		return 0;
	case OPT_OUT:
		x->out = text;
		return 0;
	case OPT_PSEUDONYMISE:
		x->key = text;
		return 0;
	case OPT_KEEP_PREFIXES:
		x->keep_prefixes = true;
		return 0;
	default: // getopt has said what is wrong
		snprintf(x->err, sizeof(x->err), "\"bhlog export --help\" lists the options");
		return -EINVAL;
	}
}

static int check(struct export *x, bool has_log, enum export_format *format)
{
	int rc = filter_args_end(&x->which, x->err, sizeof(x->err));

	if (rc != 0) {
		return rc;
	}
	rc = -EINVAL;
	if (!has_log) {
		snprintf(x->err, sizeof(x->err),
			"name the log's directory or files; \"bhlog export --help\" tells more");
	} else if (x->format == NULL) {
		snprintf(x->err, sizeof(x->err), "--format is missing: eve, ecs or csv");
	} else if (!export_format_parse(x->format, format)) {
		snprintf(x->err, sizeof(x->err), "--format \"%s\": expected eve, ecs or csv",
			x->format);
	} else if (x->keep_prefixes && x->key == NULL) {
		snprintf(x->err, sizeof(x->err),
			"--keep-prefixes says how to --pseudonymise, and needs it");
	} else {
		rc = 0;
	}
	return rc;
}

static int put(
	void *ctx, const struct row *r, const char *line, size_t len, char *err, size_t err_size)
{
	return export_writer_put(ctx, r, line, len, err, err_size);
}

static void summarise(const struct export *x, uint64_t left_out)
{
	scan_summarise(&x->scan);
	if (left_out != 0) {
		fprintf(stderr,
			"bhlog: %" PRIu64 " of them are updates or decisions to allow, for which "
			"%s has no event\n",
			left_out, x->format);
	}
}

static int write_all(
	struct export *x, enum export_format format, struct pseudonym *names, FILE *out)
{
	struct export_writer *writer = export_writer_open(format, names, out);
	uint64_t left_out;
	int rc, close_rc;

	if (writer == NULL) {
		snprintf(x->err, sizeof(x->err), "out of memory");
		return -ENOMEM;
	}
	x->scan.ctx = writer;
	rc = scan_run(&x->scan, x->err, sizeof(x->err));
	left_out = export_writer_left_out(writer);
	close_rc = export_writer_close(writer);
	if (rc == 0 && close_rc != 0) {
		snprintf(
			x->err, sizeof(x->err), "cannot write the output: %s", strerror(-close_rc));
		rc = close_rc;
	}
	summarise(x, left_out);
	return rc != 0 ? rc : scan_check(&x->scan, x->err, sizeof(x->err));
}

static int write_file(struct export *x, enum export_format format, struct pseudonym *names)
{
	struct out_file out;
	int rc = out_file_begin(&out, x->out), end_rc;

	if (rc == 0) {
		rc = write_all(x, format, names, out.f);
		end_rc = out_file_end(&out, rc);
		if (rc != 0 || end_rc == 0) {
			return rc;
		}
		rc = end_rc;
	}
	snprintf(x->err, sizeof(x->err), "%s: %s", x->out != NULL ? x->out : "standard output",
		strerror(-rc));
	return rc;
}

static int run(struct export *x, char *const *paths, unsigned n)
{
	enum export_format format = EXPORT_EVE;
	struct pseudonym *names = NULL;
	int rc = check(x, n != 0, &format);

	if (rc == 0 && x->key != NULL) {
		names = pseudonym_open(x->key, x->keep_prefixes, x->err, sizeof(x->err));
		rc = names != NULL ? 0 : -EINVAL;
	}
	if (rc != 0) {
		return rc;
	}
	x->scan.filter = &x->which.filter;
	x->scan.limit = x->which.limit;
	x->scan.progress = isatty(STDERR_FILENO) && (x->out != NULL || !isatty(STDOUT_FILENO));
	x->scan.put = put;
	x->scan.catalogue.refresh = true;
	rc = scan_open(&x->scan, paths, n, x->err, sizeof(x->err));
	if (rc == 0) {
		rc = write_file(x, format, names);
		scan_close(&x->scan);
	}
	pseudonym_close(names);
	return rc;
}

static int export(struct export *x, int argc, char **argv)
{
	int option, rc = 0;

	optind = 1;
	while (rc == 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(help, stdout);
			return REVIEW_FOUND;
		}
		rc = take_option(x, option, optarg);
	}
	if (rc == 0) {
		rc = run(x, argv + optind, (unsigned)(argc - optind));
	}
	if (rc != 0) {
		fprintf(stderr, "bhlog: %s\n", x->err);
		return REVIEW_ERROR;
	}
	return x->scan.matches != 0 ? REVIEW_FOUND : REVIEW_NOTHING;
}

int export_main(int argc, char **argv)
{
	struct export *x = calloc(1, sizeof(*x));
	int status;

	if (x == NULL) {
		fprintf(stderr, "bhlog: out of memory\n");
		return REVIEW_ERROR;
	}
	status = export(x, argc, argv);
	free(x);
	return status;
}
