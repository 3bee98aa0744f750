// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// manifest.json: an object with "format":"bridgehead-bundle/1", and as below. Times in microseconds
// since 1970 UTC. Whoever verifies computes all of it again.

#include "app/bundle/bundle.h"
#include "app/review/moment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_period(FILE *f, const struct bundle *b)
{
	char from[32], to[32];

	moment_format(b->o->when.since, from);
	moment_format(b->o->when.until, to);
	fprintf(f,
		"  \"period\": \"%s/%s\",\n  \"since\": %" PRId64 ",\n  \"until\": %" PRId64 ",\n",
		from, to, b->o->when.since, b->o->when.until);
}

static void put_files(FILE *f, const struct bundle *b)
{
	size_t n;
	const struct tar_member *m = tar_members(b->tar, &n);

	fputs("  \"files\": [", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s\n    {\"name\": \"%s\", \"size\": %" PRIu64 ", \"sha256\": \"%s\"}",
			i != 0 ? "," : "", m[i].name, m[i].size, m[i].sha256);
	fputs("\n  ]\n}\n", f);
}

int bundle_put_manifest(struct bundle *b)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc;

	if (f == NULL)
		return bundle_say(b, -ENOMEM, "out of memory");
	fprintf(f, "{\n  \"format\": \"bridgehead-bundle/1\",\n  \"gateway\": %s,\n", b->gateway);
	put_period(f, b);
	fprintf(f,
		"  \"first_block\": %" PRIu64 ",\n  \"end_block\": %" PRIu64 ",\n"
		"  \"pruned\": %" PRIu64 ",\n  \"records\": %" PRIu64 ",\n"
		"  \"records_of_period\": %" PRIu64 ",\n  \"checkpoint\": %" PRIu64 ",\n",
		b->first, b->end, b->pruned, b->records, b->of_period, b->newest.c.size);
	put_files(f, b);
	if (fclose(f) != 0) {
		free(text);
		return bundle_say(b, -ENOMEM, "out of memory");
	}
	rc = bundle_put(b, "manifest.json", text, len);
	free(text);
	return rc;
}
