// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The counters of limits over a restart.

#include "app/gateway/gateway.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COUNTERS    262144 // places; a twentieth of a page each where used
#define KEEP_US     1000000
#define KEEP_MAX_US 10000000
#define COST_SHARE  20    // of the control thread's time, writing takes up to a twentieth
#define SETTLE_US   50000 // a worker that rests looks up in between
#define METERS_MAX  1024  // of a worker: settled in 0.1 ms
#define FILE_NAME   "limits.json"

static void file_name(const struct gateway *g, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", g->config.state_dir, FILE_NAME);
}

// What cannot be read is kept for whoever looks into it; the gateway starts, and says so.
static void put_aside(const char *path)
{
	char aside[PATH_MAX + 16];

	snprintf(aside, sizeof(aside), "%s.damaged", path);
	if (rename(path, aside) < 0)
		fprintf(stderr, "bridgehead: %s: cannot be put aside: %s\n", path, strerror(errno));
	else
		fprintf(stderr,
			"bridgehead: WARNING: limits begin to count from zero; the damaged file is "
			"%s\n",
			aside);
}

int gateway_quota_open(struct gateway *g)
{
	char path[PATH_MAX];
	int later;

	if (mkdir(g->config.state_dir, 0750) < 0 && errno != EEXIST) {
		fprintf(stderr, "bridgehead: state_dir %s: cannot be made: %s\n",
			g->config.state_dir, strerror(errno));
		return -errno;
	}
	if (quota_init(&g->quota, COUNTERS) < 0) {
		fprintf(stderr, "bridgehead: no memory for the counters of limits\n");
		return -ENOMEM;
	}
	file_name(g, path);
	later = quota_load(&g->quota, path, gateway_now() / 1000000, g->err, sizeof(g->err));
	if (later < 0) {
		fprintf(stderr, "bridgehead: %s\n", g->err);
		put_aside(path);
		g->err[0] = '\0';
	} else if (later > 0) {
		fprintf(stderr,
			"bridgehead: WARNING: %s: %d counters of limits are of hours, days or "
			"months to come (the clock was set back) and begin from zero\n",
			path, later);
	}
	return 0;
}

static void save(struct gateway *g)
{
	uint64_t digest = quota_digest(&g->quota);
	int64_t begin = gateway_now();
	char path[PATH_MAX];
	int rc;

	if (atomic_load(&g->quota.used) == 0 || digest == g->quota_digest)
		return;
	file_name(g, path);
	rc = quota_save(&g->quota, path);
	g->quota_cost = gateway_now() - begin;
	if (rc == 0)
		g->quota_digest = digest;
	if (rc < 0 && !g->quota_failed)
		fprintf(stderr, "bridgehead: %s: cannot be written: %s\n", path, strerror(-rc));
	g->quota_failed = rc < 0;
}

// What workers count within their leases is to be in the file too. They go through all their meters
// for it, so that they are left alone where these are many: then what they have set aside, a few
// MiB a counter, is missing after a crash.
static void call_back(struct gateway *g)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < g->n_workers; i++) {
		uint32_t live = __atomic_load_n(&g->workers[i].pl->meters.live, __ATOMIC_RELAXED);

		most = live > most ? live : most;
	}
	if (most != 0 && most <= METERS_MAX)
		quota_call_back(&g->quota);
}

void gateway_quota_keep(struct gateway *g)
{
	int64_t now = gateway_now(), every = COST_SHARE * g->quota_cost;

	every = every < KEEP_US ? KEEP_US : every > KEEP_MAX_US ? KEEP_MAX_US : every;
	if (now - g->quota_saved < every && now >= g->quota_saved)
		return;
	if (g->quota_called == 0) {
		g->quota_called = now;
		call_back(g);
		return;
	}
	if (now - g->quota_called < SETTLE_US && now >= g->quota_called)
		return;
	g->quota_called = 0;
	g->quota_saved = now;
	save(g);
}

void gateway_quota_close(struct gateway *g)
{
	if (g->quota.counters == NULL)
		return;
	save(g);
	quota_fini(&g->quota);
}
