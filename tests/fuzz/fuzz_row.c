// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A log may hold anything once others had it in hands: taking a line apart, matching it and showing
// it must never read or write past an end. Needs libreview and libflowlog.

#include "app/review/filter.h"
#include "app/review/printer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct filter *f, enum filter_field field, const char *text)
{
	char err[512];

	if (filter_add(f, field, text, err, sizeof(err)) != 0) {
		abort();
	}
}

static void show(enum printer_format format, const struct row *r, const char *line, size_t size)
{
	FILE *null = fopen("/dev/null", "w");
	struct printer *p = null != NULL ? printer_open(format, null) : NULL;

	if (p != NULL) {
		printer_put(p, r, line, size);
		printer_close(p);
	}
	if (null != NULL) {
		fclose(null);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line =
		malloc(size + 1); // a copy of the exact size, so that the sanitiser sees its end
	struct filter *f = calloc(1, sizeof(*f));
	struct row row;

	if (line != NULL && f != NULL) {
		memcpy(line, data, size);
		line = realloc(line, size != 0 ? size : 1);
	}
	if (line != NULL && f != NULL && row_parse(&row, line, size)) {
		add(f, FILTER_APP, "TLS");
		add(f, FILTER_HOST, "*.example");
		add(f, FILTER_ADDR, "2001:db8::/32");
		add(f, FILTER_ACT, "flag");
		filter_may_match(f, line, size);
		filter_match(f, &row);
		for (unsigned i = 0; i < FILTER_FIELDS; i++) {
			f->n[i] = i == FILTER_HOST || i == FILTER_ADDR;
		}
		f->has_since = f->has_until = true;
		f->min_bytes = 1;
		filter_match(f, &row);
		show(PRINTER_TABLE, &row, line, size);
		show(PRINTER_CSV, &row, line, size);
	}
	free(line);
	free(f);
	return 0;
}
