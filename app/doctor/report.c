// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Findings as an engineer reads them, and as a program does.

#include "app/doctor/part.h"

#include <jansson.h>
#include <string.h>

#define WIDTH 110 // columns of text; commands are never broken

static const struct {
	const char *word, *text, *colour;
} LEVEL[DOCTOR_LEVELS] = {
	[DOCTOR_OK] = {"ok", "ok", "\033[32m"},
	[DOCTOR_NOTE] = {"note", "note", "\033[36m"},
	[DOCTOR_UNKNOWN] = {"unknown", "UNKNOWN", "\033[35m"},
	[DOCTOR_WARN] = {"warn", "WARN", "\033[33m"},
	[DOCTOR_FAIL] = {"fail", "FAIL", "\033[1;31m"},
};

// Text in lines that begin at column indent; the first line is there already.
static void wrap(const char *text, int indent, FILE *to)
{
	int at = indent;

	for (const char *word = text; *word != '\0';) {
		int n = (int)strcspn(word, " ");

		if (at > indent && at + 1 + n > WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			at = indent;
		} else if (word != text) {
			fputc(' ', to);
			at++;
		}
		fprintf(to, "%.*s", n, word);
		at += n;
		word += n;
		while (*word == ' ')
			word++;
	}
	fputc('\n', to);
}

static void print_mend(const char *commands, int indent, FILE *to)
{
	const char *label = "mend";

	while (*commands != '\0') {
		int n = (int)strcspn(commands, "\n");

		fprintf(to, "%*s%-6s%.*s\n", indent, "", label, n, commands);
		label = "";
		commands += n + (commands[n] == '\n');
	}
}

static void print_finding(const struct doctor_finding *f, bool colour, int column, FILE *to)
{
	fprintf(to, "  %s%-8s%s%-*s  ", colour ? LEVEL[f->level].colour : "", LEVEL[f->level].text,
		colour ? "\033[0m" : "", column, f->check);
	wrap(f->saw, 12 + column, to);
	if (f->level == DOCTOR_OK)
		return;
	if (f->why[0] != '\0') {
		fprintf(to, "%*swhy   ", 10, "");
		wrap(f->why, 16, to);
	}
	print_mend(f->mend, 10, to);
}

// "2 fail (hugepages, vfio)": each check once.
static void print_names(
	const struct doctor *d, enum doctor_level level, const char *before, FILE *to)
{
	const char *between = " (";
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->v[i].level == level;
	fprintf(to, "%s%zu %s", before, n, LEVEL[level].word);
	if (level < DOCTOR_UNKNOWN || n == 0)
		return;
	for (size_t i = 0; i < d->n; i++) {
		bool seen = d->v[i].level != level;

		for (size_t k = 0; k < i && !seen; k++)
			seen = d->v[k].level == level && strcmp(d->v[k].check, d->v[i].check) == 0;
		if (seen)
			continue;
		fprintf(to, "%s%s", between, d->v[i].check);
		between = ", ";
	}
	fputc(')', to);
}

void doctor_print_text(const struct doctor *d, bool colour, FILE *to)
{
	const char *topic = "";
	int column = 14;

	for (size_t i = 0; i < d->n; i++)
		if ((int)strlen(d->v[i].check) > column)
			column = (int)strlen(d->v[i].check);
	if (column > 24)
		column = 24;
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(topic, d->v[i].topic) != 0) {
			topic = d->v[i].topic;
			fprintf(to, "%s%s%s%s\n", i != 0 ? "\n" : "", colour ? "\033[1m" : "",
				topic, colour ? "\033[0m" : "");
		}
		print_finding(&d->v[i], colour, column, to);
	}
	fputc('\n', to);
	print_names(d, DOCTOR_FAIL, "", to);
	print_names(d, DOCTOR_WARN, ", ", to);
	print_names(d, DOCTOR_UNKNOWN, ", ", to);
	print_names(d, DOCTOR_NOTE, ", ", to);
	print_names(d, DOCTOR_OK, ", ", to);
	fputc('\n', to);
	if (d->config == NULL)
		fputs("Without --config only the host was looked at, not what a gateway on it "
		      "needs.\n",
			to);
}

void doctor_print_json(const struct doctor *d, FILE *to)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->v[i];

		// What a file's name has that is no UTF-8 would make the pack fail: then the
		// finding is still there, without the words.
		json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "check", f->check, "level",
			LEVEL[f->level].word, "saw", f->saw, "why", f->why, "mend", f->mend);

		if (o == NULL)
			o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "check", "unprintable", "level",
				LEVEL[f->level].word, "saw", "its words are not UTF-8", "why",
				f->why, "mend", "bridgehead doctor   # without --json");
		json_array_append_new(all, o);
	}
	json_dumpf(all, to, JSON_INDENT(1));
	fputc('\n', to);
	json_decref(all);
}
