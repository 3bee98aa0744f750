// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/evidence.h"

#include "app/review/out_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (1u << 20)

const char evidence_limits[] =
	"What a flow log cannot say: whose a country really is (CDN, anycast, VPN), what the data\n"
	"was, about how many people, or that a server name is true; nor that nothing left another\n"
	"way. That its records were true when they were written rests on the gateway alone.\n";

char *evidence_read(const char *path, size_t *len)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = f != NULL ? malloc(MAX_BYTES + 1) : NULL;

	if (text == NULL) {
		fprintf(stderr, "bhlog: %s: %s\n", path, strerror(errno));
	} else {
		*len = fread(text, 1, MAX_BYTES, f);
		text[*len] = '\0';
		if (ferror(f) || *len == MAX_BYTES) {
			fprintf(stderr, "bhlog: %s: %s\n", path,
				ferror(f) ? "cannot be read" : "too large to be what it should");
			free(text);
			text = NULL;
		}
	}
	if (f != NULL && f != stdin)
		fclose(f);
	return text;
}

int evidence_write(const char *path, const char *text)
{
	struct out_file o;
	int rc = out_file_begin(&o, path);

	if (rc == 0)
		rc = out_file_end(&o, fputs(text, o.f) == EOF ? -errno : 0);
	if (rc != 0)
		fprintf(stderr, "bhlog: %s: %s\n", path != NULL ? path : "standard output",
			strerror(-rc));
	return rc;
}
