// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/stats_text.h"

#include <inttypes.h>
#include <string.h>

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "?";
}

static json_int_t value(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void head(const json_t *r, FILE *to)
{
	const json_t *p = json_object_get(r, "policy");

	fprintf(to, "gateway %s, %s, Bridgehead %s, up %" JSON_INTEGER_FORMAT " s\n",
		text(r, "gateway"), text(r, "mode"), text(r, "version"), value(r, "uptime_s"));
	fprintf(to,
		"policy  %s version %" JSON_INTEGER_FORMAT ", epoch %" JSON_INTEGER_FORMAT
		", %" JSON_INTEGER_FORMAT " rules, %" JSON_INTEGER_FORMAT " limits\n",
		text(p, "id"), value(p, "version"), value(p, "epoch"), value(p, "rules"),
		value(p, "limits"));
}

static void candidate(const json_t *r, FILE *to)
{
	const json_t *c = json_object_get(r, "candidate");

	if (json_is_object(c))
		fprintf(to,
			"shadow  %s version %" JSON_INTEGER_FORMAT
			", another verdict on %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
			" flows that ended\n",
			text(c, "id"), value(c, "version"), value(c, "changed"), value(c, "flows"));
}

static void ports(const json_t *r, FILE *to)
{
	size_t i;
	json_t *p;

	fprintf(to, "\n%-20s %-12s %-8s %-10s %14s %14s %10s %10s\n", "PORT", "WIRE", "SIDE",
		"LINK", "RX PACKETS", "TX PACKETS", "RX MISSED", "TX ERRORS");
	json_array_foreach (json_object_get(r, "ports"), i, p) {
		fprintf(to,
			"%-20s %-12s %-8s %-10s %14" JSON_INTEGER_FORMAT " %14" JSON_INTEGER_FORMAT
			" %10" JSON_INTEGER_FORMAT " %10" JSON_INTEGER_FORMAT "\n",
			text(p, "port"), text(p, "wire"), text(p, "side"), text(p, "link"),
			value(p, "rx_packets"), value(p, "tx_packets"),
			value(p, "rx_missed") + value(p, "rx_no_mbuf"), value(p, "tx_errors"));
	}
}

// One line for a counter: the sum, then what each worker has of it where there are several.
static void line(const json_t *workers, const char *name, bool all, FILE *to,
	json_int_t (*get)(const json_t *worker, const char *name))
{
	json_int_t sum = 0;
	size_t i;
	json_t *w;

	json_array_foreach (workers, i, w) {
		sum += get(w, name);
	}
	if (sum == 0 && !all)
		return;
	// The number of an lcore is a name: a sum of names says nothing.
	if (json_array_size(workers) > 1 && strcmp(name, "lcore") == 0)
		fprintf(to, "%-24s %14s", name, "-");
	else
		fprintf(to, "%-24s %14" JSON_INTEGER_FORMAT, name, sum);
	if (json_array_size(workers) > 1) {
		json_array_foreach (workers, i, w) {
			fprintf(to, " %14" JSON_INTEGER_FORMAT, get(w, name));
		}
	}
	fputc('\n', to);
}

static json_int_t outcome(const json_t *w, const char *name)
{
	return value(json_object_get(json_object_get(w, "outcomes"), name), "packets");
}

static json_int_t note(const json_t *w, const char *name)
{
	return value(json_object_get(w, "notes"), name);
}

static json_int_t own(const json_t *w, const char *name)
{
	return value(w, name);
}

static json_int_t flow(const json_t *w, const char *name)
{
	return value(json_object_get(w, "flows"), name);
}

static json_int_t ended(const json_t *w, const char *name)
{
	return value(json_object_get(json_object_get(w, "flows"), "ended"), name);
}

static json_int_t decision(const json_t *w, const char *name)
{
	return value(json_object_get(w, "decisions"), name);
}

static json_int_t classified(const json_t *w, const char *name)
{
	return value(json_object_get(w, "classification"), name);
}

static json_int_t offloaded(const json_t *w, const char *name)
{
	return value(json_object_get(w, "offload"), name);
}

// Every counter of an object of the first worker or DPI lcore, in its order.
static void block(const json_t *workers, const char *title, const json_t *names, bool all, FILE *to,
	json_int_t (*get)(const json_t *worker, const char *name))
{
	bool lcores = json_object_get(json_array_get(workers, 0), "worker") == NULL;
	const char *key;
	json_t *v;

	fprintf(to, "\n%-24s %14s", title, "ALL");
	for (size_t i = 0; json_array_size(workers) > 1 && i < json_array_size(workers); i++)
		fprintf(to, " %8s %5" JSON_INTEGER_FORMAT, lcores ? "LCORE" : "WORKER",
			value(json_array_get(workers, i), lcores ? "lcore" : "worker"));
	fputc('\n', to);
	json_object_foreach ((json_t *)(uintptr_t)names, key, v) {
		// Which worker it is stands above its column.
		if ((json_is_integer(v) && strcmp(key, "worker") != 0) || get == outcome)
			line(workers, key, all, to, get);
	}
}

static void log_block(const json_t *r, FILE *to)
{
	const json_t *l = json_object_get(r, "log");

	fprintf(to,
		"\nLOG %s: %" JSON_INTEGER_FORMAT " records written, %" JSON_INTEGER_FORMAT
		" lost in rings, %" JSON_INTEGER_FORMAT
		" lost on disk, next number %" JSON_INTEGER_FORMAT "%s\n",
		text(l, "dir"), value(l, "written"), value(l, "lost_ring"), value(l, "lost_disk"),
		value(l, "next_seq"),
		json_is_true(json_object_get(l, "disk_full")) ? "; THE DISK CANNOT BE WRITTEN"
							      : "");
}

// What there is one of, as a block.
static void single(const json_t *o, const char *title, bool all, FILE *to)
{
	json_t *one = json_pack("[O]", o);

	block(one, title, o, all, to, own);
	json_decref(one);
}

void stats_text(const json_t *r, bool all, FILE *to)
{
	const json_t *workers = json_object_get(r, "workers"), *first = json_array_get(workers, 0);
	const json_t *lcores = json_object_get(r, "dpi_lcores");

	head(r, to);
	candidate(r, to);
	ports(r, to);
	block(workers, "PACKETS", json_object_get(first, "outcomes"), all, to, outcome);
	block(workers, "REMARKABLE PACKETS", json_object_get(first, "notes"), all, to, note);
	block(workers, "FLOWS", json_object_get(first, "flows"), all, to, flow);
	block(workers, "FLOWS ENDED", json_object_get(json_object_get(first, "flows"), "ended"),
		all, to, ended);
	block(workers, "CLASSIFICATION", json_object_get(first, "classification"), all, to,
		classified);
	block(workers, "DECISIONS", json_object_get(first, "decisions"), all, to, decision);
	if (json_object_get(first, "offload") != NULL)
		block(workers, "OFFLOAD", json_object_get(first, "offload"), all, to, offloaded);
	if (json_is_object(json_object_get(r, "offload")))
		single(json_object_get(r, "offload"), "OFFLOAD RULES", all, to);
	block(workers, "WORKERS", first, all, to, own);
	if (json_array_size(lcores) != 0)
		block(lcores, "DPI LCORES", json_array_get(lcores, 0), all, to, own);
	if (json_is_object(json_object_get(r, "control")))
		single(json_object_get(r, "control"), "CONTROL SOCKET", all, to);
	log_block(r, to);
}
