// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/reindex.h"

#include "app/review/catalogue.h"
#include "app/review/catalogue_build.h"
#include "app/review/search.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const char help[] =
	"Usage: bhlog reindex DIR [options]\n"
	"\n"
	"Makes the catalogue of a log's directory, which lets search pass over blocks that hold "
	"nothing\n"
	"of what is asked for, and serve and report --quick add up without reading most of them. "
	"It is a\n"
	"cache of the closed segments: what is in it is kept, new segments are added, those that "
	"are\n"
	"gone dropped. Where there is one, search, export and report --quick keep it up to date.\n"
	"\n"
	"  --anew            throw the old one away\n"
	"  --catalogue FILE  not " FILE_CATALOGUE " in DIR, but this file\n"
	"\n"
	"Exit status: 0 good, 1 segments could not be read (search still looks at them), 2 an "
	"error.\n";

enum option_value {
	OPT_ANEW = 256,
	OPT_CATALOGUE,
};

static const struct option options[] = {
	{"anew", no_argument, NULL, OPT_ANEW},
	{"catalogue", required_argument, NULL, OPT_CATALOGUE},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int reindex(const char *dir, const char *file, bool anew)
{
	struct catalogue_result r = {0};
	char path[4200], err[4400];

	if ((size_t)snprintf(path, sizeof(path), "%s%s", file != NULL ? file : dir,
		    file != NULL ? "" : "/" FILE_CATALOGUE) >= sizeof(path)) {
		fprintf(stderr, "bhlog: %s: the path is too long\n", dir);
		return REVIEW_ERROR;
	}
	if (catalogue_build(dir, path, anew, isatty(STDERR_FILENO), &r, err, sizeof(err)) != 0) {
		fprintf(stderr, "bhlog: %s\n", err);
		return REVIEW_ERROR;
	}
	printf("%s: %" PRIu64 " segments; %" PRIu64 " added (%" PRIu64
	       " records, %.1f MB), %" PRIu64 " dropped\n",
		path, r.segments, r.added, r.records, (double)r.bytes / 1e6, r.dropped);
	if (r.damaged != 0) {
		fprintf(stderr,
			"bhlog: %" PRIu64 " segments could not be read and are not in it; \"bhlog "
			"verify\" tells more\n",
			r.damaged);
		return REVIEW_NOTHING;
	}
	return REVIEW_FOUND;
}

int reindex_main(int argc, char **argv)
{
	const char *file = NULL;
	bool anew = false;
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(help, stdout);
			return REVIEW_FOUND;
		case OPT_ANEW:
			anew = true;
			break;
		case OPT_CATALOGUE:
			file = optarg;
			break;
		default: // getopt has said what is wrong
			fprintf(stderr, "bhlog: \"bhlog reindex --help\" lists the options\n");
			return REVIEW_ERROR;
		}
	}
	if (argc - optind != 1) {
		fprintf(stderr,
			"bhlog: name one log's directory; \"bhlog reindex --help\" tells more\n");
		return REVIEW_ERROR;
	}
	return reindex(argv[optind], file, anew);
}
