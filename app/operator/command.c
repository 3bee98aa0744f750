// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/command.h"
#include "app/control/server.h"
#include "policy/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct option_of *find(const char *arg, const struct option_of *options, unsigned n)
{
	size_t len = strcspn(arg, "=");

	for (unsigned i = 0; i < n; i++)
		if (strlen(options[i].name) == len && strncmp(options[i].name, arg, len) == 0)
			return &options[i];
	return NULL;
}

static int bad(const char *what, const char *arg)
{
	fprintf(stderr, "bhctl: %s: %s; see --help\n", arg, what);
	return EXIT_ERROR;
}

int command_options(
	const char *usage, const struct option_of *options, unsigned n, int *argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < *argc; i++) {
		const struct option_of *o;
		const char *value;

		if (strcmp(argv[i], "--") == 0) {
			while (++i < *argc)
				argv[kept++] = argv[i];
			break;
		}
		if (strncmp(argv[i], "--", 2) != 0) {
			argv[kept++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			exit(EXIT_GOOD);
		}
		o = find(argv[i] + 2, options, n);
		// Of some commands it is an option, a policy's version: then it has a value.
		if (strcmp(argv[i], "--version") == 0 && (o == NULL || i + 1 >= *argc)) {
			command_print_version();
			exit(EXIT_GOOD);
		}
		value = strchr(argv[i], '=');
		if (o == NULL)
			return bad("no such option", argv[i]);
		if (o->flag != NULL) {
			if (value != NULL)
				return bad("takes no value", argv[i]);
			*o->flag = true;
			continue;
		}
		if (value == NULL && i + 1 >= *argc)
			return bad("needs a value", argv[i]);
		*o->word = value != NULL ? value + 1 : argv[++i];
	}
	*argc = kept;
	return 0;
}

int command_misuse(const char *usage, const char *what, ...)
{
	va_list ap;

	fputs("bhctl: ", stderr);
	va_start(ap, what);
	vfprintf(stderr, what, ap);
	va_end(ap);
	fprintf(stderr, "\n%s", usage);
	return EXIT_ERROR;
}

int command_words(const char *usage, int argc, char **argv, int min, int max, const char *missing)
{
	if (argc < min)
		return command_misuse(usage, "%s is missing", missing);
	if (argc > max)
		return command_misuse(usage, "unexpected \"%s\"", argv[max]);
	return 0;
}

int command_only_options(
	const char *usage, const struct option_of *options, unsigned n, int argc, char **argv)
{
	int rc = command_options(usage, options, n, &argc, argv);

	return rc != 0 ? rc : command_words(usage, argc, argv, 0, 0, "");
}

void command_print_version(void)
{
	puts("bhctl " BRIDGEHEAD_VERSION);
}

json_t *command_ask(const char *socket, json_t *request)
{
	char err[2560];
	json_t *reply = control_ask(socket, request, err, sizeof(err));

	json_decref(request);
	if (reply == NULL)
		fprintf(stderr, "bhctl: %s\n", err);
	return reply;
}

void command_print_json(const json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
}

void command_put_plain(const char *text)
{
	while (*text != '\0') {
		size_t control = diag_control(text);

		putchar(control != 0 ? '?' : *text);
		text += control != 0 ? control : 1;
	}
}

const char *command_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

json_int_t command_number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}
