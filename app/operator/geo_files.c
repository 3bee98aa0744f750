// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/geo_files.h"
#include "app/control/policy_file.h"
#include "app/gateway/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 64

struct files {
	const char *v[FILES_MAX];
	size_t n;
};

static bool add(struct files *f, const char *path, const char *option)
{
	if (*path == '\0' || f->n == FILES_MAX) {
		fprintf(stderr, "bhctl: --%s: %s\n", option,
			*path == '\0' ? "a list of files has no empty names" : "too many files");
		return false;
	}
	f->v[f->n++] = path;
	return true;
}

// Splits in place.
static bool split(char *list, const char *option, struct files *out)
{
	for (char *word; (word = strsep(&list, ",")) != NULL;)
		if (!add(out, word, option))
			return false;
	return true;
}

static bool of_config(const char *path, struct gateway_config *c)
{
	struct diag_list diag;
	int rc;

	diag_init(&diag, path);
	rc = config_load(path, c, &diag);
	policy_file_print(&diag, stderr);
	diag_clear(&diag);
	return rc == 0;
}

static bool take_strings(const struct gateway_strings *s, const char *option, struct files *out)
{
	for (size_t i = 0; i < s->n; i++)
		if (!add(out, s->v[i], option))
			return false;
	return true;
}

static void take_usual(struct files *out)
{
	static const char *const usual[] = {"/usr/share/tor/geoip", "/usr/share/tor/geoip6"};

	for (size_t i = 0; i < 2; i++)
		if (access(usual[i], R_OK) == 0)
			out->v[out->n++] = usual[i];
}

// The lists of the command line, which go before those of a configuration.
static bool collect(const struct geo_words *w, char *countries, char *asns,
	const struct gateway_config *c, struct files *country, struct files *asn)
{
	if (countries != NULL && !split(countries, "country-db", country))
		return false;
	if (asns != NULL && !split(asns, "asn-db", asn))
		return false;
	if (countries == NULL && !take_strings(&c->country_db, "config", country))
		return false;
	if (asns == NULL && !take_strings(&c->asn_db, "config", asn))
		return false;
	if (countries == NULL && w->config == NULL)
		take_usual(country);
	return true;
}

bool geo_files_load(
	const struct geo_words *w, bool want_countries, bool want_asns, struct geo **out)
{
	char *countries = w->country_db != NULL ? strdup(w->country_db) : NULL;
	char *asns = w->asn_db != NULL ? strdup(w->asn_db) : NULL;
	struct files country = {0}, asn = {0};
	struct gateway_config c = {0};
	char err[512];
	bool good;

	*out = NULL;
	good = (w->config == NULL || of_config(w->config, &c)) &&
	       collect(w, countries, asns, &c, &country, &asn);
	country.n = want_countries ? country.n : 0;
	asn.n = want_asns ? asn.n : 0;
	if (good && country.n + asn.n != 0) {
		*out = geo_load(country.v, country.n, asn.v, asn.n, err, sizeof(err));
		good = *out != NULL;
		if (!good)
			fprintf(stderr, "bhctl: %s\n", err);
	}
	config_free(&c);
	free(countries);
	free(asns);
	return good;
}
