// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a gateway reads before it touches DPDK, and the policy again later.

#include "app/control/policy_file.h"
#include "app/gateway/gateway_files.h"
#include "app/gateway/gateway_policy.h"
#include "app/gateway/gateway_view.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int64_t gateway_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int load_config(struct gateway *g, const char *path, bool check)
{
	struct diag_list diag;
	int rc;

	diag_init(&diag, path);
	rc = config_load(path, &g->config, &diag);
	if (rc == 0)
		rc = gateway_check_files(&g->config, check, &diag);
	policy_file_print(&diag, stderr);
	diag_clear(&diag);
	return rc;
}

int gateway_load(struct gateway *g, const char *config, bool check)
{
	int rc = load_config(g, config, check), geo = 0;

	g->started_at = gateway_now();
	policy_slot_init(&g->slot);
	policy_slot_init(&g->shadow);
	if (policy_slot_publish(&g->shadow, NULL) == 0)
		return -ENOMEM;
	g->rule_totals = json_object();
	g->slot.retired = gateway_rules_retired;
	g->slot.retired_ctx = g;
	if (rc < 0)
		return rc;
	g->n_workers = (unsigned)g->config.workers.n_lcores;
	rc = gateway_make_names(g);
	if (rc < 0)
		return rc;
	// What is written while ports and the log are being opened is a change, too.
	rc = check ? 0 : gateway_watch_open(g);
	if (rc < 0) {
		fprintf(stderr, "bridgehead: policy_watch: %s\n", strerror(-rc));
		return rc;
	}
	g->geo = geo_load((const char *const *)g->config.country_db.v, g->config.country_db.n,
		(const char *const *)g->config.asn_db.v, g->config.asn_db.n, g->err,
		sizeof(g->err));
	// What is wrong with the databases is told in the same go as what is with the policy.
	if (g->geo == NULL) {
		fprintf(stderr, "bridgehead: %s\n", g->err);
		geo = -EINVAL;
	}
	policy_slot_add_screens(&g->slot, screen_build, g->geo);
	rc = gateway_policy_boot(g, check);
	if (rc < 0 || geo < 0)
		return rc < 0 ? rc : geo;
	if (check) {
		printf("%s: good\n", config);
		return 0;
	}
	return gateway_quota_open(g);
}

// A pass: everything that was in the rings when the last one ended has been written.
static bool passed(struct gateway *g)
{
	for (unsigned i = 0; i < g->n_workers; i++)
		if (record_ring_taken_count(g->rings[i]) < g->pass_marks[i])
			return false;
	for (unsigned i = 0; i < g->n_workers; i++)
		g->pass_marks[i] = record_ring_put_count(g->rings[i]);
	return true;
}

void gateway_reclaim(struct gateway *g)
{
	if (g->view != NULL) // it refers to the words of policies
		return;
	g->pass += passed(g);
	policy_slot_reclaim(&g->slot, g->pass);
	policy_slot_reclaim(&g->shadow, g->pass);
}
