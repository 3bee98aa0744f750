// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/printer.h"

#include "app/review/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A flow's keys in the record's order, then the notices'.
static const char *const csv_columns[] = {"v", "ev", "gw", "seq", "fid", "t0", "t1", "src", "sport",
	"dst", "dport", "proto", "vlan", "tun", "init", "tn", "app", "master", "cat", "conf",
	"host", "hsrc", "ja3", "risk", "asn", "cc", "ccs", "border", "act", "rule", "reason", "sev",
	"basis", "limit", "sh", "pol", "sact", "srule", "sreason", "spol", "ob", "rb", "op", "rp",
	"db", "dp", "pb", "pp", "dpkt", "cap", "end", "ver", "mode", "dpi", "dbs", "warn", "how",
	"who", "outcome", "id", "epoch", "sha256", "cause", "lost", "from", "to", "why",
	"attempted", "written", "lost_ring", "lost_disk", "pkts", "bytes", "missed", "detail"};

#define CSV_COLUMNS    (sizeof(csv_columns) / sizeof(csv_columns[0]))
#define CSV_CELL_BYTES 65536

struct printer {
	enum printer_format format;
	FILE *out;
	struct table *table;
	char *cell;
};

void printer_csv_text(FILE *out, const char *text, bool is_text)
{
	if (is_text && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL) {
		fputs("\"'", out);
	} else if (strpbrk(text, "\",\r\n") == NULL) {
		fputs(text, out);
		return;
	} else {
		fputc('"', out);
	}
	for (; *text != '\0'; text++) {
		if (*text == '"') {
			fputc('"', out);
		}
		fputc(*text, out);
	}
	fputc('"', out);
}

static void csv_header(FILE *out)
{
	for (unsigned i = 0; i < CSV_COLUMNS; i++) {
		fprintf(out, "%s%s", i != 0 ? "," : "", csv_columns[i]);
	}
	fputs("\r\n", out);
}

static void csv_row(struct printer *p, const struct row *r)
{
	for (unsigned i = 0; i < CSV_COLUMNS; i++) {
		const struct cell *c = row_find(r, csv_columns[i]);

		if (i != 0) {
			fputc(',', p->out);
		}
		if (c != NULL) {
			cell_text(c, p->cell, CSV_CELL_BYTES);
			printer_csv_text(p->out, p->cell, c->kind != CELL_NUMBER);
		}
	}
	fputs("\r\n", p->out);
}

struct printer *printer_open(enum printer_format format, FILE *out)
{
	struct printer *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		return NULL;
	}
	p->format = format;
	p->out = out;
	if (format == PRINTER_TABLE) {
		p->table = table_open(out);
	} else if (format == PRINTER_CSV) {
		p->cell = malloc(CSV_CELL_BYTES);
	}
	if ((format == PRINTER_TABLE && p->table == NULL) ||
		(format == PRINTER_CSV && p->cell == NULL)) {
		free(p);
		return NULL;
	}
	if (format == PRINTER_CSV) {
		csv_header(out);
	}
	return p;
}

void printer_put(struct printer *p, const struct row *r, const char *line, size_t len)
{
	switch (p->format) {
	case PRINTER_JSON:
		fwrite(line, 1, len, p->out);
		fputc('\n', p->out);
		break;
	case PRINTER_CSV:
		csv_row(p, r);
		break;
	case PRINTER_TABLE:
		table_put(p->table, r);
		break;
	}
}

int printer_close(struct printer *p)
{
	int rc = 0;

	if (p->table != NULL) {
		table_close(p->table);
	}
	errno = 0;
	if (fflush(p->out) != 0 || ferror(p->out)) {
		rc = errno != 0 ? -errno : -EIO;
	}
	free(p->cell);
	free(p);
	return rc;
}
