// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/search.h"

#include "app/review/filter_args.h"
#include "app/review/grouping.h"
#include "app/review/plain_words.h"
#include "app/review/printer.h"
#include "app/review/scan.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct search {
	struct filter_args which;
	struct plain_words words;
	enum printer_format format;
	bool has_format; // it was named
	struct grouping grouping;
	struct printer *printer;
	struct scan scan;
	char err[4400];
};

static const char help[] =
	"Usage: bhlog search DIR|FILE|-... [words] [options]\n"
	"\n"
	"Finds records of the flow log, in order, also while the gateway writes. A directory "
	"stands\n"
	"for its files in the order of their numbers.\n"
	"\n"
	"In words, such as \"all flows of tenant oem to country JP,US app TLS last tuesday\" or "
	"\"blocked\n"
	"to 203.0.113.0/24 since yesterday\":\n"
	"  tenant, country, app, host, address, rule, reason, event    and values, commas between\n"
	"  to                the remote end: an address, a prefix or a country\n"
	"  allowed, flagged, blocked\n"
	"  today, yesterday, last tuesday; this or last hour, day, week, month, year\n"
	"  since, until, on  a date, month or time, or the words for days above\n"
	"\n" FILTER_ARG_HELP
	"  --group F[,F...]  not the records, but their number and their flows' bytes by tenant, "
	"country,\n"
	"                    app, master, act, rule, ev, border, reason, host, src, dst; each byte "
	"of a\n"
	"                    flow once, as far as the records that match tell of it\n"
	"\n"
	"Where a directory has a catalogue (\"bhlog reindex\"), it is kept up to date and used:\n"
	"  --catalogue FILE  this one; it must be there\n"
	"  --scan            none: look at all that the times do not rule out\n"
	"\n"
	"How (a table on a terminal, JSON otherwise):\n"
	"  --json            the lines as they stand in the log\n"
	"  --csv             RFC 4180, with a header\n"
	"  --table           aligned columns\n"
	"\n"
	"Exit status: 0 found, 1 nothing found, 2 an error.\n";

enum option_value {
	OPT_GROUP = FILTER_ARG_OWN,
	OPT_SCAN,
	OPT_CATALOGUE,
	OPT_JSON,
	OPT_CSV,
	OPT_TABLE,
	OPT_HELP = 'h',
};

static const struct option options[] = {
	FILTER_ARG_ROWS,
	{"group", required_argument, NULL, OPT_GROUP},
	{"scan", no_argument, NULL, OPT_SCAN},
	{"catalogue", required_argument, NULL, OPT_CATALOGUE},
	{"json", no_argument, NULL, OPT_JSON},
	{"csv", no_argument, NULL, OPT_CSV},
	{"table", no_argument, NULL, OPT_TABLE},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int take_format(struct search *s, enum printer_format format)
{
	if (s->has_format && s->format != format) {
		snprintf(s->err, sizeof(s->err), "--json, --csv, --table: one of them at a time");
		return -EINVAL;
	}
	s->has_format = true;
	s->format = format;
	return 0;
}

static int take_option(struct search *s, int option, const char *text)
{
	const int rc = filter_args_take(&s->which, option, text, s->err, sizeof(s->err));

	if (rc <= 0) {
		return rc;
	}
	switch (option) {
	case OPT_GROUP:
		return grouping_parse(&s->grouping, text, s->err, sizeof(s->err));
	case OPT_SCAN:
		s->scan.no_catalogue = true;
		return 0;
	case OPT_CATALOGUE:
		s->scan.catalogue.file = text;
		return 0;
	case OPT_JSON:
		return take_format(s, PRINTER_JSON);
	case OPT_CSV:
		return take_format(s, PRINTER_CSV);
	case OPT_TABLE:
		return take_format(s, PRINTER_TABLE);
	default: // getopt has said what is wrong
		snprintf(s->err, sizeof(s->err), "\"bhlog search --help\" lists the options");
		return -EINVAL;
	}
}

static int grouped(int rc, char *err, size_t err_size)
{
	if (rc != 0) {
		snprintf(err, err_size, "%s",
			rc == -E2BIG
				? "there are too many groups, or flows that do not end; group by "
				  "fewer fields, or ask for less"
				: "the groups: out of memory, or a rollup that cannot be read");
	}
	return rc;
}

static int take_rollup(void *ctx, const struct row *r, uint32_t *place, char *err, size_t err_size)
{
	struct search *s = ctx;

	return grouped(grouping_add_rolled(&s->grouping, r, place), err, err_size);
}

static int take_single(
	void *ctx, uint32_t place, const struct flow_record *r, char *err, size_t err_size)
{
	struct search *s = ctx;

	return grouped(grouping_add_single(&s->grouping, place, r), err, err_size);
}

static int put(
	void *ctx, const struct row *r, const char *line, size_t len, char *err, size_t err_size)
{
	struct search *s = ctx;

	if (s->grouping.n != 0) {
		return grouped(grouping_add(&s->grouping, r), err, err_size);
	}
	printer_put(s->printer, r, line, len);
	return 0;
}

static int show(struct search *s)
{
	const bool groups = s->grouping.n != 0;
	int rc, close_rc = 0, printed_rc;

	// Groups are printed in their own form, at the end.
	s->printer = printer_open(groups ? PRINTER_JSON : s->format, stdout);
	if (s->printer == NULL) {
		snprintf(s->err, sizeof(s->err), "out of memory");
		return -ENOMEM;
	}
	rc = scan_run(&s->scan, s->err, sizeof(s->err));
	if (rc == 0 && groups) {
		close_rc = grouping_print(&s->grouping, s->format, s->which.limit, stdout);
	}
	printed_rc = printer_close(s->printer);
	close_rc = close_rc != 0 ? close_rc : printed_rc;
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
	const bool groups = s->grouping.n != 0;
	int rc;

	s->scan.catalogue.refresh = true;
	s->scan.filter = &s->which.filter;
	s->scan.limit = groups ? 0 : s->which.limit;
	s->scan.progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
	s->scan.put = put;
	s->scan.ctx = s;
	if (groups && grouping_is_rolled(&s->grouping)) {
		s->scan.rollup = take_rollup;
		s->scan.rollup_single = take_single;
	}
	rc = scan_open(&s->scan, paths, n, s->err, sizeof(s->err));
	if (rc == 0) {
		rc = show(s);
		scan_close(&s->scan);
	}
	return rc;
}

// The first argument is the log, further ones are too, until one is a word of a search. What could
// be either is refused.
static int take_arguments(struct search *s, char *const *args, unsigned n, unsigned *paths)
{
	int rc;

	for (*paths = n != 0; *paths < n; (*paths)++) {
		const char *arg = args[*paths], *near = plain_words_near(arg);
		const bool is_file = strcmp(arg, "-") == 0 || access(arg, F_OK) == 0;

		if (!is_file && !plain_words_is(arg)) {
			snprintf(s->err, sizeof(s->err),
				"\"%s\" is neither a file nor a word of a search%s%s%s", arg,
				near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
				near != NULL ? "\"?" : "");
			return -EINVAL;
		}
		if (is_file && plain_words_is(arg)) {
			snprintf(s->err, sizeof(s->err),
				"\"%s\" is a file here and a word of a search; write ./%s for the "
				"file, or use an option instead of the word",
				arg, arg);
			return -EINVAL;
		}
		if (!is_file) {
			break;
		}
	}
	rc = filter_args_end(&s->which, s->err, sizeof(s->err));
	s->words.offset = s->which.offset;
	return rc == 0 ? plain_words_parse(
				 &s->words, args + *paths, n - *paths, s->err, sizeof(s->err))
		       : rc;
}

static int search(struct search *s, int argc, char **argv)
{
	unsigned paths = 0;
	int option, rc = 0;

	s->words.filter = &s->which.filter;
	s->words.now = (int64_t)time(NULL) * 1000000;
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
		rc = take_arguments(s, argv + optind, (unsigned)(argc - optind), &paths);
	}
	if (rc == 0) {
		rc = run(s, argv + optind, paths);
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
	plain_words_fini(&s->words);
	grouping_fini(&s->grouping);
	free(s);
	return status;
}
