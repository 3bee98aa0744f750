// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/grouping.h"

#include "app/review/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX   8192
#define TEXT_MAX  1024
#define SEPARATOR '\x1f' // neither stands in a JSON string
#define ABSENT    '\x01'

static const struct {
	const char *name, *key;
	bool rolled, verdict;
} fields[] = {
	{"tenant", "tn", true, false},
	{"country", "cc", true, false},
	{"app", "app", true, false},
	{"master", "master", true, false},
	{"act", "act", true, true},
	{"rule", "rule", true, true},
	{"ev", "ev", true, false},
	{"border", "border", true, false},
	{"reason", "reason", false, true},
	{"host", "host", false, false},
	{"src", "src", false, false},
	{"dst", "dst", false, false},
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int add_field(struct grouping *g, const char *name, size_t len, char *err, size_t err_size)
{
	for (unsigned i = 0; i < N_FIELDS; i++) {
		if (strlen(fields[i].name) == len && memcmp(fields[i].name, name, len) == 0) {
			if (g->n == GROUPING_FIELDS) {
				snprintf(err, err_size, "--group: at most %d fields",
					GROUPING_FIELDS);
				return -EINVAL;
			}
			g->field[g->n++] = i;
			g->by_verdict = g->by_verdict || fields[i].verdict;
			return 0;
		}
	}
	snprintf(err, err_size, "--group \"%.*s\": expected one or more of", (int)len, name);
	for (unsigned i = 0; i < N_FIELDS; i++) {
		snprintf(err + strlen(err), err_size - strlen(err), "%s %s", i != 0 ? "," : "",
			fields[i].name);
	}
	return -EINVAL;
}

int grouping_parse(struct grouping *g, const char *text, char *err, size_t err_size)
{
	for (;;) {
		const size_t len = strcspn(text, ",");
		int rc = add_field(g, text, len, err, err_size);

		if (rc != 0) {
			return rc;
		}
		if (text[len] == '\0') {
			break;
		}
		text += len + 1;
	}
	if ((g->groups == NULL && (g->groups = groups_new()) == NULL) ||
		(g->flows == NULL && (g->flows = flow_bytes_new()) == NULL)) {
		snprintf(err, err_size, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

void grouping_fini(struct grouping *g)
{
	groups_free(g->groups);
	flow_bytes_free(g->flows);
}

bool grouping_is_rolled(const struct grouping *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		if (!fields[g->field[i]].rolled) {
			return false;
		}
	}
	return true;
}

// The group of a record, or of a line of a rollup.
static int place_of(struct grouping *g, const struct row *r, uint32_t *place)
{
	char key[KEY_MAX];
	size_t len = 0;

	for (unsigned i = 0; i < g->n; i++) {
		const struct cell *c = row_find(r, fields[g->field[i]].key);
		const bool has = c != NULL && c->kind == CELL_STRING;
		const size_t bytes = has ? c->len : 1;

		if (bytes + 1 > sizeof(key) - len) {
			return -E2BIG;
		}
		if (has) {
			memcpy(key + len, c->text, bytes);
		} else {
			key[len] = ABSENT;
		}
		len += bytes;
		key[len++] = SEPARATOR;
	}
	return groups_find(g->groups, key, len, place);
}

int grouping_add_single(struct grouping *g, uint32_t place, const struct flow_record *r)
{
	uint32_t before = place;
	uint64_t more[2];
	const int rc = flow_bytes_take(g->flows, r, more, &before);

	if (rc == 0) {
		groups_add_at(g->groups, place, 1, 0, 0);
		groups_add_at(g->groups, g->by_verdict ? before : place, 0, more[0], more[1]);
	}
	return rc;
}

int grouping_add(struct grouping *g, const struct row *r)
{
	uint64_t out = 0, in = 0;
	struct flow_record f;
	uint32_t place;
	const int rc = place_of(g, r, &place);

	if (rc != 0) {
		return rc;
	}
	if (flow_record_read(r, &f)) {
		return grouping_add_single(g, place, &f);
	}
	cell_u64(row_find(r, "ob"), &out);
	cell_u64(row_find(r, "rb"), &in);
	groups_add_at(g->groups, place, 1, out, in);
	return 0;
}

int grouping_add_rolled(struct grouping *g, const struct row *r, uint32_t *place)
{
	uint64_t n, out, in;
	const int rc = place_of(g, r, place);

	if (rc != 0) {
		return rc;
	}
	if (!cell_u64(row_find(r, "n"), &n) || !cell_u64(row_find(r, "ob"), &out) ||
		!cell_u64(row_find(r, "rb"), &in)) {
		return -EINVAL;
	}
	groups_add_at(g->groups, *place, n, out, in);
	return 0;
}

// ---- printing

static int by_size(const void *a, const void *b)
{
	const struct group *x = *(const struct group *const *)a;
	const struct group *y = *(const struct group *const *)b;
	uint64_t p, q;

	p = __builtin_add_overflow(x->out, x->in, &p) ? UINT64_MAX : p;
	q = __builtin_add_overflow(y->out, y->in, &q) ? UINT64_MAX : q;
	return p != q ? (p > q ? -1 : 1) : strcmp(x->key, y->key);
}

// The next value of a key; false: the record had none. *at goes on behind it.
static bool value(const char **at, struct cell *c)
{
	const char *end = strchr(*at, SEPARATOR);

	*c = (struct cell){.kind = CELL_STRING, .text = *at, .len = (size_t)(end - *at)};
	*at = end + 1;
	return c->text[0] != ABSENT;
}

static void json_line(const struct grouping *g, const struct group *v, FILE *out)
{
	const char *at = v->key;
	struct cell c;

	fputc('{', out);
	for (unsigned i = 0; i < g->n; i++) {
		if (value(&at, &c)) {
			fprintf(out, "\"%s\":\"%.*s\",", fields[g->field[i]].key, (int)c.len,
				c.text);
		} else {
			fprintf(out, "\"%s\":null,", fields[g->field[i]].key);
		}
	}
	fprintf(out, "\"records\":%" PRIu64 ",\"ob\":%" PRIu64 ",\"rb\":%" PRIu64 "}\n", v->records,
		v->out, v->in);
}

static void csv_line(const struct grouping *g, const struct group *v, FILE *out)
{
	const char *at = v->key;
	char text[TEXT_MAX];
	struct cell c;

	for (unsigned i = 0; i < g->n; i++) {
		if (value(&at, &c)) {
			cell_text(&c, text, sizeof(text));
			printer_csv_text(out, text, true);
		}
		fputc(',', out);
	}
	fprintf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\r\n", v->records, v->out, v->in);
}

static void table_text(const char **at, char text[TEXT_MAX])
{
	struct cell c;

	if (value(at, &c)) {
		cell_text(&c, text, TEXT_MAX);
		table_make_safe(text);
	} else {
		strcpy(text, "-");
	}
}

static void print_table(const struct grouping *g, const struct group *const *v, size_t n, FILE *out)
{
	unsigned width[GROUPING_FIELDS];
	char text[TEXT_MAX];

	for (unsigned i = 0; i < g->n; i++) {
		width[i] = (unsigned)strlen(fields[g->field[i]].name);
	}
	for (size_t k = 0; k < n; k++) {
		const char *at = v[k]->key;

		for (unsigned i = 0; i < g->n; i++) {
			table_text(&at, text);
			width[i] = table_width(text) > width[i] ? table_width(text) : width[i];
		}
	}
	for (unsigned i = 0; n != 0 && i < g->n; i++) {
		for (const char *p = fields[g->field[i]].name; *p != '\0'; p++) {
			fputc(*p - 'a' + 'A', out);
		}
		fprintf(out, "%*s", (int)(width[i] - strlen(fields[g->field[i]].name)) + 2, "");
	}
	if (n != 0) {
		fprintf(out, "%12s  %18s  %18s\n", "RECORDS", "BYTES OUT", "BYTES IN");
	}
	for (size_t k = 0; k < n; k++) {
		const char *at = v[k]->key;

		for (unsigned i = 0; i < g->n; i++) {
			table_text(&at, text);
			fprintf(out, "%s%*s", text, (int)(width[i] - table_width(text)) + 2, "");
		}
		fprintf(out, "%12" PRIu64 "  %18" PRIu64 "  %18" PRIu64 "\n", v[k]->records,
			v[k]->out, v[k]->in);
	}
}

int grouping_print(const struct grouping *g, enum printer_format format, uint64_t limit, FILE *out)
{
	size_t n = groups_count(g->groups);
	const struct group **v = calloc(n + 1, sizeof(*v));

	if (v == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		v[i] = groups_at(g->groups, i);
	}
	qsort(v, n, sizeof(*v), by_size);
	n = limit != 0 && limit < n ? (size_t)limit : n;
	if (format == PRINTER_TABLE) {
		print_table(g, v, n, out);
	}
	for (unsigned i = 0; format == PRINTER_CSV && i < g->n; i++) {
		fprintf(out, "%s,", fields[g->field[i]].key);
	}
	if (format == PRINTER_CSV) {
		fputs("records,ob,rb\r\n", out);
	}
	for (size_t i = 0; i < n && format != PRINTER_TABLE; i++) {
		(format == PRINTER_CSV ? csv_line : json_line)(g, v[i], out);
	}
	free(v);
	errno = 0;
	return fflush(out) == 0 && !ferror(out) ? 0 : errno != 0 ? -errno : -EIO;
}
