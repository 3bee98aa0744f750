// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/report_command.h"

#include "app/console/console_args.h"
#include "app/console/page.h"
#include "app/console/pdf.h"
#include "app/console/report_load.h"
#include "app/console/report_verified.h"
#include "app/review/evidence.h"
#include "app/review/period_args.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROWS     1000
#define EXIT_UNCLEAN 1
#define EXIT_ERROR   2

static const char help[] =
	"Usage: bhlog report DIR|FILE|- [options]\n"
	"\n"
	"Writes one HTML file that needs nothing else, to read, print and file: volume over time, "
	"by\n"
	"country, tenant and application; what was flagged and blocked, by which rule, for which\n"
	"reason and on which legal basis; what left before a verdict; policy changes; gaps; "
	"whether\n"
	"the log is whole and who says so.\n"
	"\n"
	"  --period P        2026, 2026-11, 2026-11-24, or FROM/UNTIL of these or of RFC 3339 "
	"times\n"
	"  --since T         from T on; RFC 3339, or a date (in the time of --offset)\n"
	"  --until T         before T; a date includes that day\n"
	"  --offset +HH:MM   of the times shown, east of UTC (without: UTC)\n"
	"  --lang en|zh      English (without), Simplified Chinese\n"
	"  --top N           rows of each table, 1 to 1000 (without: 25)\n"
	"  --flows ACT       no report, but all flows that it counts under allow, flag or block:\n"
	"                    the last record in the period of each, as it stands in the log\n"
	"  --policy FILE     a policy, for the words of legal bases; may be given several times\n"
	"  --key VKEY        as for \"bhlog verify\", as the next two\n"
	"  --witness VKEY\n"
	"  --anchor FILE\n"
	"  --quick           figures from the catalogue (\"bhlog reindex\"), which nobody signs; "
	"the\n"
	"                    report says so\n"
	"  --scan            what is done without --quick: add up the log's own lines, each block\n"
	"                    as it is verified\n"
	"  --out FILE        in place of standard output\n"
	"  --pdf FILE        A4, printed by Chromium, where that is installed\n"
	"\n"
	"Exit status: 0 written, 1 written, but the log is damaged or was tampered with, 2 an "
	"error.\n";

struct command {
	struct console_args a;
	struct digest_options o;
	struct period_args period;
	const char *out, *pdf, *flows;
	FILE *lines; // of --flows
	struct digest *digest;
	struct report_evidence evidence;
	bool torn, scan, quick;
};

// ---- options

static int take_rows(struct command *c, const char *text)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)text[0]) || *end != '\0' || n == 0 || n > MAX_ROWS) {
		return console_args_wrong(&c->a, "top", text, "1 to 1000");
	}
	c->o.rows = (unsigned)n;
	return 0;
}

static int take_flows(struct command *c, const char *text)
{
	static const char *const acts[ACTS] = {
		[ACT_ALLOW] = "allow", [ACT_FLAG] = "flag", [ACT_BLOCK] = "block"};

	c->o.act = 0;
	while (c->o.act < ACTS && strcmp(acts[c->o.act], text) != 0) {
		c->o.act++;
	}
	if (c->o.act == ACTS) {
		return console_args_wrong(&c->a, "flows", text, "allow, flag or block");
	}
	c->flows = text;
	return 0;
}

enum option_value {
	OPT_SINCE = CONSOLE_OWN,
	OPT_UNTIL,
	OPT_PERIOD,
	OPT_TOP,
	OPT_SCAN,
	OPT_QUICK,
	OPT_OUT,
	OPT_PDF,
	OPT_FLOWS,
};

static const struct option options[] = {
	CONSOLE_OPTION_ROWS,
	{"since", required_argument, NULL, OPT_SINCE},
	{"until", required_argument, NULL, OPT_UNTIL},
	{"period", required_argument, NULL, OPT_PERIOD},
	{"top", required_argument, NULL, OPT_TOP},
	{"scan", no_argument, NULL, OPT_SCAN},
	{"quick", no_argument, NULL, OPT_QUICK},
	{"out", required_argument, NULL, OPT_OUT},
	{"pdf", required_argument, NULL, OPT_PDF},
	{"flows", required_argument, NULL, OPT_FLOWS},
	{NULL, 0, NULL, 0},
};

static int take_option(void *ctx, int option, const char *text)
{
	struct command *c = ctx;

	switch ((enum option_value)option) {
	case OPT_SINCE:
		c->period.since = text;
		break;
	case OPT_UNTIL:
		c->period.until = text;
		break;
	case OPT_PERIOD:
		c->period.period = text;
		break;
	case OPT_TOP:
		return take_rows(c, text);
	case OPT_SCAN:
		c->scan = true;
		break;
	case OPT_QUICK:
		c->quick = true;
		break;
	case OPT_OUT:
		c->out = text;
		break;
	case OPT_PDF:
		c->pdf = text;
		break;
	case OPT_FLOWS:
		return take_flows(c, text);
	}
	return 0;
}

// ---- writing

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

// The page as text; free() it.
static char *make_page(struct command *c)
{
	struct page p = {.lang = c->a.lang,
		.digest = c->digest,
		.policy = c->a.policy,
		.verify = c->evidence.answers,
		.checkpoint = c->evidence.checkpoint,
		.cosigned = c->evidence.cosigned,
		.source = c->a.log,
		.now = now_us(),
		.stopped = c->a.err[0] != '\0' ? c->a.err : NULL,
		.torn = c->torn};
	char *text = NULL;
	size_t len;
	bool bad;

	p.out = open_memstream(&text, &len);
	if (p.out == NULL) {
		return NULL;
	}
	page_report(&p);
	bad = ferror(p.out) != 0;
	if (fclose(p.out) != 0 || bad) {
		free(text);
		return NULL;
	}
	return text;
}

static int write_pdf(struct command *c, const char *text)
{
	char html[] = "/tmp/bhlog-report-XXXXXX.html";
	const int fd = mkstemps(html, 5);
	int rc;

	if (fd < 0) {
		rc = -errno;
		snprintf(c->a.err, sizeof(c->a.err), "%s: %s", html, strerror(-rc));
		return rc;
	}
	close(fd);
	rc = evidence_write(html, text);
	if (rc == 0) {
		rc = pdf_print(html, c->pdf, c->a.err, sizeof(c->a.err));
	}
	unlink(html);
	return rc;
}

static void put_flow(void *ctx, const char *line, size_t len)
{
	struct command *c = ctx;

	fwrite(line, 1, len, c->lines);
	fputc('\n', c->lines);
}

static int list_flows(struct command *c)
{
	int rc = 0;

	if (c->pdf != NULL) {
		snprintf(c->a.err, sizeof(c->a.err),
			"--flows writes lines, --pdf a report: not both");
		return -EINVAL;
	}
	c->lines = c->out != NULL ? fopen(c->out, "we") : stdout;
	if (c->lines == NULL) {
		rc = -errno;
		snprintf(c->a.err, sizeof(c->a.err), "%s: %s", c->out, strerror(-rc));
		return rc;
	}
	c->o.each = put_flow;
	c->o.ctx = c;
	c->digest = report_read_lines(c->a.log, &c->o, &c->torn, &rc, c->a.err, sizeof(c->a.err));
	if (rc == 0 && c->digest->unlisted) {
		rc = -ENOMEM;
		snprintf(c->a.err, sizeof(c->a.err), "out of memory: flows are missing");
	}
	if ((fflush(c->lines) != 0 || ferror(c->lines)) && rc == 0) {
		rc = -EIO;
		snprintf(c->a.err, sizeof(c->a.err), "%s: could not be written",
			c->out != NULL ? c->out : "standard output");
	}
	if (c->out != NULL) {
		fclose(c->lines);
	}
	return rc;
}

static bool is_whole(const struct report_evidence *e)
{
	return e->answers != NULL && e->answers->integrity.status == VERIFY_GOOD;
}

// What the catalogue says of blocks that nobody but the verifier reads.
static int read_quick(struct command *c)
{
	const struct lookup_options cache = {.refresh = true};
	int rc;

	c->digest = report_read_catalogue(
		c->a.log, &c->o, &cache, &c->torn, &rc, c->a.err, sizeof(c->a.err));
	return rc;
}

// Of the lines that the verifier finds right, if --quick gave nothing. What is not whole, or no
// log's directory, is added up line by line, as far as it can be read.
static int read_log(struct command *c)
{
	struct digest *verified = NULL;
	int rc = c->quick ? read_quick(c) : 0;

	if (rc == 0) {
		rc = report_read_verified(c->a.log, &c->a.verify.o, &c->o, &c->evidence,
			c->digest == NULL ? &verified : NULL, c->a.err, sizeof(c->a.err));
	}
	if (rc != 0 || (c->digest != NULL && is_whole(&c->evidence))) {
		return rc;
	}
	digest_free(c->digest);
	c->digest = verified;
	if (verified != NULL) {
		c->torn = c->evidence.answers->torn;
		return 0;
	}
	c->digest = report_read_lines(c->a.log, &c->o, &c->torn, &rc, c->a.err, sizeof(c->a.err));
	return rc;
}

static int report(struct command *c)
{
	char *text;
	int rc = read_log(c);

	// A damaged log gets its report, which says so: the verifier has found it, too.
	if (rc != 0 && !(rc == -EBADMSG && c->evidence.answers != NULL)) {
		return rc;
	}
	text = make_page(c);
	if (text == NULL) {
		snprintf(c->a.err, sizeof(c->a.err), "out of memory");
		return -ENOMEM;
	}
	rc = 0;
	c->a.err[0] = '\0'; // it stands in the report
	if (c->out != NULL || c->pdf == NULL) {
		rc = evidence_write(c->out, text); // says itself what is wrong
	}
	if (rc == 0 && c->pdf != NULL) {
		rc = write_pdf(c, text);
	}
	free(text);
	return rc;
}

static int check_options(struct command *c)
{
	if (c->quick && (c->scan || c->flows != NULL)) {
		snprintf(c->a.err, sizeof(c->a.err),
			"--quick has sums in place of lines: not with %s",
			c->scan ? "--scan" : "--flows");
		return -EINVAL;
	}
	return 0;
}

static int run(struct command *c, int argc, char **argv)
{
	const struct console_command k = {.name = "report",
		.help = help,
		.log = "directory or file",
		.options = options,
		.take = take_option,
		.ctx = c};
	int rc = console_args_parse(&c->a, &k, argc, argv);

	if (rc == 1) {
		return 0;
	}
	if (rc == 0) {
		c->o.offset = c->a.offset;
		rc = period_args_read(
			&c->period, c->o.offset, &c->o.when, c->a.err, sizeof(c->a.err));
	}
	if (rc == 0) {
		rc = check_options(c);
	}
	if (rc == 0) {
		rc = c->flows != NULL ? list_flows(c) : report(c);
	}
	if (rc != 0) {
		if (c->a.err[0] != '\0') {
			fprintf(stderr, "bhlog: %s\n", c->a.err);
		}
		return EXIT_ERROR;
	}
	return c->digest->unreadable != 0 || (c->evidence.answers != NULL &&
						     (verify_exit(c->evidence.answers) == 1 ||
							     verify_exit(c->evidence.answers) == 2))
		       ? EXIT_UNCLEAN
		       : 0;
}

int report_main(int argc, char **argv)
{
	struct command *c = calloc(1, sizeof(*c));
	int status = EXIT_ERROR;

	if (c == NULL || console_args_init(&c->a) < 0) {
		fprintf(stderr, "bhlog: out of memory\n");
	} else {
		c->o.rows = 25;
		status = run(c, argc, argv);
		digest_free(c->digest);
		console_args_fini(&c->a);
		report_free_evidence(&c->evidence);
	}
	free(c);
	return status;
}
