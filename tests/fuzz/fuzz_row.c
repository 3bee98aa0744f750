// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A log may hold anything once others had it in hands: taking a line apart, matching it, showing
// and exporting it must never read or write past an end, and what is exported is JSON.

#include "app/export/cells.h"
#include "app/export/export.h"
#include "app/export/pseudonym.h"
#include "app/review/filter.h"
#include "app/review/printer.h"
#include "tests/fuzz/want.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

static struct pseudonym *names(bool keep_prefixes)
{
	static struct pseudonym *kinds[2];
	char key[PSEUDONYM_KEY_MIN] = "a key", path[64], err[256];

	if (kinds[keep_prefixes] == NULL) {
		const int fd = memfd_create("key", MFD_CLOEXEC);

		want(fd >= 0 && fchmod(fd, 0600) == 0);
		want(write(fd, key, sizeof(key)) == (ssize_t)sizeof(key));
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		kinds[keep_prefixes] = pseudonym_open(path, keep_prefixes, err, sizeof(err));
		want(kinds[keep_prefixes] != NULL);
		close(fd);
	}
	return kinds[keep_prefixes];
}

static void want_json(const char *text, const struct json_out *j)
{
	json_t *t = json_loadb(
		text, (size_t)(j->p - text), JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);

	want(j->full || t != NULL);
	json_decref(t);
}

static void export_all(const struct row *r, size_t room)
{
	char *text = malloc(room); // of the exact size, as the line

	for (unsigned i = 0; i < 4 && text != NULL && cells_sound(r); i++) {
		struct json_out j = {text, text + room, false};

		if (i >= 2) {
			want(pseudonym_put(names(i == 3), &j, r));
			want_json(text, &j);
		} else if (i == 0 ? export_ecs(&j, r) : export_eve(&j, r)) {
			want_json(text, &j);
		}
	}
	free(text);
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
		f->when.has_since = f->when.has_until = true;
		f->has_min_bytes = true;
		f->min_bytes = 1;
		filter_match(f, &row);
		show(PRINTER_TABLE, &row, line, size);
		show(PRINTER_CSV, &row, line, size);
		export_all(&row, 65536 + 16 * size);
		export_all(&row, size % 1500 + 1);
	}
	free(line);
	free(f);
	return 0;
}
