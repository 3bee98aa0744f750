// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What bhctl policy explain is told of a flow's application.

#include "app/operator/explain.h"

#include <stdlib.h>
#include <string.h>

// No such name: what was meant, where that is near.
static bool unknown(const char *option, const char *value, const char *what,
	const char *(*at)(void *ctx, size_t i), const struct policy_names *names)
{
	char hint[DIAG_MEANT_MAX];
	const char *meant = diag_meant(hint, diag_nearest(value, at, names->ctx));

	fprintf(stderr, "bhctl: --%s: nDPI %s knows no %s \"%s\"%s%s\n", option,
		dpi_library_version(), what, value, meant != NULL ? "; " : "",
		meant != NULL ? meant : "");
	return false;
}

// "TLS", or "TLS.Google" as nDPI's own tools print a label: the master stands in front.
static bool read_app(const char *text, const struct policy_names *names, struct policy_facts *f)
{
	int app = names->app(names->ctx, text), master;
	const char *dot = strchr(text, '.');
	char *front;

	if (app < 0 && dot != NULL) {
		front = strndup(text, (size_t)(dot - text));
		master = front != NULL ? names->app(names->ctx, front) : -1;
		app = names->app(names->ctx, dot + 1);
		free(front);
		if (master < 0 || app < 0)
			return unknown("app", master < 0 ? text : dot + 1, "application",
				names->app_at, names);
		f->master = (uint16_t)master;
	}
	if (app < 0)
		return unknown("app", text, "application", names->app_at, names);
	f->app = (uint16_t)app;
	return true;
}

static bool read_master(const char *text, const struct policy_names *names, struct policy_facts *f)
{
	int master = names->app(names->ctx, text);

	if (master < 0)
		return unknown("master", text, "application", names->app_at, names);
	f->master = (uint16_t)master;
	return true;
}

static bool read_category(const char *text, const struct dpi *dpi, const struct policy_names *names,
	struct policy_facts *f)
{
	int cat;

	f->cat = dpi_app_category(dpi, f->app, f->master);
	if (text == NULL)
		return true;
	cat = names->category(names->ctx, text);
	if (cat < 0)
		return unknown("category", text, "category", names->category_at, names);
	f->cat = (uint16_t)cat;
	return true;
}

static bool read_confidence(const char *text, struct policy_facts *f)
{
	// A label without an application is no finding, however it was looked for.
	f->conf = f->app != 0 ? POLICY_CONF_DPI : POLICY_CONF_NONE;
	if (text == NULL)
		return true;
	for (int c = POLICY_CONF_PORT; c <= POLICY_CONF_DPI; c++)
		if (strcmp(text, policy_conf_name((enum policy_conf)c)) == 0) {
			f->conf = (uint8_t)c;
			return true;
		}
	return explain_bad("confidence", text, "is none of port, ip, cache, dpi");
}

// Names of risks have spaces but no commas.
static bool read_risks(const char *text, const struct policy_names *names, struct policy_facts *f)
{
	char *copy = strdup(text), *rest = copy, *word;
	bool good = copy != NULL;

	while (good && (word = strsep(&rest, ",")) != NULL) {
		int id = names->risk(names->ctx, word);

		good = id >= 0 || unknown("risk", word, "risk", names->risk_at, names);
		if (good)
			f->risks |= 1ull << id;
	}
	free(copy);
	return good;
}

// What a terminal would act upon has no place in a name that is printed again.
static bool read_host(const char *text, struct policy_facts *f)
{
	size_t n = strlen(text);

	f->host = text;
	if (n == 0 || n > 253)
		return explain_bad("host", text, "is no name of 1 to 253 characters");
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~') {
			fputs("bhctl: --host: a name has no spaces, control characters or "
			      "characters beyond ASCII (write xn--...)\n",
				stderr);
			return false;
		}
	return true;
}

bool explain_read_label(const struct explain_words *w, struct dpi *dpi, struct policy_facts *f)
{
	const struct policy_names names = policy_file_names(dpi);

	f->final = w->app != NULL && !w->pending;
	if (w->host != NULL && !read_host(w->host, f))
		return false;
	if (w->risk != NULL && !read_risks(w->risk, &names, f))
		return false;
	if (w->app == NULL) {
		const char *without = w->master       ? "master"
				      : w->category   ? "category"
				      : w->confidence ? "confidence"
						      : NULL;

		if (without != NULL)
			fprintf(stderr, "bhctl: --%s says something of --app, which is missing\n",
				without);
		return without == NULL;
	}
	if (!read_app(w->app, &names, f) ||
		(w->master != NULL && !read_master(w->master, &names, f)))
		return false;
	// As the gateway has it: a master is named where it says more than the application, and
	// stands for it where only the master is known.
	if (f->app == 0)
		f->app = f->master;
	if (f->master == f->app)
		f->master = 0;
	return read_category(w->category, dpi, &names, f) && read_confidence(w->confidence, f);
}
