// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/search.h"

#include "app/review/filter_args.h"
#include "app/review/printer.h"
#include "app/review/scan.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct search {
	struct filter_args which;
	enum printer_format format;
	struct scan scan;
	char err[4400];
};

static const char help[] =
	"Usage: bhlog search DIR|FILE|-... [options]\n"
	"\n"
	"Finds records of the flow log, in order, also while the gateway writes. A directory "
	"stands\n"
	"for its files in the order of their numbers.\n"
	"\n" FILTER_ARG_HELP "\n"
	"How (a table on a terminal, JSON otherwise):\n"
	"  --json            the lines as they stand in the log\n"
	"  --csv             RFC 4180, with a header\n"
	"  --table           aligned columns\n"
	"\n"
	"Exit status: 0 found, 1 nothing found, 2 an error.\n";

enum option_value {
	OPT_JSON = FILTER_ARG_OWN,
	OPT_CSV,
	OPT_TABLE,
	OPT_HELP = 'h',
};

static const struct option options[] = {
	FILTER_ARG_ROWS,
	{"json", no_argument, NULL, OPT_JSON},
	{"csv", no_argument, NULL, OPT_CSV},
	{"table", no_argument, NULL, OPT_TABLE},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int take_option(struct search *s, int option, const char *text)
{
	const int rc = filter_args_take(&s->which, option, text, s->err, sizeof(s->err));

	if (rc <= 0) {
		return rc;
	}
	switch (option) {
	case OPT_JSON:
		s->format = PRINTER_JSON;
		return 0;
	case OPT_CSV:
		s->format = PRINTER_CSV;
		return 0;
	case OPT_TABLE:
		s->format = PRINTER_TABLE;
		return 0;
	default: // getopt has said what is wrong
		snprintf(s->err, sizeof(s->err), "\"bhlog search --help\" lists the options");
		return -EINVAL;
	}
}

static int put(
	void *ctx, const struct row *r, const char *line, size_t len, char *err, size_t err_size)
{
	printer_put(ctx, r, line, len);
	return 0;
}

static int show(struct search *s)
{
	struct printer *printer = printer_open(s->format, stdout);
	int rc, close_rc;

	if (printer == NULL) {
		snprintf(s->err, sizeof(s->err), "out of memory");
		return -ENOMEM;
	}
	s->scan.ctx = printer;
	rc = scan_run(&s->scan, s->err, sizeof(s->err));
	close_rc = printer_close(printer);
	if (close_rc != 0 && rc == 0) {
		snprintf(
			s->err, sizeof(s->err), "cannot write the output: %s", strerror(-close_rc));
		rc = close_rc;
	}
	scan_summarise(&s->scan);
	return rc != 0 ? rc : scan_check(&s->scan, s->err, sizeof(s->err));
}

static int run(struct search *s, char *const *paths, unsigned n)
{
	int rc;

	s->scan.filter = &s->which.filter;
	s->scan.limit = s->which.limit;
	s->scan.progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
	s->scan.put = put;
	rc = scan_open(&s->scan, paths, n, s->err, sizeof(s->err));
	if (rc == 0) {
		rc = show(s);
		scan_close(&s->scan);
	}
	return rc;
}

static int search(struct search *s, int argc, char **argv)
{
	int option, rc = 0;

	s->format = isatty(STDOUT_FILENO) ? PRINTER_TABLE : PRINTER_JSON;
	optind = 1;
	while (rc == 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(help, stdout);
			return REVIEW_FOUND;
		}
		rc = take_option(s, option, optarg);
	}
	if (rc == 0 && optind == argc) {
		snprintf(s->err, sizeof(s->err),
			"name the log's directory or files; \"bhlog search --help\" tells more");
		rc = -EINVAL;
	}
	if (rc == 0) {
		rc = filter_args_end(&s->which, s->err, sizeof(s->err));
	}
	if (rc == 0) {
		rc = run(s, argv + optind, (unsigned)(argc - optind));
	}
	if (rc != 0) {
		fprintf(stderr, "bhlog: %s\n", s->err);
		return REVIEW_ERROR;
	}
	return s->scan.matches != 0 ? REVIEW_FOUND : REVIEW_NOTHING;
}

int search_main(int argc, char **argv)
{
	struct search *s = calloc(1, sizeof(*s));
	int status;

	if (s == NULL) {
		fprintf(stderr, "bhlog: out of memory\n");
		return REVIEW_ERROR;
	}
	status = search(s, argc, argv);
	free(s);
	return status;
}
