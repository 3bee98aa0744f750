// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/chart.h"

#include "app/console/html.h"

static const char class_of[ACTS] = {'a', 'f', 'b'};

void chart_share(FILE *out, const uint64_t bytes[ACTS], uint64_t max)
{
	double x = 0;

	fputs("<svg class=\"share\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	      "aria-hidden=\"true\">",
		out);
	for (unsigned i = 0; max != 0 && i < ACTS; i++) {
		double width = 100.0 * (double)bytes[i] / (double)max;

		if (bytes[i] == 0) {
			continue;
		}
		if (width < 0.6) {
			width = 0.6; // there is something: it shows
		}
		if (width > 100 - x) {
			width = 100 - x;
		}
		fprintf(out, "<rect class=\"%c\" x=\"%.2f\" width=\"%.2f\" height=\"10\"/>",
			class_of[i], x, width);
		x += width;
	}
	fputs("</svg>", out);
}

void chart_bars(
	FILE *out, const uint64_t *v, unsigned n, uint64_t max, enum act act, const char *name)
{
	fprintf(out,
		"<svg class=\"bars\" viewBox=\"0 0 %u 100\" preserveAspectRatio=\"none\" "
		"role=\"img\" aria-label=\"",
		n * 10);
	html_string(out, name);
	fprintf(out, "\"><path class=\"grid\" d=\"M0 .5H%uM0 50H%u\"/>", n * 10, n * 10);
	for (unsigned i = 0; max != 0 && i < n; i++) {
		double height = 100.0 * (double)v[i] / (double)max;

		if (v[i] == 0) {
			continue;
		}
		if (height < 1) {
			height = 1;
		}
		fprintf(out, "<rect class=\"%c\" x=\"%u\" y=\"%.2f\" width=\"8\" height=\"%.2f\"/>",
			class_of[act], i * 10 + 1, 100 - height, height);
	}
	fprintf(out, "<path class=\"base\" d=\"M0 99.5H%u\"/></svg>", n * 10);
}
