// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/review/table.h"

#include "app/review/moment.h"

#include <stdlib.h>
#include <string.h>

#define HELD_ROWS  500
#define CELL_BYTES 320
#define MAX_WIDTH  44 // wider cells stick out rather than push all others aside

enum column {
	COL_TIME,
	COL_EV,
	COL_ACT,
	COL_TENANT,
	COL_SRC,
	COL_DST,
	COL_PROTO,
	COL_APP,
	COL_HOST,
	COL_CC,
	COL_OUT,
	COL_IN,
	COL_RULE,
	COL_REASON,
	COLUMNS,
};

static const struct {
	const char *title;
	bool right;
} columns[COLUMNS] = {
	[COL_TIME] = {"LAST SEEN (UTC)"},
	[COL_EV] = {"EVENT"},
	[COL_ACT] = {"ACT"},
	[COL_TENANT] = {"TENANT"},
	[COL_SRC] = {"SOURCE"},
	[COL_DST] = {"DESTINATION"},
	[COL_PROTO] = {"PROTO"},
	[COL_APP] = {"APPLICATION"},
	[COL_HOST] = {"HOST"},
	[COL_CC] = {"CC"},
	[COL_OUT] = {"BYTES OUT", true},
	[COL_IN] = {"BYTES IN", true},
	[COL_RULE] = {"RULE"},
	[COL_REASON] = {"REASON"},
};

struct line {
	char text[COLUMNS][CELL_BYTES];
};

struct table {
	FILE *out;
	struct line *held;
	unsigned n_held;
	bool flowing; // widths are set, rows go straight out
	unsigned width[COLUMNS];
};

struct table *table_open(FILE *out)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t != NULL) {
		t->out = out;
		t->held = malloc(HELD_ROWS * sizeof(*t->held));
	}
	if (t == NULL || t->held == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

// Whether the code point could act on a terminal or reorder what is read: C0 and C1 controls, DEL,
// directional marks (Unicode UAX 9).
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

// The code point at p of text that is UTF-8 already or cut off; *n its bytes.
static uint32_t code_point(const char *p, size_t *n)
{
	const uint8_t first = (uint8_t)*p;
	uint32_t c;

	*n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	c = *n == 1 ? first : first & (0xffu >> (*n + 1));
	for (size_t i = 1; i < *n; i++) {
		if (((uint8_t)p[i] & 0xc0) != 0x80) {
			*n = i;
			return 0; // shown as '?'
		}
		c = c << 6 | ((uint8_t)p[i] & 0x3f);
	}
	return c;
}

void table_make_safe(char *text)
{
	char *to = text;

	for (const char *p = text; *p != '\0';) {
		size_t n;
		const uint32_t c = code_point(p, &n);

		if (is_unsafe(c)) {
			*to++ = '?';
		} else {
			memmove(to, p, n);
			to += n;
		}
		p += n;
	}
	*to = '\0';
}

unsigned table_width(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++) {
		n += ((uint8_t)*text & 0xc0) != 0x80;
	}
	return n;
}

static void put_key(struct line *l, enum column col, const struct row *r, const char *key)
{
	cell_text(row_find(r, key), l->text[col], CELL_BYTES);
}

static void put_end(struct line *l, enum column col, const struct row *r, const char *addr_key,
	const char *port_key)
{
	char addr[64], port[16];

	cell_text(row_find(r, addr_key), addr, sizeof(addr));
	cell_text(row_find(r, port_key), port, sizeof(port));
	if (port[0] == '\0') {
		snprintf(l->text[col], CELL_BYTES, "%s", addr);
	} else if (strchr(addr, ':') != NULL) {
		snprintf(l->text[col], CELL_BYTES, "[%s]:%s", addr, port);
	} else {
		snprintf(l->text[col], CELL_BYTES, "%s:%s", addr, port);
	}
}

static void put_proto(struct line *l, const struct row *r)
{
	static const struct {
		uint64_t number;
		const char *name;
	} names[] = {{1, "icmp"}, {6, "tcp"}, {17, "udp"}, {47, "gre"}, {50, "esp"}, {58, "icmp6"},
		{132, "sctp"}};
	uint64_t number;

	put_key(l, COL_PROTO, r, "proto");
	if (!cell_u64(row_find(r, "proto"), &number)) {
		return;
	}
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == number) {
			snprintf(l->text[COL_PROTO], CELL_BYTES, "%s", names[i].name);
		}
	}
}

static void put_app(struct line *l, const struct row *r)
{
	char app[128], master[128];

	cell_text(row_find(r, "app"), app, sizeof(app));
	cell_text(row_find(r, "master"), master, sizeof(master));
	if (master[0] != '\0' && strcmp(master, app) != 0) {
		snprintf(l->text[COL_APP], CELL_BYTES, "%s.%s", master, app);
	} else {
		snprintf(l->text[COL_APP], CELL_BYTES, "%s", app);
	}
}

// What a notice has to say, in the last column: "key value" pairs behind the common keys.
static void put_notice(struct line *l, const struct row *r)
{
	static const char common[] = " v ev gw seq t0 t1 ";
	char *p = l->text[COL_REASON], *end = p + CELL_BYTES;

	for (unsigned i = 0; i < r->n; i++) {
		const struct cell *c = &r->cells[i];
		char key[32], value[CELL_BYTES];
		int n;

		snprintf(key, sizeof(key), " %.*s ", (int)c->key_len, c->key);
		if (strstr(common, key) != NULL) {
			continue;
		}
		cell_text(c, value, sizeof(value));
		n = snprintf(p, (size_t)(end - p), "%s%.*s %s",
			p == l->text[COL_REASON] ? "" : ", ", (int)c->key_len, c->key, value);
		if (n < 0 || n >= end - p) {
			return; // cut off
		}
		p += n;
	}
}

static void make_line(struct line *l, const struct row *r)
{
	int64_t t;

	memset(l, 0, sizeof(*l));
	if (cell_i64(row_find(r, "t1"), &t)) {
		moment_format(t, l->text[COL_TIME]);
	}
	put_key(l, COL_EV, r, "ev");
	if (row_find(r, "fid") == NULL) {
		put_notice(l, r);
	} else {
		put_key(l, COL_ACT, r, "act");
		put_key(l, COL_TENANT, r, "tn");
		put_end(l, COL_SRC, r, "src", "sport");
		put_end(l, COL_DST, r, "dst", "dport");
		put_proto(l, r);
		put_app(l, r);
		put_key(l, COL_HOST, r, "host");
		put_key(l, COL_CC, r, "cc");
		put_key(l, COL_OUT, r, "ob");
		put_key(l, COL_IN, r, "rb");
		put_key(l, COL_RULE, r, "rule");
		put_key(l, COL_REASON, r, "reason");
	}
	for (unsigned i = 0; i < COLUMNS; i++) {
		table_make_safe(l->text[i]);
	}
}

static void print_line(const struct table *t, const struct line *l)
{
	unsigned last = COLUMNS - 1;

	while (last > 0 && l->text[last][0] == '\0') {
		last--;
	}
	for (unsigned i = 0; i <= last; i++) {
		const unsigned width = table_width(l->text[i]);
		const int pad = t->width[i] > width ? (int)(t->width[i] - width) : 0;

		if (columns[i].right) {
			fprintf(t->out, "%*s%s", pad, "", l->text[i]);
		} else {
			fprintf(t->out, "%s%*s", l->text[i], i < last ? pad : 0, "");
		}
		fputs(i < last ? "  " : "\n", t->out);
	}
}

static void start_flowing(struct table *t)
{
	struct line title = {0};

	for (unsigned i = 0; i < COLUMNS; i++) {
		snprintf(title.text[i], CELL_BYTES, "%s", columns[i].title);
		t->width[i] = table_width(title.text[i]);
		for (unsigned k = 0; k < t->n_held; k++) {
			const unsigned width = table_width(t->held[k].text[i]);

			if (width > t->width[i]) {
				t->width[i] = width < MAX_WIDTH ? width : MAX_WIDTH;
			}
		}
	}
	if (t->n_held != 0) {
		print_line(t, &title);
	}
	for (unsigned k = 0; k < t->n_held; k++) {
		print_line(t, &t->held[k]);
	}
	t->flowing = true;
}

void table_put(struct table *t, const struct row *r)
{
	if (!t->flowing && t->n_held == HELD_ROWS) {
		start_flowing(t);
	}
	if (t->flowing) {
		make_line(&t->held[0], r);
		print_line(t, &t->held[0]);
	} else {
		make_line(&t->held[t->n_held++], r);
	}
}

void table_close(struct table *t)
{
	if (!t->flowing) {
		start_flowing(t);
	}
	free(t->held);
	free(t);
}
