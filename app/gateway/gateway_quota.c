// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The counters of limits over a restart.

#include "app/gateway/gateway.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COUNTERS  262144 // places; a tenth of a page each where used
#define KEEP_US   10000000
#define FILE_NAME "limits.json"

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
	char path[PATH_MAX];
	int rc;

	if (atomic_load(&g->quota.used) == 0)
		return;
	file_name(g, path);
	rc = quota_save(&g->quota, path);
	if (rc < 0 && !g->quota_failed)
		fprintf(stderr, "bridgehead: %s: cannot be written: %s\n", path, strerror(-rc));
	g->quota_failed = rc < 0;
}

void gateway_quota_keep(struct gateway *g)
{
	int64_t now = gateway_now();

	if (now - g->quota_saved < KEEP_US && now >= g->quota_saved)
		return;
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
