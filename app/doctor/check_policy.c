// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The policy, loaded as `bridgehead run` loads it.

#include "app/control/policy_file.h"
#include "app/control/policy_sig.h"
#include "app/doctor/part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define DAY  86400
#define SOON 14 // days

static void day_text(int64_t at, char out[32])
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm);
}

static void say_refused(struct doctor *d, const struct diag_list *diag)
{
	const char *path = d->config->policy;
	char first[1024] = "it cannot be compiled";

	for (size_t i = 0; i < diag->n; i++) {
		if (diag->v[i].level == DIAG_ERROR) {
			diag_format(diag, i, first, sizeof(first));
			break;
		}
	}
	found(d, DOCTOR_FAIL, "policy", "the gateway does not start without a policy",
		diag->errors > 1 ? "%s (and %zu errors more)" : "%s", first, diag->errors - 1);
	mend(d, "bridgehead run --config %s --check   # lists all; then mend %s", d->config->path,
		path);
}

static void say_dates(struct doctor *d, const struct policy_info *info)
{
	int64_t left = info->expires - d->host->now;
	char end[32];

	day_text(info->expires, end);
	if (left <= 0) {
		found(d, DOCTOR_FAIL, "policy_expiry",
			"after its expiry a policy's on_expiry decides instead of its rules",
			"%s version %u expired at %s", info->id, info->version, end);
	} else if (left < SOON * DAY) {
		found(d, DOCTOR_WARN, "policy_expiry",
			"after its expiry a policy's on_expiry decides instead of its rules",
			"%s version %u expires at %s, in %" PRId64 " days", info->id, info->version,
			end, left / DAY);
	} else {
		found(d, DOCTOR_OK, "policy_expiry", "", "expires at %s, in %" PRId64 " days", end,
			left / DAY);
		return;
	}
	mend(d,
		"put a later version with a new \"expires\" at %s, then: systemctl reload "
		"bridgehead",
		d->config->policy);
}

static void judge_signature(struct doctor *d, const struct policy_info *info,
	const struct key_public *keys, unsigned n_keys)
{
	const char *path = d->config->policy;
	struct policy_text t = {0};
	char why[512] = "it cannot be read again";
	struct diag_list diag;
	int k = -EINVAL;

	diag_init(&diag, path);
	if (policy_text_read(&t, path, &diag) == 0)
		k = policy_sig_check(t.sig, t.sig_len, t.text, t.len, info->id, info->version, keys,
			n_keys, why, sizeof(why));
	if (k >= 0) {
		found(d, DOCTOR_OK, "policy_signature", "", "signed by %s+%08x", keys[k].name,
			keys[k].id);
	} else {
		found(d, DOCTOR_FAIL, "policy_signature",
			"with policy_keys the gateway refuses a policy that none of them signed",
			"%s: %s", path, why);
		mend(d, "bhctl policy sign --key <private key> %s", path);
	}
	policy_text_free(&t);
	diag_clear(&diag);
}

// As the gateway demands where its configuration names keys.
static void check_signature(struct doctor *d, const struct policy_info *info)
{
	const struct gateway_strings *from = &d->config->policy_keys;
	struct key_public *keys;
	unsigned good = 0;
	char err[512];

	if (from->n == 0)
		return;
	keys = calloc(from->n, sizeof(*keys));
	if (keys == NULL) {
		d->no_memory = true;
		return;
	}
	for (size_t i = 0; i < from->n; i++) {
		if (key_read_public(from->v[i], &keys[good], err, sizeof(err))) {
			good++;
			continue;
		}
		found(d, DOCTOR_FAIL, "policy_keys",
			"the gateway does not start with a key that it cannot read", "%s", err);
		mend(d,
			"mend \"policy_keys\" in %s: the line that bhctl keygen printed, or its "
			".pub file",
			d->config->path);
	}
	if (info != NULL && good == from->n)
		judge_signature(d, info, keys, good);
	free(keys);
}

void check_policy(struct doctor *d)
{
	const struct dpi_config one = {.contexts = 1, .max_packets_tcp = 80, .max_packets_udp = 24};
	char err[256];
	const struct policy_info *info;
	struct diag_list diag;
	struct policy *p;
	struct dpi *names;

	if (d->config == NULL)
		return;
	d->topic = "files";
	names = dpi_create(&one, err, sizeof(err));
	if (names == NULL) {
		found(d, DOCTOR_UNKNOWN, "policy", "its names of applications are nDPI's",
			"not looked at, for nDPI does not start: %s", err);
		return;
	}
	diag_init(&diag, d->config->policy);
	p = policy_file_load(d->config->policy, d->host->now, names, &diag);
	if (p == NULL) {
		say_refused(d, &diag);
	} else {
		info = policy_info(p);
		found(d, diag.warnings != 0 ? DOCTOR_NOTE : DOCTOR_OK, "policy",
			diag.warnings != 0 ? "bridgehead run --check prints the warnings" : "",
			"%s version %u loads: %u rules, %u limits, %u tenants, %zu warnings",
			info->id, info->version, info->n_rules, info->n_limits, info->n_tenants - 1,
			diag.warnings);
		say_dates(d, info);
	}
	check_signature(d, p != NULL ? policy_info(p) : NULL);
	policy_free(p);
	diag_clear(&diag);
	dpi_free(names);
}
