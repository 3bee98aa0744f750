// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The country and AS databases: readable, and young enough to be believed.

#include "app/doctor/part.h"
#include "drivers/geo/geo.h"

#include <inttypes.h>
#include <time.h>

#define DAY  86400
#define OLD  180 // days
#define SKEW DAY // what a clock and a file may be apart without one being wrong

static void mend_old(struct doctor *d, const struct geo_file *f)
{
	if (f->kind == GEO_TEXT4 || f->kind == GEO_TEXT6)
		mend(d, "apt-get update && apt-get install --only-upgrade tor-geoipdb   # or name "
			"a newer .mmdb in country_db");
	else
		mend(d, "geoipupdate   # or fetch a newer file to %s", f->path);
}

static void say_age(struct doctor *d, const char *check, const struct geo_file *f)
{
	int64_t age = d->host->now - f->built;
	time_t t = (time_t)f->built;
	char day[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	if (age < -SKEW) {
		found(d, DOCTOR_FAIL, "clock", "records are evidence by their times",
			"%s was built on %s, which this host's clock has yet to reach", f->path,
			day);
		mend(d, "date -u   # and set the clock: chronyc makestep");
	} else if (age > (int64_t)OLD * DAY) {
		found(d, DOCTOR_WARN, check,
			"address ranges move between countries every day; an old database gives "
			"wrong verdicts with confidence",
			"%s is of %s, %" PRId64 " days old", f->path, day, age / DAY);
		mend_old(d, f);
	} else {
		found(d, DOCTOR_OK, check, "", "%s: %zu ranges, of %s, %" PRId64 " days old",
			f->path, f->ranges4 + f->ranges6, day, age > 0 ? age / DAY : 0);
	}
}

// One at a time: each that is bad is told.
static void check_file(struct doctor *d, const char *check, const char *path, bool asn)
{
	const char *const paths[] = {path};
	char err[640];
	struct geo *g = geo_load(paths, !asn, paths, asn, err, sizeof(err));
	const struct geo_file *f;

	if (g == NULL) {
		found(d, DOCTOR_FAIL, check,
			"the gateway does not start with a database that it cannot read", "%s",
			err);
		if (asn)
			mend(d, "geoipupdate   # or take it out of asn_db");
		else
			mend(d, "apt-get install --reinstall tor-geoipdb   # or name another in "
				"country_db");
		return;
	}
	if (geo_files(g, &f) == 1)
		say_age(d, check, f);
	geo_free(g);
}

// Without a configuration: Debian's, where they are.
static void check_usual(struct doctor *d)
{
	static const char *const usual[] = {"/usr/share/tor/geoip", "/usr/share/tor/geoip6"};
	char path[SYS_PATH];

	for (size_t i = 0; i < 2; i++) {
		if (!sys_exists(d, "%s", usual[i])) {
			found(d, DOCTOR_NOTE, "country_db",
				"a gateway needs a country database; with --config its own are "
				"checked",
				"%s, the usual one, is not there", usual[i]);
			mend(d, "apt-get install tor-geoipdb");
			continue;
		}
		snprintf(path, sizeof(path), "%s%s", d->host->root, usual[i]);
		check_file(d, "country_db", path, false);
	}
}

void check_databases(struct doctor *d)
{
	const struct gateway_config *c = d->config;

	d->topic = "files";
	if (c == NULL) {
		check_usual(d);
		return;
	}
	for (size_t i = 0; i < c->country_db.n; i++)
		check_file(d, "country_db", c->country_db.v[i], false);
	for (size_t i = 0; i < c->asn_db.n; i++)
		check_file(d, "asn_db", c->asn_db.v[i], true);
}
