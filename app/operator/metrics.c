// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/metrics.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NAME_MAX_LEN 128

// What goes up and down, or is a setting; all other numbers are counters.
static const char *const gauges[] = {"live", "max", "memory", "contexts_open", "lcore", "queues",
	"rx_queues", "tx_queues", "next_seq", "recall_us_max"};

struct label {
	const char *name, *value;
};

static bool is_gauge(const char *key)
{
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		if (strcmp(gauges[i], key) == 0)
			return true;
	return false;
}

static void escaped(const char *s, FILE *to)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n')
			fputs("\\n", to);
		else if (*s == '"' || *s == '\\')
			fprintf(to, "\\%c", *s);
		else
			fputc(*s, to);
	}
}

// All samples of a family follow it at once: the format demands it.
static void family(const char *name, const char *type, const char *help, FILE *to)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void sample(
	const char *name, const struct label *labels, unsigned n, json_int_t value, FILE *to)
{
	fputs(name, to);
	for (unsigned i = 0; i < n; i++) {
		fprintf(to, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
		escaped(labels[i].value, to);
		fputc('"', to);
	}
	fprintf(to, "%s %" JSON_INTEGER_FORMAT "\n", n != 0 ? "}" : "", value);
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void gauge(const char *name, const char *help, json_int_t value, FILE *to)
{
	family(name, "gauge", help, to);
	sample(name, NULL, 0, value, to);
}

// What kind of thing each element of a list is, and its labels.
struct list {
	const json_t *elements;
	const char *labels[3]; // keys of its labels
	unsigned n_labels;
};

static unsigned labels_of(
	const struct list *l, const json_t *element, char room[3][128], struct label out[4])
{
	for (unsigned i = 0; i < l->n_labels; i++) {
		const json_t *v = json_object_get(element, l->labels[i]);

		if (json_is_integer(v))
			snprintf(room[i], 128, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		else
			snprintf(room[i], 128, "%s", text(element, l->labels[i]));
		out[i] = (struct label){l->labels[i], room[i]};
	}
	return l->n_labels;
}

// The part of an element that a path of up to two keys names.
static const json_t *part(const json_t *element, const char *group, const char *below)
{
	const json_t *o = group != NULL ? json_object_get(element, group) : element;

	return below != NULL ? json_object_get(o, below) : o;
}

static bool is_label(const struct list *l, const char *key)
{
	for (unsigned i = 0; i < l->n_labels; i++)
		if (strcmp(l->labels[i], key) == 0)
			return true;
	return false;
}

// A family for each number of a group: bridgehead_PREFIX_KEY_total.
static void each_key(const struct list *l, const char *prefix, const char *group, FILE *to)
{
	const json_t *first = part(json_array_get(l->elements, 0), group, NULL);
	char name[NAME_MAX_LEN], help[NAME_MAX_LEN], room[3][128];
	struct label labels[4];
	json_t *element, *v;
	const char *key;
	size_t i;

	json_object_foreach ((json_t *)(uintptr_t)first, key, v) {
		if (!json_is_integer(v) || is_label(l, key))
			continue;
		snprintf(name, sizeof(name), "bridgehead_%s_%s%s", prefix, key,
			is_gauge(key) ? "" : "_total");
		snprintf(help, sizeof(help), "%s of %s, as in bhctl stats.", key, prefix);
		family(name, is_gauge(key) ? "gauge" : "counter", help, to);
		json_array_foreach (l->elements, i, element) {
			unsigned n = labels_of(l, element, room, labels);

			sample(name, labels, n, number(part(element, group, NULL), key), to);
		}
	}
}

// One family whose last label is the key: of numbers, or of objects with the number called value.
struct by_key {
	const char *name, *help, *group, *below, *label, *value;
};

static void one_family(const struct list *l, const struct by_key *b, FILE *to)
{
	char room[3][128];
	struct label labels[4];
	json_t *element, *v;
	const char *key;
	size_t i;

	family(b->name, "counter", b->help, to);
	json_array_foreach (l->elements, i, element) {
		unsigned n = labels_of(l, element, room, labels);
		const json_t *o = part(element, b->group, b->below);

		json_object_foreach ((json_t *)(uintptr_t)o, key, v) {
			labels[n] = (struct label){b->label, key};
			sample(b->name, labels, n + 1,
				b->value != NULL ? number(v, b->value) : json_integer_value(v), to);
		}
	}
}

static void workers(const json_t *stats, FILE *to)
{
	static const struct by_key counters[] = {
		{"bridgehead_packets_total", "Packets by what became of them.", "outcomes", NULL,
			"outcome", "packets"},
		{"bridgehead_bytes_total", "Bytes of frames by what became of them.", "outcomes",
			NULL, "outcome", "bytes"},
		{"bridgehead_notes_total", "Packets that were remarkable, by what was.", "notes",
			NULL, "note", NULL},
		{"bridgehead_flows_ended_total", "Flows by how they ended.", "flows", "ended",
			"end", NULL},
	};
	const struct list l = {json_object_get(stats, "workers"), {"worker"}, 1};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		one_family(&l, &counters[i], to);
	each_key(&l, "flows", "flows", to);
	each_key(&l, "classification", "classification", to);
	each_key(&l, "decisions", "decisions", to);
	each_key(&l, "offload", "offload", to);
	each_key(&l, "worker", NULL, to);
}

static void dpi_lcores(const json_t *stats, FILE *to)
{
	const struct list l = {json_object_get(stats, "dpi_lcores"), {"lcore"}, 1};

	each_key(&l, "dpi_lcore", NULL, to);
}

// What there is one of, without labels; where a gateway has none, nothing.
static void single(const json_t *o, const char *prefix, FILE *to)
{
	json_t *one = json_array();
	const struct list l = {one, {NULL}, 0};

	if (json_is_object(o)) {
		json_array_append(one, (json_t *)(uintptr_t)o);
		each_key(&l, prefix, NULL, to);
	}
	json_decref(one);
}

static void ports(const json_t *stats, FILE *to)
{
	const struct list l = {json_object_get(stats, "ports"), {"port", "wire", "side"}, 3};
	char room[3][128];
	struct label labels[4];
	json_t *p;
	size_t i;

	family("bridgehead_port_up", "gauge", "1: the link is up.", to);
	json_array_foreach (l.elements, i, p) {
		unsigned n = labels_of(&l, p, room, labels);

		sample("bridgehead_port_up", labels, n, strcmp(text(p, "link"), "up") == 0, to);
	}
	each_key(&l, "port", NULL, to);
}

static void info(
	const char *name, const char *help, const struct label *labels, unsigned n, FILE *to)
{
	family(name, "gauge", help, to);
	sample(name, labels, n, 1, to);
}

static void policy_family(const char *name, const char *help, const json_t *p, FILE *to)
{
	char version[24];
	const struct label labels[] = {
		{"id", text(p, "id")}, {"version", version}, {"sha256", text(p, "sha256")}};

	snprintf(version, sizeof(version), "%" JSON_INTEGER_FORMAT, number(p, "version"));
	info(name, help, labels, 3, to);
}

static void policy(const json_t *p, FILE *to)
{
	policy_family("bridgehead_policy_info", "The policy in force.", p, to);
	gauge("bridgehead_policy_version", "Its version.", number(p, "version"), to);
	gauge("bridgehead_policy_epoch", "How many were put into force since the start.",
		number(p, "epoch"), to);
	gauge("bridgehead_policy_expires_timestamp_seconds", "When it expires.",
		number(p, "expires"), to);
	gauge("bridgehead_policy_rules", "Its rules.", number(p, "rules"), to);
	gauge("bridgehead_policy_limits", "Its limits.", number(p, "limits"), to);
	gauge("bridgehead_limit_counters", "Counters of limits in use.",
		number(p, "limit_counters"), to);
	family("bridgehead_limit_counters_refused_total", "counter",
		"Counters of limits that found no place.", to);
	sample("bridgehead_limit_counters_refused_total", NULL, 0,
		number(p, "limit_counters_refused"), to);
}

static void candidate(const json_t *c, FILE *to)
{
	const char *name = "bridgehead_candidate_changes_total", *way, *arrow;
	char from[16];
	json_t *n;

	gauge("bridgehead_candidate", "1: there is a candidate policy in shadow.",
		json_is_object(c), to);
	if (!json_is_object(c))
		return;
	policy_family("bridgehead_candidate_info", "The candidate.", c, to);
	gauge("bridgehead_candidate_version", "Its version.", number(c, "version"), to);
	gauge("bridgehead_candidate_since_timestamp_seconds", "When it came.",
		number(c, "since") / 1000000, to);
	family("bridgehead_candidate_flows_total", "counter", "Flows that ended beside it.", to);
	sample("bridgehead_candidate_flows_total", NULL, 0, number(c, "flows"), to);
	family("bridgehead_candidate_renamed_total", "counter",
		"Of these, with the same action by another rule or for another reason.", to);
	sample("bridgehead_candidate_renamed_total", NULL, 0, number(c, "renamed"), to);
	family(name, "counter", "Of these, with another verdict.", to);
	json_object_foreach (json_object_get(c, "changes"), way, n) {
		arrow = strstr(way, "->");
		snprintf(from, sizeof(from), "%.*s", arrow != NULL ? (int)(arrow - way) : 0, way);
		sample(name,
			(const struct label[]){
				{"in_force", from}, {"candidate", arrow != NULL ? arrow + 2 : ""}},
			2, json_integer_value(n), to);
	}
}

static void log_state(const json_t *log, FILE *to)
{
	const json_t *e = json_object_get(log, "evidence");

	single(log, "log", to);
	gauge("bridgehead_log_disk_full",
		"1: records wait or are lost, for want of space or of the directory.",
		json_is_true(json_object_get(log, "disk_full")), to);
	gauge("bridgehead_log_signed", "1: a key signs the log's checkpoints.",
		json_is_string(json_object_get(e, "signer")), to);
	gauge("bridgehead_log_blocks", "Blocks in the log's tree.", number(e, "blocks"), to);
	gauge("bridgehead_log_checkpoint_blocks", "Blocks that the newest checkpoint is of.",
		number(e, "checkpoint_blocks"), to);
	gauge("bridgehead_log_checkpoint_timestamp_seconds",
		"When that was made; 0: not since the start.", number(e, "checkpoint_t") / 1000000,
		to);
	gauge("bridgehead_log_ages_wait_seconds",
		"For which the clock must still go on before the log removes anything for its age.",
		number(e, "ages_wait_s"), to);
}

void metrics_text(const json_t *stats, FILE *to)
{
	const struct label labels[] = {{"gateway", text(stats, "gateway")},
		{"version", text(stats, "version")}, {"mode", text(stats, "mode")}};

	info("bridgehead_info", "The gateway.", labels, 3, to);
	gauge("bridgehead_uptime_seconds", "Since its start.", number(stats, "uptime_s"), to);
	policy(json_object_get(stats, "policy"), to);
	candidate(json_object_get(stats, "candidate"), to);
	log_state(json_object_get(stats, "log"), to);
	ports(stats, to);
	workers(stats, to);
	dpi_lcores(stats, to);
	single(json_object_get(stats, "offload"), "offload_server",
		to); // the thread that makes rules
	single(json_object_get(stats, "control"), "control", to);
}
