// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/live.h"
#include "app/operator/screen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: bhctl [--socket PATH] top [--by KEY] [FILTER...] [--limit N] [--json]\n"
	"\n"
	"Live flows summed by a key, with the rates at which they send, the fastest first. On a "
	"terminal\n"
	"anew every 2 s until q or ^C; elsewhere once, from two looks 1 s apart.\n"
	"\n"
	"  --by KEY          tenant, country, app, rule, shadow (rule) or act; default: country\n"
	"\n" LIVE_FILTER_USAGE "\n"
	"  --limit N         at most so many lines; default: 20, on a terminal what fits\n"
	"  --json            once, for machines\n"
	"\n"
	"FLOWS, OUT and IN are those of live flows. A flow that ends between two looks is not in "
	"the\n"
	"rates.\n";

static const struct grid_column columns[] = {{"", false, 44}, {"FLOWS", true, 0},
	{"OUT BIT/S", true, 0}, {"IN BIT/S", true, 0}, {"OUT", true, 0}, {"IN", true, 0}};

struct sum {
	const char *name; // of the look that it is in
	json_int_t flows, out, in;
	double out_rate, in_rate; // bits a second
};

struct top {
	const char *socket, *by;
	const struct live_filter *filter;
	json_t *before, *now; // looks
	struct sum *sums;
	size_t n;
	double seconds; // between them
};

static json_t *look(const struct top *t)
{
	json_t *request = json_pack("{s:s, s:s}", "cmd", "top", "by", t->by);

	if (!live_filter_put(request, t->filter)) {
		json_decref(request);
		return NULL;
	}
	return live_ask(t->socket, request);
}

static double rate(json_int_t before, json_int_t now, double seconds)
{
	return now > before && seconds > 0 ? (double)(now - before) * 8 / seconds : 0;
}

static int fastest(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	double dx = x->out_rate + x->in_rate, dy = y->out_rate + y->in_rate;

	if (dx != dy)
		return dx < dy ? 1 : -1;
	if (x->out + x->in != y->out + y->in)
		return x->out + x->in < y->out + y->in ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void compare(struct top *t)
{
	json_t *then = json_object_get(t->before, "sums"), *sums = json_object_get(t->now, "sums");
	const char *name;
	json_t *o;

	free(t->sums);
	t->n = 0;
	t->sums = calloc(json_object_size(sums) + 1, sizeof(*t->sums));
	t->seconds = (double)(command_number(t->now, "t") - command_number(t->before, "t")) / 1e6;
	json_object_foreach (sums, name, o) {
		struct sum s = {.name = name,
			.flows = command_number(o, "flows"),
			.out = command_number(o, "bytes_out"),
			.in = command_number(o, "bytes_in")};
		const json_t *b = json_object_get(then, name);

		s.out_rate = rate(command_number(b, "bytes_out"), s.out, t->seconds);
		s.in_rate = rate(command_number(b, "bytes_in"), s.in, t->seconds);
		if (t->sums != NULL)
			t->sums[t->n++] = s;
	}
	if (t->n > 1)
		qsort(t->sums, t->n, sizeof(*t->sums), fastest);
}

// The next look; what was the last one becomes the one before.
static bool step(struct top *t)
{
	json_t *next = look(t);

	if (next == NULL)
		return false;
	json_decref(t->before);
	t->before = t->now;
	t->now = next;
	compare(t);
	return true;
}

static const char *name_of(const struct top *t, const struct sum *s)
{
	if (*s->name != '\0')
		return s->name;
	return strcmp(t->by, "rule") == 0 ? "(no rule)" : "(none)";
}

static void print(const struct top *t, size_t limit)
{
	struct grid_column c[sizeof(columns) / sizeof(columns[0])];
	json_int_t apart = command_number(t->now, "not_told_apart");
	char title[16];
	struct grid g;

	memcpy(c, columns, sizeof(c));
	snprintf(title, sizeof(title), "%s", t->by);
	for (char *p = title; *p != '\0'; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
	c[0].title = title;
	grid_init(&g, c, sizeof(c) / sizeof(c[0]));
	for (size_t i = 0; i < t->n && i < limit; i++) {
		const struct sum *s = &t->sums[i];

		grid_cell(&g, "%s", name_of(t, s));
		grid_cell(&g, "%" JSON_INTEGER_FORMAT, s->flows);
		grid_amount(&g, (uint64_t)s->out_rate);
		grid_amount(&g, (uint64_t)s->in_rate);
		grid_amount(&g, (uint64_t)s->out);
		grid_amount(&g, (uint64_t)s->in);
	}
	printf("%" JSON_INTEGER_FORMAT " live flows, %" JSON_INTEGER_FORMAT
	       " match; rates over %.1f s\n",
		command_number(t->now, "live"), command_number(t->now, "matched"), t->seconds);
	grid_print(&g, SIZE_MAX, 0, stdout);
	if (t->n > limit)
		printf("%zu more are not shown (--limit)\n", t->n - limit);
	if (apart != 0)
		printf("%" JSON_INTEGER_FORMAT " flows are in no line: too many different keys\n",
			apart);
	grid_free(&g);
}

static void print_json(const struct top *t, size_t limit)
{
	json_t *list = json_array(), *o;

	for (size_t i = 0; i < t->n && i < limit; i++) {
		const struct sum *s = &t->sums[i];

		json_array_append_new(list,
			json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "name", s->name, "flows",
				s->flows, "bytes_out", s->out, "bytes_in", s->in, "bits_out_s",
				(json_int_t)s->out_rate, "bits_in_s", (json_int_t)s->in_rate));
	}
	o = json_pack("{s:s, s:I, s:f, s:I, s:I, s:I, s:o}", "by", t->by, "t",
		command_number(t->now, "t"), "seconds", t->seconds, "live",
		command_number(t->now, "live"), "matched", command_number(t->now, "matched"),
		"not_told_apart", command_number(t->now, "not_told_apart"), "sums", list);
	command_print_json(o);
	json_decref(o);
}

static int on_terminal(struct top *t, size_t limit)
{
	unsigned lines = 24;
	size_t fits;
	bool good;

	screen_open();
	do {
		good = step(t);
		if (!good)
			break;
		grid_terminal(stdout, &lines);
		fits = lines > 6 ? lines - 5 : 1;
		screen_clear();
		print(t, limit < fits ? limit : fits);
		fputs("q ends\n", stdout);
		fflush(stdout);
	} while (screen_wait(2000));
	screen_close();
	return good ? EXIT_GOOD : EXIT_ERROR;
}

int top_command(const char *socket, int argc, char **argv)
{
	struct live_filter f = {0};
	const char *by = "country", *limit = NULL;
	bool json = false;
	const struct option_of options[] = {LIVE_FILTER_OPTIONS(f), {"by", &by, NULL},
		{"limit", &limit, NULL}, {"json", NULL, &json}};
	struct top t = {.socket = socket, .filter = &f};
	json_int_t n = 20;
	int rc = command_only_options(
		usage, options, sizeof(options) / sizeof(options[0]), argc, argv);

	if (rc != 0)
		return rc;
	if (limit != NULL && !live_number(limit, "limit", 100000, &n))
		return EXIT_ERROR;
	t.by = by;
	t.now = look(&t);
	if (t.now == NULL)
		return EXIT_ERROR;
	if (command_number(t.now, "matched") == 0 && !live_known(socket, &f)) {
		json_decref(t.now);
		return EXIT_ERROR;
	}
	usleep(1000000);
	if (!json && isatty(STDOUT_FILENO)) {
		rc = on_terminal(&t, limit != NULL ? (size_t)n : SIZE_MAX);
	} else if (!step(&t)) {
		rc = EXIT_ERROR;
	} else if (json) {
		print_json(&t, limit != NULL ? (size_t)n : SIZE_MAX);
	} else {
		print(&t, (size_t)n);
	}
	json_decref(t.before);
	json_decref(t.now);
	free(t.sums);
	return rc;
}
