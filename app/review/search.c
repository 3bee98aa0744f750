// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/search.h"

#include "app/review/blocks.h"
#include "app/review/filter.h"
#include "app/review/grouping.h"
#include "app/review/lookup.h"
#include "app/review/period.h"
#include "app/review/plain_words.h"
#include "app/review/printer.h"
#include "app/review/source.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_BYTES (16u << 20)

struct search {
	struct filter filter;
	enum printer_format format;
	uint64_t limit; // 0: none
	uint64_t matches, unreadable;
	char first_unreadable[4200];
	bool limited, progress;
	uint64_t progress_at;
	const char *catalogue_path; // NULL: the one in the directory
	bool scan_all;
	struct lookup lookup;
	struct plain_words words;
	struct grouping grouping;
	int group_rc;              // the first that was not 0
	const char *since, *until; // as given: the offset may come behind them
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
	"\n"
	"Which (options of one kind are alternatives, kinds must all hold):\n"
	"  --tenant T        tenant of the inside end; _unlisted: none\n"
	"  --country CC      country of the remote end, ISO 3166 alpha-2; XX: unknown\n"
	"  --app A           nDPI's application or master name, letters in any case\n"
	"  --host H          name seen: exact, or *.SUFFIX\n"
	"  --addr A|PREFIX   either end\n"
	"  --remote A|PREFIX the end that is not inside\n"
	"  --act ACT         allow, flag, block\n"
	"  --rule ID         rule that decided; _default: none did\n"
	"  --reason CODE     reason code\n"
	"  --ev EV           decision, update, end, policy, gap, start, stop\n"
	"  --min-bytes N     at least N IP bytes, both directions together\n"
	"  --since T         flows that lasted until T or longer; RFC 3339, or a date\n"
	"  --until T         flows that began before T; a date includes that day\n"
	"  --offset +HH:MM   east of UTC, for days, weeks and months (default +00:00)\n"
	"  --limit N         stop after N matches; of groups the N largest\n"
	"  --group F[,F...]  not the records, but their number and bytes by tenant, country, app, "
	"master,\n"
	"                    act, rule, ev, border, reason, host, src, dst\n"
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

enum option_value { // past those of enum filter_field
	OPT_MIN_BYTES = FILTER_FIELDS,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_OFFSET,
	OPT_LIMIT,
	OPT_GROUP,
	OPT_SCAN,
	OPT_CATALOGUE,
	OPT_JSON,
	OPT_CSV,
	OPT_TABLE,
	OPT_HELP = 'h',
};

static const struct option options[] = {
	{"tenant", required_argument, NULL, FILTER_TENANT},
	{"country", required_argument, NULL, FILTER_COUNTRY},
	{"app", required_argument, NULL, FILTER_APP},
	{"host", required_argument, NULL, FILTER_HOST},
	{"addr", required_argument, NULL, FILTER_ADDR},
	{"remote", required_argument, NULL, FILTER_REMOTE},
	{"act", required_argument, NULL, FILTER_ACT},
	{"rule", required_argument, NULL, FILTER_RULE},
	{"reason", required_argument, NULL, FILTER_REASON},
	{"ev", required_argument, NULL, FILTER_EV},
	{"min-bytes", required_argument, NULL, OPT_MIN_BYTES},
	{"since", required_argument, NULL, OPT_SINCE},
	{"until", required_argument, NULL, OPT_UNTIL},
	{"offset", required_argument, NULL, OPT_OFFSET},
	{"limit", required_argument, NULL, OPT_LIMIT},
	{"group", required_argument, NULL, OPT_GROUP},
	{"scan", no_argument, NULL, OPT_SCAN},
	{"catalogue", required_argument, NULL, OPT_CATALOGUE},
	{"json", no_argument, NULL, OPT_JSON},
	{"csv", no_argument, NULL, OPT_CSV},
	{"table", no_argument, NULL, OPT_TABLE},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int parse_number(struct search *s, const char *option, const char *text, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0) {
		snprintf(s->err, sizeof(s->err), "--%s \"%s\": expected a whole number", option,
			text);
		return -EINVAL;
	}
	return 0;
}

static int parse_time(struct search *s, bool until, const char *text)
{
	int64_t t;

	if (!period_bound(text, s->words.offset, until, &t)) {
		snprintf(s->err, sizeof(s->err),
			"--%s \"%s\": expected a date such as 2026-11-24, or a time such as "
			"2026-11-24T17:00:00+08:00",
			until ? "until" : "since", text);
		return -EINVAL;
	}
	if (until) {
		s->filter.has_until = true;
		s->filter.until = t;
	} else {
		s->filter.has_since = true;
		s->filter.since = t;
	}
	return 0;
}

static int take_option(struct search *s, int option, const char *text)
{
	if (option >= 0 && option < FILTER_FIELDS) {
		return filter_add(&s->filter, option, text, s->err, sizeof(s->err));
	}
	switch (option) {
	case OPT_MIN_BYTES:
		return parse_number(s, "min-bytes", text, &s->filter.min_bytes);
	case OPT_SINCE:
		s->since = text;
		return 0;
	case OPT_UNTIL:
		s->until = text;
		return 0;
	case OPT_OFFSET:
		if (!offset_parse(text, &s->words.offset)) {
			snprintf(s->err, sizeof(s->err),
				"--offset \"%s\": expected +HH:MM or -HH:MM, such as +08:00", text);
			return -EINVAL;
		}
		return 0;
	case OPT_LIMIT:
		return parse_number(s, "limit", text, &s->limit);
	case OPT_GROUP:
		return grouping_parse(&s->grouping, text, s->err, sizeof(s->err));
	case OPT_SCAN:
		s->scan_all = true;
		return 0;
	case OPT_CATALOGUE:
		s->catalogue_path = text;
		return 0;
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

static void show_progress(struct search *s, const struct source_stats *st)
{
	if (!s->progress || st->read - s->progress_at < PROGRESS_BYTES) {
		return;
	}
	s->progress_at = st->read;
	fprintf(stderr, "\rbhlog: %" PRIu64 " MB of %" PRIu64 " MB, %" PRIu64 " records match ",
		st->read / 1000000, st->bytes_total / 1000000, s->matches);
}

// What is no record counts as asked for: examine() tells of it. ctx is the lookup.
static bool line_wanted(void *ctx, const char *line, size_t len)
{
	const struct lookup *l = ctx;
	struct row row;

	return filter_may_match(l->filter, line, len) &&
	       (!row_parse(&row, line, len) || filter_match(l->filter, &row));
}

static void examine(struct search *s, struct source *source, struct printer *printer,
	const char *line, size_t len)
{
	struct row row;

	if (!row_parse(&row, line, len)) {
		if (s->unreadable++ == 0) {
			source_place(source, s->first_unreadable, sizeof(s->first_unreadable));
		}
		return;
	}
	s->matches++;
	if (s->grouping.n != 0) {
		s->group_rc = grouping_add(&s->grouping, &row, false);
	} else {
		printer_put(printer, &row, line, len);
	}
}

static int take_rollup(void *ctx, const struct row *r)
{
	struct search *s = ctx;
	uint64_t n = 0;

	cell_u64(row_find(r, "n"), &n);
	s->matches += n;
	return grouping_add(&s->grouping, r, true);
}

static int scan(struct search *s, struct source *source, struct printer *printer)
{
	const char *line;
	size_t len;
	int rc;

	while ((rc = source_next(source, &line, &len, s->err, sizeof(s->err))) > 0) {
		examine(s, source, printer, line, len);
		if (s->group_rc != 0 || s->lookup.rollup_rc != 0) {
			break;
		}
		if (s->limit != 0 && s->matches == s->limit && s->grouping.n == 0) {
			s->limited = true;
			return 0;
		}
		show_progress(s, source_stats(source));
	}
	if (s->group_rc == 0) {
		s->group_rc = s->lookup.rollup_rc;
	}
	if (rc >= 0 && s->group_rc != 0) {
		snprintf(s->err, sizeof(s->err), "%s",
			s->group_rc == -E2BIG
				? "there are too many groups; group by fewer fields, or ask for "
				  "less"
				: "the groups: out of memory, or a rollup that cannot be read");
		return s->group_rc;
	}
	return rc;
}

static void summarise(const struct search *s, const struct source_stats *st, double seconds)
{
	fprintf(stderr, "%sbhlog: %" PRIu64, s->progress_at != 0 ? "\r" : "", s->matches);
	if (s->lookup.answers == 0) { // those that a rollup counted were not looked at
		fprintf(stderr, " of %" PRIu64, st->lines);
	}
	fprintf(stderr, " records match (%" PRIu64 " file%s, %.1f MB, %.2f s)", st->files,
		st->files == 1 ? "" : "s", (double)st->bytes / 1e6, seconds);
	if (s->lookup.answers != 0) {
		fprintf(stderr, "; rollups answered for %" PRIu64 " files", s->lookup.answers);
	}
	if (st->skipped != 0) {
		fprintf(stderr, "; %" PRIu64 " blocks passed over", st->skipped);
	}
	fprintf(stderr, "%s%s\n", s->limited ? "; stopped at --limit" : "",
		st->torn != 0 ? "; a torn end was left out" : "");
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int run(struct search *s, char *const *paths, unsigned n)
{
	const double from = now_s();
	struct source *source;
	struct printer *printer;
	int rc, close_rc, printed_rc;

	lookup_none(&s->lookup, &s->filter);
	if (!s->scan_all) {
		rc = lookup_open(&s->lookup, &s->filter, paths, n, s->catalogue_path, true, s->err,
			sizeof(s->err));
		if (rc != 0) {
			return rc;
		}
	}
	source = source_open(paths, n, s->err, sizeof(s->err));
	if (source == NULL) {
		lookup_close(&s->lookup);
		return -EIO;
	}
	// Groups are printed in their own form, at the end.
	printer = printer_open(s->grouping.n != 0 ? PRINTER_JSON : s->format, stdout);
	if (printer == NULL) {
		snprintf(s->err, sizeof(s->err), "out of memory");
		source_close(source);
		lookup_close(&s->lookup);
		return -ENOMEM;
	}
	if (s->grouping.n != 0 && grouping_is_rolled(&s->grouping)) {
		s->lookup.rollup = take_rollup;
		s->lookup.rollup_ctx = s;
	}
	source_select(source, &(struct source_select){.ctx = &s->lookup,
				      .threads = blocks_threads(),
				      .segment = lookup_segment,
				      .block = lookup_block,
				      .line = line_wanted});
	rc = scan(s, source, printer);
	close_rc = rc == 0 && s->grouping.n != 0
			   ? grouping_print(&s->grouping, s->format, s->limit, stdout)
			   : 0;
	printed_rc = printer_close(printer);
	close_rc = close_rc != 0 ? close_rc : printed_rc;
	if (close_rc != 0 && rc == 0) {
		snprintf(
			s->err, sizeof(s->err), "cannot write the output: %s", strerror(-close_rc));
		rc = close_rc;
	}
	summarise(s, source_stats(source), now_s() - from);
	source_close(source);
	lookup_close(&s->lookup);
	if (rc == 0 && s->unreadable != 0) {
		snprintf(s->err, sizeof(s->err),
			"%" PRIu64 " lines are not records, the first is %s; the log was damaged "
			"or changed",
			s->unreadable, s->first_unreadable);
		rc = -EBADMSG;
	}
	return rc;
}

// The first argument is the log, further ones are too, until one is a word of a search. What could
// be either is refused.
static int take_arguments(struct search *s, char *const *args, unsigned n, unsigned *paths)
{
	int rc = 0;

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
	if (s->since != NULL) {
		rc = parse_time(s, false, s->since);
	}
	if (rc == 0 && s->until != NULL) {
		rc = parse_time(s, true, s->until);
	}
	return rc == 0 ? plain_words_parse(
				 &s->words, args + *paths, n - *paths, s->err, sizeof(s->err))
		       : rc;
}

static int search(struct search *s, int argc, char **argv)
{
	unsigned paths = 0;
	int option, rc = 0;

	s->words.filter = &s->filter;
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
		s->progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
		rc = run(s, argv + optind, paths);
	}
	if (rc != 0) {
		fprintf(stderr, "bhlog: %s\n", s->err);
		return REVIEW_ERROR;
	}
	return s->matches != 0 ? REVIEW_FOUND : REVIEW_NOTHING;
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
