// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/grid.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2

void grid_init(struct grid *g, const struct grid_column *columns, unsigned n)
{
	memset(g, 0, sizeof(*g));
	g->columns = columns;
	g->n = n;
	for (unsigned i = 0; i < n; i++)
		g->width[i] = (unsigned)strlen(columns[i].title);
}

void grid_free(struct grid *g)
{
	for (size_t i = 0; i < g->n_cells; i++)
		free(g->cells[i]);
	free(g->cells);
	memset(g, 0, sizeof(*g));
}

static void must(const void *p)
{
	if (p != NULL)
		return;
	fputs("bhctl: no memory\n", stderr);
	exit(2);
}

void grid_cell(struct grid *g, const char *fmt, ...)
{
	unsigned column = (unsigned)(g->n_cells % g->n), max = g->columns[column].max;
	char text[512];
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	len = strlen(text);
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	if (max != 0 && len > max) {
		text[max - 1] = '~';
		text[len = max] = '\0';
	}
	if (len > g->width[column])
		g->width[column] = (unsigned)len;
	if (g->n_cells == g->room) {
		g->room = g->room != 0 ? 2 * g->room : 256;
		g->cells = realloc(g->cells, g->room * sizeof(*g->cells));
		must(g->cells);
	}
	g->cells[g->n_cells] = strdup(text);
	must(g->cells[g->n_cells]);
	g->n_cells++;
}

void grid_amount(struct grid *g, uint64_t n)
{
	static const char prefixes[] = "KMGTPE";
	double v = (double)n;
	int at = -1;

	if (n < 1000) {
		grid_cell(g, "%u", (unsigned)n);
		return;
	}
	while (v >= 999.5) {
		v /= 1000;
		at++;
	}
	grid_cell(g, "%.*f%c", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, prefixes[at]);
}

static void print_cell(const struct grid *g, unsigned column, const char *text, bool last, FILE *to)
{
	if (g->columns[column].right)
		fprintf(to, "%*s", (int)g->width[column], text);
	else if (last)
		fputs(text, to);
	else
		fprintf(to, "%-*s", (int)g->width[column], text);
	if (!last)
		fprintf(to, "%*s", GAP, "");
}

void grid_print(const struct grid *g, size_t rows, unsigned width, FILE *to)
{
	size_t have = g->n_cells / g->n;
	unsigned total = 0, beside = g->n;

	for (unsigned i = 0; i < g->n; i++)
		total += g->width[i] + (i != 0 ? GAP : 0);
	if (width != 0 && total > width)
		beside--;
	for (unsigned i = 0; i < beside; i++)
		print_cell(g, i, g->columns[i].title, i + 1 == beside, to);
	fputc('\n', to);
	for (size_t r = 0; r < have && r < rows; r++) {
		for (unsigned i = 0; i < beside; i++)
			print_cell(g, i, g->cells[r * g->n + i], i + 1 == beside, to);
		if (beside < g->n)
			fprintf(to, "\n    %s", g->cells[r * g->n + beside]);
		fputc('\n', to);
	}
}

unsigned grid_terminal(FILE *to, unsigned *lines)
{
	struct winsize w;

	if (!isatty(fileno(to)))
		return 0;
	if (ioctl(fileno(to), TIOCGWINSZ, &w) < 0 || w.ws_col == 0)
		w = (struct winsize){.ws_col = 100, .ws_row = 24};
	if (lines != NULL)
		*lines = w.ws_row;
	return w.ws_col < 100 ? 100 : w.ws_col;
}

bool grid_colour(FILE *to)
{
	const char *plain = getenv("NO_COLOR");

	return isatty(fileno(to)) && (plain == NULL || *plain == '\0');
}
