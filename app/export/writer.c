// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/export/writer.h"

#include "app/export/cells.h"
#include "app/export/export.h"
#include "app/review/printer.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_BUFFER 16384
#define MAX_BUFFER   (1u << 30)

struct buffer {
	char *v;
	size_t size;
};

struct export_writer {
	enum export_format format;
	struct pseudonym *names; // NULL: none
	FILE *out;
	struct printer *csv;
	struct buffer named, text; // the line with its pseudonyms; the event
	uint64_t left_out;
};

bool export_format_parse(const char *text, enum export_format *format)
{
	static const char *const formats[] = {
		[EXPORT_EVE] = "eve", [EXPORT_ECS] = "ecs", [EXPORT_CSV] = "csv"};

	for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(text, formats[i]) == 0) {
			*format = (enum export_format)i;
			return true;
		}
	}
	return false;
}

static bool grow(struct buffer *b)
{
	const size_t size = b->size != 0 ? b->size * 2 : FIRST_BUFFER;
	char *v = size <= MAX_BUFFER ? realloc(b->v, size) : NULL;

	if (v == NULL) {
		return false;
	}
	b->v = v;
	b->size = size;
	return true;
}

struct export_writer *export_writer_open(
	enum export_format format, struct pseudonym *names, FILE *out)
{
	struct export_writer *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		return NULL;
	}
	w->format = format;
	w->names = names;
	w->out = out;
	if (grow(&w->named) && grow(&w->text)) {
		w->csv = format == EXPORT_CSV ? printer_open(PRINTER_CSV, out) : NULL;
		if (format != EXPORT_CSV || w->csv != NULL) {
			return w;
		}
	}
	free(w->named.v);
	free(w->text.v);
	free(w);
	return NULL;
}

// The line with its pseudonyms in w->named, its length, and taken apart again.
static int name_anew(struct export_writer *w, const struct row *r, struct row *to, size_t *len,
	char *err, size_t err_size)
{
	struct json_out j;

	for (;;) {
		j = (struct json_out){w->named.v, w->named.v + w->named.size, false};
		if (!pseudonym_put(w->names, &j, r)) {
			snprintf(err, err_size,
				"OpenSSL cannot make pseudonyms; nothing more was "
				"written");
			return -EIO;
		}
		if (!j.full) {
			break;
		}
		if (!grow(&w->named)) {
			snprintf(err, err_size, "out of memory");
			return -ENOMEM;
		}
	}
	*len = (size_t)(j.p - w->named.v);
	return row_parse(to, w->named.v, *len) ? 0 : -EBADMSG;
}

static int put_event(struct export_writer *w, const struct row *r, char *err, size_t err_size)
{
	bool (*const make)(struct json_out *, const struct row *) =
		w->format == EXPORT_EVE ? export_eve : export_ecs;
	struct json_out j;

	for (;;) {
		j = (struct json_out){w->text.v, w->text.v + w->text.size, false};
		if (!make(&j, r)) {
			w->left_out++;
			return 0;
		}
		JSON_LITERAL(&j, "\n");
		if (!j.full) {
			break;
		}
		if (!grow(&w->text)) {
			snprintf(err, err_size, "out of memory");
			return -ENOMEM;
		}
	}
	fwrite(w->text.v, 1, (size_t)(j.p - w->text.v), w->out);
	return 0;
}

int export_writer_put(struct export_writer *w, const struct row *r, const char *line, size_t len,
	char *err, size_t err_size)
{
	struct row named;
	int rc;

	if (!cells_sound(r)) {
		return -EBADMSG;
	}
	if (w->names != NULL) {
		rc = name_anew(w, r, &named, &len, err, err_size);
		if (rc != 0) {
			return rc;
		}
		r = &named;
		line = w->named.v; // nothing of the true line goes further
	}
	if (w->csv == NULL) {
		return put_event(w, r, err, err_size);
	}
	printer_put(w->csv, r, line, len);
	return 0;
}

uint64_t export_writer_left_out(const struct export_writer *w)
{
	return w->left_out;
}

int export_writer_close(struct export_writer *w)
{
	int rc = 0;

	if (w->csv != NULL) {
		rc = printer_close(w->csv);
	} else {
		errno = 0;
		if (fflush(w->out) != 0 || ferror(w->out)) {
			rc = errno != 0 ? -errno : -EIO;
		}
	}
	free(w->named.v);
	free(w->text.v);
	free(w);
	return rc;
}
