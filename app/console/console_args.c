// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/console_args.h"

#include "app/review/period.h"

#include <errno.h>
#include <stdio.h>

int console_args_init(struct console_args *a)
{
	verify_args_init(&a->verify);
	a->policy = policy_words_new();
	return a->policy != NULL ? 0 : -ENOMEM;
}

void console_args_fini(struct console_args *a)
{
	policy_words_free(a->policy);
}

int console_args_wrong(
	struct console_args *a, const char *option, const char *text, const char *expected)
{
	snprintf(a->err, sizeof(a->err), "--%s \"%s\": expected %s", option, text, expected);
	return -EINVAL;
}

static int take(
	struct console_args *a, const struct console_command *c, int option, const char *text)
{
	int rc = verify_args_take(&a->verify, option, text, a->err, sizeof(a->err));

	if (rc <= 0) {
		return rc;
	}
	switch (option) {
	case CONSOLE_LANG:
		return lang_parse(text, &a->lang) ? 0
						  : console_args_wrong(a, "lang", text, "en or zh");
	case CONSOLE_OFFSET:
		return offset_parse(text, &a->offset) ? 0
						      : console_args_wrong(a, "offset", text,
								"+HH:MM or -HH:MM, such as +08:00");
	case CONSOLE_POLICY:
		return policy_words_add(a->policy, text, a->err, sizeof(a->err));
	case '?': // getopt has said what is wrong
		snprintf(a->err, sizeof(a->err), "\"bhlog %s --help\" lists the options", c->name);
		return -EINVAL;
	default:
		return c->take(c->ctx, option, text);
	}
}

int console_args_parse(
	struct console_args *a, const struct console_command *c, int argc, char **argv)
{
	int option, rc = 0;

	optind = 1;
	while (rc == 0 && (option = getopt_long(argc, argv, "h", c->options, NULL)) != -1) {
		if (option == 'h') {
			fputs(c->help, stdout);
			return 1;
		}
		rc = take(a, c, option, optarg);
	}
	if (rc == 0 && argc - optind != 1) {
		snprintf(a->err, sizeof(a->err),
			"name one log's %s; \"bhlog %s --help\" tells more", c->log, c->name);
		rc = -EINVAL;
	}
	if (rc == 0) {
		a->log = argv[optind];
	}
	return rc;
}
